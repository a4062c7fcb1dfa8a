//! What a change of the policy loosens and what it tightens.
//!
//! Each part of a policy is held against the same part of the other: what comes of a
//! call is the strictest of its parts, so where no part is looser, no call is.

mod accounts;
mod conditions;
mod people;
mod probes;
mod terms;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Effect, Policy, RuleLocation};

/// How many names are told.
const TOLD: usize = 6;

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More is allowed.
    Looser,
    /// Less is allowed.
    Tighter,
}

/// One thing that is no longer as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which way it goes.
    pub direction: Direction,
    /// For which caller, where not for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// What it is about.
    pub about: String,
    /// What it was.
    pub old: Side,
    /// What it is.
    pub new: Side,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Side {
    /// What is said.
    pub says: String,
    /// Where.
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
        let because = effect.because();
        let place = because.and_then(|because| because.rule.as_ref());
        Self::new(effect.name(), place.or(rule))
    }
}

/// Two policies, looked at for one caller.
#[derive(Clone, Copy)]
struct Pair<'a> {
    old: &'a Policy,
    new: &'a Policy,
    grant: &'a str,
}

impl Policy {
    /// What another policy in its place would loosen and tighten.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
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
            // What holds for everybody is told once.
            all.extend(
                found
                    .filter(|one| !everybody.contains(one))
                    .map(|one| Change {
                        grant: Some(grant.to_owned()),
                        ..one
                    }),
            );
        }
        all.sort_by_key(|change| change.direction);
        all
    }
}

impl Pair<'_> {
    fn of_caller(self) -> Vec<Change> {
        let mut found = self.accounts();
        found.extend(self.standings());
        found.extend(self.conditions());
        found.extend(self.limits());
        found.extend(self.paces());
        found.extend(self.recipients());
        found.extend(self.reading());
        found.extend(self.hours());
        found.extend(self.flow());
        found
    }

    fn of_everybody(self) -> Vec<Change> {
        let mut found = self.health();
        found.extend(self.mode());
        found.extend(self.confirmation());
        found
    }
}

/// Changes of the same kind, told together.
#[derive(Default)]
struct Grouped {
    found: BTreeMap<(Direction, Side, Side), Vec<String>>,
    /// Before and after the names.
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

    /// Compares two verdicts, and adds what is different.
    fn compare(&mut self, name: &str, old: (u8, Side), new: (u8, Side)) {
        // What is refused may be hidden too: no call is made either way.
        let refused = 2;
        let direction = match old.0.min(refused).cmp(&new.0.min(refused)) {
            std::cmp::Ordering::Greater => Direction::Looser,
            std::cmp::Ordering::Less => Direction::Tighter,
            std::cmp::Ordering::Equal => return,
        };
        self.add(direction, name, old.1, new.1);
    }

    fn changes(self) -> Vec<Change> {
        let [before, after] = self.around;
        let all = self.found.into_iter();
        all.map(|((direction, old, new), names)| Change {
            direction,
            grant: None,
            about: format!("{before}{}{after}", several(&names)),
            old,
            new,
        })
        .collect()
    }
}

fn several(names: &[String]) -> String {
    let mut told: Vec<String> = names.iter().take(TOLD).cloned().collect();
    if names.len() > TOLD {
        told.push(format!("{} more", names.len() - TOLD));
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_names_are_told_and_the_rest_is_counted() {
        let names: Vec<String> = ('a'..='h').map(String::from).collect();
        for (names, told) in [
            (&names[..1], "a"),
            (&names[..6], "a, b, c, d, e, f"),
            (&names[..7], "a, b, c, d, e, f, 1 more"),
            (&names[..8], "a, b, c, d, e, f, 2 more"),
        ] {
            assert_eq!(several(names), told);
        }
    }
}
