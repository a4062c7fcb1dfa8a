//! A client for the demo: one connection to a server in this process.
//!
//! It writes its few messages itself: rmcp's client would make the program larger by
//! all that a server can ask for.

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

/// How much may wait in the pipe between server and client.
const PIPE: usize = 64 * 1024;

/// A client that can ask a person, in the revision 2026-07-28.
pub struct Client(Mutex<Pipe>);

struct Pipe {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    last_id: u64,
    on_progress: fn(&str),
}

/// What a server answers to a call.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The tool's result.
    Result {
        /// Its texts.
        text: String,
        /// Whether it is an error.
        is_error: bool,
        /// Its structured content.
        structured: Value,
    },
    /// A question to the person first.
    Question {
        /// What the person is to be shown.
        message: String,
        /// What goes back with the answer.
        state: String,
    },
}

/// What a person said to a question.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The state that came with the question.
    pub state: String,
    /// Whether it was a yes.
    pub yes: bool,
}

impl Client {
    /// Connects to a server over a pipe.
    pub fn connect(server: Server, on_progress: fn(&str)) -> Self {
        let (near, far) = duplex(PIPE);
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

    /// The names of the tools that the server lists.
    ///
    /// # Errors
    /// When the server does not answer.
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

    /// Calls a tool, with a person's answer where there is one.
    ///
    /// # Errors
    /// When the server does not answer, or with an error of the protocol.
    pub async fn call(
        &self,
        tool: &'static str,
        arguments: Arguments,
        answered: Option<&Answered>,
    ) -> io::Result<Reply> {
        let mut params = Arguments::new();
        params.insert("name".into(), tool.into());
        params.insert("arguments".into(), arguments.into());
        if let Some(answered) = answered {
            let decision = if answered.yes { YES } else { NO };
            let answer = json!({ "action": "accept", "content": { FIELD: decision } });
            params.insert("requestState".into(), answered.state.as_str().into());
            params.insert("inputResponses".into(), json!({ QUESTION: answer }));
        }
        let mut result = self.request("tools/call", params.into()).await?;
        if text(&result, "/resultType") == Some("input_required") {
            let message = text(
                &result,
                &format!("/inputRequests/{QUESTION}/params/message"),
            );
            return match (message, text(&result, "/requestState")) {
                (Some(message), Some(state)) => Ok(Reply::Question {
                    message: message.to_owned(),
                    state: state.to_owned(),
                }),
                _ => Err(io::Error::other("the server asks for something else")),
            };
        }
        let blocks = result.get("content").and_then(Value::as_array);
        let texts: Vec<_> = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| text(block, "/text"))
            .collect();
        Ok(Reply::Result {
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
    /// Asks, and waits for the answer.
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
