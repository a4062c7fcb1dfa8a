//! What does not exist for a caller: `read.hide` and `read.others`.

use super::{
    Action, Code, Context, Decision, Finding, Policy, RuleLocation, chats::NameMatch, layer::Layer,
    names::KnownNames,
};
use crate::op::{ChatId, Facts, PersonId};

impl Policy {
    /// Adds a finding for each chat of a call that does not exist for its caller.
    pub(super) fn decide_concealed<'p>(
        &'p self,
        facts: &Facts,
        context: &Context<'_>,
        decision: &mut Decision<'p>,
    ) {
        if facts.concealed.is_some() {
            return;
        }
        let chats = facts.targets.chats();
        decision.findings.extend(chats.filter_map(|chat| {
            let place = self.conceals_chat(chat, context)?;
            let detail = format!("{chat} does not exist for this caller");
            let effect = Action::Deny.effect(Code::ChatHidden, place, Some(detail));
            Some(Finding::new(effect, place))
        }));
    }

    /// The entry by which a chat does not exist for a caller.
    pub fn conceals_chat(&self, chat: &ChatId, context: &Context<'_>) -> Option<&RuleLocation> {
        let mut layers = self.layers_of(context.grant);
        layers.find_map(|layer| layer.conceals_chat(chat, context))
    }

    /// Whether a person with these ids is shown to a caller neither as a member nor as an
    /// author.
    pub fn conceals_person(&self, ids: &[&PersonId], context: &Context<'_>) -> bool {
        let mut layers = self.layers_of(context.grant);
        layers.any(|layer| layer.conceals_person(ids, context.groups))
    }

    /// Whether anything does not exist for a caller.
    pub fn conceals(&self, grant: &str) -> bool {
        self.layers_of(grant).any(Layer::conceals)
    }
}

impl Layer {
    /// Whether anything does not exist for its callers.
    pub(super) fn conceals(&self) -> bool {
        self.hides_others.is_some() || !self.hidden.is_empty()
    }

    /// The entry by which a chat does not exist, or may not.
    pub(super) fn conceals_chat(
        &self,
        chat: &ChatId,
        context: &Context<'_>,
    ) -> Option<&RuleLocation> {
        let names = context.groups;
        let hidden = self.hidden.find(chat, names, NameMatch::Any);
        let hidden = hidden.or_else(|| self.hidden.may_have(chat, names));
        hidden.or_else(|| {
            let others = self.hides_others.as_ref();
            others.filter(|_| !self.may_read(chat, context))
        })
    }

    /// Whether a person with these ids is hidden, or may be.
    pub(super) fn conceals_person(&self, ids: &[&PersonId], names: &KnownNames) -> bool {
        let chats = || ids.iter().map(|id| ChatId::from(*id));
        let is_hidden = |chat: ChatId| self.hidden.find(&chat, names, NameMatch::Any).is_some();
        let may_be = |chat: ChatId| self.hidden.may_have(&chat, names).is_some();
        let mut numbers = ids.iter().filter(|id| !id.is_hidden());
        chats().any(is_hidden)
            || match numbers.next() {
                Some(number) => may_be(ChatId::from(*number)),
                None => chats().any(may_be),
            }
    }
}
