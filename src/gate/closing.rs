//! The end of a server: from then on nothing more is permitted.

use super::{Gate, Refusal};
use crate::policy::Code;

impl Gate {
    /// Refuses every call from now on, those included that wait for their turn or for a
    /// person. What was sent already goes on.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Waits until the gate is closed.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Refuses a call once the gate is closed.
    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        match self.is_closed() {
            true => Err(Refusal::stopping()),
            false => Ok(()),
        }
    }

    /// Whether the gate is closed.
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }
}

impl Refusal {
    /// A call at a server that is being stopped.
    pub fn stopping() -> Self {
        Self::new(
            Code::Stopping,
            "The server is being stopped; nothing was sent.",
        )
    }
}
