//! Whether there is room for a call, and counting it.

use std::time::Duration;

use super::{Caller, Gate, Refusal, State, durable, weigh::Weighed};

impl Gate {
    /// Counts a call everywhere or nowhere; says how long it has to wait. The ledger is
    /// asked while nobody waits for the gate.
    pub(super) fn count(
        &self,
        weighed: &Weighed<'_>,
        asked: Option<&durable::Asked<'_>>,
        caller: &Caller,
    ) -> Result<(Duration, Option<durable::Counted>), Refusal> {
        let counted = match asked {
            Some(asked) => {
                self.lock().look(weighed, caller, self.clock.elapsed())?;
                Some(asked.take(&self.ledger, &weighed.facts)?)
            }
            None => None,
        };
        let taken = self.lock().take(weighed, caller, self.clock.elapsed());
        match taken {
            Ok(wait) => Ok((wait, counted)),
            Err(refusal) => {
                if let Some(counted) = &counted {
                    counted.undo(&self.ledger);
                }
                Err(refusal)
            }
        }
    }
}

impl State {
    /// Whether there is room for a call; says how long it has to wait.
    pub(super) fn look(
        &mut self,
        weighed: &Weighed<'_>,
        caller: &Caller,
        now: Duration,
    ) -> Result<Duration, Refusal> {
        let wait = self.pacing.look(&weighed.decision.paces, now)?;
        let (limits, facts) = (&weighed.decision.limits, &weighed.facts);
        let newcomers = weighed.newcomers.len();
        self.limiter.look(limits, facts, caller, newcomers)?;
        Ok(wait)
    }

    /// Counts a call in all short windows or in none; says how long it has to wait.
    fn take(
        &mut self,
        weighed: &Weighed<'_>,
        caller: &Caller,
        now: Duration,
    ) -> Result<Duration, Refusal> {
        let paces = &weighed.decision.paces;
        let wait = self.pacing.look(paces, now)?;
        let (limits, facts) = (&weighed.decision.limits, &weighed.facts);
        let newcomers = weighed.newcomers.len();
        self.limiter
            .take(limits, facts, caller, newcomers, || Ok(()))?;
        self.pacing.take(paces, now, wait);
        Ok(wait)
    }
}
