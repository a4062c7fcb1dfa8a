//! Whether look-ups may still be made: nothing is read while everything is stopped.

use std::sync::Arc;

use super::{Gate, Refusal, kill_switch::check_kill_switch};
use crate::op::{BackendError, Clearance, ClearanceCheck, Hold, Progress, RequestKind, Risk};

/// Permission for the requests of look-ups, which change nothing.
struct LookupClearance(Arc<Gate>);

impl Gate {
    /// What the requests of look-ups ask.
    pub(super) fn lookup_progress(self: &Arc<Self>) -> Progress {
        Progress::stopped_by(Arc::new(LookupClearance(self.clone())))
    }
}

impl LookupClearance {
    fn hold(&self) -> Result<Hold, Refusal> {
        let Self(gate) = self;
        let (switch, held) = gate
            .kill_switch
            .hand_over(gate.ledger.is_shared(), RequestKind::Read)?;
        check_kill_switch(switch.state, Risk::Read)?;
        Ok(Box::new(held))
    }
}

impl Clearance for LookupClearance {
    fn check(&self) -> ClearanceCheck<'_> {
        self.check_read()
    }

    fn check_read(&self) -> ClearanceCheck<'_> {
        Box::pin(async {
            let heard = self.0.hear_of_switch().await;
            heard.map_err(|error| Refusal::ledger_unavailable(&error).withdrawal())
        })
    }

    fn hand_over(&self, _request: RequestKind) -> Result<Hold, BackendError> {
        self.hold().map_err(|refusal| refusal.withdrawal())
    }
}
