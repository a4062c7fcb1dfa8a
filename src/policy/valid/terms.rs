//! When, in which mode and under whose eyes: hours, flow, health, mode, confirmation.

use std::{num::NonZeroU32, time::Duration};

use super::{
    keys::{CONFIRMATION, FAILURES, FLOW, HEALTH, HOURS, MODE, PROMPTS},
    reader::Reader,
    rule::LONGEST_ASKED,
};
use crate::{
    op::Risk,
    policy::{
        Health, HoursAt, Quiet, RuleLocation,
        layer::{Action, Hours},
        raw::{Node, Span},
    },
};

/// How a person is asked, as far as one file says it.
#[derive(Default)]
pub(super) struct Asking {
    pub(super) enabled: Option<(bool, RuleLocation)>,
    pub(super) expires: Option<Duration>,
    pub(super) prompts: Option<(NonZeroU32, Duration, RuleLocation)>,
}

/// In which mode the policy is, as far as one file says it.
#[derive(Default)]
pub(super) struct Moding {
    pub(super) value: Option<(&'static str, RuleLocation)>,
    pub(super) read_only: Option<RuleLocation>,
}

impl Reader<'_> {
    pub(super) fn hours(&mut self, span: &Span, node: &Node) -> Option<Hours> {
        let fields = self.table(node, "`hours`", &HOURS)?;
        let quiet = self.required(&fields, node, "quiet")?;
        let zone = self.required(&fields, node, "zone")?;
        let (hours, name) = (self.text(quiet)?, self.text(zone)?);
        let applies_to = match fields.get("applies_to") {
            Some((key, node)) => {
                let items = self.list(node, "a list of classes");
                if items.is_empty() {
                    let message = "these hours hold for no class of tools";
                    let hint = "name the classes, or leave the key out";
                    self.odd(&key.span, "rule-without-effect", message, hint);
                }
                items
                    .iter()
                    .filter_map(|item| {
                        let word = self.word(item, &Risk::ALL.map(Risk::name))?;
                        Risk::ALL.into_iter().find(|risk| risk.name() == word)
                    })
                    .collect()
            }
            None => vec![Risk::Write, Risk::Execute, Risk::Destructive],
        };
        let action = match fields.get("action") {
            Some((key, node)) => {
                let action = self.action(node)?;
                if action == Action::Allow {
                    let message = "hours that allow change nothing";
                    let hint = "write confirm or deny, or leave `hours` out";
                    self.odd(&key.span, "rule-without-effect", message, hint);
                }
                action
            }
            None => Action::Deny,
        };
        match Quiet::new(&hours, &name) {
            Ok(quiet) => Some(Hours {
                quiet,
                applies_to,
                action,
                place: self.place(span, "hours"),
            }),
            Err(problems) => {
                for problem in problems {
                    let node = match problem.at {
                        HoursAt::Quiet => quiet,
                        HoursAt::Zone => zone,
                    };
                    self.wrong(&node.span, problem.code, &problem.message, &problem.hint);
                }
                None
            }
        }
    }

    pub(super) fn flow(&mut self, node: &Node) -> Option<(Action, RuleLocation)> {
        let fields = self.table(node, "`flow`", &FLOW)?;
        let (key, node) = fields.get("cross_chat")?;
        let action = self.action(node)?;
        Some((action, self.place(&key.span, "flow.cross_chat")))
    }

    pub(super) fn health(&mut self, span: &Span, node: &Node) -> Option<Health> {
        let fields = self.table(node, "`health`", &HEALTH)?;
        let pause_on = match fields.get("pause_on") {
            Some((_, node)) => {
                let items = self.list(node, "a list of the account's states");
                let states = Health::states(self.common.backends);
                let words = items.iter().filter_map(|item| self.word(item, &states));
                words.map(str::to_owned).collect()
            }
            None => Vec::new(),
        };
        let failures = match fields.get("failures") {
            Some((_, node)) => {
                let inner = self.table(node, "`health.failures`", &FAILURES)?;
                let max = self.required(&inner, node, "max")?;
                let window = self.required(&inner, node, "window")?;
                Some((self.count(max)?, self.duration(window)?))
            }
            None => None,
        };
        let cooldown = match fields.get("cooldown") {
            Some((_, node)) => self.duration(node)?,
            None => Duration::from_secs(3600),
        };
        Some(Health {
            pause_on,
            failures,
            cooldown,
            rule: self.place(span, "health"),
        })
    }

    pub(super) fn mode(&mut self, node: &Node) -> Moding {
        let mut mode = Moding::default();
        let Some(fields) = self.table(node, "`mode`", &MODE) else {
            return mode;
        };
        if let Some((key, node)) = fields.get("value") {
            let word = self.word(node, &["enforce", "shadow"]);
            mode.value = word.map(|word| (word, self.place(&key.span, "mode.value")));
        }
        if let Some((key, node)) = fields.get("read_only")
            && self.yes_or_no(node) == Some(true)
        {
            mode.read_only = Some(self.place(&key.span, "mode.read_only"));
        }
        mode
    }

    pub(super) fn confirmation(&mut self, node: &Node) -> Asking {
        let mut asking = Asking::default();
        let Some(fields) = self.table(node, "`confirmation`", &CONFIRMATION) else {
            return asking;
        };
        if let Some((key, node)) = fields.get("enabled") {
            let place = self.place(&key.span, "confirmation.enabled");
            asking.enabled = self.yes_or_no(node).map(|enabled| (enabled, place));
        }
        if let Some((_, node)) = fields.get("expires")
            && let Some(expires) = self.duration(node)
        {
            if expires > LONGEST_ASKED {
                self.wrong(
                    &node.span,
                    "bad-value",
                    "an approval that lives longer than an hour",
                    "the default is \"5m\"",
                );
            }
            asking.expires = Some(expires);
        }
        if let Some((key, node)) = fields.get("prompts") {
            let place = self.place(&key.span, "confirmation.prompts");
            if let Some(fields) = self.table(node, "`confirmation.prompts`", &PROMPTS) {
                let max = self
                    .required(&fields, node, "max")
                    .and_then(|node| self.count(node));
                let window = self
                    .required(&fields, node, "window")
                    .and_then(|node| self.duration(node));
                asking.prompts = max.zip(window).map(|(max, window)| (max, window, place));
            }
        }
        asking
    }
}
