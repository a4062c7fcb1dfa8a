//! Whom sends may reach, and whose messages may be read.

use std::collections::BTreeSet;

use super::{Change, Grouped, Pair, Side};
use crate::{
    op::ChatId,
    policy::{Context, Effect, GroupNames, Policy, RuleLocation, layer::Action, people::Chats},
};

/// Chats that no rule names.
const OTHERS: [(&str, &str); 4] = [
    ("any other person", "999000000000017@c.us"),
    ("any other group", "999000000000017@g.us"),
    ("any other channel", "999000000000017@newsletter"),
    ("a hidden identity", "999000000000017@lid"),
];

/// The most groups that are tried under each name.
const MOST: usize = 1000;

/// A chat to ask about, what it is called, and the name that it has as a group.
struct Asked {
    label: String,
    chat: ChatId,
    groups: GroupNames,
}

impl Asked {
    fn new(label: String, chat: ChatId, name: Option<&str>) -> Self {
        let mut groups = GroupNames::default();
        if let (Some(name), ChatId::Group(group)) = (name, &chat) {
            groups.learn(name, group.clone());
        }
        Self {
            label,
            chat,
            groups,
        }
    }
}

/// Each chat that either side names, groups under each name too, and one of each kind
/// that none names.
fn asked(pair: Pair<'_>, of: for<'p> fn(&'p Policy, &str) -> Vec<&'p Chats>) -> Vec<Asked> {
    let (mut exact, mut names) = (BTreeSet::new(), BTreeSet::new());
    for policy in [pair.old, pair.new] {
        for chats in of(policy, pair.grant) {
            exact.extend(chats.chats().map(ChatId::as_str));
            names.extend(chats.names());
        }
    }
    let parsed = |id: &str| ChatId::parse(id).ok();
    let chats: Vec<ChatId> = exact.into_iter().filter_map(parsed).collect();
    let mut asked: Vec<Asked> = Vec::new();
    for name in names {
        let other = OTHERS.iter().filter_map(|(_, id)| parsed(id));
        let groups = other.chain(chats.iter().cloned());
        let groups = groups.filter(|chat| matches!(chat, ChatId::Group(_)));
        for (index, group) in groups.take(MOST).enumerate() {
            let label = match index {
                0 => format!("the group `{name}`"),
                _ => format!("{group} as the group `{name}`"),
            };
            asked.push(Asked::new(label, group, Some(name)));
        }
    }
    asked.extend(
        chats
            .into_iter()
            .map(|chat| Asked::new(chat.to_string(), chat, None)),
    );
    let others = OTHERS
        .iter()
        .filter_map(|(label, id)| Some(Asked::new((*label).to_owned(), parsed(id)?, None)));
    asked.extend(others);
    asked
}

impl Pair<'_> {
    pub(super) fn recipients(self) -> Vec<Change> {
        let asked = asked(self, |policy, grant| {
            let layers = policy.layers_of(grant);
            let recipients = layers.filter_map(|layer| layer.recipients.as_ref());
            recipients
                .flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
                .collect()
        });
        let mut found = Grouped::around("writing to ", "");
        for Asked {
            label,
            chat,
            groups,
        } in &asked
        {
            let [old, new] = [self.old, self.new].map(|policy| {
                let layers = policy.layers_of(self.grant);
                let recipients = layers.filter_map(|layer| layer.recipients.as_ref());
                let findings: Vec<_> = recipients.map(|rule| rule.find(chat, groups)).collect();
                let strictest = findings
                    .iter()
                    .rev()
                    .max_by_key(|finding| finding.effect.strictness());
                match strictest {
                    Some(finding) => (
                        finding.effect.strictness(),
                        Side::new(finding.effect.name(), finding.rule),
                    ),
                    None => (0, Side::new("allow", None)),
                }
            });
            found.compare(label, old, new);
        }
        let [old, new] = [self.old, self.new].map(|policy| {
            let layers = policy.layers_of(self.grant);
            let rules = layers.filter_map(|layer| layer.recipients.as_ref()?.newcomers.as_ref());
            worst(rules.map(|rule| (rule.action, &rule.place)))
        });
        found.compare("whom was never written to", old, new);
        found.changes()
    }

    pub(super) fn reading(self) -> Vec<Change> {
        let asked = asked(self, |policy, grant| {
            let layers = policy.layers_of(grant);
            let reading = layers.filter_map(|layer| layer.reading.as_ref());
            reading
                .flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
                .collect()
        });
        let mut found = Grouped::around("reading ", "");
        for Asked {
            label,
            chat,
            groups,
        } in &asked
        {
            let [old, new] = [self.old, self.new].map(|policy| {
                let context = Context {
                    grant: self.grant,
                    now: None,
                    groups,
                    newcomers: &[],
                    has_read: &[],
                };
                let layers = policy.layers_of(self.grant);
                let mut reading = layers.filter_map(|layer| layer.reading.as_ref());
                match reading.find_map(|rule| rule.decide(chat, &context)) {
                    Some(finding) => (1, Side::new("deny", finding.rule)),
                    None => (0, Side::new("allow", None)),
                }
            });
            found.compare(label, old, new);
        }
        found.changes()
    }

    /// What has to be asked before something leaves the chat that it was read in.
    pub(super) fn flow(self) -> Vec<Change> {
        let mut found = Grouped::default();
        let [old, new] = [self.old, self.new].map(|policy| {
            let layers = policy.layers_of(self.grant);
            let flows = layers.filter_map(|layer| layer.flow.as_ref());
            worst(flows.map(|(action, place)| (*action, place)))
        });
        found.compare("writing to another chat than was read", old, new);
        found.changes()
    }
}

/// The strictest of several actions; allow where there is none.
pub(super) fn worst<'p>(actions: impl Iterator<Item = (Action, &'p RuleLocation)>) -> (u8, Side) {
    let found = actions.max_by_key(|(action, _)| *action);
    match found {
        Some((action, place)) => {
            let effect = action.effect(crate::policy::Code::DeniedByRule, place, None);
            (effect.strictness(), Side::new(effect.name(), Some(place)))
        }
        None => (Effect::Allow.strictness(), Side::new("allow", None)),
    }
}
