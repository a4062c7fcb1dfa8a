//! The state of the kill switch.

use serde::{Deserialize, Serialize};

/// What the kill switch stops.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum SwitchState {
    /// Nothing: the policy decides.
    #[default]
    Off,
    /// Every call but reads.
    ReadsOnly,
    /// Every call.
    Everything,
}

/// How often the switch was turned off. What was decided in one epoch does not hold in
/// another: in between calls were stopped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchEpoch(pub(crate) u64);

/// The kill switch at one moment.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct SwitchReading {
    /// What it stops.
    pub state: SwitchState,
    /// The epoch, read before the state.
    pub epoch: SwitchEpoch,
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

impl SwitchReading {
    /// A switch that cannot be read.
    pub(crate) fn unknown() -> Self {
        Self {
            state: SwitchState::Everything,
            epoch: SwitchEpoch::default(),
        }
    }
}
