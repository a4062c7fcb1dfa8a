//! `[hours]`, `[flow]`, `[health]`, `[mode]` and `[confirmation]`.

use std::{num::NonZeroU32, time::Duration};

use super::{
    keys::{CONFIRMATION, FLOW, HEALTH, HOURS, MAX_MIN_ANSWER_MS, MODE, RATE},
    reader::{Reader, WrittenAction},
};
use crate::{
    op::Risk,
    policy::{
        Action, Health, LONG, Quiet, RuleLocation,
        document::{Node, NodeValue},
        hours::WEEKDAYS,
        layer::{Flow, Hours, HoursScope},
    },
};

/// The longest time that a person may take to answer.
const MAX_EXPIRES: Duration = LONG;

/// How long what was read counts, unless the policy says otherwise.
const DEFAULT_FLOW_WINDOW: Duration = Duration::from_secs(60 * 60);

/// `[confirmation]` of one file.
#[derive(Default)]
pub(super) struct ParsedConfirmation {
    pub(super) enabled: Option<(bool, RuleLocation)>,
    pub(super) expires: Option<Duration>,
    pub(super) min_answer_time: Option<Duration>,
    pub(super) prompts: Option<(NonZeroU32, Duration, RuleLocation)>,
}

/// `[mode]` of one file.
#[derive(Default)]
pub(super) struct ParsedMode {
    pub(super) value: Option<(&'static str, RuleLocation)>,
    pub(super) read_only: Option<RuleLocation>,
}

impl Reader<'_> {
    /// `[hours]`, or several: `[[hours]]`.
    pub(super) fn all_hours(&mut self, node: &Node) -> Vec<Hours> {
        match &node.value {
            NodeValue::List(items) => {
                let items = items.iter().enumerate();
                let hours = items.filter_map(|(index, item)| {
                    let place = self.place(&node.key_span, &format!("hours[{index}]"));
                    self.hours(item, place)
                });
                hours.collect()
            }
            _ => {
                let place = self.place(&node.key_span, "hours");
                self.hours(node, place).into_iter().collect()
            }
        }
    }

    fn hours(&mut self, node: &Node, place: RuleLocation) -> Option<Hours> {
        let fields = self.table(node, &HOURS)?;
        let [quiet, zone] = ["quiet", "zone"].map(|key| self.required(&fields, node, key));
        let (quiet, zone) = (self.text(quiet?), self.text(zone?));
        let applies_to = match fields.get("applies_to") {
            Some(node) => {
                let items = self.list(node, "a list of classes and \"first_time\"");
                if items.is_empty() {
                    let message = "these hours apply to no call";
                    let hint = "name what they apply to, or remove the key";
                    self.warn(&node.key_span, "rule-without-effect", message, hint);
                }
                let scopes = HoursScope::ALL.map(|scope| (scope.name(), scope));
                let items = items.iter();
                items.filter_map(|item| self.choice(item, scopes)).collect()
            }
            None => [Risk::Write, Risk::Execute, Risk::Destructive]
                .map(HoursScope::Class)
                .to_vec(),
        };
        let action = match fields.get("action") {
            Some(node) => {
                let written = self.written_action(node)?;
                if written == WrittenAction::Always(Action::Allow) {
                    let message = "hours that allow change nothing";
                    let hint = "write confirm or deny, or remove `hours`";
                    self.warn(&node.key_span, "rule-without-effect", message, hint);
                }
                written.in_policy(self.common.asks)
            }
            None => Action::Deny,
        };
        let days = fields.get("days").map(|node| {
            let items = self.list(node, "a list of days");
            if items.is_empty() {
                let message = "these hours are on no day";
                let hint = "name the days, or remove the key for each day";
                self.warn(&node.key_span, "rule-without-effect", message, hint);
            }
            let days = items.iter().filter_map(|item| self.choice(item, WEEKDAYS));
            days.collect()
        });
        match Quiet::new(&quiet?, &zone?) {
            Ok(quiet) => Some(Hours {
                quiet: match days {
                    Some(days) => quiet.on(days),
                    None => quiet,
                },
                applies_to,
                action,
                place,
            }),
            Err(problems) => {
                let problems = problems.iter();
                problems.for_each(|problem| self.problem(&fields, node, problem));
                None
            }
        }
    }

