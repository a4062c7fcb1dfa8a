//! Which chats' messages a call may tell.

use std::sync::Arc;

use super::{Caller, Gate};
use crate::{
    op::{ChatId, Part},
    policy::{Policy, Situation},
    toolset::{Facts, Sight},
};

impl Gate {
    /// Which chats' messages may be told, for what tells those of several.
    pub(super) fn sight(&self, policy: &Arc<Policy>, facts: &Facts, caller: &Caller) -> Sight {
        let named = facts.touches.of(Part::Source).next().is_some();
        if facts.reads == 0 || named {
            return None;
        }
        let (policy, grant) = (policy.clone(), caller.grant.clone());
        let (groups, identities) = {
            let state = self.lock();
            (state.known.groups.clone(), state.known.identities.clone())
        };
        Some(Arc::new(move |chat: &ChatId| {
            let chat = &identities.of(chat);
            let situation = Situation {
                grant: &grant,
                now: None,
                groups: &groups,
                newcomers: &[],
                has_read: &[],
            };
            policy.may_read(chat, &situation)
        }))
    }
}
