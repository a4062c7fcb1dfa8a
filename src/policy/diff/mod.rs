//! What a change of the policy loosens and what it tightens.
//!
//! Each part of a policy is compared with the same part of the other. The effect of a call
//! is the strictest of all parts, so if no part is looser, no call is.

mod accounts;
mod chats;
mod conditions;
mod media;
mod probes;
mod settings;
mod tools;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use serde::Serialize;

use super::{Action, Effect, Policy, RuleLocation};

/// How many names a change shows.
const MAX_NAMES: usize = 6;

/// Whether a change allows more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More is allowed.
    Looser,
    /// Less is allowed.
    Tighter,
}

/// One difference between two policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyChange {
    /// Whether it allows more or less.
    pub direction: Direction,
    /// The caller, if it does not concern everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The tools, chats or settings that it concerns.
    pub about: String,
    /// The old policy.
    pub old: Side,
    /// The new policy.
    pub new: Side,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Side {
    /// What the policy says.
    pub says: String,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleLocation>,
}

impl Side {
    fn new(says: impl Into<String>, rule: Option<&RuleLocation>) -> Self {
        Self {
            says: says.into(),
            rule: rule.cloned(),
        }
    }

    fn of(effect: &Effect, rule: Option<&RuleLocation>) -> Self {
        let reason = effect.reason();
        let place = reason.and_then(|reason| reason.rule.as_ref());
        Self::new(effect.name(), place.or(rule))
    }

    /// The strictest of several actions, with its strictness; `allow` if there is none.
    fn strictest<'p>(actions: impl Iterator<Item = (Action, &'p RuleLocation)>) -> (u8, Self) {
        let found = actions.max_by_key(|(action, _)| *action);
        let (action, rule) = found.unzip();
        let action = action.unwrap_or(Action::Allow);
        (action as u8, Self::new(action.name(), rule))
    }
}

/// Two policies, compared for one caller.
#[derive(Clone, Copy)]
struct Pair<'a> {
    old: &'a Policy,
    new: &'a Policy,
    grant: &'a str,
}

impl Policy {
    /// What a new policy in place of this one loosens and tightens.
    pub fn changes(&self, new: &Self) -> Vec<PolicyChange> {
        let pair = |grant| Pair {
            old: self,
            new,
            grant,
        };
        let mut all = pair("").of_caller();
        let everybody = all.clone();
        all.extend(pair("").of_everybody());
        let grants: BTreeSet<&str> = self.grants().chain(new.grants()).collect();
        for grant in grants {
            let found = pair(grant).of_caller().into_iter();
            // What concerns everybody is shown once.
            all.extend(
                found
                    .filter(|one| !everybody.contains(one))
                    .map(|one| PolicyChange {
                        grant: Some(grant.to_owned()),
                        ..one
                    }),
            );
        }
        all.sort_by_key(|change| change.direction);
        all
    }
}

impl<'a> Pair<'a> {
    /// What the old policy has and the new one lacks, and the reverse. Restrictions that are
    /// gone make it looser.
    fn both_ways(self) -> [(&'a Policy, &'a Policy, Direction); 2] {
        [
            (self.old, self.new, Direction::Looser),
            (self.new, self.old, Direction::Tighter),
        ]
    }

    fn of_caller(self) -> Vec<PolicyChange> {
        let mut found = self.accounts();
        found.extend(self.effects());
        found.extend(self.conditions());
        found.extend(self.limits());
        found.extend(self.paces());
        found.extend(self.recipients());
        found.extend(self.answers());
        found.extend(self.reading());
        found.extend(self.media());
        found.extend(self.hours());
        found.extend(self.flow());
        found
    }

    fn of_everybody(self) -> Vec<PolicyChange> {
        let mut found = self.health();
        found.extend(self.mode());
        found.extend(self.confirmation());
        found
    }
}

/// Changes, grouped by what they say.
#[derive(Default)]
struct Grouped {
    found: BTreeMap<(Direction, Side, Side), Vec<String>>,
    /// Shown before and after the names.
    around: [&'static str; 2],
}

impl Grouped {
    fn around(before: &'static str, after: &'static str) -> Self {
        Self {
            around: [before, after],
            ..Self::default()
        }
    }

    fn add(&mut self, direction: Direction, name: &str, old: Side, new: Side) {
        let names = self.found.entry((direction, old, new)).or_default();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }

    /// Adds a restriction that one policy has and the other does not.
    fn restriction(&mut self, direction: Direction, name: &str, has: Side, lacks: Side) {
        match direction {
            Direction::Looser => self.add(direction, name, has, lacks),
            Direction::Tighter => self.add(direction, name, lacks, has),
        }
    }

    /// Compares two sides by strictness, and adds the difference.
    fn compare(&mut self, name: &str, old: (u8, Side), new: (u8, Side)) {
        // Hidden is as strict as refused: no call is made either way.
        let refused = Action::Deny as u8;
        let direction = match old.0.min(refused).cmp(&new.0.min(refused)) {
            Ordering::Greater => Direction::Looser,
            Ordering::Less => Direction::Tighter,
            Ordering::Equal => return,
        };
        self.add(direction, name, old.1, new.1);
    }

    fn changes(self) -> Vec<PolicyChange> {
        let [before, after] = self.around;
        let all = self.found.into_iter();
        all.map(|((direction, old, new), names)| PolicyChange {
            direction,
            grant: None,
            about: format!("{before}{}{after}", several(&names)),
            old,
            new,
        })
        .collect()
    }
}

/// Up to six names, and how many more there are.
fn several(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(MAX_NAMES).cloned().collect();
    if names.len() > MAX_NAMES {
        shown.push(format!("{} more", names.len() - MAX_NAMES));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_names_are_shown_and_the_rest_is_counted() {
        let names: Vec<String> = ('a'..='h').map(String::from).collect();
        for (names, shown) in [
            (&names[..1], "a"),
            (&names[..6], "a, b, c, d, e, f"),
            (&names[..7], "a, b, c, d, e, f, 1 more"),
            (&names[..8], "a, b, c, d, e, f, 2 more"),
        ] {
            assert_eq!(several(names), shown);
        }
    }
}
