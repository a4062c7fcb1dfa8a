//! What the gate has found out: who people are, what groups are called, who read what.

use std::{collections::HashMap, time::Duration};

use super::{Caller, Gate, LookupPermit, State};
use crate::{
    op::{ChatId, Facts, Identities, TargetRole},
    policy::GroupNames,
    toolset::{LookupRequest, Prepared, Resolved},
};

/// The most hidden identities that are looked up for one call.
const MOST_HIDDEN: usize = 32;

/// The most hidden identities that are remembered.
const MOST_KNOWN: usize = 4096;

/// How long what was found out holds, and how soon it is tried again.
const FRESH: Duration = Duration::from_secs(60);

/// What was found out.
pub(super) struct Known {
    pub(super) identities: Identities,
    pub(super) groups: GroupNames,
    named: Asked,
    /// Who is behind the hidden identities of the policy.
    revealed: Asked,
    seeded: Asked,
    state: Option<Duration>,
    read: HashMap<String, Vec<ChatId>>,
}

/// Whether something is known, or when it was last asked for.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Asked {
    #[default]
    Never,
    At(Duration),
    Known,
}

impl Asked {
    fn is_due(self, now: Duration) -> bool {
        match self {
            Self::Never => true,
            Self::At(time) => now >= time + FRESH,
            Self::Known => false,
        }
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            identities: Identities::default(),
            groups: GroupNames::unknown(),
            named: Asked::Never,
            revealed: Asked::Never,
            seeded: Asked::Never,
            state: None,
            read: HashMap::new(),
        }
    }
}

impl Known {
    /// Another policy names other groups.
    pub(super) fn forget_groups(&mut self) {
        (self.groups, self.named) = (GroupNames::unknown(), Asked::Never);
        self.groups.identify(&self.identities);
        self.revealed = Asked::Never;
    }

    /// The chats that a caller has read in.
    pub(super) fn has_read(&self, grant: &str) -> &[ChatId] {
        self.read.get(grant).map_or(&[], Vec::as_slice)
    }

    /// Takes note of chats that a caller has read in. Two are enough: whoever gets
    /// something then, there is one of them that it may come from.
    pub(super) fn reads<'a>(&mut self, grant: &str, chats: impl Iterator<Item = &'a ChatId>) {
        let read = self.read.entry(grant.to_owned()).or_default();
        for chat in chats {
            let chat = self.identities.of(chat);
            if read.len() < 2 && !read.contains(&chat) {
                read.push(chat.into_owned());
            }
        }
    }
}

impl Gate {
    /// What has to be found out before a call can be judged. Nothing is, where the
    /// call is refused whatever it would be.
    pub fn pending_lookups(&self, call: &Prepared, caller: &Caller) -> Option<LookupPermit> {
        let facts = call.facts();
        let state = self.lock();
        let policy = state.policy.clone();
        let effect = policy.effect(facts.tool, facts.risk, &caller.grant);
        if !effect.admits() || !self.is_open_to(&policy, caller) {
            return None;
        }
        let now = self.clock.elapsed();
        let known = &state.known;
        let mut people: Vec<_> = facts
            .targets
            .hidden()
            .filter(|person| known.identities.get(person).is_none())
            .cloned()
            .collect();
        let revealed = known.revealed.is_due(now)
            && (facts.targets.chats().next().is_some() || facts.reads > 0);
        if revealed {
            let hidden = policy.hidden_people();
            people.extend(
                hidden
                    .filter(|one| known.identities.get(one).is_none())
                    .cloned(),
            );
        }
        people.truncate(MOST_HIDDEN);
        let groups = known.named.is_due(now)
            && (facts.targets.chats().next().is_some() || facts.reads > 0)
            && policy.group_names().next().is_some();
        let history = known.seeded.is_due(now)
            && facts.targets.of(TargetRole::Recipient).next().is_some()
            && policy.asks_who_is_new(&caller.grant);
        let watched = !policy.health.is_empty()
            && super::health::signals_danger(facts)
            && known.state.is_none_or(|looked| now >= looked + FRESH);
        drop(state);
        if people.is_empty() && !groups && !history && !watched {
            return None;
        }
        // The ledger is asked while nobody waits for the gate.
        if self.emergency(facts, &[]).is_err() {
            return None;
        }
        let seeded = history && self.is_seeded();
        let mut state = self.lock();
        let State { known, .. } = &mut *state;
        if revealed {
            known.revealed = Asked::At(now);
        }
        if groups {
            known.named = Asked::At(now);
        }
        if history {
            known.seeded = if seeded { Asked::Known } else { Asked::At(now) };
        }
        if watched {
            known.state = Some(now);
        }
        let history = history && !seeded;
        let errand = LookupRequest {
            people,
            groups,
            history,
            state: watched,
        };
        (!errand.is_empty()).then_some(LookupPermit(errand))
    }

    /// Takes note of what was found out.
    pub fn learn(&self, found: Resolved) {
        if let Some(history) = &found.history {
            let people = history.iter().map(ChatId::as_str);
            if let Err(error) = self.ledger.seed(people) {
                tracing::error!(%error, "the ledger cannot be used");
            }
        }
        let mut state = self.lock();
        let State { known, .. } = &mut *state;
        known.identities.extend(found.identities, MOST_KNOWN);
        known.groups.identify(&known.identities);
        if let Some(groups) = found.groups {
            let policy = state.policy.clone();
            let mut names = GroupNames::default();
            for (name, group) in groups {
                if policy.group_names().any(|wanted| wanted == name) {
                    names.learn(name, group);
                }
            }
            names.identify(&state.known.identities);
            (state.known.groups, state.known.named) = (names, Asked::Known);
        }
        if !found.states.is_empty() {
            let policy = state.policy.clone();
            drop(state);
            for word in &found.states {
                self.notice(&policy, word);
            }
        }
    }

    fn is_seeded(&self) -> bool {
        self.ledger.seeded().unwrap_or(false)
    }

    /// What a call reads counts from the moment it is let through.
    pub(super) fn reads(state: &mut State, facts: &Facts, caller: &Caller) {
        let chats = facts.targets.of(TargetRole::Source);
        state.known.reads(&caller.grant, chats);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_chats_are_all_that_is_remembered_of_reading() {
        let chats = ["1", "1", "2", "3"]
            .map(|id| ChatId::parse(&format!("1203630000000{id}@g.us")).unwrap());
        let mut known = Known::default();
        known.reads("one", chats.iter());
        known.reads("one", chats.iter().rev());
        assert_eq!(known.has_read("one"), [chats[0].clone(), chats[2].clone()]);
    }
}
