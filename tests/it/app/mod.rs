//! The server under test, with a JSON-RPC client at the other end of a pipe.

pub mod command;
pub mod gate;
pub mod json_schema;
pub mod output_schema;
pub mod process;
pub mod recorded;
pub mod redis;
mod setup;
mod wait;
pub mod working_waha;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf},
    time::timeout,
};
use whatsapp_guard::{
    audit::Audit,
    backend::{self, Backend, specs},
    clock::{Clock, ManualClock},
    config::{Config, Timeouts},
    gate::{Gate, ReadHistory},
    ledger::Ledger,
    mcp::{self, Account, LOCAL, Server},
    media::MediaRules,
    op::{self, AnswerSize, Entry},
    policy::Policy,
    toolset::{Authority, Tool, Toolset},
};
use wiremock::MockServer;

pub use setup::*;
pub(crate) use wait::wait;

/// A test that waits longer than this fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The default of `confirmation.min_answer_ms`.
const USUAL_ANSWER_TIME: Duration = Duration::from_millis(400);

/// Allows everything; irreversible actions need approval.
pub const OPEN: &str = r#"
version = "1"
default = "allow"
[confirmation]
enabled = true
"#;

/// The key of the fake APIs. No output may contain it.
pub const SECRET: &str = "s3cretT0ken4711";

/// The two protocol eras of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, and questions by `elicitation/create`.
    Legacy,
    /// 2026-07-28: no session, and questions by `input_required`.
    Modern,
}

pub const BOTH: [Era; 2] = [Era::Legacy, Era::Modern];

/// How the person at the client reacts to a question.
#[derive(Debug, Clone)]
pub enum Person {
    /// Chooses yes.
    Accepts,
    /// Declines.
    Declines,
    /// Sends exactly this answer.
    Answers(Value),
    /// Never answers.
    Silent,
    /// The client does not support elicitation.
    Absent,
}

/// A running server and its client.
pub struct TestServer {
    pub backend: Box<dyn Backend>,
    pub server: Server,
    pub hand: ManualClock,
    /// The folder of the audit; deleted on drop.
    _folder: TempDir,
    audit_path: PathBuf,
    era: Era,
    person: Person,
    reader: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    last_id: u64,
    /// The `params` of each question.
    pub questions: Vec<Value>,
    /// The `params` of each progress notification.
    pub progress: Vec<Value>,
    /// The method of each `list_changed` notification.
    pub changes: Vec<String>,
}

/// Parses a policy in TOML or JSON.
pub fn policy(text: &str) -> Policy {
    let policy = if text.trim_start().starts_with('{') {
        Policy::from_json(specs(), "policy.json", text)
    } else {
        Policy::from_toml(specs(), "policy.toml", text)
    };
    believing_at_once(policy.unwrap_or_else(|wrong| panic!("{wrong}")))
}

/// A policy that takes answers that come at once, unless it says how long one takes.
pub fn believing_at_once(mut policy: Policy) -> Policy {
    if policy.confirmation.min_answer_time == USUAL_ANSWER_TIME {
        policy.confirmation.min_answer_time = Duration::ZERO;
    }
    policy
}

impl TestServer {
    fn capabilities(&self) -> Value {
        match self.person {
            Person::Absent => json!({}),
            _ => json!({ "elicitation": {} }),
        }
    }

