//! The state of the kill switch.

/// What the kill switch stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchState {
    /// Nothing: the policy decides.
    Off,
    /// Every call but reads.
    ReadsOnly,
    /// Every call.
    Everything,
}

impl SwitchState {
    /// The word for the state; also the content of the file or key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::ReadsOnly => "reads",
            Self::Everything => "all",
        }
    }

    /// The state that an existing file or key holds; the strictest one for unknown words.
    pub(crate) fn parse(word: &[u8]) -> Self {
        match word {
            b"reads" => Self::ReadsOnly,
            _ => Self::Everything,
        }
    }
}
