//! What a valid policy does that its author probably did not intend, tool by tool and caller
//! by caller.

use serde::Serialize;

use super::{
    Action, Diagnostic, Diagnostics, Effect, LOCAL, Policy, RuleLocation,
    layer::{Hours, Layer},
    recipients::Recipients,
};
use crate::op::{
    self, DeleteSession, Entry, LogoutInstance, NEXT_STEPS, Operation, Risk, SENDING_TOOLS,
};

/// How many names a warning shows.
const MAX_NAMES: usize = 4;

/// Something that is worth knowing and may be intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The kind of note; the names are stable.
    pub code: &'static str,
    /// What the policy does.
    pub message: String,
}

/// What was found about one caller or about all.
#[derive(Default)]
struct Review {
    warnings: Vec<Diagnostic>,
    notes: Vec<Note>,
}

impl Policy {
    /// Warnings and notes about what the policy does as a whole: for the local caller, and for
    /// each grant where it differs.
    pub fn review(&self) -> (Diagnostics, Vec<Note>) {
        let mut all = self.review_of(LOCAL, "");
        let alike = |found: &[Diagnostic], one: &Diagnostic| {
            found.iter().any(|other| other.code == one.code)
        };
        for grant in self.grants().filter(|grant| *grant != LOCAL) {
            let own = self.review_of(grant, &format!("grants.{grant}: "));
            let own = own.warnings.into_iter();
            let own: Vec<_> = own.filter(|one| !alike(&all.warnings, one)).collect();
            all.warnings.extend(own);
        }
        all.warnings.extend(self.destructive_rules());
        let mut warnings = Diagnostics::default();
        warnings.add(&self.origin, "", all.warnings);
        (warnings, all.notes)
    }

    /// What one caller may do that is probably not intended. Messages begin with `who`.
    fn review_of(&self, grant: &str, who: &str) -> Review {
        let mut review = Review::default();
        let tools = op::catalogue().iter();
        let admitted: Vec<&Entry> = tools
            .filter(|tool| self.effect(tool.name, tool.risk, grant).admits())
            .collect();
        let may = |name: &str| admitted.iter().any(|tool| tool.name == name);
        if admitted.is_empty() {
            let message = format!("{who}nothing is allowed: the policy refuses every tool");
            let hint = "write [risk.read] action = \"allow\" to begin with";
            review.warn("nothing-allowed", message, hint);
            return review;
        }
        let refused: Vec<&str> = NEXT_STEPS
            .iter()
            .filter(|step| !may(step.tool) && admitted.iter().any(|tool| step.follows(tool.name)))
            .map(|step| step.tool)
            .collect();
        if !refused.is_empty() {
            let message = format!(
                "{who}agents are told to call {} next, and the policy refuses it",
                names(&refused)
            );
            let hint = format!(
                "write [tools.{}] action = \"allow\"",
                refused.join("] … [tools.")
            );
            review.warn("next-step-refused", message, &hint);
        }
        let unasked = |name: &&str| {
            let tool = admitted.iter().find(|tool| tool.name == *name);
            tool.is_some_and(|tool| self.effect(name, tool.risk, grant) == Effect::Allow)
        };
        let unlimited: Vec<&str> = SENDING_TOOLS
            .into_iter()
            .filter(|name| unasked(name) && self.limits_of(name, grant).is_empty())
            .collect();
        if !unlimited.is_empty() {
            let message = format!("{who}no limit counts {}", names(&unlimited));
            let hint = "WhatsApp bans accounts that send at machine speed: write limits per minute and per day";
            review.warn("unlimited-sending", message, hint);
        }
        self.review_logout(grant, who, unasked(&LogoutInstance::NAME), &mut review);
        if !self.confirmation.enabled && self.asks(grant, &admitted) {
            let message = format!(
                "{who}rules ask a person although confirmation is off: a client that cannot ask is refused each of these calls"
            );
            let hint = "use a client with MCP elicitation and write [confirmation] enabled = true, or write allow or deny";
            review.warn("asks-while-confirmation-off", message, hint);
        }
        let reads = admitted.iter().any(|tool| tool.risk == Risk::Read);
        let sends = SENDING_TOOLS.iter().any(unasked);
        let flows = self
            .layers_of(grant)
            .filter_map(|layer| layer.flow.as_ref());
        if reads
            && sends
            && !flows
                .into_iter()
                .any(|flow| flow.cross_chat != Action::Allow)
        {
            review.notes.push(Note {
                code: "cross-chat-unrestricted",
                message: "what was read in one chat may be sent to any other unasked".to_owned(),
            });
        }
        review
    }

