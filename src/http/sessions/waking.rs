//! A session on its way from sleep to be awake.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Held;
use crate::http::Principal;

/// What is needed to wake a session.
pub struct Call {
    /// What its client said when it opened it.
    pub hello: Arc<[u8]>,
    /// Whether its client has also said that it is ready.
    pub ready: bool,
    /// Who opened it.
    pub owner: Principal,
    /// How often it was woken, this time included.
    pub life: u32,
    /// Ends what is to serve it.
    pub over: CancellationToken,
}

/// A session that is being woken. It is asleep again when this goes away unsettled.
pub struct Waking {
    /// Keeps it from sleep until then.
    pub held: Held,
    /// How to wake it.
    pub call: Call,
}

impl Waking {
    pub(super) fn new(held: Held, call: Call) -> Self {
        Self { held, call }
    }

    /// It is awake, if it is `served`; whether it still has to be.
    pub fn settle(self, served: bool) -> bool {
        self.put(served)
    }

    fn put(&self, served: bool) -> bool {
        let mut table = self.held.sessions().lock();
        table.settle(self.held.id(), self.call.life, served)
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        // Nothing once it was settled.
        self.put(false);
    }
}
