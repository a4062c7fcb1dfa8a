//! The gate without a server: calls are authorized, but not run.

use std::sync::Arc;

use proptest::test_runner::Config as ProptestConfig;
use serde_json::Value;
use whatsapp_guard::{
    audit::Audit,
    backend::{self, specs},
    clock::{Clock, ManualClock},
    gate::{Caller, Gate, PendingLookups, Permit, Refusal, Reply, Verdict},
    ledger::Ledger,
    op::GroupId,
    policy::Policy,
    toolset::{Authority, Resolved, Toolset},
};

use crate::app::{self, wait};

/// The grant of calls without another grant.
pub const LOCAL: &str = "local";

/// A policy that allows everything without a rule.
pub fn open(rules: &str) -> String {
    format!("version = \"1\"\ndefault = \"allow\"\n[confirmation]\nenabled = true\n{rules}\n")
}

pub fn policy(text: &str) -> Policy {
    let policy = Policy::from_toml(specs(), "policy.toml", text)
        .unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    app::believing_at_once(policy)
}

/// This many cases, or the number in `PROPTEST_CASES`.
pub fn cases(usual: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    let wanted = wanted.and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(wanted.unwrap_or(usual))
}

/// A gate with a manual clock and tools that are not run.
pub struct GateFixture {
    pub gate: Arc<Gate>,
    pub hand: ManualClock,
    tools: Toolset,
}

impl GateFixture {
    pub fn new(text: &str) -> Self {
        let (clock, hand) = Clock::manual();
        let ledger = Ledger::in_memory(clock.clone());
        Self::at(policy(text), &clock, hand, ledger)
    }

    pub fn at(policy: Policy, clock: &Clock, hand: ManualClock, ledger: Ledger) -> Self {
        let audit = Arc::new(Audit::new(None, clock.clone()).unwrap());
        let (tools, authority) = toolset();
        Self {
            gate: Arc::new(Gate::new(authority, policy, clock, audit, ledger).unwrap()),
            hand,
            tools,
        }
    }

    /// The same gate after a change; nothing else may use it yet.
    pub fn changed(self, made: impl FnOnce(Gate) -> Gate) -> Self {
        let gate = Arc::into_inner(self.gate).expect("nobody else uses it");
        let gate = Arc::new(made(gate));
        Self { gate, ..self }
    }

    pub fn caller(grant: &str) -> Caller {
        Caller {
            grant: grant.into(),
            session: "stdio".into(),
            can_ask: true,
        }
    }

    pub fn authorize(&self, tool: &str, arguments: &Value, grant: &str) -> Verdict {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let call = self.tools.prepare(tool, arguments).unwrap();
        wait(self.gate.authorize(call, &Self::caller(grant)))
    }

    /// Whether attributes must be resolved before the call is authorized. They are resolved,
    /// and none is found.
    pub fn pending_lookups(&self, tool: &str, arguments: &Value) -> bool {
        let pending = self.lookups(tool, arguments).unwrap_or(None);
        let own = pending.and_then(|mut pending| pending.begin());
        let Some((_, flight)) = own else {
            return false;
        };
        let tried = flight.request().clone();
        let found = Resolved {
            tried,
            ..Resolved::default()
        };
        wait(self.gate.land(flight, found));
        true
    }

    /// What a call has to wait for before it is authorized.
    pub fn lookups(
        &self,
        tool: &str,
        arguments: &Value,
    ) -> Result<Option<PendingLookups>, Refusal> {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let mut call = self.tools.prepare(tool, arguments).unwrap();
        let caller = Self::caller(LOCAL);
        wait(self.gate.pending_lookups(&mut call, &caller, false))
    }

    /// The verdict in one word: `allowed`, `asked`, `again` or the code of the refusal.
    pub fn verdict(&self, tool: &str, arguments: &Value) -> &'static str {
        self.verdict_for(LOCAL, tool, arguments)
    }

    pub fn verdict_for(&self, grant: &str, tool: &str, arguments: &Value) -> &'static str {
        match self.authorize(tool, arguments, grant) {
            Verdict::Permit(permitted) => permitted.how(),
            Verdict::Confirm(_) => "asked",
            Verdict::Deny(refusal) => refusal.code.name(),
            Verdict::Replay(_) => "again",
        }
    }

    /// The permit for a call, with an approval if the gate asks for one.
    pub fn pass(&self, tool: &str, arguments: &Value) -> Option<Box<Permit>> {
        let question = match self.authorize(tool, arguments, LOCAL) {
            Verdict::Permit(permitted) => return Some(permitted),
            Verdict::Confirm(question) => question,
            Verdict::Deny(_) | Verdict::Replay(_) => return None,
        };
        let ticket = self.gate.ticket(&question);
        let caller = Self::caller(LOCAL);
        let call = question.into_call();
        let gate = &self.gate;
        match wait(gate.authorize_with_reply(call, &caller, &ticket, Reply::Yes)) {
            Verdict::Permit(permitted) => Some(permitted),
            _ => None,
        }
    }

    /// Resolves the groups to these names.
    pub fn groups(&self, named: &[(&str, &str)]) {
        let groups = named
            .iter()
            .map(|(name, id)| ((*name).to_owned(), GroupId::parse(id).unwrap()))
            .collect();
        self.apply(Resolved {
            groups: Some(groups),
            ..Resolved::default()
        });
    }

    /// Takes over what was looked up.
    pub fn apply(&self, found: Resolved) {
        wait(self.gate.apply(found));
    }
}

pub fn tools() -> Toolset {
    toolset().0
}

pub fn toolset() -> (Toolset, Authority) {
    let config = app::config(&[("WAHA_BASE_URL", "http://127.0.0.1:9")], app::timeouts());
    backend::open(&config).unwrap().toolset()
}