    /// Replaces the person at the client. The capabilities of a session do not change.
    pub fn set_person(&mut self, person: Person) {
        self.person = person;
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string()).await;
    }

    pub async fn send_line(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes()).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
    }

    /// The next message from the server.
    pub async fn receive(&mut self) -> Value {
        let line = timeout(PATIENCE, self.reader.next_line())
            .await
            .expect("an answer in time");
        serde_json::from_str(&line.unwrap().expect("the server is still there")).unwrap()
    }

    /// Sends a request; returns its id.
    pub async fn begin(&mut self, method: &str, mut params: Value) -> u64 {
        self.last_id += 1;
        if self.era == Era::Modern {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities();
            params["_meta"]["io.modelcontextprotocol/clientInfo"] =
                json!({ "name": "tests", "version": "1" });
        }
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        id
    }

    /// Sends a request of revision 2026-07-28 with other capabilities; returns the response.
    pub async fn request_as(
        &mut self,
        capabilities: Value,
        method: &str,
        mut params: Value,
    ) -> Value {
        assert_eq!(self.era, Era::Modern, "a session keeps its capabilities");
        self.last_id += 1;
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        self.end(id).await
    }

    /// Waits for the response to a request, and answers the server's questions meanwhile.
    pub async fn end(&mut self, id: u64) -> Value {
        loop {
            let message = self.receive().await;
            match message["method"].as_str() {
                None if message["id"] == id => return message,
                Some("elicitation/create") => {
                    self.questions.push(message["params"].clone());
                    if let Some(answer) = self.reply() {
                        let answer =
                            json!({ "jsonrpc": "2.0", "id": message["id"], "result": answer });
                        self.send(&answer).await;
                    }
                }
                Some("notifications/progress") => self.progress.push(message["params"].clone()),
                Some(method) if method.ends_with("/list_changed") => {
                    self.changes.push(method.to_owned());
                }
                _ => panic!("unexpected: {message}"),
            }
        }
    }

    fn reply(&self) -> Option<Value> {
        match &self.person {
            Person::Accepts => Some(yes()),
            Person::Declines => Some(json!({ "action": "decline" })),
            Person::Answers(answer) => Some(answer.clone()),
            Person::Silent | Person::Absent => None,
        }
    }

    /// Sends a request; returns the response.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        self.end(id).await
    }

    /// Calls a tool without a reaction to `input_required`; returns the response.
    pub async fn call_once(&mut self, params: Value) -> Value {
        self.request("tools/call", params).await
    }

    /// Calls a tool and answers questions; returns the result.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let mut params = json!({ "name": tool, "arguments": arguments });
        loop {
            let answer = self.call_once(params.clone()).await;
            let result = &answer["result"];
            assert!(result.is_object(), "no result: {answer}");
            if result["resultType"] != "input_required" {
                self.validate(tool, result);
                return result.clone();
            }
            let question = result["inputRequests"]["confirm"]["params"].clone();
            assert!(question.is_object(), "no question: {answer}");
            self.questions.push(question);
            let Some(reply) = self.reply() else {
                return result.clone();
            };
            params["requestState"] = result["requestState"].clone();
            params["inputResponses"] = json!({ "confirm": reply });
        }
    }

    /// Validates a result against the output schema of the tool.
    fn validate(&self, tool: &str, result: &Value) {
        let tools = self.backend.tools();
        if let Some(tool) = tools.tools().find(|known| known.name == tool) {
            let faults =
                output_schema::faults(&tool.schemas().output, &result["structuredContent"]);
            assert!(faults.is_empty(), "{}: {faults:?}", tool.name);
        }
    }

    /// Reads a resource and answers questions; returns the response.
    pub async fn read(&mut self, uri: &str) -> Value {
        let mut params = json!({ "uri": uri });
        loop {
            let answer = self.request("resources/read", params.clone()).await;
            let result = &answer["result"];
            if result["resultType"] != "input_required" {
                return answer;
            }
            let question = result["inputRequests"]["confirm"]["params"].clone();
            self.questions.push(question);
            let Some(reply) = self.reply() else {
                return answer;
            };
            params["requestState"] = result["requestState"].clone();
            params["inputResponses"] = json!({ "confirm": reply });
        }
    }

    /// Lists the tools while a call is running, which must not end meanwhile.
    pub async fn listed_beside(&mut self, running: u64) {
        let id = self.begin("tools/list", json!({})).await;
        loop {
            let message = self.receive().await;
            assert_ne!(message["id"], running, "it ended: {message}");
            if message["id"] == id {
                return;
            }
        }
    }

    /// The names of the listed tools.
    pub async fn listed(&mut self) -> Vec<String> {
        let answer = self.request("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().expect("tools");
        tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The lines of the audit that end a call.
    pub fn audit(&self) -> Vec<Value> {
        ends(&self.audit_path)
    }

    /// All lines of the audit.
    pub fn audit_lines(&self) -> Vec<Value> {
        audit_lines(&self.audit_path)
    }
}

/// All lines of an audit.
pub fn audit_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// The lines of an audit that end a call.
pub fn ends(path: &Path) -> Vec<Value> {
    let mut lines = audit_lines(path);
    lines.retain(|line| line["event"] == "ended");
    lines
}

/// The answer of a person who chooses yes.
pub fn yes() -> Value {
    json!({ "action": "accept", "content": { "decision": "yes" } })
}

/// The whole text of a question, without the breaks inside its lines.
pub fn shown(question: &Value) -> String {
    let message = question["message"].as_str().expect("a message");
    let details = &question["requestedSchema"]["properties"]["decision"]["description"];
    let whole = format!("{message}\n{}", details.as_str().unwrap_or_default());
    whole.replace("\n  ", "")
}

/// The first text of a result.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().expect("text")
}

