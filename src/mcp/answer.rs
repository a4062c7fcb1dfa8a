//! Responses in the form that MCP wants.

use std::sync::Arc;

use rmcp::{
    ErrorData,
    model::{
        CallToolResponse, CallToolResult, ContentBlock, ErrorCode, ResourceContents, Tool,
        ToolAnnotations,
    },
};
use serde_json::{Map, Value, json};

use super::call::{CallEnd, Recorded, Repeat};
use crate::{
    gate::Refusal,
    op::{Attachment, BackendError, BadCall, Risk},
    toolset::{self, Answer},
};

/// The warning in the answer of a call that could not be audited.
pub(super) const UNRECORDED: &str = "warning: this call could not be audited; tell the operator";

/// A tool as clients list it, with the schema of its arguments on this server.
pub(super) fn tool(tool: &toolset::Tool, input: Arc<Map<String, Value>>) -> Tool {
    let schemas = tool.schemas();
    let annotations = ToolAnnotations::from_raw(
        Some(title(tool.name)),
        Some(tool.risk == Risk::Read),
        Some(tool.risk == Risk::Destructive),
        Some(tool.idempotent),
        Some(true),
    );
    Tool::new(tool.name, schemas.description.clone(), input)
        .with_raw_output_schema(schemas.output.clone())
        .with_annotations(annotations)
}

/// `leave_group` as `Leave group`.
fn title(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// The response to a call that has ended.
pub(super) fn response(ended: CallEnd) -> CallToolResponse {
    match ended {
        CallEnd::Completed(outcome, recorded) => {
            let mut result = self::outcome(outcome);
            if recorded == Recorded::No {
                result.content.push(ContentBlock::text(UNRECORDED));
            }
            result.into()
        }
        CallEnd::Replayed(outcome, repeat) => replayed(outcome, repeat).into(),
        CallEnd::Refused(refusal) => self::refusal(&refusal).into(),
        CallEnd::Bad(bad) => bad_call(&bad).into(),
        CallEnd::Pending(question) => question.into(),
    }
}

/// The result of a call that was run.
fn outcome(outcome: Result<Answer, BackendError>) -> CallToolResult {
    match outcome {
        Ok(answer) => complete(answer),
        Err(fault) => self::fault(&fault),
    }
}

/// The result that the same call got a moment ago, marked as a repetition.
fn replayed(outcome: Result<Answer, BackendError>, repeat: Repeat) -> CallToolResult {
    let next = match repeat {
        Repeat::OnRequest => "Set allow_repeat only if it has to be done twice.",
        Repeat::Later => "If it has to be done twice, call again after that time.",
    };
    let mut result = self::outcome(outcome);
    result.content.push(ContentBlock::text(format!(
        "An equal call ended within the last 30 seconds: this is its answer again, and nothing \
         was sent now. {next}",
    )));
    if let Some(Value::Object(fields)) = &mut result.structured_content {
        fields.insert("repeated".into(), true.into());
    }
    result
}

/// The result of a call with an answer.
fn complete(answer: Answer) -> CallToolResult {
    let mut content = vec![ContentBlock::text(answer.text)];
    content.extend(answer.attachments.into_iter().map(block));
    let mut result = if answer.failed {
        CallToolResult::error(content)
    } else {
        CallToolResult::success(content)
    };
    result.structured_content = Some(answer.structured);
    result
}

/// An attachment of an answer.
fn block(attachment: Attachment) -> ContentBlock {
    match attachment {
        Attachment::Image(blob) => ContentBlock::image(blob.base64, blob.mime),
        Attachment::Audio(blob) => ContentBlock::audio(blob.base64, blob.mime),
        Attachment::File(blob, uri) => ContentBlock::resource(
            ResourceContents::blob(blob.base64, uri).with_mime_type(blob.mime),
        ),
    }
}

/// The result of a call that the gate refused.
fn refusal(refusal: &Refusal) -> CallToolResult {
    error(
        refusal.to_string(),
        &serde_json::to_value(refusal).unwrap_or_default(),
    )
}

/// The result of a call that the back end failed to run.
fn fault(fault: &BackendError) -> CallToolResult {
    let (code, next) = (fault.code(), fault.remedy());
    let reason = fault.to_string();
    error(
        format!("failed ({code}): {reason}; {next}"),
        &json!({ "code": code, "reason": reason, "next": next }),
    )
}

/// The result of a call that names no tool, or whose arguments are wrong.
fn bad_call(bad: &BadCall) -> CallToolResult {
    let (text, structured) = render_bad_call(bad);
    error(text, &structured)
}

/// What is wrong with a call, as text and as structured content.
pub(super) fn render_bad_call(bad: &BadCall) -> (String, Value) {
    let (code, reason, next) = (bad.code(), bad.to_string(), bad.next());
    (
        format!("refused ({code}): {reason}; {next}"),
        json!({ "code": code, "reason": reason, "next": next }),
    )
}

/// The same response with the notice of the account at its beginning.
pub(super) fn with_notice(response: CallToolResponse, notice: Option<&str>) -> CallToolResponse {
    let (mut result, notice) = match (response, notice) {
        (CallToolResponse::Complete(result), Some(notice)) => (result, notice),
        (response, _) => return response,
    };
    if let Some(first) = result.content.first_mut()
        && let Some(text) = first.as_text()
    {
        *first = ContentBlock::text(format!("[{notice}]\n{}", text.text));
    }
    if let Some(Value::Object(fields)) = &mut result.structured_content {
        fields.insert("notice".into(), notice.into());
    }
    result.into()
}

/// A JSON-RPC error, with the notice of the account.
pub(super) fn protocol_error(
    notice: Option<&str>,
    code: ErrorCode,
    mut message: String,
    mut data: Value,
) -> ErrorData {
    if let Some(notice) = notice {
        message = format!("[{notice}] {message}");
        if let Value::Object(fields) = &mut data {
            fields.insert("notice".into(), notice.into());
        }
    }
    ErrorData::new(code, message, Some(data))
}

fn error(text: String, error: &Value) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.structured_content = Some(json!({ "error": error }));
    result
}
