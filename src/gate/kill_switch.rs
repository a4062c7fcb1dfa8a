//! The operator's kill switch (`whatsapp-guard panic`), as the gate checks it for each call.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::Refusal;
use crate::{
    kill_switch::{HandOver, SHARED_LEASE, Switch},
    ledger::{SwitchEpoch, SwitchReading, SwitchState},
    op::{RequestKind, Risk},
    policy::Code,
};

/// The switch of an account, with what was heard of it last where servers share it.
#[derive(Default)]
pub(super) struct KillSwitch {
    switch: Option<Switch>,
    heard: Mutex<Option<HeardSwitch>>,
}

/// A reading that Redis was asked for at a moment.
#[derive(Clone, Copy)]
struct HeardSwitch {
    asked: Instant,
    reading: SwitchReading,
}

impl KillSwitch {
    pub(super) fn new(switch: Switch) -> Self {
        Self {
            switch: Some(switch),
            ..Self::default()
        }
    }

    /// The switch now; stopping everything if it cannot be read.
    pub(super) async fn read(&self) -> SwitchReading {
        match &self.switch {
            Some(switch) => read_or_unknown(switch.read().await),
            None => SwitchReading::default(),
        }
    }

    /// Takes note of what a shared ledger reported, which was asked at `asked`.
    pub(super) fn hear(&self, asked: Instant, reading: SwitchReading) {
        let mut heard = self.heard();
        // Answers to earlier questions may come later.
        if heard.is_none_or(|last| last.asked <= asked) {
            *heard = Some(HeardSwitch { asked, reading });
        }
    }

    /// What a shared ledger reported last, while that holds. Afterwards, and before the first
    /// report, nobody knows whether everything is stopped.
    pub(super) fn last_heard(&self) -> Option<SwitchReading> {
        let heard = (*self.heard())?;
        (heard.asked.elapsed() < SHARED_LEASE).then_some(heard.reading)
    }

    /// Whether what was heard is good for long enough to hand over a request.
    pub(super) fn is_fresh(&self) -> bool {
        let heard = *self.heard();
        heard.is_some_and(|heard| heard.asked.elapsed() < SHARED_LEASE / 4)
    }

    /// The switch at the moment at which a request is handed over; what belongs to it is held
    /// until the request is written.
    ///
    /// # Errors
    /// If the last report of a shared ledger no longer holds.
    pub(super) fn hand_over(
        &self,
        is_shared: bool,
        request: RequestKind,
    ) -> Result<(SwitchReading, Option<HandOver>), Refusal> {
        if is_shared {
            let reason = "The server is too slow to know the state of the kill switch.";
            let heard = self.last_heard();
            let heard = heard.ok_or_else(|| Refusal::new(Code::Busy, reason))?;
            return Ok((heard, None));
        }
        let held = self.switch.as_ref().and_then(|switch| match request {
            RequestKind::Read => switch.hand_over_read(),
            RequestKind::Change => switch.hand_over(),
        });
        Ok(held.unwrap_or_default())
    }

    fn heard(&self) -> MutexGuard<'_, Option<HeardSwitch>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_or_unknown(read: io::Result<SwitchReading>) -> SwitchReading {
    read.unwrap_or_else(|error| {
        tracing::error!(%error, "the kill switch cannot be read");
        SwitchReading::unknown()
    })
}

/// Refuses what the switch stops.
pub(super) fn check_kill_switch(state: SwitchState, risk: Risk) -> Result<(), Refusal> {
    match (state, risk) {
        (SwitchState::Off, _) | (SwitchState::ReadsOnly, Risk::Read) => Ok(()),
        (SwitchState::ReadsOnly | SwitchState::Everything, _) => Err(Refusal::new(
            Code::Panic,
            "The operator has stopped this server with `whatsapp-guard panic`.",
        )),
    }
}

/// Refuses what was decided before calls were stopped, although they no longer are.
pub(super) fn check_epoch(reading: SwitchReading, decided: SwitchEpoch) -> Result<(), Refusal> {
    match reading.epoch == decided {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::Panic,
            "The operator stopped this server with `whatsapp-guard panic` while the call waited.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_stops_what_it_says() {
        for (state, read, write) in [
            (SwitchState::Off, true, true),
            (SwitchState::ReadsOnly, true, false),
            (SwitchState::Everything, false, false),
        ] {
            assert_eq!(check_kill_switch(state, Risk::Read).is_ok(), read);
            assert_eq!(check_kill_switch(state, Risk::Write).is_ok(), write);
        }
    }

    #[test]
    fn what_was_heard_holds_for_a_moment() {
        let (switch, now) = (KillSwitch::default(), Instant::now());
        let heard = |state| SwitchReading {
            state,
            ..SwitchReading::default()
        };
        assert_eq!(switch.last_heard(), None);
        assert!(switch.hand_over(true, RequestKind::Read).is_err());
        assert!(switch.hand_over(false, RequestKind::Change).is_ok());
        let before = |time| now.checked_sub(time).unwrap();
        switch.hear(before(SHARED_LEASE), heard(SwitchState::Off));
        assert_eq!(switch.last_heard(), None);
        assert!(switch.hand_over(true, RequestKind::Read).is_err());
        switch.hear(before(SHARED_LEASE / 2), heard(SwitchState::Everything));
        let all = Some(heard(SwitchState::Everything));
        assert_eq!(switch.last_heard(), all);
        assert!(!switch.is_fresh());
        // An answer that took longer.
        switch.hear(before(SHARED_LEASE * 3 / 4), heard(SwitchState::Off));
        assert_eq!(switch.last_heard(), all);
        switch.hear(Instant::now(), heard(SwitchState::Off));
        assert!(switch.is_fresh() && switch.hand_over(true, RequestKind::Read).is_ok());
    }
}
