//! The policy decision point: policy files are read, checked and compiled into a `Policy`,
//! which decides about calls. Nothing here does I/O but reading files.

mod accounts;
mod cases;
mod chats;
mod code;
mod condition;
mod decide;
mod describe;
mod diagnostics;
mod diff;
pub(crate) mod document;
mod grant;
mod health;
mod hours;
mod layer;
mod limit;
mod media;
mod names;
mod oauth;
mod pace;
mod parse;
mod problem;
mod recipients;
mod review;
mod source;
mod tool_rules;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;

pub use accounts::Accounts;
pub use cases::{Case, CaseOutcome, Failure};
pub use chats::RuleLocation;
pub use code::Code;
pub use condition::{Condition, Operator};
pub(crate) use condition::{MAX_PATTERN_BYTES, MAX_TEXT_BYTES, MAX_VALUES};
pub use decide::{Context, Decision, Effect, Finding, ReadChat, Reason};
pub use describe::{Subject, Term};
pub use diagnostics::{Diagnostic, Diagnostics, Located, Severity};
pub use diff::{Direction, PolicyChange, Side};
pub use grant::Token;
pub use health::{FAILURES_COUNTER, Health};
pub use hours::Quiet;
pub(crate) use layer::Action;
pub use limit::{Counted, LONG, Limit, Scope};
pub use names::{EntryName, KnownNames, NameKind};
pub use oauth::{Address, Algorithm, OAuth};
pub use pace::Pace;
pub(crate) use parse::read_duration;
pub use parse::{keys, schema};
pub use problem::Problem;
pub use recipients::MAX_CLOCK_SKEW;
pub use review::Note;
pub use source::Files;

use crate::{
    config::BackendSpecs,
    op::{ChatId, Facts, PersonId, Risk},
};
use grant::Grant;
use layer::Layer;
use source::SourceFile;
use tool_rules::ToolRules;

/// A policy that was checked and can decide.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The name of its first file, as in rule locations.
    pub origin: String,
    /// The SHA-256 digest of its files.
    pub version: String,
    /// The files that it was read from.
    pub files: Vec<PathBuf>,
    /// How a person is asked.
    pub confirmation: Confirmation,
    /// When the account is paused.
    pub health: Vec<Health>,
    /// Whether it is enforced.
    pub mode: Mode,
    /// All limits; decisions name them by index.
    pub limits: Vec<Limit>,
    /// Warnings about its files.
    pub warnings: Diagnostics,
    accounts: Accounts,
    layers: Vec<Layer>,
    grants: BTreeMap<String, Grant>,
    oauth: Option<OAuth>,
    /// The calls of its `examples`.
    samples: Vec<Facts>,
    /// The least strict effect that irreversible tools can have.
    floor: (Effect, Option<RuleLocation>),
}

/// The counter of questions in a ledger that several servers share.
pub const PROMPTS_COUNTER: &str = "confirmation.prompts";

/// `[confirmation]`: how a person is asked to approve a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Whether irreversible tools are offered.
    pub enabled: bool,
    /// How long a person has to answer.
    pub expires: Duration,
    /// A faster answer does not come from a person who has read the question.
    pub min_answer_time: Duration,
    /// The number of questions that may be asked at once.
    pub prompt_max: NonZeroU32,
    /// The time after which that many questions may be asked again.
    pub prompt_window: Duration,
    /// The rule that limits the questions.
    pub prompt_rule: RuleLocation,
}

/// `[mode]`: whether the policy is enforced, and whether only reading is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mode {
    /// The rule that sets shadow mode: decisions are audited but not enforced, except for
    /// irreversible tools.
    pub shadow: Option<RuleLocation>,
    /// The rule that allows only reading.
    pub read_only: Option<RuleLocation>,
}

/// A delay that is kept between calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceRule {
    /// The length of the delay.
    pub pace: Pace,
    /// The rule.
    pub rule: RuleLocation,
}

/// The name of the caller on stdio, unless it is given another.
pub const LOCAL: &str = "local";

/// The policy that is used if none is named; also the reference of every key.
pub const DEFAULT: &str = include_str!("../../policy.toml");

/// The effect for callers that the policy does not know.
static UNKNOWN_GRANT: Effect = Effect::Deny(Reason {
    code: Code::UnknownGrant,
    rule: None,
    detail: None,
    until: None,
});

