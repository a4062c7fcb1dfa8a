//! Our answers in MCP's form.

use std::sync::Arc;

use rmcp::{
    ErrorData,
    model::{
        CallToolResponse, CallToolResult, ContentBlock, ErrorCode, ResourceContents, Tool,
        ToolAnnotations,
    },
};
use serde_json::{Map, Value, json};

use super::call::{Ended, Recorded};
use crate::{
    gate::Refusal,
    op::{Attachment, BackendError, BadCall, Risk},
    toolset::{self, Answer},
};

/// What is said of a call that was run and is missing in the audit.
pub(super) const UNRECORDED: &str =
    "warning: this call could not be written to the audit; tell the operator";

/// A tool as clients list it, with the arguments that it takes there.
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

/// What a call came to, once its tool is known.
pub(super) fn ended(ended: Ended) -> CallToolResponse {
    match ended {
        Ended::Ran(outcome, recorded) => {
            let mut result = self::outcome(outcome);
            if recorded == Recorded::No {
                result.content.push(ContentBlock::text(UNRECORDED));
            }
            result.into()
        }
        Ended::Again(outcome) => repeated(outcome).into(),
        Ended::Refused(refusal) => self::refusal(&refusal).into(),
        Ended::Bad(bad) => bad_call(&bad).into(),
        Ended::Pending(question) => question.into(),
    }
}

/// What a call that was run came to.
fn outcome(outcome: Result<Answer, BackendError>) -> CallToolResult {
    match outcome {
        Ok(answer) => complete(answer),
        Err(fault) => self::fault(&fault),
    }
}

/// What the same call came to just now, marked as such.
fn repeated(outcome: Result<Answer, BackendError>) -> CallToolResult {
    let mut result = self::outcome(outcome);
    result.content.push(ContentBlock::text(
        "the same was sent to the same chat within 30 s: this is the first answer again, and \
         nothing was sent now; set allow_repeat to send it again",
    ));
    if let Some(Value::Object(fields)) = &mut result.structured_content {
        fields.insert("repeated".into(), true.into());
    }
    result
}

/// A call that was run.
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

/// What belongs to an answer beside its text.
fn block(attachment: Attachment) -> ContentBlock {
    match attachment {
        Attachment::Image(blob) => ContentBlock::image(blob.base64, blob.mime),
        Attachment::Audio(blob) => ContentBlock::audio(blob.base64, blob.mime),
        Attachment::File(blob, uri) => ContentBlock::resource(
            ResourceContents::blob(blob.base64, uri).with_mime_type(blob.mime),
        ),
    }
}

/// A call that the gate refused.
fn refusal(refusal: &Refusal) -> CallToolResult {
    error(
        refusal.to_string(),
        &serde_json::to_value(refusal).unwrap_or_default(),
    )
}

/// A call that the back end could not do.
fn fault(fault: &BackendError) -> CallToolResult {
    let (code, next) = (fault.code(), fault.remedy());
    let reason = fault.to_string();
    error(
        format!("failed ({code}): {reason}; {next}"),
        &json!({ "code": code, "reason": reason, "next": next }),
    )
}

/// A call that cannot be understood.
fn bad_call(bad: &BadCall) -> CallToolResult {
    let (text, told) = told(bad);
    error(text, &told)
}

/// What is wrong with a call, in words and in parts.
pub(super) fn told(bad: &BadCall) -> (String, Value) {
    let (code, reason, next) = (bad.code(), bad.to_string(), bad.next());
    (
        format!("refused ({code}): {reason}; {next}"),
        json!({ "code": code, "reason": reason, "next": next }),
    )
}

/// An answer that says first what every answer has to say, if there is such a thing.
pub(super) fn noted(response: CallToolResponse, notice: Option<&str>) -> CallToolResponse {
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

/// An error of the protocol, with what every answer has to say.
pub(super) fn fail(
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
