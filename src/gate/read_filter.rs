//! Which chats' messages the answer of a call may show.

use std::sync::Arc;

use super::{Caller, attributes::AttributeCache};
use crate::{
    op::{ChatId, Facts, TargetRole},
    policy::{Context, Policy},
    toolset::ReadFilter,
};

/// The filter for a call that reads from several chats; `None` for a call that names the
/// chat that it reads, which the policy has decided on already.
pub(super) fn read_filter(
    policy: &Arc<Policy>,
    facts: &Facts,
    caller: &Caller,
    attributes: &AttributeCache,
) -> ReadFilter {
    let named = facts.targets.of(TargetRole::Source).next().is_some();
    if facts.reads == 0 || named {
        return None;
    }
    let (policy, grant) = (policy.clone(), caller.grant.clone());
    let (groups, identities) = (attributes.groups(), attributes.identities());
    Some(Arc::new(move |chat: &ChatId| {
        let context = Context {
            grant: &grant,
            now: None,
            groups: &groups,
            newcomers: &[],
            has_read: &[],
        };
        policy.may_read(&identities.of(chat), &context)
    }))
}
