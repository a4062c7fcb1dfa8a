//! What an operator allows: read from files, checked, and ready to be asked of a call.

mod about;
mod accounts;
mod cases;
mod code;
mod condition;
mod decide;
mod diagnostics;
mod diff;
mod grant;
mod health;
mod hours;
mod layer;
mod limit;
mod oauth;
mod pace;
mod people;
mod problem;
mod raw;
mod source;
mod valid;
mod words;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

pub use accounts::Accounts;
pub use cases::{Case, Failure, Verdict};
pub use code::Code;
pub use condition::{At, Condition, Operand, Operator};
pub use decide::{Context, Decision, Effect, Finding, Reason};
pub use diagnostics::{Diagnostic, Diagnostics, Located, Severity};
pub use diff::{Change, Direction, Side};
pub use grant::Token;
pub use health::{FAILURES_COUNTER, Health};
pub use hours::{HoursAt, Quiet};
pub use limit::{Counted, LONG, Limit, Scope};
pub use oauth::{Address, Algorithm, OAuth};
pub use pace::{Pace, PaceAt};
pub use people::{GroupNames, RuleLocation};
pub use problem::Problem;
pub use source::Files;
pub use valid::keys;

use crate::{
    config::BackendSpecs,
    op::{ChatId, Facts, PersonId, Risk},
};
use grant::Grant;
use layer::Layer;
use source::Source;

/// A checked policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What it was read from, as rules name it.
    pub origin: String,
    /// Digest of its files.
    pub version: String,
    /// The files that it was read from.
    pub files: Vec<PathBuf>,
    /// How a person is asked.
    pub confirmation: Confirmation,
    /// When the account is left alone.
    pub health: Vec<Health>,
    /// Whether it is enforced.
    pub mode: Mode,
    /// Every limit; decisions name them by position.
    pub limits: Vec<Limit>,
    /// What was found that does not stop it from being used.
    pub warnings: Diagnostics,
    accounts: Accounts,
    layers: Vec<Layer>,
    grants: BTreeMap<String, Grant>,
    oauth: Option<OAuth>,
    /// Calls that it was written with.
    samples: Vec<Facts>,
    /// What holds of tools that cannot be undone.
    floor: (Effect, Option<RuleLocation>),
}

/// How a person is asked before a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Whether tools that cannot be undone are offered at all.
    pub enabled: bool,
    /// How long an answer may take.
    pub expires: Duration,
    /// How many questions may be asked at once.
    pub prompt_max: NonZeroU32,
    /// The time in which that many questions come back.
    pub prompt_window: Duration,
    /// Where the prompt limit stands.
    pub prompt_rule: RuleLocation,
}

/// Whether a policy is enforced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mode {
    /// Where it says that calls are judged and written down, and let through all the
    /// same unless they cannot be undone.
    pub shadow: Option<RuleLocation>,
    /// Where it says that nothing but reading is allowed.
    pub read_only: Option<RuleLocation>,
}

/// A gap that is kept between calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceRule {
    /// How long.
    pub pace: Pace,
    /// Where it stands.
    pub rule: RuleLocation,
}

/// The name of the caller on stdio, unless it is given another.
pub const LOCAL: &str = "local";

/// The policy that is in force when none is named; also the reference of every key.
pub const DEFAULT: &str = include_str!("../../policy.toml");

/// What is said of callers that a policy does not know.
static STRANGER: Effect = Effect::Deny(Reason {
    code: Code::UnknownGrant,
    rule: None,
    reason: None,
    until: None,
});

