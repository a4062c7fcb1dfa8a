//! Chats that do not exist for a caller: what answers leave out, and calls that name one.

use std::sync::Arc;

use super::{Caller, Gate, Refusal};
use crate::{
    op::{
        BackendError, ChatId, Concealment, Conceals, Decoys, Facts, Identities, LastIncoming,
        PersonId, Risk, Targets,
    },
    policy::{Code, Context, KnownNames, Policy},
    toolset::Prepared,
};

/// What the policy in force conceals from a grant, by what is known of names and ids.
struct GrantConcealment {
    gate: Arc<Gate>,
    grant: String,
    names: Arc<KnownNames>,
    identities: Arc<Identities>,
}

/// The targets of a call with stand-ins.
struct WithStandIns {
    chat: ChatId,
    targets: Targets,
    decoys: Decoys,
}

fn context<'a>(grant: &'a str, names: &'a KnownNames, incoming: &'a LastIncoming) -> Context<'a> {
    Context {
        grant,
        now: None,
        groups: names,
        newcomers: &[],
        has_read: &[],
        incoming,
    }
}

impl Conceals for GrantConcealment {
    fn chat(&self, chat: &ChatId) -> bool {
        let (policy, incoming) = (self.gate.policy(), LastIncoming::default());
        let context = context(&self.grant, &self.names, &incoming);
        let chat = self.identities.of(chat);
        policy.conceals(&self.grant) && policy.conceals_chat(&chat, &context).is_some()
    }

    fn person(&self, ids: &[&PersonId]) -> bool {
        let (policy, incoming) = (self.gate.policy(), LastIncoming::default());
        if !policy.conceals(&self.grant) {
            return false;
        }
        let context = context(&self.grant, &self.names, &incoming);
        let found = ids.iter().filter_map(|id| self.identities.get(id));
        let all: Vec<&PersonId> = ids.iter().copied().chain(found).collect();
        policy.conceals_person(&all, &context)
    }
}

impl Gate {
    /// What does not exist for a caller.
    pub(super) fn concealment(self: &Arc<Self>, caller: &Caller) -> Concealment {
        Concealment::by(Arc::new(GrantConcealment {
            gate: self.clone(),
            grant: caller.grant.clone(),
            names: self.attributes.groups(),
            identities: self.attributes.identities(),
        }))
    }

    /// Puts stand-ins into a call that names a chat that does not exist for its caller.
    pub(super) fn conceal(&self, policy: &Policy, call: &mut Prepared, caller: &Caller) {
        if let Some(found) = self.with_stand_ins(policy, call.facts(), caller) {
            call.conceal(found.chat, found.targets, found.decoys);
        }
    }

    /// The same in the facts of a call alone.
    pub(super) fn conceal_facts(&self, policy: &Policy, facts: &mut Facts, caller: &Caller) {
        if let Some(found) = self.with_stand_ins(policy, facts, caller) {
            facts.concealed = Some(Box::new(found.chat));
            facts.targets = found.targets;
        }
    }

    fn with_stand_ins(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
    ) -> Option<WithStandIns> {
        if facts.concealed.is_some() || !policy.conceals(&caller.grant) {
            return None;
        }
        let (names, identities) = (self.attributes.groups(), self.attributes.identities());
        let incoming = LastIncoming::default();
        let context = context(&caller.grant, &names, &incoming);
        let (mut decoys, mut first) = (Decoys::default(), None);
        let mut targets = facts.targets.clone();
        targets.change(|chat| {
            policy.conceals_chat(&identities.of(chat), &context)?;
            first.get_or_insert_with(|| chat.clone());
            Some(decoys.stand_in(chat))
        });
        // The filter of a list is no target.
        let author = facts.arguments.get("from").and_then(|from| from.as_str());
        let author = author.and_then(|from| PersonId::parse(from).ok());
        if let Some(author) = author.filter(|_| facts.risk == Risk::Read) {
            let found = identities.get(&author);
            let ids: Vec<&PersonId> = [&author].into_iter().chain(found).collect();
            if policy.conceals_person(&ids, &context) {
                let chat = ChatId::from(&author);
                decoys.stand_in(&chat);
                first.get_or_insert(chat);
            }
        }
        Some(WithStandIns {
            chat: first?,
            targets,
            decoys,
        })
    }

    /// Refuses a call that would do something in a chat that does not exist for its caller, as
    /// the API refuses a chat that it does not know.
    pub(super) fn check_exists(
        &self,
        policy: &Policy,
        facts: &Facts,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let concealed = facts.concealed.as_deref();
        let Some(chat) = concealed.filter(|_| facts.risk != Risk::Read) else {
            return Ok(());
        };
        let (names, identities) = (self.attributes.groups(), self.attributes.identities());
        let incoming = LastIncoming::default();
        let context = context(&caller.grant, &names, &incoming);
        let tool = facts.tool;
        let reason = format!("`{tool}` names {chat}, which does not exist for the caller.");
        let rule = policy.conceals_chat(&identities.of(chat), &context);
        let error = BackendError::unknown_chat(self.authority.api(), chat);
        Err(Refusal {
            rule: rule.cloned(),
            shown_as: Some(Box::new(error)),
            ..Refusal::new(Code::ChatHidden, reason)
        })
    }
}
