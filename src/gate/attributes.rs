//! What was looked up for decisions: who hidden identities are, and what groups are called.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Caller, health::signals_danger};
use crate::{
    op::{Facts, GroupId, Identities, TargetRole},
    policy::{GroupNames, Policy},
    toolset::LookupRequest,
};

/// The most hidden identities that are looked up for one call.
const MAX_PEOPLE_PER_LOOKUP: usize = 32;

/// The most hidden identities that are remembered.
const MAX_IDENTITIES: usize = 4096;

/// How long the account's state is used, and after what time a look-up is tried again.
const LOOKUP_INTERVAL: Duration = Duration::from_secs(60);

/// What was looked up, and when.
#[derive(Default)]
pub(super) struct AttributeCache(Mutex<Attributes>);

struct Attributes {
    identities: Arc<Identities>,
    groups: Arc<GroupNames>,
    group_names: Freshness,
    /// Of the hidden identities that the policy names.
    policy_people: Freshness,
    /// Of the ledger's list of people that the account has written to.
    history: Freshness,
    account_state: Freshness,
}

/// Whether something is known, or when it was looked up last.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    #[default]
    Never,
    At(Duration),
    /// Known for as long as the policy stays.
    Known,
}

impl Freshness {
    fn is_due(self, now: Duration) -> bool {
        match self {
            Self::Never => true,
            Self::At(time) => now >= time + LOOKUP_INTERVAL,
            Self::Known => false,
        }
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            identities: Arc::default(),
            groups: Arc::new(GroupNames::unknown()),
            group_names: Freshness::Never,
            policy_people: Freshness::Never,
            history: Freshness::Never,
            account_state: Freshness::Never,
        }
    }
}

impl AttributeCache {
    /// Hidden identities with the people behind them.
    pub(super) fn identities(&self) -> Arc<Identities> {
        self.lock().identities.clone()
    }

    /// The groups that the policy names.
    pub(super) fn groups(&self) -> Arc<GroupNames> {
        self.lock().groups.clone()
    }

    /// Forgets what belongs to the policy's names: another policy names other groups.
    pub(super) fn forget_groups(&self) {
        let mut known = self.lock();
        let mut groups = GroupNames::unknown();
        groups.identify(&known.identities);
        known.groups = Arc::new(groups);
        known.group_names = Freshness::Never;
        known.policy_people = Freshness::Never;
    }

    /// What has to be looked up before a call can be decided.
    pub(super) fn due(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
        now: Duration,
    ) -> LookupRequest {
        let known = self.lock();
        let concerns_chats = concerns_chats(facts);
        let of_call = facts.targets.hidden();
        let of_policy = (concerns_chats && known.policy_people.is_due(now))
            .then(|| policy.hidden_people())
            .into_iter()
            .flatten();
        let mut people: Vec<_> = of_call
            .chain(of_policy)
            .filter(|person| known.identities.get(person).is_none())
            .cloned()
            .collect();
        people.truncate(MAX_PEOPLE_PER_LOOKUP);
        LookupRequest {
            people,
            groups: concerns_chats
                && known.group_names.is_due(now)
                && policy.group_names().next().is_some(),
            history: known.history.is_due(now)
                && facts.targets.of(TargetRole::Recipient).next().is_some()
                && policy.asks_who_is_new(&caller.grant),
            state: known.account_state.is_due(now)
                && !policy.health.is_empty()
                && signals_danger(facts),
        }
    }

    /// Records that a look-up for a call is about to be made.
    pub(super) fn requested(&self, request: &LookupRequest, facts: &Facts, now: Duration) {
        let mut known = self.lock();
        if concerns_chats(facts) && known.policy_people.is_due(now) {
            known.policy_people = Freshness::At(now);
        }
        if request.groups {
            known.group_names = Freshness::At(now);
        }
        if request.history {
            known.history = Freshness::At(now);
        }
        if request.state {
            known.account_state = Freshness::At(now);
        }
    }

    /// Records that the ledger knows whom the account has written to.
    pub(super) fn history_is_known(&self) {
        self.lock().history = Freshness::Known;
    }

    /// Takes over what was found out.
    pub(super) fn apply(
        &self,
        policy: &Policy,
        identities: Identities,
        groups: Option<Vec<(String, GroupId)>>,
    ) {
        let mut known = self.lock();
        Arc::make_mut(&mut known.identities).extend(identities, MAX_IDENTITIES);
        if let Some(groups) = groups {
            let mut names = GroupNames::default();
            for (name, group) in groups {
                if policy.group_names().any(|wanted| wanted == name) {
                    names.learn(name, group);
                }
            }
            known.groups = Arc::new(names);
            known.group_names = Freshness::Known;
        }
        let identities = known.identities.clone();
        Arc::make_mut(&mut known.groups).identify(&identities);
    }

    fn lock(&self) -> MutexGuard<'_, Attributes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it matters to a call who people are and what groups are called.
fn concerns_chats(facts: &Facts) -> bool {
    facts.targets.chats().next().is_some() || facts.reads > 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::op::{self, PersonId};

    const NOW: Duration = Duration::from_secs(1000);

    fn policy() -> Policy {
        let text = "version = \"1\"\n[recipients]\nallow = [\"group:Team\"]\n\
                    new = { action = \"confirm\" }\n[health]\npause_on = [\"FAILED\"]\n";
        Policy::from_toml(crate::backend::specs(), "policy.toml", text).unwrap()
    }

    fn due(cache: &AttributeCache, tool: &str, arguments: serde_json::Value) -> LookupRequest {
        let caller = Caller {
            grant: "local".to_owned(),
            session: String::new(),
            can_ask: false,
        };
        let facts = op::call(tool, arguments).unwrap();
        let request = cache.due(&policy(), &facts, &caller, NOW);
        cache.requested(&request, &facts, NOW);
        request
    }

    #[test]
    fn only_what_a_call_depends_on_is_looked_up_and_once() {
        let cache = AttributeCache::default();
        assert!(due(&cache, "get_session", json!({})).is_empty());
        let hidden = "11111111111111@lid";
        let send = || json!({ "chat": hidden, "text": "hi" });
        let request = due(&cache, "send_message", send());
        let hidden = PersonId::parse(hidden).unwrap();
        assert_eq!(request.people, std::slice::from_ref(&hidden));
        assert!(request.groups && request.history && request.state);
        let again = due(&cache, "send_message", send());
        assert_eq!(again.people, std::slice::from_ref(&hidden));
        assert!(!again.groups && !again.history && !again.state);
        let mut found = Identities::default();
        found.learn(hidden, PersonId::parse("15552223333@c.us").unwrap());
        cache.apply(&policy(), found, None);
        assert!(due(&cache, "send_message", send()).is_empty());
    }

    #[test]
    fn another_policy_needs_its_groups_looked_up_again() {
        let cache = AttributeCache::default();
        let send = || json!({ "chat": "12345678@g.us", "text": "hi" });
        assert!(due(&cache, "send_message", send()).groups);
        cache.apply(&policy(), Identities::default(), Some(Vec::new()));
        assert!(!due(&cache, "send_message", send()).groups);
        cache.forget_groups();
        assert!(due(&cache, "send_message", send()).groups);
    }
}