/// The code of a refusal or failure.
pub fn code(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "not an error: {result}");
    result["structuredContent"]["error"]["code"]
        .as_str()
        .expect("a code")
}

/// The code of a JSON-RPC error for an invalid request.
pub fn error_code(answer: &Value) -> &str {
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    answer["error"]["data"]["code"].as_str().expect("a code")
}

/// Arguments that a tool accepts, from its schema; the message is one of the sandbox.
pub fn arguments(tool: &Tool) -> Value {
    let message = match tool.name {
        // This one has a file.
        "download_media" => "false_15552220001@c.us_SANDBOX00000008",
        _ => "false_15552220001@c.us_SANDBOX00000004",
    };
    sample(op::named(tool.name)[0], message)
}

/// The required arguments of a tool, and as many optional ones as its schema asks for.
pub fn sample(entry: &Entry, message: &str) -> Value {
    let schema = (entry.argument_schema)();
    let fields = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let (mut first, optional): (Vec<_>, Vec<_>) = fields
        .into_iter()
        .flatten()
        .partition(|(name, _)| is_required(name));
    let least = schema.get("minProperties").and_then(Value::as_u64);
    let lacking = (least.unwrap_or(0) as usize).saturating_sub(first.len());
    first.extend(optional.into_iter().rev().take(lacking));
    let values = first.into_iter().map(|(name, field)| match name.as_str() {
        "to" => (name.clone(), json!("120363000000000001@g.us")),
        _ => (name.clone(), value_for(field, message)),
    });
    values.collect::<serde_json::Map<_, _>>().into()
}

/// A value that fits the schema of an argument.
pub fn value_for(field: &Value, message: &str) -> Value {
    let words = field["enum"].as_array();
    match (field["type"].as_str(), field["format"].as_str()) {
        (_, Some("chat-id" | "person-id")) => json!("15552220001@c.us"),
        (_, Some("group-id")) => json!("120363000000000001@g.us"),
        (_, Some("phone-number")) => json!("+15552220001"),
        (_, Some("message-id")) => json!(message),
        (_, Some("invite")) => json!("https://chat.whatsapp.com/ABCDEFGHIJKLMNOPQRSTUV"),
        (_, Some("date-time")) => json!("2026-11-21T12:00:00Z"),
        (_, Some("emoji")) => json!("👍"),
        (Some("string"), _) => words.map_or(json!("Some words"), |words| words[0].clone()),
        (Some("integer" | "number"), _) => json!(12),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => {
            let least = field["minItems"].as_u64().unwrap_or(1);
            let items = (0..least).map(|index| match value_for(&field["items"], message) {
                Value::String(text) if index > 0 => json!(format!("{text} {index}")),
                value => value,
            });
            items.collect()
        }
        _ if field["properties"].get("mime").is_some() => {
            json!({ "base64": "T2dnUwAC", "mime": "audio/ogg" })
        }
        _ => json!({ "base64": "/9j/4A==" }),
    }
}
