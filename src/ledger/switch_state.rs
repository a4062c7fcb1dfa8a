//! What the kill switch stops.

/// What the switch lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchState {
    /// What the policy says.
    Off,
    /// Nothing but reads.
    ReadsOnly,
    /// Nothing.
    Everything,
}

impl SwitchState {
    /// The word for what is stopped; it also stands in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::ReadsOnly => "reads",
            Self::Everything => "all",
        }
    }
}
