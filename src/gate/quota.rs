//! Whether limits and pace have room for a call, and counting it: in all of them or in none.

use std::{
    ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Refusal, Verdict, call_claim::CallClaim, pacing::Pacing, quota_request::QuotaRequest,
    short_limits::ShortLimits,
};
use crate::{
    clock::Clock,
    config::Timeouts,
    ledger::{Ledger, Receipt},
    policy::{Limit, Policy},
};

/// The limits of an account: windows below an hour in memory, the others in the ledger.
pub(super) struct Quotas {
    ledger: Ledger,
    clock: Clock,
    /// The longest time that a request and the verification of its effect take.
    longest_request: Duration,
    memory: Mutex<InMemory>,
}

struct InMemory {
    /// The policy whose limits these are.
    policy: Arc<Policy>,
    limits: ShortLimits,
    pacing: Pacing,
}

/// Why a call was not counted.
pub(super) enum Uncounted {
    /// There is no room for it, or it cannot be counted.
    Refused(Refusal),
    /// Another server is making the same call, or has made it a moment ago.
    Duplicate(Verdict),
    /// The policy that it was decided by is no longer in force: it has to be decided again.
    PolicyReplaced,
}

/// What was counted for a call.
pub(super) struct Reservation {
    ledger: Ledger,
    receipt: Receipt,
    /// Which of the receipt's counts are of messages, and how many were reserved in each.
    messages: Vec<usize>,
    reserved: u32,
    wait: Duration,
    /// The claim of the call's content over all servers.
    claim: Option<CallClaim>,
}

impl Quotas {
    pub(super) fn new(policy: &Arc<Policy>, clock: &Clock, ledger: &Ledger) -> Self {
        Self {
            ledger: ledger.clone(),
            clock: clock.clone(),
            longest_request: Timeouts::default().longest_request(),
            memory: Mutex::new(InMemory {
                policy: policy.clone(),
                limits: ShortLimits::new(policy, clock),
                pacing: Pacing::default(),
            }),
        }
    }

    /// Sets how long a request and the verification of its effect may take.
    pub(super) fn set_longest_request(&mut self, time: Duration) {
        self.longest_request = time;
    }

    /// Takes over the limits of another policy; what was counted stays counted.
    pub(super) fn replace(&self, policy: &Arc<Policy>) {
        let mut memory = self.lock();
        memory.limits.replace(policy);
        memory.policy = policy.clone();
    }

    /// Refuses a call that there is no room for, by the limit that refuses it for the longest
    /// time; counts nothing.
    pub(super) async fn probe(&self, request: &QuotaRequest<'_>) -> Result<(), Uncounted> {
        let in_memory = self.lock().probe(request, self.clock.elapsed()).map(drop);
        if !request.uses_ledger() || matches!(in_memory, Err(Uncounted::PolicyReplaced)) {
            return in_memory;
        }
        let in_ledger = request.probe(&self.ledger, self.longest_request).await;
        self.lock().check_policy(request)?;
        match (in_memory, in_ledger) {
            (Err(Uncounted::Refused(one)), Err(Uncounted::Refused(other))) => {
                Err(one.longer(other).into())
            }
            (in_memory, in_ledger) => in_memory.and(in_ledger),
        }
    }

    /// Counts a call. The ledger is asked without holding the lock on memory, so what memory
    /// refuses after the ledger has counted is given back there.
    pub(super) async fn reserve(
        &self,
        request: &QuotaRequest<'_>,
    ) -> Result<Reservation, Uncounted> {
        let mut reservation = if request.uses_ledger() {
            let in_memory = self.lock().probe(request, self.clock.elapsed());
            if in_memory.is_err() {
                self.probe(request).await?;
                in_memory?;
            }
            match request.admit(&self.ledger, self.longest_request).await {
                Ok(reservation) => reservation,
                Err(uncounted) => {
                    self.lock().check_policy(request)?;
                    return Err(uncounted);
                }
            }
        } else {
            Reservation::new(self.ledger.clone(), Receipt::default(), Vec::new(), 0)
        };
        let now = self.clock.elapsed();
        let reserved = self.lock().reserve(request, now, reservation.wait);
        match reserved {
            Ok(wait) => {
                reservation.wait = wait;
                Ok(reservation)
            }
            Err(uncounted) => {
                reservation.release().await;
                Err(uncounted)
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
    /// Fails unless the limits are those of the policy that the request was made by.
    fn check_policy(&self, request: &QuotaRequest<'_>) -> Result<(), Uncounted> {
        match ptr::eq(&*self.policy, request.policy) {
            true => Ok(()),
            false => Err(Uncounted::PolicyReplaced),
        }
    }

    fn probe(&self, request: &QuotaRequest<'_>, now: Duration) -> Result<Duration, Uncounted> {
        self.check_policy(request)?;
        let (wait, limits) = (
            self.pacing.probe(request.paces, now),
            self.limits.probe(request),
        );
        match (wait, limits) {
            (Err(one), Err(other)) => Err(one.longer(other).into()),
            (wait, limits) => {
                limits?;
                Ok(wait?)
            }
        }
    }

    /// Counts a call whose turn comes after `shared_wait` at the earliest; returns how long
    /// it waits.
    fn reserve(
        &mut self,
        request: &QuotaRequest<'_>,
        now: Duration,
        shared_wait: Duration,
    ) -> Result<Duration, Uncounted> {
        let wait = self.probe(request, now)?.max(shared_wait);
        self.limits.reserve(request)?;
        self.pacing.reserve(request.delay, now, wait);
        Ok(wait)
    }
}

impl From<Refusal> for Uncounted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
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
            wait: receipt.wait,
            receipt,
            messages,
            reserved,
            claim: None,
        }
    }

    /// The same reservation, with a claim.
    pub(super) fn claiming(self, claim: Option<CallClaim>) -> Self {
        Self { claim, ..self }
    }

    /// The claim that the call holds, which has to be settled.
    pub(super) fn take_claim(&mut self) -> Option<Arc<CallClaim>> {
        self.claim.take().map(Arc::new)
    }

    /// How long the call has to wait to keep its pace.
    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// Gives everything back, for a call that is not made.
    pub(super) async fn release(&self) {
        if let Some(claim) = &self.claim {
            claim.settle(None).await;
        }
        if self.receipt == Receipt::default() {
            return;
        }
        // What cannot be given back stays counted.
        if let Err(error) = self.ledger.undo(&self.receipt).await {
            tracing::error!(%error, "the ledger cannot be written");
        }
    }

    /// Gives back what was reserved for messages that the answer does not contain.
    pub(super) async fn complete(self, messages: u32) {
        if messages >= self.reserved {
            return;
        }
        for index in &self.messages {
            // What cannot be given back stays counted.
            let reduced = self.ledger.reduce(&self.receipt, *index, messages);
            if let Err(error) = reduced.await {
                tracing::error!(%error, "the ledger cannot be written");
            }
        }
    }
}
