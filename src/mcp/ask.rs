//! Asking a person through the client: by a request to the client, or since 2026-07-28 by a
//! result that asks.

use std::collections::BTreeMap;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
        EnumSchema, InputRequest, InputRequiredResult, InputResponses,
    },
    service::RequestContext,
};
use serde_json::Value;

use super::{Account, call::MODERN, places::CallPlace};
use crate::{
    audit::AuditEntry,
    gate::{Question, QuestionText, Reply},
    toolset::Prepared,
};

/// The name of the question in the inputs of a result.
pub(super) const QUESTION: &str = "confirm";
/// The field of the form.
pub(super) const FIELD: &str = "decision";
/// Its choices. The first is the safe one, because some forms preselect it.
pub(super) const NO: &str = "no";
pub(super) const YES: &str = "yes";

/// How asking ended.
pub(super) enum QuestionEnd {
    /// The person's answer, with the call that it belongs to.
    Answered {
        call: Box<Prepared>,
        ticket: String,
        reply: Reply,
    },
    /// The client asks the person, and calls again with the answer.
    Pending(InputRequiredResult),
    /// The client cancelled the call.
    Cancelled,
    /// The server is being stopped.
    Stopping,
    /// Nobody was asked: too many questions are open.
    Busy,
}

/// Whether a request uses revision 2026-07-28 or later.
pub(super) fn is_modern(cx: &RequestContext<RoleServer>) -> bool {
    // Revisions are dates, and dates sort as text.
    cx.protocol_version()
        .is_some_and(|version| version.as_str() >= MODERN.as_str())
}

/// Asks the person about a call of an account, whose place is given back meanwhile.
///
/// # Errors
/// Only a defect of the form.
pub(super) async fn ask(
    account: &Account,
    mut question: Question,
    entry: &AuditEntry,
    place: &mut CallPlace<'_>,
    cx: &RequestContext<RoleServer>,
) -> Result<QuestionEnd, ErrorData> {
    let briefing = match question.take_brief() {
        Some(permit) => {
            entry.admit_lookup().await;
            tokio::select! {
                () = cx.ct.cancelled() => return Ok(QuestionEnd::Cancelled),
                () = account.gate.closed() => return Ok(QuestionEnd::Stopping),
                briefing = account.tools.brief(permit) => Some(briefing),
            }
        }
        None => None,
    };
    let QuestionText { message, details } = question.text(account.tools.notice(), briefing);
    let form = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message,
        requested_schema: schema(details)?,
    };
    let ticket = account.gate.ticket(&question);
    if is_modern(cx) {
        let inputs = BTreeMap::from([(
            QUESTION.to_owned(),
            InputRequest::Elicitation(ElicitRequest::new(form)),
        )]);
        return Ok(QuestionEnd::Pending(InputRequiredResult::new(
            Some(inputs),
            Some(ticket),
        )));
    }
    if !place.ask() {
        return Ok(QuestionEnd::Busy);
    }
    let answer = tokio::select! {
        // A cancellation wins over an answer that has arrived as well.
        biased;
        () = cx.ct.cancelled() => return Ok(QuestionEnd::Cancelled),
        () = account.gate.closed() => return Ok(QuestionEnd::Stopping),
        answer = cx.peer.create_elicitation_with_timeout(form, Some(question.expires())) => answer,
    };
    let reply = match answer {
        Ok(answer) => read(&answer),
        Err(error) => {
            tracing::info!(%error, "no answer from the client");
            Reply::Unreadable
        }
    };
    Ok(QuestionEnd::Answered {
        call: Box::new(question.into_call()),
        ticket,
        reply,
    })
}

/// The form; `details` is what the message has no room for. It is not derived: some clients
/// never show a form whose schema has a title.
fn schema(details: String) -> Result<ElicitationSchema, ErrorData> {
    let mut field = EnumSchema::builder(vec![NO.to_owned(), YES.to_owned()]);
    if !details.is_empty() {
        field = field.description(details);
    }
    ElicitationSchema::builder()
        .required_enum_schema(FIELD, field.build())
        .build()
        .map_err(|error| ErrorData::internal_error(error, None))
}

/// The answer to the question in the inputs that came back; `None` if it is missing.
pub(super) fn reply(answers: &InputResponses) -> Option<Reply> {
    let answer = answers.get(QUESTION)?;
    let read = serde_json::from_value(answer.clone()).map(|answer| read(&answer));
    Some(read.unwrap_or(Reply::Unreadable))
}

/// What an answer means: only an accept with an explicit yes is a yes.
fn read(answer: &ElicitResult) -> Reply {
    let chosen = answer
        .content
        .as_ref()
        .and_then(|content| content.get(FIELD))
        .and_then(Value::as_str);
    match (&answer.action, chosen) {
        (ElicitationAction::Accept, Some(YES)) => Reply::Yes,
        (ElicitationAction::Accept, Some(NO)) => Reply::No,
        (ElicitationAction::Decline, _) => Reply::No,
        (ElicitationAction::Cancel, _) => Reply::Dismissed,
        _ => Reply::Unreadable,
    }
}
