//! The operator's kill switch (`whatsapp-guard panic`), as the gate checks it for each call.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Refusal;
use crate::{
    kill_switch::{HandOver, Switch},
    ledger::{Glance, SwitchState},
    op::Risk,
    policy::Code,
};

/// The switch of an account, with the state that a shared ledger reported last.
#[derive(Default)]
pub(super) struct KillSwitch {
    switch: Option<Switch>,
    reported: Mutex<Option<SwitchState>>,
}

impl KillSwitch {
    pub(super) fn new(switch: Switch) -> Self {
        Self {
            switch: Some(switch),
            ..Self::default()
        }
    }

    /// The state now, read from the switch.
    pub(super) async fn state(&self) -> SwitchState {
        match &self.switch {
            Some(switch) => switch.state().await,
            None => SwitchState::Off,
        }
    }

    /// The state at the moment at which a request is handed over; `None` without a switch
    /// that can be read at once.
    pub(super) fn hand_over(&self) -> Option<(SwitchState, Option<HandOver>)> {
        self.switch.as_ref()?.hand_over()
    }

    /// Whether a shared ledger has reported the state since the start. Before that nobody
    /// knows whether everything is stopped.
    pub(super) fn was_reported(&self) -> bool {
        self.reported().is_some()
    }

    /// The state now, given what the ledger reported. A shared ledger that did not answer
    /// allows at most reads, and not even those if it reported last that everything is
    /// stopped, or has reported nothing yet.
    pub(super) async fn state_with(
        &self,
        glance: Option<&Glance>,
        shared_ledger: bool,
    ) -> SwitchState {
        match glance {
            Some(glance) => {
                *self.reported() = Some(glance.stopped);
                glance.stopped
            }
            None if !shared_ledger => self.state().await,
            None => match *self.reported() {
                Some(SwitchState::Off | SwitchState::ReadsOnly) => SwitchState::ReadsOnly,
                Some(SwitchState::Everything) | None => SwitchState::Everything,
            },
        }
    }

    fn reported(&self) -> MutexGuard<'_, Option<SwitchState>> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    #[tokio::test]
    async fn a_shared_ledger_that_does_not_answer_gives_nothing_back() {
        let switch = KillSwitch::default();
        let reported = |stopped| Glance {
            stopped,
            pause: None,
            known: Vec::new(),
            read: Vec::new(),
        };
        assert_eq!(switch.state_with(None, false).await, SwitchState::Off);
        assert_eq!(switch.state_with(None, true).await, SwitchState::Everything);
        assert!(!switch.was_reported());
        let all = reported(SwitchState::Everything);
        switch.state_with(Some(&all), true).await;
        assert_eq!(switch.state_with(None, true).await, SwitchState::Everything);
        let off = reported(SwitchState::Off);
        let off = switch.state_with(Some(&off), true).await;
        assert_eq!(off, SwitchState::Off);
        assert_eq!(switch.state_with(None, true).await, SwitchState::ReadsOnly);
    }
}
