//! The server under test, with a client that speaks JSON-RPC by hand over a pipe.

pub mod command;
pub mod gate;
pub mod output_schema;
pub mod process;
pub mod redis;
mod setup;

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
    backend::Backend,
    clock::{Clock, ManualClock},
    config::{Config, GreenApiAccount, SessionName, Timeouts, WahaAccount},
    gate::Gate,
    ledger::Ledger,
    mcp::{self, Account, LOCAL, Server},
    media::MediaRules,
    op::AnswerSize,
    policy::Policy,
    toolset::{Authority, Tool, Toolset},
};
use wiremock::MockServer;

pub use setup::*;

/// Nothing that is waited for here takes this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets everything pass; what cannot be undone is asked about.
pub const OPEN: &str = r#"
version = "1"
default = "allow"
[confirmation]
enabled = true
"#;

/// The key that the stand-ins are called with; it must never come out again.
pub const SECRET: &str = "s3cretT0ken4711";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, and questions by `elicitation/create`.
    Legacy,
    /// 2026-07-28: no session, and questions by `input_required`.
    Modern,
}

pub const BOTH: [Era; 2] = [Era::Legacy, Era::Modern];

/// What the person in front of the client does with a question.
#[derive(Debug, Clone)]
pub enum Person {
    /// Chooses yes.
    Accepts,
    /// Presses decline.
    Declines,
    /// Sends back exactly this.
    Answers(Value),
    /// Never answers.
    Silent,
    /// The client has no way to ask.
    Absent,
}

/// A running server and its client.
pub struct App {
    pub backend: Backend,
    pub server: Server,
    pub hand: ManualClock,
    /// Where the audit is, as long as the server runs.
    _folder: TempDir,
    audit_path: PathBuf,
    era: Era,
    person: Person,
    reader: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    last_id: u64,
    /// Every question that was asked, as its `params`.
    pub questions: Vec<Value>,
    /// Every progress notification, as its `params`.
    pub progress: Vec<Value>,
    /// Every list that was said to have changed.
    pub changes: Vec<String>,
}

/// A policy from what a test writes.
pub fn policy(text: &str) -> Policy {
    let policy = if text.trim_start().starts_with('{') {
        Policy::from_json("policy.json", text)
    } else {
        Policy::from_toml("policy.toml", text)
    };
    policy.unwrap_or_else(|wrong| panic!("{wrong}"))
}

impl App {
    fn capabilities(&self) -> Value {
        match self.person {
            Person::Absent => json!({}),
            _ => json!({ "elicitation": {} }),
        }
    }

    /// Puts another person in front of the client (who can be asked, if the first could).
    pub fn meet(&mut self, person: Person) {
        self.person = person;
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string()).await;
    }

    pub async fn send_line(&mut self, line: &str) {
        self.writer
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    /// The next message from the server.
    pub async fn receive(&mut self) -> Value {
        let line = timeout(PATIENCE, self.reader.next_line())
            .await
            .expect("an answer in time");
        serde_json::from_str(&line.unwrap().expect("the server is still there")).unwrap()
    }

    /// Sends a request; its id.
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

    /// A modern request of a client with other capabilities, and its whole answer.
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

    /// Waits for the answer to a request, answering the server's questions meanwhile.
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

    /// A request and its whole answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        self.end(id).await
    }

    /// A tool call without any reaction to `input_required`; the whole answer.
    pub async fn call_once(&mut self, params: Value) -> Value {
        self.request("tools/call", params).await
    }

    /// A tool call as a client makes it, questions included; the tool's result.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let mut params = json!({ "name": tool, "arguments": arguments });
        loop {
            let answer = self.call_once(params.clone()).await;
            let result = &answer["result"];
            assert!(result.is_object(), "no result: {answer}");
            if result["resultType"] != "input_required" {
                self.hold(tool, result);
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

    /// Holds an answer against what the tool announces.
    fn hold(&self, tool: &str, result: &Value) {
        let tools = self.backend.tools();
        if let Some(tool) = tools.tools().find(|known| known.name == tool) {
            let faults =
                output_schema::faults(&tool.schemas().output, &result["structuredContent"]);
            assert!(faults.is_empty(), "{}: {faults:?}", tool.name);
        }
    }

    /// A resource as a client reads it, questions included; the whole answer.
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

    /// The names of the tools that are listed.
    pub async fn listed(&mut self) -> Vec<String> {
        let answer = self.request("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().expect("tools");
        tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The lines of the audit.
    pub fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.audit_path).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The answer of a person who chooses yes.
pub fn yes() -> Value {
    json!({ "action": "accept", "content": { "decision": "yes" } })
}

/// What the result's first text says.
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

/// The code of an error of the protocol that says what was wrong with the request.
pub fn wrong(answer: &Value) -> &str {
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    answer["error"]["data"]["code"].as_str().expect("a code")
}

/// Arguments that every tool understands: each required one, by its name.
pub fn arguments(tool: &Tool) -> Value {
    let required = tool
        .schemas()
        .input
        .get("required")
        .cloned()
        .unwrap_or_default();
    let names = required.as_array().cloned().unwrap_or_default();
    let value = |name: &str| match name {
        "group" => json!("120363000000000001@g.us"),
        "emoji" => json!("👍"),
        "to" => json!("120363000000000001@g.us"),
        "chat" | "person" => json!("15552220001@c.us"),
        "people" => json!(["15552220001@c.us"]),
        "message" if tool.name == "download_media" => {
            json!("false_15552220001@c.us_SANDBOX00000008")
        }
        "message" => json!("false_15552220001@c.us_SANDBOX00000004"),
        "number" => json!("+15552220001"),
        "picture" => json!({ "base64": "/9j/4A==" }),
        "media" => json!({ "base64": "T2dnUwAC", "mime": "audio/ogg" }),
        "name" | "description" | "text" => json!("Some words"),
        "invite" => json!("https://chat.whatsapp.com/ABCDEFGHIJKLMNOPQRSTUV"),
        "presence" => json!("online"),
        "latitude" | "longitude" => json!(12.5),
        "question" => json!("Which day?"),
        "options" => json!(["Monday", "Tuesday"]),
        other => panic!("no value for the argument `{other}`"),
    };
    // These take any of several, so that none is required.
    let any = match tool.name {
        "set_group_permissions" => Some(("send_messages".to_owned(), json!("admins"))),
        "update_profile" => Some(("picture".to_owned(), value("picture"))),
        _ => None,
    };
    names
        .iter()
        .filter_map(Value::as_str)
        .map(|name| (name.to_owned(), value(name)))
        .chain(any)
        .collect::<serde_json::Map<_, _>>()
        .into()
}
