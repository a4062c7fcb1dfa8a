//! What a call is looked at for beside the policy: the switch, and who is new.

use std::sync::atomic::Ordering;

use super::{Caller, Gate, Refusal};
use crate::{
    ledger::{Glance, SwitchState},
    op::{ChatId, Facts, Risk, TargetRole},
    policy::{Code, Policy},
};

impl Gate {
    /// Refuses what the switch does not let through; what else was seen on the way.
    pub(super) fn emergency(
        &self,
        facts: &Facts,
        people: &[&str],
    ) -> Result<Option<Glance>, Refusal> {
        let seen = match self.ledger.glance(people) {
            Ok(seen) => seen,
            // Reading goes on, unless it was stopped.
            Err(error) if facts.risk == Risk::Read => {
                tracing::warn!(%error, "a call that reads goes on");
                None
            }
            Err(error) => return Err(Refusal::uncounted(&error)),
        };
        let everything = SwitchState::Everything;
        let state = match (&seen, &self.switch) {
            (Some(seen), _) => {
                let all_stopped = seen.stopped == everything;
                self.all_stopped.store(all_stopped, Ordering::Relaxed);
                seen.stopped
            }
            (None, _) if self.ledger.is_shared() => {
                match self.all_stopped.load(Ordering::Relaxed) {
                    true => everything,
                    false => SwitchState::ReadsOnly,
                }
            }
            (None, Some(switch)) => switch.state(),
            (None, None) => SwitchState::Off,
        };
        match state {
            SwitchState::Off => Ok(seen),
            SwitchState::ReadsOnly if facts.risk == Risk::Read => Ok(seen),
            SwitchState::ReadsOnly | SwitchState::Everything => {
                let reason = "the operator has stopped this server (`whatsapp-guard panic`)";
                Err(Refusal::new(Code::Panic, reason))
            }
        }
    }

    /// The recipients of a call that were never written to, where that matters.
    pub(super) fn newcomers(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
        seen: Option<&Glance>,
    ) -> Result<Vec<ChatId>, Refusal> {
        let mut newcomers = Vec::new();
        if policy.asks_who_is_new(&caller.grant) {
            for (place, chat) in facts.targets.of(TargetRole::Recipient).enumerate() {
                let known = match seen.and_then(|seen| seen.known.get(place)) {
                    Some(known) => Ok(*known),
                    None => self.ledger.is_known(chat.as_str()),
                };
                if !known.map_err(|error| Refusal::uncounted(&error))? && !newcomers.contains(chat)
                {
                    newcomers.push(chat.clone());
                }
            }
        }
        Ok(newcomers)
    }
}
