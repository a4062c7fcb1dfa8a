//! Whether limits and pace have room for a call, and counting it: in all of them or in none.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Refusal, pacing::Pacing, quota_request::QuotaRequest, short_limits::ShortLimits};
use crate::{
    clock::Clock,
    ledger::{Ledger, Receipt},
    policy::{Limit, Policy},
};

/// The limits of an account: windows below an hour in memory, the others in the ledger.
pub(super) struct Quotas {
    ledger: Ledger,
    clock: Clock,
    memory: Mutex<InMemory>,
}

struct InMemory {
    limits: ShortLimits,
    pacing: Pacing,
}

/// What was counted for a call.
pub(super) struct Reservation {
    ledger: Ledger,
    receipt: Receipt,
    /// Which of the receipt's counts are of messages, and how many were reserved in each.
    messages: Vec<usize>,
    reserved: u32,
    wait: Duration,
}

impl Quotas {
    pub(super) fn new(policy: &Policy, clock: &Clock, ledger: &Ledger) -> Self {
        Self {
            ledger: ledger.clone(),
            clock: clock.clone(),
            memory: Mutex::new(InMemory {
                limits: ShortLimits::new(policy, clock),
                pacing: Pacing::default(),
            }),
        }
    }

    /// Takes over the limits of another policy; what was counted stays counted.
    pub(super) fn replace(&self, policy: &Policy) {
        self.lock().limits.replace(policy);
    }

    /// Refuses a call that there is no room for; counts nothing.
    pub(super) fn probe(&self, request: &QuotaRequest<'_>) -> Result<(), Refusal> {
        self.lock().probe(request, self.clock.elapsed())?;
        match request.uses_ledger() {
            true => request.probe(&self.ledger),
            false => Ok(()),
        }
    }

    /// Counts a call. The ledger is asked without holding the lock on memory, so what memory
    /// refuses after the ledger has counted is given back there.
    pub(super) fn reserve(&self, request: &QuotaRequest<'_>) -> Result<Reservation, Refusal> {
        let mut reservation = if request.uses_ledger() {
            self.lock().probe(request, self.clock.elapsed())?;
            request.admit(&self.ledger)?
        } else {
            Reservation::new(self.ledger.clone(), Receipt::default(), Vec::new(), 0)
        };
        let reserved = self.lock().reserve(request, self.clock.elapsed());
        match reserved {
            Ok(wait) => {
                reservation.wait = wait;
                Ok(reservation)
            }
            Err(refusal) => {
                reservation.release();
                Err(refusal)
            }
        }
    }

    /// How much each limit in memory has left, from 0 to 1, by the fullest of its keys.
    pub(super) fn headroom_in_memory(&self) -> Vec<(Limit, f64)> {
        self.lock().limits.headroom()
    }

    fn lock(&self) -> MutexGuard<'_, InMemory> {
        // A panic elsewhere leaves counters that are at most too strict.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InMemory {
    fn probe(&self, request: &QuotaRequest<'_>, now: Duration) -> Result<Duration, Refusal> {
        let wait = self.pacing.probe(request.paces, now)?;
        self.limits.probe(request)?;
        Ok(wait)
    }

    fn reserve(&mut self, request: &QuotaRequest<'_>, now: Duration) -> Result<Duration, Refusal> {
        let wait = self.pacing.probe(request.paces, now)?;
        self.limits.reserve(request)?;
        self.pacing.reserve(request.paces, now, wait);
        Ok(wait)
    }
}

impl Reservation {
    pub(super) fn new(
        ledger: Ledger,
        receipt: Receipt,
        messages: Vec<usize>,
        reserved: u32,
    ) -> Self {
        Self {
            ledger,
            receipt,
            messages,
            reserved,
            wait: Duration::ZERO,
        }
    }

    /// How long the call has to wait to keep its pace.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// Gives everything back, for a call that is not made.
    pub(super) fn release(&self) {
        if self.receipt == Receipt::default() {
            return;
        }
        // What cannot be given back stays counted.
        if let Err(error) = self.ledger.undo(&self.receipt) {
            tracing::error!(%error, "the ledger cannot be written");
        }
    }

    /// Gives back what was reserved for messages that the answer does not contain.
    pub(super) fn complete(self, messages: u32) {
        if messages >= self.reserved {
            return;
        }
        for index in &self.messages {
            // What cannot be given back stays counted.
            if let Err(error) = self.ledger.reduce(&self.receipt, *index, messages) {
                tracing::error!(%error, "the ledger cannot be written");
            }
        }
    }
}