    /// Logging out: only the phone can undo it.
    fn review_logout(&self, grant: &str, who: &str, unasked: bool, review: &mut Review) {
        let limits = self.limits_of(LogoutInstance::NAME, grant);
        let durable: Vec<String> = limits
            .iter()
            .filter(|limit| limit.is_durable())
            .map(ToString::to_string)
            .collect();
        match (unasked, durable.is_empty()) {
            (false, _) => {}
            (true, true) => {
                let message = format!(
                    "{who}`logout_instance` is allowed unasked and without a limit; linking again needs the phone"
                );
                let hint = "write [tools.logout_instance] action = \"deny\", or a limit per day";
                review.warn("logout-unasked", message, hint);
            }
            (true, false) => review.notes.push(Note {
                code: "logout-unasked",
                message: format!(
                    "logging out is allowed unasked, at most {}",
                    durable.join(" and ")
                ),
            }),
        }
    }

    /// Whether a rule for a caller asks a person.
    fn asks(&self, grant: &str, admitted: &[&Entry]) -> bool {
        let confirms = |tool: &&Entry| {
            let effect = self.effect(tool.name, tool.risk, grant);
            let mut rules = self.tool_rules(tool.name, grant);
            matches!(effect, Effect::Confirm(_))
                || rules.any(|rules| {
                    let mut conditional = rules.conditional.iter();
                    conditional.any(|rule| rule.action == Action::Confirm)
                })
        };
        admitted.iter().any(confirms) || self.layers_of(grant).any(Layer::asks)
    }

    /// A warning about rules for irreversible tools in a policy that does not say whether
    /// they are offered.
    fn destructive_rules(&self) -> Option<Diagnostic> {
        let (Effect::Hidden(_), None) = &self.floor else {
            return None;
        };
        // A rule for the class is one that all these tools have, and no others.
        let has = |tool: &Entry, place: &RuleLocation| {
            let mut layers = self.all_layers();
            layers.any(|layer| {
                let rules = layer.tool_rules.get(tool.name);
                let mut plain = rules.into_iter().flat_map(|rules| &rules.plain);
                plain.any(|rule| rule.effect.admits() && rule.place == *place)
            })
        };
        let is_for_class = |place: &&RuleLocation| {
            let mut tools = op::catalogue().iter();
            tools.all(|tool| has(tool, place) == (tool.risk == Risk::Destructive))
        };
        let rules = self
            .all_layers()
            .filter_map(|layer| layer.tool_rules.get(DeleteSession::NAME));
        let mut places = rules.flat_map(|rules| &rules.plain).map(|rule| &rule.place);
        let place = places.find(is_for_class)?;
        let message = format!(
            "irreversible tools have rules, but are hidden while confirmation is off: {place}"
        );
        let hint = "write [confirmation] enabled = true to offer them, or enabled = false to keep them hidden";
        Some(warning("hidden-while-confirmation-off", message, hint))
    }
}

impl Review {
    fn warn(&mut self, code: &'static str, message: String, hint: &str) {
        self.warnings.push(warning(code, message, hint));
    }
}

fn warning(code: &'static str, message: String, hint: &str) -> Diagnostic {
    Diagnostic::warning(code, 0..0, message).hint(hint)
}

/// A few names, and how many more there are.
fn names(all: &[&str]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(MAX_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    match all.len().saturating_sub(MAX_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Layer {
    /// Whether one of its rules that are not about a tool asks a person.
    fn asks(&self) -> bool {
        let recipients = self.recipients.as_ref().is_some_and(Recipients::asks);
        let hours = self.hours.iter().any(Hours::asks);
        let flow = self.flow.as_ref();
        recipients || hours || flow.is_some_and(|flow| flow.cross_chat == Action::Confirm)
    }
}

impl Recipients {
    fn asks(&self) -> bool {
        let new = self.new.as_ref().map(|new| new.action);
        self.unlisted.0 == Action::Confirm || new == Some(Action::Confirm)
    }
}

impl Hours {
    fn asks(&self) -> bool {
        self.action == Action::Confirm && !self.applies_to.is_empty()
    }
}