impl Policy {
    /// Reads a policy file, and the files that it includes, in TOML or JSON. It may name
    /// these back ends and their account states.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn load(backends: BackendSpecs, path: &Path) -> Result<Self, Diagnostics> {
        Files::read(path).check(backends)
    }

    /// The built-in policy.
    ///
    /// # Errors
    /// None: a test checks the text.
    pub fn built_in(backends: BackendSpecs) -> Result<Self, Diagnostics> {
        Self::from_toml(backends, "built-in policy", DEFAULT)
    }

    /// Reads a policy in TOML.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn from_toml(
        backends: BackendSpecs,
        origin: &str,
        text: &str,
    ) -> Result<Self, Diagnostics> {
        Files::of(SourceFile::new(origin, text, document::toml(text))).check(backends)
    }

    /// Reads a policy in JSON.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn from_json(
        backends: BackendSpecs,
        origin: &str,
        text: &str,
    ) -> Result<Self, Diagnostics> {
        Files::of(SourceFile::new(origin, text, document::json(text))).check(backends)
    }

    /// Decides about a call: every rule that applies, and what it says.
    pub fn decide(&self, facts: &Facts, context: &Context<'_>) -> Decision<'_> {
        let mut decision = Decision::default();
        if !self.knows(context.grant) {
            decision.findings.push(Finding::of(&UNKNOWN_GRANT, None));
        }
        if let Some((effect, place)) = self.read_only(facts.risk) {
            decision.findings.push(Finding::new(effect, place));
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

    /// The effect for a tool and a caller, whatever the arguments are. A tool that some
    /// arguments admit counts as admitted.
    pub fn effect(&self, tool: &str, risk: Risk, grant: &str) -> Effect {
        let unknown = (!self.knows(grant)).then_some(&UNKNOWN_GRANT);
        let floor = (risk == Risk::Destructive).then_some(&self.floor.0);
        let read_only = self.read_only(risk).map(|(effect, _)| effect);
        let layers = self.layers_of(grant).filter_map(|layer| layer.effect(tool));
        let all = unknown.into_iter().chain(&read_only).chain(layers);
        Effect::strictest(all.chain(floor))
            .cloned()
            .unwrap_or_else(|| Decision::default().effect().clone())
    }

    /// The refusal of tools that change something, if the policy allows only reading.
    fn read_only(&self, risk: Risk) -> Option<(Effect, &RuleLocation)> {
        let place = self
            .mode
            .read_only
            .as_ref()
            .filter(|_| risk != Risk::Read)?;
        Some((Action::Deny.effect(Code::ReadOnly, place, None), place))
    }

    /// The limits that count a caller's calls of a tool.
    pub fn limits_of(&self, tool: &str, grant: &str) -> Vec<&Limit> {
        let rules = self.tool_rules(tool, grant);
        let indexes: BTreeSet<usize> = rules.flat_map(|rules| &rules.limits).copied().collect();
        let limits = indexes.into_iter();
        limits.filter_map(|index| self.limits.get(index)).collect()
    }

    /// Whether the messages of a chat may be read.
    pub fn may_read(&self, chat: &ChatId, context: &Context<'_>) -> bool {
        self.layers_of(context.grant)
            .all(|layer| layer.may_read(chat, context))
    }

    /// Whether a caller's calls need to know which recipients are first-time recipients.
    pub fn asks_who_is_new(&self, grant: &str) -> bool {
        self.layers_of(grant).any(Layer::has_rule_for_new)
    }

    /// Whether a caller's calls need to know when others wrote last.
    pub fn asks_who_wrote(&self, grant: &str) -> bool {
        self.layers_of(grant).any(|layer| layer.answers().is_some())
    }

    /// Whether a caller's calls need to know which chats were read before.
    pub fn asks_what_was_read(&self, grant: &str) -> bool {
        self.layers_of(grant).any(|layer| layer.flow.is_some())
    }

    /// Whether any caller has a rule for first-time recipients, so that all recipients have
    /// to be remembered.
    pub(crate) fn remembers_people(&self) -> bool {
        self.all_layers().any(Layer::has_rule_for_new)
    }

    /// The names of groups and contacts in the rules for all callers, each with its entry.
    pub fn names(&self) -> impl Iterator<Item = (&EntryName, &RuleLocation)> {
        self.all_layers().flat_map(Layer::names)
    }

    /// Whether a rule names somebody by a name of this kind.
    pub fn uses_names(&self, kind: NameKind) -> bool {
        self.names().any(|(name, _)| name.kind() == kind)
    }

    /// The names of groups and contacts in the rules for one caller, each once.
    pub fn names_for(&self, grant: &str) -> Vec<&EntryName> {
        let layers = self.layers_of(grant);
        let names = layers.flat_map(Layer::names).map(|(name, _)| name);
        let names: BTreeSet<&EntryName> = names.collect();
        names.into_iter().collect()
    }

    /// The people that rules name by an id without a number.
    pub(crate) fn hidden_people(&self) -> impl Iterator<Item = &PersonId> {
        self.people_without_number().map(|(person, _)| person)
    }

    /// The people that rules name by an id without a number, each with the entry.
    pub(crate) fn people_without_number(&self) -> impl Iterator<Item = &(PersonId, RuleLocation)> {
        self.all_layers().flat_map(Layer::people_without_number)
    }

    /// The people whom a caller's rules deny by an id without a number.
    pub(crate) fn denied_without_number(&self, grant: &str) -> impl Iterator<Item = &PersonId> {
        let denied = self.layers_of(grant).flat_map(Layer::denied_without_number);
        denied.map(|(person, _)| person)
    }

    /// Checks that a back end can tell who is denied: somebody who is denied by an id without
    /// a number, and whom it cannot look up, could be reached by the number.
    ///
    /// # Errors
    /// With each entry of such a person.
    pub fn check_denied(&self, resolves: impl Fn(&PersonId) -> bool) -> Result<(), Diagnostics> {
        let denied = self.all_layers().flat_map(Layer::denied_without_number);
        let wrong = denied.filter(|(person, _)| !resolves(person));
        let wrong: Vec<Diagnostic> = wrong
            .map(|(person, place)| {
                let message = format!(
                    "{place}: the back end cannot tell who is behind `{person}`, who could be reached by number"
                );
                let problem = Diagnostic::error("unresolvable-id", 0..0, message);
                problem.hint("list the phone number instead")
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => {
                let mut problems = Diagnostics::default();
                problems.add(&self.origin, "", wrong);
                Err(problems)
            }
        }
    }

    /// The time zone of the first `[hours]` that apply to a caller; UTC if there are none.
    pub fn zone(&self, grant: &str) -> TimeZone {
        let mut hours = self.layers_of(grant).flat_map(|layer| &layer.hours);
        let zone = hours.next().map(|hours| hours.quiet.zone().clone());
        zone.unwrap_or(TimeZone::UTC)
    }

    /// Whether shadow mode lets a call pass that the policy refuses. It never does for
    /// irreversible tools, nor for changes if only reading is allowed.
    pub fn passes_in_shadow(&self, risk: Risk) -> bool {
        self.mode.shadow.is_some() && risk != Risk::Destructive && self.read_only(risk).is_none()
    }

    /// The first rule that allows a tool, for a caller.
    pub fn allowed_by(&self, tool: &str, grant: &str) -> Option<&RuleLocation> {
        self.layers_of(grant)
            .find_map(|layer| layer.allowed_by(tool))
    }

    /// The names of the grants.
    pub fn grants(&self) -> impl Iterator<Item = &str> {
        self.grants.keys().map(String::as_str)
    }

    /// Whether the policy knows a caller: one of its grants, the local one, or one without
    /// a name.
    pub fn knows(&self, grant: &str) -> bool {
        grant.is_empty() || grant == LOCAL || self.grants.contains_key(grant)
    }

    /// The layers that apply to a caller.
    fn layers_of(&self, grant: &str) -> impl Iterator<Item = &Layer> {
        let own = self.grants.get(grant).into_iter();
        self.layers
            .iter()
            .chain(own.flat_map(|grant| &grant.layers))
    }

    /// The layers of all callers.
    fn all_layers(&self) -> impl Iterator<Item = &Layer> {
        let grants = self.grants.values();
        self.layers
            .iter()
            .chain(grants.flat_map(|grant| &grant.layers))
    }

    /// The rules for a tool in each layer that applies to a caller.
    fn tool_rules(&self, tool: &str, grant: &str) -> impl Iterator<Item = &ToolRules> {
        let layers = self.layers_of(grant);
        layers.filter_map(move |layer| layer.tool_rules.get(tool))
    }
}
