//! What a person is asked.

use std::time::Duration;

use serde_json::Value;

use super::BriefPermit;
use crate::{
    op::{BackendError, Briefing, Facts, Untrusted},
    toolset::Prepared,
};

/// A call that waits for a person's yes.
pub struct Question {
    call: Prepared,
    brief: Option<BriefPermit>,
    reasons: Vec<String>,
    ticket: String,
    expires: Duration,
    account: Option<String>,
}

impl Question {
    pub(super) fn new(
        call: Prepared,
        brief: Option<BriefPermit>,
        reasons: Vec<String>,
        ticket: String,
        expires: Duration,
    ) -> Self {
        Self {
            call,
            brief,
            reasons,
            ticket,
            expires,
            account: None,
        }
    }

    /// The same question, about one of several accounts.
    pub(super) fn on_account(mut self, account: Option<String>) -> Self {
        self.account = account;
        self
    }

    /// The facts of the call that is asked about.
    pub fn facts(&self) -> &Facts {
        self.call.facts()
    }

    /// Leave to look up what the person should know; there is one at most.
    pub fn take_brief(&mut self) -> Option<BriefPermit> {
        self.brief.take()
    }

    /// What binds the answer to this call; opaque and unforgeable.
    pub fn ticket(&self) -> &str {
        &self.ticket
    }

    /// How long the answer may take.
    pub fn expires(&self) -> Duration {
        self.expires
    }

    /// The call itself, to be judged again with the answer.
    pub fn into_call(self) -> Prepared {
        self.call
    }

    /// The question in a person's words.
    ///
    /// Text from WhatsApp comes in as [`Untrusted`], escaped and cut, and stands in
    /// quotation marks of a line of its own, so that it cannot pass for ours.
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
                    // Cut as a whole, a list would hide who stands at its end.
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
        if facts.risk == crate::op::Risk::Destructive {
            text += "This cannot be undone.\n";
        }
        text += "Do it?";
        text
    }
}

/// An argument's value as a person reads it: text as a whole, anything else in short.
fn shown(value: &Value) -> String {
    let (text, shown) = match value {
        Value::String(text) => (text.clone(), Untrusted::long(text)),
        other => (other.to_string(), Untrusted::new(&other.to_string())),
    };
    let plain = plain(&shown);
    // What cannot be shown whole must not be agreed to unseen.
    if shown.is_cut() {
        format!("{plain} [cut: {} characters in all]", text.chars().count())
    } else {
        plain
    }
}

/// Foreign text without what a form would turn into a link or what would close
/// its quotation marks.
fn plain(text: &Untrusted) -> String {
    text.as_str()
        .replace(['“', '”', '"'], "'")
        .replace("://", ":\u{2215}\u{2215}")
        .replace("www.", "www\u{2024}")
}
