//! Our answers in MCP's form.

use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock, Tool, ToolAnnotations},
};
use serde_json::{Value, json};

use crate::{
    audit::Entry,
    backend::Fault,
    gate::Refusal,
    op::Risk,
    toolset::{self, Answer, BadCall},
};

/// A tool as clients list it.
pub(super) fn tool(tool: &toolset::Tool) -> Tool {
    let schemas = tool.schemas();
    let annotations = ToolAnnotations::from_raw(
        Some(title(tool.name)),
        Some(tool.risk == Risk::Read),
        Some(tool.risk == Risk::Destructive),
        Some(tool.idempotent),
        Some(true),
    );
    Tool::new(
        tool.name,
        schemas.description.clone(),
        schemas.input.clone(),
    )
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

/// What a call came to.
pub(super) fn outcome(outcome: Result<Answer, Fault>) -> CallToolResult {
    match outcome {
        Ok(answer) => complete(answer),
        Err(fault) => self::fault(&fault),
    }
}

/// What the same call came to just now, marked as such.
pub(super) fn repeated(outcome: Result<Answer, Fault>) -> CallToolResult {
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
    content.extend(
        answer
            .images
            .into_iter()
            .map(|image| ContentBlock::image(image.base64, image.mime)),
    );
    let mut result = if answer.failed {
        CallToolResult::error(content)
    } else {
        CallToolResult::success(content)
    };
    result.structured_content = Some(answer.structured);
    result
}

/// A call that the gate refused.
pub(super) fn refusal(refusal: &Refusal) -> CallToolResult {
    error(
        refusal.to_string(),
        &serde_json::to_value(refusal).unwrap_or_default(),
    )
}

/// A call that the back end could not do.
pub(super) fn fault(fault: &Fault) -> CallToolResult {
    let (code, next) = (fault.code(), fault.next());
    let reason = fault.to_string();
    error(
        format!("failed ({code}): {reason}; {next}"),
        &json!({ "code": code, "reason": reason, "next": next }),
    )
}

/// A call that cannot be understood.
pub(super) fn bad_call(bad: &BadCall, mut entry: Entry) -> Result<CallToolResponse, ErrorData> {
    let (code, reason, next) = match bad {
        BadCall::UnknownTool { name, nearest } => (
            "unknown-tool",
            format!("there is no tool `{name}`"),
            match nearest {
                Some(near) => format!("did you mean `{near}`? tools/list has them all"),
                None => "tools/list has all tools".to_owned(),
            },
        ),
        BadCall::BadArguments { tool, problem } => {
            entry.names(tool);
            (
                "bad-arguments",
                format!("`{tool}` cannot take these arguments: {problem}"),
                "correct the argument and call again; nothing was sent".to_owned(),
            )
        }
    };
    // Nothing was done; the answer stands whether or not it could be written down.
    let _ = entry.bad(code);
    Ok(error(
        format!("refused ({code}): {reason}; {next}"),
        &json!({ "code": code, "reason": reason, "next": next }),
    )
    .into())
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

/// Adds that the call is missing in the audit.
pub(super) fn warn_unrecorded(result: &mut CallToolResult) {
    result.content.push(ContentBlock::text(
        "warning: this call could not be written to the audit; tell the operator",
    ));
}

fn error(text: String, error: &Value) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.structured_content = Some(json!({ "error": error }));
    result
}