    pub(super) fn flow(&mut self, node: &Node) -> Option<Flow> {
        let fields = self.table(node, &FLOW)?;
        let window = match fields.get("window") {
            Some(node) => self.duration(node)?,
            None => DEFAULT_FLOW_WINDOW,
        };
        let node = fields.get("cross_chat")?;
        Some(Flow {
            cross_chat: self.action(node)?,
            window,
            place: self.place(&node.key_span, "flow.cross_chat"),
        })
    }

    pub(super) fn health(&mut self, node: &Node) -> Option<Health> {
        let fields = self.table(node, &HEALTH)?;
        let pause_on = fields.get("pause_on").map(|node| {
            let states = Health::states(self.common.backends);
            let states: Vec<_> = states.into_iter().map(|state| (state, state)).collect();
            let items = self.list(node, "a list of account states").iter();
            let found = items.filter_map(|item| self.choice(item, &states));
            found.map(str::to_owned).collect()
        });
        let failures = match fields.get("failures") {
            Some(node) => Some(self.rate(node)?),
            None => None,
        };
        let cooldown = match fields.get("cooldown") {
            Some(node) => self.duration(node)?,
            None => Duration::from_secs(3600),
        };
        Some(Health {
            pause_on: pause_on.unwrap_or_default(),
            failures,
            cooldown,
            rule: self.place(&node.key_span, "health"),
        })
    }

    /// `{ max = 5, window = "10m" }`.
    fn rate(&mut self, node: &Node) -> Option<(NonZeroU32, Duration)> {
        let fields = self.table(node, &RATE)?;
        let [max, window] = RATE.map(|key| self.required(&fields, node, key.name));
        let max = max.and_then(|node| self.count(node));
        let window = window.and_then(|node| self.duration(node));
        max.zip(window)
    }

    pub(super) fn mode(&mut self, node: &Node) -> ParsedMode {
        let mut mode = ParsedMode::default();
        let Some(fields) = self.table(node, &MODE) else {
            return mode;
        };
        if let Some(node) = fields.get("value") {
            let word = self.choice(node, ["enforce", "shadow"].map(|word| (word, word)));
            mode.value = word.map(|word| (word, self.place(&node.key_span, "mode.value")));
        }
        if let Some(node) = fields.get("read_only")
            && self.boolean(node) == Some(true)
        {
            mode.read_only = Some(self.place(&node.key_span, "mode.read_only"));
        }
        mode
    }

    pub(super) fn confirmation(&mut self, node: &Node) -> ParsedConfirmation {
        let mut parsed = ParsedConfirmation::default();
        let Some(fields) = self.table(node, &CONFIRMATION) else {
            return parsed;
        };
        if let Some(node) = fields.get("enabled") {
            let place = self.place(&node.key_span, "confirmation.enabled");
            parsed.enabled = self.boolean(node).map(|enabled| (enabled, place));
        }
        if let Some(node) = fields.get("expires") {
            parsed.expires = self.duration(node);
            if parsed.expires.is_some_and(|expires| expires > MAX_EXPIRES) {
                self.invalid::<()>(node, "at most an hour");
            }
        }
        if let Some(node) = fields.get("min_answer_ms") {
            let time = match node.value {
                NodeValue::Integer(time) => u64::try_from(time).ok(),
                _ => None,
            };
            let time = time.filter(|time| *time <= MAX_MIN_ANSWER_MS);
            parsed.min_answer_time = match time {
                Some(time) => Some(Duration::from_millis(time)),
                None => self.invalid(node, "between 0 and 10000"),
            };
        }
        if let Some(node) = fields.get("prompts") {
            let place = self.place(&node.key_span, "confirmation.prompts");
            let rate = self.rate(node);
            parsed.prompts = rate.map(|(max, window)| (max, window, place));
        }
        parsed
    }
}
