//! Whom sends may reach, and whose messages may be read.

use std::collections::BTreeMap;

use super::{Change, Grouped, Pair, Side};
use crate::{
    op::{ChatId, GroupId},
    policy::{GroupNames, Place, Policy, Situation, Standing, people::Chats, sheet::Action},
};

/// Chats that no rule names.
const OTHERS: [(&str, &str); 4] = [
    ("any other person", "999000000000017@c.us"),
    ("any other group", "999000000000017@g.us"),
    ("any other channel", "999000000000017@newsletter"),
    ("a hidden identity", "999000000000017@lid"),
];

/// Chats to ask about, with what they are called, and the groups that rules name.
struct Asked {
    chats: BTreeMap<String, ChatId>,
    groups: GroupNames,
}

impl Asked {
    /// Each chat that either side names, and one of each kind that none does.
    fn about(pair: Pair<'_>, of: for<'p> fn(&'p Policy, &str) -> Vec<&'p Chats>) -> Self {
        let mut asked = Self {
            chats: BTreeMap::new(),
            groups: GroupNames::default(),
        };
        let mut names: Vec<&str> = Vec::new();
        for policy in [pair.old, pair.new] {
            for chats in of(policy, pair.grant) {
                let single = chats.chats().map(|chat| (chat.to_string(), chat.clone()));
                asked.chats.extend(single);
                names.extend(chats.names());
            }
        }
        names.sort_unstable();
        names.dedup();
        for (index, name) in names.into_iter().enumerate() {
            if let Ok(group) = GroupId::parse(&format!("9990000000{index:05}@g.us")) {
                asked.groups.learn(name, group.clone());
                asked
                    .chats
                    .insert(format!("the group `{name}`"), ChatId::Group(group));
            }
        }
        for (name, id) in OTHERS {
            if let Ok(chat) = ChatId::parse(id) {
                asked.chats.insert(name.to_owned(), chat);
            }
        }
        asked
    }
}

impl Pair<'_> {
    pub(super) fn recipients(self) -> Vec<Change> {
        let asked = Asked::about(self, |policy, grant| {
            let sheets = policy.sheets_of(grant);
            let recipients = sheets.filter_map(|sheet| sheet.recipients.as_ref());
            recipients
                .flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
                .collect()
        });
        let mut found = Grouped::default();
        for (name, chat) in &asked.chats {
            let [old, new] = [self.old, self.new].map(|policy| {
                let sheets = policy.sheets_of(self.grant);
                let recipients = sheets.filter_map(|sheet| sheet.recipients.as_ref());
                let findings: Vec<_> = recipients
                    .map(|rule| rule.find(chat, &asked.groups))
                    .collect();
                let strictest = findings
                    .iter()
                    .rev()
                    .max_by_key(|finding| finding.standing.strictness());
                match strictest {
                    Some(finding) => (
                        finding.standing.strictness(),
                        Side::new(finding.standing.name(), finding.rule),
                    ),
                    None => (0, Side::new("allow", None)),
                }
            });
            found.compare(&format!("writing to {name}"), old, new);
        }
        let [old, new] = [self.old, self.new].map(|policy| {
            let sheets = policy.sheets_of(self.grant);
            let rules = sheets.filter_map(|sheet| sheet.recipients.as_ref()?.newcomers.as_ref());
            worst(rules.map(|rule| (rule.action, &rule.place)))
        });
        found.compare("writing to whom was never written to", old, new);
        found.changes()
    }

    pub(super) fn reading(self) -> Vec<Change> {
        let asked = Asked::about(self, |policy, grant| {
            let sheets = policy.sheets_of(grant);
            let reading = sheets.filter_map(|sheet| sheet.reading.as_ref());
            reading
                .flat_map(|rule| rule.allow.iter().chain([&rule.deny]))
                .collect()
        });
        let mut found = Grouped::default();
        for (name, chat) in &asked.chats {
            let [old, new] = [self.old, self.new].map(|policy| {
                let situation = Situation {
                    grant: self.grant,
                    now: None,
                    groups: &asked.groups,
                    newcomers: &[],
                    has_read: &[],
                };
                let sheets = policy.sheets_of(self.grant);
                let mut reading = sheets.filter_map(|sheet| sheet.reading.as_ref());
                match reading.find_map(|rule| rule.decide(chat, &situation)) {
                    Some(finding) => (1, Side::new("deny", finding.rule)),
                    None => (0, Side::new("allow", None)),
                }
            });
            found.compare(&format!("reading {name}"), old, new);
        }
        found.changes()
    }

    /// What has to be asked before something leaves the chat that it was read in.
    pub(super) fn flow(self) -> Vec<Change> {
        let mut found = Grouped::default();
        let [old, new] = [self.old, self.new].map(|policy| {
            let sheets = policy.sheets_of(self.grant);
            let flows = sheets.filter_map(|sheet| sheet.flow.as_ref());
            worst(flows.map(|(action, place)| (*action, place)))
        });
        found.compare("writing to another chat than was read", old, new);
        found.changes()
    }
}

/// The strictest of several actions; allow where there is none.
pub(super) fn worst<'p>(actions: impl Iterator<Item = (Action, &'p Place)>) -> (u8, Side) {
    let found = actions.max_by_key(|(action, _)| *action);
    match found {
        Some((action, place)) => {
            let standing = action.standing(crate::gate::Code::DeniedByRule, place, None);
            (
                standing.strictness(),
                Side::new(standing.name(), Some(place)),
            )
        }
        None => (Standing::Allow.strictness(), Side::new("allow", None)),
    }
}
