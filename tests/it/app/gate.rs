//! The gate alone: calls are judged, and nothing is run.

use std::sync::Arc;

use proptest::test_runner::Config as ProptestConfig;
use serde_json::Value;
use whatsapp_guard::{
    audit::Audit,
    backend::Backend,
    clock::{Clock, ManualClock},
    config::{Config, SessionName, WahaAccount},
    gate::{Caller, Gate, Permit, Reply, Verdict},
    ledger::Ledger,
    media::MediaRules,
    op::GroupId,
    policy::Policy,
    toolset::{Authority, Resolved, Toolset},
};

use crate::app;

/// Whose turn it is at a desk without a name of its own.
pub const LOCAL: &str = "local";

/// A policy that allows what it says nothing of.
pub fn open(rules: &str) -> String {
    format!("version = \"1\"\ndefault = \"allow\"\n[confirmation]\nenabled = true\n{rules}\n")
}

pub fn policy(text: &str) -> Policy {
    Policy::from_toml("policy.toml", text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

/// So many cases, or as many as `PROPTEST_CASES` says.
pub fn cases(usual: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    let wanted = wanted.and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(wanted.unwrap_or(usual))
}

pub struct Desk {
    pub gate: Arc<Gate>,
    pub hand: ManualClock,
    tools: Toolset,
}

impl Desk {
    pub fn new(text: &str) -> Self {
        let (clock, hand) = Clock::manual();
        let ledger = Ledger::in_memory(clock.clone());
        Self::at(policy(text), &clock, hand, ledger)
    }

    pub fn at(policy: Policy, clock: &Clock, hand: ManualClock, ledger: Ledger) -> Self {
        let audit = Arc::new(Audit::new(None, clock.clone()));
        let (tools, authority) = toolset();
        Self {
            gate: Arc::new(Gate::new(authority, policy, clock, audit, ledger).unwrap()),
            hand,
            tools,
        }
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
        self.gate.authorize(call, &Self::caller(grant))
    }

    /// Whether something has to be looked up before.
    pub fn pending_lookups(&self, tool: &str, arguments: &Value) -> bool {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let call = self.tools.prepare(tool, arguments).unwrap();
        self.gate
            .pending_lookups(&call, &Self::caller(LOCAL))
            .is_some()
    }

    /// What is said, in one word: `allowed`, `asked` or a refusal's code.
    pub fn says(&self, tool: &str, arguments: &Value) -> &'static str {
        self.says_to(LOCAL, tool, arguments)
    }

    pub fn says_to(&self, grant: &str, tool: &str, arguments: &Value) -> &'static str {
        match self.authorize(tool, arguments, grant) {
            Verdict::Permit(permitted) => permitted.how(),
            Verdict::Confirm(_) => "asked",
            Verdict::Deny(refusal) => refusal.code.name(),
            Verdict::Replay(_) => "again",
        }
    }

    /// Leave for a call, after a yes where one is asked for.
    pub fn pass(&self, tool: &str, arguments: &Value) -> Option<Box<Permit>> {
        let question = match self.authorize(tool, arguments, LOCAL) {
            Verdict::Permit(permitted) => return Some(permitted),
            Verdict::Confirm(question) => question,
            Verdict::Deny(_) | Verdict::Replay(_) => return None,
        };
        let ticket = question.ticket().to_owned();
        let caller = Self::caller(LOCAL);
        let call = question.into_call();
        match self
            .gate
            .authorize_with_reply(call, &caller, &ticket, Reply::Yes)
        {
            Verdict::Permit(permitted) => Some(permitted),
            _ => None,
        }
    }

    /// The groups are looked up and have these names.
    pub fn groups(&self, named: &[(&str, &str)]) {
        let groups = named
            .iter()
            .map(|(name, id)| ((*name).to_owned(), GroupId::parse(id).unwrap()))
            .collect();
        self.gate.apply(Resolved {
            groups: Some(groups),
            ..Resolved::default()
        });
    }
}

pub fn tools() -> Toolset {
    toolset().0
}

pub fn toolset() -> (Toolset, Authority) {
    let account = WahaAccount {
        base_url: "http://127.0.0.1:9".parse().unwrap(),
        api_key: None,
        session: SessionName::parse("default").unwrap(),
        timeouts: app::timeouts(),
        media: MediaRules::default(),
    };
    Backend::new(&Config::Waha(account)).toolset()
}
