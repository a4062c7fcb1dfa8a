//! Who may be written to, and whose messages may be read.

use std::{cmp::Ordering, collections::BTreeSet, time::Duration};

use super::{Direction, Grouped, Pair, PolicyChange, Side};
use crate::{
    op::{ChatId, LastIncoming},
    policy::{
        Context, EntryName, KnownNames, NameKind, Policy,
        chats::ChatSet,
        layer::{Action, Flow, Layer},
    },
    text::for_people,
};

/// Chats that no policy names, one of each kind.
const OTHERS: [(&str, &str); 4] = [
    ("any other person", "999000000000017@c.us"),
    ("any other group", "999000000000017@g.us"),
    ("any other channel", "999000000000017@newsletter"),
    ("a hidden id", "999000000000017@lid"),
];

/// The most chats that are tried under each name.
const MAX_NAMED: usize = 1000;

/// A chat to try, how it is shown, and its name if it has one.
struct ProbedChat {
    label: String,
    chat: ChatId,
    groups: KnownNames,
}

impl ProbedChat {
    fn new(label: String, chat: ChatId, name: Option<&EntryName>) -> Self {
        let mut groups = KnownNames::default();
        match (name.map(ToString::to_string), &chat) {
            (Some(name), ChatId::Group(group)) => groups.learn(&name, group.clone()),
            (Some(name), ChatId::Person(person)) => groups.learn_contact(&name, person.clone()),
            _ => {}
        }
        Self {
            label,
            chat,
            groups,
        }
    }
}

/// The chats to try: those that either policy names, also under each name of their kind, and
/// one of each kind that neither names.
fn probed(
    pair: Pair<'_>,
    sets: for<'p> fn(&'p Policy, &str) -> Vec<&'p ChatSet>,
) -> Vec<ProbedChat> {
    let (mut exact, mut names) = (BTreeSet::new(), BTreeSet::new());
    for policy in [pair.old, pair.new] {
        for chats in sets(policy, pair.grant) {
            exact.extend(chats.chats().map(ChatId::as_str));
            names.extend(chats.names().map(|(name, _)| name));
        }
    }
    let parsed = |id: &str| ChatId::parse(id).ok();
    let chats: Vec<ChatId> = exact.into_iter().filter_map(parsed).collect();
    let mut probed: Vec<ProbedChat> = Vec::new();
    for name in names {
        let other = OTHERS.iter().filter_map(|(_, id)| parsed(id));
        let named = other
            .chain(chats.iter().cloned())
            .filter(|chat| match chat {
                ChatId::Group(_) => name.kind() == NameKind::Group,
                ChatId::Person(person) => name.kind() == NameKind::Contact && !person.is_hidden(),
                ChatId::Channel(_) => false,
            });
        let kind = name.kind().word();
        for (index, chat) in named.take(MAX_NAMED).enumerate() {
            let label = match index {
                0 => format!("the {kind} `{name}`"),
                _ => format!("{chat} as the {kind} `{name}`"),
            };
            probed.push(ProbedChat::new(label, chat, Some(name)));
        }
    }
    probed.extend(
        chats
            .into_iter()
            .map(|chat| ProbedChat::new(chat.to_string(), chat, None)),
    );
    let others = OTHERS
        .iter()
        .filter_map(|(label, id)| Some(ProbedChat::new((*label).to_owned(), parsed(id)?, None)));
    probed.extend(others);
    probed
}

impl Pair<'_> {
    pub(super) fn recipients(self) -> Vec<PolicyChange> {
        let probed = probed(self, |policy, grant| {
            let layers = policy.layers_of(grant);
            layers.flat_map(Layer::recipient_sets).collect()
        });
        let mut found = Grouped::around("writing to ", "");
        for ProbedChat {
            label,
            chat,
            groups,
        } in &probed
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
            let rules = layers.filter_map(Layer::new_recipients);
            Side::strictest(rules.map(|rule| (rule.action, &rule.place)))
        });
        found.compare("first-time recipients", old, new);
        found.changes()
    }

    /// How lately a recipient has to have written.
    pub(super) fn answers(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        let shortest = |policy: &Policy| {
            let rules = policy.layers_of(self.grant).filter_map(Layer::answers);
            let shortest = rules.min_by_key(|rule| rule.within);
            match shortest {
                Some(rule) => {
                    let says = format!("only within {} of a message", for_people(rule.within));
                    (Some(rule.within), Side::new(says, Some(&rule.place)))
                }
                None => (None, Side::new("allow", None)),
            }
        };
        let ((was, old), (is, new)) = (shortest(self.old), shortest(self.new));
        // None is longer than any time.
        let length = |within: Option<Duration>| within.unwrap_or(Duration::MAX);
        let direction = match length(was).cmp(&length(is)) {
            Ordering::Less => Direction::Looser,
            Ordering::Greater => Direction::Tighter,
            Ordering::Equal => return Vec::new(),
        };
        found.add(direction, "writing without a message before", old, new);
        found.changes()
    }

    pub(super) fn reading(self) -> Vec<PolicyChange> {
        let probed = probed(self, |policy, grant| {
            let layers = policy.layers_of(grant);
            layers.flat_map(Layer::reading_sets).collect()
        });
        let mut found = Grouped::around("reading ", "");
        for ProbedChat {
            label,
            chat,
            groups,
        } in &probed
        {
            let [old, new] = [self.old, self.new].map(|policy| {
                let context = Context {
                    grant: self.grant,
                    now: None,
                    groups,
                    newcomers: &[],
                    has_read: &[],
                    incoming: &LastIncoming::default(),
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

    fn flows<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p Flow> {
        let layers = policy.layers_of(self.grant);
        let flows = layers.filter_map(|layer| layer.flow.as_ref());
        flows.filter(|flow| flow.cross_chat != Action::Allow)
    }

    /// What happens before what was read in one chat is sent to another.
    pub(super) fn flow(self) -> Vec<PolicyChange> {
        let mut found = Grouped::default();
        let [old, new] = [self.old, self.new].map(|policy| {
            let layers = policy.layers_of(self.grant);
            let flows = layers.filter_map(|layer| layer.flow.as_ref());
            Side::strictest(flows.map(|flow| (flow.cross_chat, &flow.place)))
        });
        found.compare("writing to another chat than was read", old, new);
        let window = |flow: &Flow| Side::new(for_people(flow.window), Some(&flow.place));
        for (from, to, direction) in self.both_ways() {
            for flow in self.flows(from) {
                let as_strict = self
                    .flows(to)
                    .filter(|other| other.cross_chat >= flow.cross_chat);
                let longest = as_strict.max_by_key(|other| other.window);
                if let Some(other) = longest.filter(|other| other.window < flow.window) {
                    let name = "how long what was read counts";
                    found.restriction(direction, name, window(flow), window(other));
                }
            }
        }
        found.changes()
    }
}
