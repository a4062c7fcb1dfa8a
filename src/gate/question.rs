//! The question that a person is asked about a call.

use std::time::Duration;

use serde_json::Value;

use super::{Caller, Gate, Refusal};
use crate::{
    op::{BackendError, Briefing, Facts, Risk, Untrusted},
    policy::{Decision, Policy},
    toolset::{BriefPermit, Prepared},
};

/// A call that waits for a person's approval.
pub struct Question {
    call: Prepared,
    brief: Option<BriefPermit>,
    reasons: Vec<String>,
    ticket: String,
    expires: Duration,
    account: Option<String>,
}

impl Gate {
    /// The question about a call, with the ticket that its answer has to bring back.
    pub(super) fn question(
        &self,
        call: Prepared,
        caller: &Caller,
        policy: &Policy,
        decision: &Decision<'_>,
    ) -> Result<Question, Refusal> {
        Ok(Question {
            ticket: self.approvals.issue(call.facts(), caller)?,
            brief: self.authority.permit_briefing(&call),
            reasons: decision.reasons_to_ask(),
            expires: policy.confirmation.expires,
            account: self.account.clone(),
            call,
        })
    }
}

impl Question {
    /// The facts of the call that is asked about.
    pub fn facts(&self) -> &Facts {
        self.call.facts()
    }

    /// Permission to look up what the person should know, at most once.
    pub fn take_brief(&mut self) -> Option<BriefPermit> {
        self.brief.take()
    }

    /// Binds the answer to this call; opaque, and impossible to forge.
    pub fn ticket(&self) -> &str {
        &self.ticket
    }

    /// How long the answer may take.
    pub fn expires(&self) -> Duration {
        self.expires
    }

    /// The call itself, to be decided again with the answer.
    pub fn into_call(self) -> Prepared {
        self.call
    }

    /// The question in plain words.
    ///
    /// Text from WhatsApp is [`Untrusted`], escaped and cut, and stands in quotation marks on
    /// a line of its own, so that nobody takes it for text of this program.
    pub fn text(&self, briefing: Option<Result<Briefing, BackendError>>) -> String {
        let facts = self.facts();
        let mut text = format!("An agent wants to {}.\n", facts.intent);
        if let Some(account) = &self.account {
            text += &format!("On the WhatsApp account `{account}`.\n");
        }
        match briefing {
            Some(Ok(briefing)) => {
                if let Some(name) = briefing.subject {
                    text += &format!("Named on WhatsApp (unverified text): “{}”\n", plain(&name));
                }
                for fact in briefing.facts {
                    text += &format!("{fact}\n");
                }
            }
            Some(Err(_)) => text += "The name could not be looked up.\n",
            None => {}
        }
        if let Some(arguments) = facts.arguments.as_object() {
            for (name, value) in arguments {
                let shown = match value {
                    // Each item for itself: cut as a whole, a list would hide its last items.
                    Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
                    value => shown(value),
                };
                text += &format!("{name}: {shown}\n");
            }
        }
        for reason in &self.reasons {
            text += &format!(
                "You are asked because {}.\n",
                plain(&Untrusted::new(reason))
            );
        }
        if facts.risk == Risk::Destructive {
            text += "This is irreversible.\n";
        }
        text += "Do it?";
        text
    }
}

/// An argument's value: a text in full as far as it fits, anything else in short.
fn shown(value: &Value) -> String {
    let (text, shown) = match value {
        Value::String(text) => (text.clone(), Untrusted::long(text)),
        other => (other.to_string(), Untrusted::new(&other.to_string())),
    };
    let plain = plain(&shown);
    // Nobody should approve what was cut without knowing that it was cut.
    if shown.is_cut() {
        format!("{plain} [cut: {} characters in all]", text.chars().count())
    } else {
        plain
    }
}

/// Untrusted text without anything that a form would turn into a link, and without
/// quotation marks.
fn plain(text: &Untrusted) -> String {
    text.as_str()
        .replace(['“', '”', '"'], "'")
        .replace("://", ":\u{2215}\u{2215}")
        .replace("www.", "www\u{2024}")
}
