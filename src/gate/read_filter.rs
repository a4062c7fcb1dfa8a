//! Which chats' messages a call may tell.

use std::sync::Arc;

use super::{Caller, Gate};
use crate::{
    op::{ChatId, Facts, TargetRole},
    policy::{Context, Policy},
    toolset::ReadFilter,
};

impl Gate {
    /// Which chats' messages may be told, for what tells those of several.
    pub(super) fn read_filter(
        &self,
        policy: &Arc<Policy>,
        facts: &Facts,
        caller: &Caller,
    ) -> ReadFilter {
        let named = facts.targets.of(TargetRole::Source).next().is_some();
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
            let context = Context {
                grant: &grant,
                now: None,
                groups: &groups,
                newcomers: &[],
                has_read: &[],
            };
            policy.may_read(chat, &context)
        }))
    }
}