impl Policy {
    /// Reads a policy file with all that it includes: JSON when it begins with a
    /// brace, as no TOML does. It may name these back ends and their account states.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn load(backends: BackendSpecs, path: &Path) -> Result<Self, Diagnostics> {
        Files::read(path).check(backends)
    }

    /// The policy that is built in.
    ///
    /// # Errors
    /// None for the text that ships; a test holds that.
    pub fn built_in(backends: BackendSpecs) -> Result<Self, Diagnostics> {
        Self::from_toml(backends, "built-in policy", DEFAULT)
    }

    /// Reads a policy in TOML.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn from_toml(
        backends: BackendSpecs,
        origin: &str,
        text: &str,
    ) -> Result<Self, Diagnostics> {
        Files::of(Source::new(origin, text, raw::toml(text))).check(backends)
    }

    /// Reads a policy in JSON.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn from_json(
        backends: BackendSpecs,
        origin: &str,
        text: &str,
    ) -> Result<Self, Diagnostics> {
        Files::of(Source::new(origin, text, raw::json(text))).check(backends)
    }

    /// What it says of a call.
    pub fn decide(&self, facts: &Facts, context: &Context<'_>) -> Decision<'_> {
        let mut decision = Decision::default();
        if !self.knows(context.grant) {
            decision.findings.push(Finding::of(&STRANGER, None));
        }
        if let Some(place) = &self.mode.read_only
            && facts.risk != Risk::Read
        {
            let because = Reason::new(Code::ReadOnly, Some(place.clone()));
            let finding = Finding::new(Effect::Deny(because), place);
            decision.findings.push(finding);
        }
        for layer in self.layers_of(context.grant) {
            layer.decide(facts, context, &mut decision);
        }
        if facts.risk == Risk::Destructive {
            let (effect, place) = &self.floor;
            let finding = Finding::of(effect, place.as_ref());
            decision.findings.push(finding);
        }
        decision.limits.sort_unstable();
        decision.limits.dedup();
        decision
    }

    /// What it says of a tool for a caller, whatever the arguments are.
    pub fn effect(&self, tool: &str, risk: Risk, grant: &str) -> Effect {
        let stranger = (!self.knows(grant)).then_some(&STRANGER);
        let floor = (risk == Risk::Destructive).then_some(&self.floor.0);
        let read_only = match &self.mode.read_only {
            Some(place) if risk != Risk::Read => Some(Effect::Deny(Reason::new(
                Code::ReadOnly,
                Some(place.clone()),
            ))),
            _ => None,
        };
        let layers = self.layers_of(grant).filter_map(|layer| layer.effect(tool));
        let all = stranger
            .into_iter()
            .chain(&read_only)
            .chain(layers)
            .chain(floor);
        Effect::strictest(all)
            .cloned()
            .unwrap_or_else(|| Decision::default().effect().clone())
    }

    /// The limits that count a tool's calls, for a caller.
    pub fn limits_of(&self, tool: &str, grant: &str) -> Vec<&Limit> {
        let mut found: Vec<usize> = self
            .layers_of(grant)
            .filter_map(|layer| layer.tool_rules.get(tool))
            .flat_map(|ruling| ruling.limits.iter().copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .iter()
            .filter_map(|index| self.limits.get(*index))
            .collect()
    }

    /// Whether what is written in a chat may be read.
    pub fn may_read(&self, chat: &ChatId, context: &Context<'_>) -> bool {
        self.layers_of(context.grant)
            .all(|layer| layer.may_read(chat, context))
    }

    /// Whether any rule looks at who was never written to.
    pub fn asks_who_is_new(&self, grant: &str) -> bool {
        self.layers_of(grant).any(Layer::asks_who_is_new)
    }

    /// Whether it matters to anybody's rules who was written to.
    pub(crate) fn remembers_people(&self) -> bool {
        let mut all = self
            .layers
            .iter()
            .chain(self.grants.values().flat_map(|grant| &grant.layers));
        all.any(Layer::asks_who_is_new)
    }

    /// The names of groups that rules use.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.layers
            .iter()
            .chain(self.grants.values().flat_map(|grant| &grant.layers))
            .flat_map(Layer::group_names)
    }

    /// The people that rules name by a hidden identity.
    pub(crate) fn hidden_people(&self) -> impl Iterator<Item = &PersonId> {
        let all = self
            .layers
            .iter()
            .chain(self.grants.values().flat_map(|grant| &grant.layers));
        all.flat_map(Layer::hidden_people)
    }

    /// The callers that it has rules of their own for.
    pub fn grants(&self) -> impl Iterator<Item = &str> {
        self.grants.keys().map(String::as_str)
    }

    /// Whether there is such a caller. Who was given no name needs no rules of its own.
    pub fn knows(&self, grant: &str) -> bool {
        grant.is_empty() || grant == LOCAL || self.grants.contains_key(grant)
    }

    fn layers_of(&self, grant: &str) -> impl Iterator<Item = &Layer> {
        self.layers.iter().chain(
            self.grants
                .get(grant)
                .into_iter()
                .flat_map(|grant| &grant.layers),
        )
    }
}
