//! The question that a person is asked about a call.

use std::{sync::Arc, time::Duration};

use super::{
    Caller, Gate, Refusal,
    question_text::{QuestionText, check_length, described, plain},
};
use crate::{
    ledger::SwitchEpoch,
    op::{BackendError, Briefing, Facts, Risk, Untrusted},
    policy::{Decision, Policy},
    toolset::{BriefPermit, Prepared},
};

/// A call that waits for a person's approval.
pub struct Question {
    call: Prepared,
    brief: Option<BriefPermit>,
    reasons: Vec<String>,
    /// The name of the question, which its ticket has.
    name: String,
    /// The epoch of the kill switch in which the call was decided on.
    epoch: SwitchEpoch,
    caller: Caller,
    expires: Duration,
    account: Option<String>,
}

impl Gate {
    /// The question about a call, with the ticket that its answer has to bring back.
    pub(super) async fn question(
        self: &Arc<Self>,
        call: Prepared,
        caller: &Caller,
        policy: &Policy,
        decision: &Decision<'_>,
        epoch: SwitchEpoch,
    ) -> Result<Question, Refusal> {
        check_length(call.facts())?;
        Ok(Question {
            name: self.approvals.issue(caller, &self.ledger).await?,
            epoch,
            caller: caller.clone(),
            brief: self
                .authority
                .permit_briefing(&call, self.lookup_progress().of_grant(&caller.grant)),
            reasons: decision.reasons_to_ask(),
            expires: policy.confirmation.expires,
            account: self.account.clone(),
            call,
        })
    }

    /// What binds the answer to the call of a question; opaque, and impossible to forge. The
    /// time to answer begins with it.
    pub fn ticket(&self, question: &Question) -> String {
        let (facts, caller) = (question.facts(), &question.caller);
        self.approvals
            .seal(&question.name, question.epoch, facts, caller)
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

    /// How long the answer may take.
    pub fn expires(&self) -> Duration {
        self.expires
    }

    /// The call itself, to be decided again with the answer.
    pub fn into_call(self) -> Prepared {
        self.call
    }

    /// The question in plain words, after a notice if there is one.
    ///
    /// Text from WhatsApp is [`Untrusted`], escaped and cut, and stands
    /// in quotation marks on a line of its own, so that nobody takes it for text of this
    /// program. Every argument of the call is shown as a whole.
    pub fn text(
        &self,
        notice: Option<&str>,
        briefing: Option<Result<Briefing, BackendError>>,
    ) -> QuestionText {
        let facts = self.facts();
        let mut lines: Vec<String> = notice.iter().map(|notice| format!("[{notice}]")).collect();
        lines.push(format!("An agent wants to {}.", facts.intent));
        if let Some(account) = &self.account {
            lines.push(format!("On the WhatsApp account `{account}`."));
        }
        if facts.risk == Risk::Destructive {
            lines.push("This is irreversible.".to_owned());
        }
        match briefing {
            Some(Ok(briefing)) => {
                let name = briefing.subject.iter();
                lines.extend(name.map(|name| {
                    format!(
                        "Named on WhatsApp (unverified text): “{}”",
                        plain(name.as_str())
                    )
                }));
                lines.extend(briefing.facts);
            }
            Some(Err(_)) => lines.push("The name could not be looked up.".to_owned()),
            None => {}
        }
        lines.extend(described(facts));
        lines.extend(self.reasons.iter().map(|reason| {
            let reason = Untrusted::new(reason);
            format!("You are asked because {}.", plain(reason.as_str()))
        }));
        lines.push("Do it?".to_owned());
        QuestionText::of(&lines)
    }
}
