//! Accounts: which there are, and who may use them.

use std::collections::BTreeSet;

use super::{Direction, Pair, PolicyChange, Side};
use crate::policy::Policy;

impl Pair<'_> {
    /// The accounts that a caller gains and loses. A changed account counts as gained.
    pub(super) fn accounts(self) -> Vec<PolicyChange> {
        let all = [self.old, self.new].map(|policy| policy.accounts().keys());
        let names: BTreeSet<&String> = all.into_iter().flatten().collect();
        let mut found = Vec::new();
        for name in names {
            let used = |policy: &'_ Policy| {
                let account = policy.accounts().get(name).cloned();
                account.filter(|_| policy.may_use(self.grant, name))
            };
            let (direction, old, new) = match (used(self.old), used(self.new)) {
                (None, Some(_)) => (Direction::Looser, "no use", "may be used"),
                (Some(_), None) => (Direction::Tighter, "may be used", "no use"),
                (Some(old), Some(new)) if old != new => {
                    (Direction::Looser, "may be used", "has other settings")
                }
                _ => continue,
            };
            found.push(PolicyChange {
                direction,
                grant: None,
                about: format!("account {name}"),
                old: Side::new(old, None),
                new: Side::new(new, None),
            });
        }
        found
    }
}
