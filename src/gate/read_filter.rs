//! Which chats' messages the answer of a call may show.

use std::sync::Arc;

use super::{Caller, Gate};
use crate::{
    op::{ChatId, Facts, LastIncoming, MessageView, TargetRole},
    policy::Context,
    toolset::ReadFilter,
};

/// The filter for a call that reads from several chats; `None` for a call that names the
/// chat that it reads, which the policy has decided on already. The policy that is in force
/// when the answer comes decides what it shows. Texts that nobody asked for are left out
/// where they would limit what the caller may send.
pub(super) fn read_filter(gate: &Arc<Gate>, facts: &Facts, caller: &Caller) -> ReadFilter {
    let named = facts.targets.of(TargetRole::Source).next().is_some();
    if facts.reads == 0 || named {
        return None;
    }
    let (gate, grant, texts) = (gate.clone(), caller.grant.clone(), facts.texts);
    let (groups, identities) = (gate.attributes.groups(), gate.attributes.identities());
    Some(Arc::new(move |chat: &ChatId| {
        let context = Context {
            grant: &grant,
            now: None,
            groups: &groups,
            newcomers: &[],
            has_read: &[],
            incoming: &LastIncoming::default(),
        };
        let policy = gate.policy();
        let with_texts = texts.unwrap_or_else(|| !policy.asks_what_was_read(&grant));
        match (policy.may_read(&identities.of(chat), &context), with_texts) {
            (false, _) => MessageView::Nothing,
            (true, false) => MessageView::WithoutText,
            (true, true) => MessageView::Whole,
        }
    }))
}
