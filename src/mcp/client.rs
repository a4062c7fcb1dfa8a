//! An MCP client for `demo`, connected to a server in this process.
//!
//! It does not use rmcp's client: three kinds of messages are not worth its size in the
//! binary.

use std::io;

use serde_json::{Value, json};
use tokio::{
    io::{
        AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
        duplex, split,
    },
    sync::Mutex,
};

use super::{
    Server,
    ask::{FIELD, NO, QUESTION, YES},
    call::MODERN,
    serve,
};
use crate::toolset::Arguments;

/// Bytes that the pipe between server and client buffers.
const PIPE_BYTES: usize = 64 * 1024;

/// A client of revision 2026-07-28 that supports elicitation.
pub struct Client(Mutex<Pipe>);

struct Pipe {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    last_id: u64,
    on_progress: fn(&str),
}

/// The response to `tools/call`.
#[derive(Debug, Clone)]
pub enum ToolReply {
    /// The tool's result.
    Result {
        /// Its text blocks, joined by newlines.
        text: String,
        /// Whether the tool failed.
        is_error: bool,
        /// Its structured content.
        structured: Value,
    },
    /// The server needs a person's answer first.
    Question {
        /// The question.
        message: String,
        /// The request state to return with the answer.
        state: String,
    },
}

/// A person's answer to a question.
#[derive(Debug, Clone)]
pub struct PersonAnswer {
    /// The request state of the question.
    pub state: String,
    /// Whether the person approves.
    pub yes: bool,
}

impl Client {
    /// Serves `server` on a pipe and connects to it. `on_progress` receives the text of
    /// each progress notification.
    pub fn connect(server: Server, on_progress: fn(&str)) -> Self {
        let (near, far) = duplex(PIPE_BYTES);
        let (reader, writer) = split(far);
        tokio::spawn(serve(server, reader, writer));
        let (reader, writer) = split(near);
        Self(Mutex::new(Pipe {
            lines: BufReader::new(reader).lines(),
            writer,
            last_id: 0,
            on_progress,
        }))
    }

    /// The names of all tools, in the server's order.
    ///
    /// # Errors
    /// If the connection or the request fails.
    pub async fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let mut params = json!({});
        loop {
            let page = self.request("tools/list", params).await?;
            let tools = page.get("tools").and_then(Value::as_array);
            let name = |tool: &Value| text(tool, "/name").map(ToOwned::to_owned);
            names.extend(tools.into_iter().flatten().filter_map(name));
            match page.get("nextCursor") {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return Ok(names),
            }
        }
    }

    /// Calls a tool; `answer` is the person's answer to an earlier question of this call.
    ///
    /// # Errors
    /// If the connection fails or the server returns a protocol error.
    pub async fn call(
        &self,
        tool: &'static str,
        arguments: Arguments,
        answer: Option<&PersonAnswer>,
    ) -> io::Result<ToolReply> {
        let mut params = Arguments::new();
        params.insert("name".into(), tool.into());
        params.insert("arguments".into(), arguments.into());
        if let Some(PersonAnswer { state, yes }) = answer {
            let decision = if *yes { YES } else { NO };
            let response = json!({ "action": "accept", "content": { FIELD: decision } });
            params.insert("requestState".into(), state.as_str().into());
            params.insert("inputResponses".into(), json!({ QUESTION: response }));
        }
        let mut result = self.request("tools/call", params.into()).await?;
        if text(&result, "/resultType") == Some("input_required") {
            let message = text(
                &result,
                &format!("/inputRequests/{QUESTION}/params/message"),
            );
            let details = format!(
                "/inputRequests/{QUESTION}/params/requestedSchema/properties/{FIELD}/description"
            );
            let details = text(&result, &details);
            return match (message, text(&result, "/requestState")) {
                (Some(message), Some(state)) => Ok(ToolReply::Question {
                    message: match details {
                        Some(details) => format!("{message}\n{details}"),
                        None => message.to_owned(),
                    },
                    state: state.to_owned(),
                }),
                _ => Err(io::Error::other(
                    "the server asks for an input that this client does not support",
                )),
            };
        }
        let blocks = result.get("content").and_then(Value::as_array);
        let texts: Vec<_> = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| text(block, "/text"))
            .collect();
        Ok(ToolReply::Result {
            text: texts.join("\n"),
            is_error: result.get("isError") == Some(&Value::Bool(true)),
            structured: result
                .get_mut("structuredContent")
                .map(Value::take)
                .unwrap_or_default(),
        })
    }

    async fn request(&self, method: &str, params: Value) -> io::Result<Value> {
        self.0.lock().await.request(method, params).await
    }
}

impl Pipe {
    /// Sends a request and waits for its result.
    async fn request(&mut self, method: &str, mut params: Value) -> io::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        if let Value::Object(params) = &mut params {
            let meta = json!({
                "progressToken": id,
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
                "io.modelcontextprotocol/clientInfo": {
                    "name": "whatsapp-guard-demo",
                    "version": env!("CARGO_PKG_VERSION"),
                },
            });
            params.insert("_meta".into(), meta);
        }
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.writer
            .write_all(format!("{request}\n").as_bytes())
            .await?;
        while let Some(line) = self.lines.next_line().await? {
            let mut message: Value = serde_json::from_str(&line)?;
            if message.get("id") == Some(&id.into()) {
                return match message.get_mut("result") {
                    Some(result) => Ok(result.take()),
                    None => Err(io::Error::other(
                        text(&message, "/error/message")
                            .unwrap_or("no result")
                            .to_owned(),
                    )),
                };
            }
            if let Some(progress) = text(&message, "/params/message") {
                (self.on_progress)(progress);
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// The text at a JSON pointer.
fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}
