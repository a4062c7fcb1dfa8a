//! What is settled when a call ends, and when nobody records its end.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use whatsapp_guard::{
    audit::Audit,
    clock::{Clock, ManualClock},
    gate::{Caller, Gate, Obligations, Verdict},
    ledger::Ledger,
    op::BackendError,
    toolset::Toolset,
};

use crate::app::{
    gate::{GateFixture, LOCAL, open, policy, toolset},
    wait,
};

struct Started {
    gate: Arc<Gate>,
    hand: ManualClock,
    tools: Toolset,
    audit: Arc<Audit>,
}

fn start(folder: &Path) -> Started {
    let (clock, hand) = Clock::manual();
    let audit = Audit::new(Some(folder.join("audit.jsonl")), clock.clone()).unwrap();
    let audit = Arc::new(audit);
    let ledger = Ledger::in_memory(clock.clone());
    let (tools, authority) = toolset();
    let gate = Gate::new(authority, policy(&open("")), &clock, audit.clone(), ledger);
    Started {
        gate: Arc::new(gate.unwrap()),
        hand,
        tools,
        audit,
    }
}

fn message() -> Map<String, Value> {
    let message = json!({ "chat": "15552220001@c.us", "text": "hi" });
    message.as_object().unwrap().clone()
}

impl Started {
    fn caller() -> Caller {
        GateFixture::caller(LOCAL)
    }

    fn authorize(&self) -> Verdict {
        let call = self.tools.prepare("send_message", message()).unwrap();
        wait(self.gate.authorize(call, &Self::caller()))
    }

    fn send(&self) -> Obligations {
        let Verdict::Permit(permit) = self.authorize() else {
            panic!("it was not permitted")
        };
        permit.start(self.audit.begin(LOCAL, None)).obligations
    }

    fn outcomes(&self) -> Vec<String> {
        // Lines are written in order.
        wait(self.audit.ready()).unwrap();
        let lines = std::fs::read_to_string(self.audit.path().unwrap()).unwrap();
        let lines = lines.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["outcome"].as_str().unwrap().to_owned()
        });
        lines.collect()
    }
}

#[test]
fn a_started_call_that_nobody_completes_is_recorded_as_abandoned() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    drop(server.send());
    assert_eq!(server.outcomes(), ["abandoned"]);
    // It may have been sent, so it is not sent again.
    let Verdict::Replay(outcome) = server.authorize() else {
        panic!("it would be sent again")
    };
    assert!(matches!(*outcome, Err(BackendError::OutcomeUnknown { .. })));
    server.hand.advance(Duration::from_secs(30));
    assert!(matches!(server.authorize(), Verdict::Permit(_)));
}

#[test]
fn a_completed_call_is_recorded_once_with_its_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let obligations = server.send();
    let Verdict::Deny(refusal) = server.authorize() else {
        panic!("it would be sent twice at once")
    };
    assert_eq!(refusal.code.name(), "under-way");
    wait(obligations.complete(&Err(BackendError::Cancelled), None)).unwrap();
    assert_eq!(server.outcomes(), ["cancelled"]);
    assert!(matches!(server.authorize(), Verdict::Permit(_)));
}

#[test]
fn a_permit_that_is_not_started_leaves_no_duplicate_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    assert!(matches!(server.authorize(), Verdict::Permit(_)));
    assert!(matches!(server.authorize(), Verdict::Permit(_)));
}
