//! A client for the demo: one connection to a server in this process.

use std::{collections::BTreeMap, io};

use rmcp::{
    ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient,
    model::{
        CallToolRequestParams, CallToolResponse, ClientCapabilities, ClientConfig,
        ElicitRequestParams, ElicitationCapability, FormElicitationCapability, Implementation,
        InputRequest, ProgressNotificationParam,
    },
    service::{NotificationContext, RunningService},
};
use serde_json::{Value, json};

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
pub struct Client(RunningService<RoleClient, Handler>);

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

struct Handler {
    on_progress: fn(&str),
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation =
            Some(ElicitationCapability::new().with_form(FormElicitationCapability::default()));
        ClientConfig::new(
            capabilities,
            Implementation::new("whatsapp-guard-demo", env!("CARGO_PKG_VERSION")),
        )
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        if let Some(message) = progress.message {
            (self.on_progress)(&message);
        }
    }
}

impl Client {
    /// Connects to a server over a pipe.
    ///
    /// # Errors
    /// When the two do not come to terms.
    pub async fn connect(server: Server, on_progress: fn(&str)) -> io::Result<Self> {
        let (near, far) = tokio::io::duplex(PIPE);
        let (reader, writer) = tokio::io::split(far);
        tokio::spawn(serve(server, reader, writer));
        let lifecycle = ClientLifecycleMode::Discover {
            preferred_versions: vec![MODERN],
        };
        Handler { on_progress }
            .serve_with_lifecycle(near, lifecycle)
            .await
            .map(Self)
            .map_err(io::Error::other)
    }

    /// The names of the tools that the server lists.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn list(&self) -> io::Result<Vec<String>> {
        let tools = self.0.list_all_tools().await.map_err(io::Error::other)?;
        Ok(tools
            .into_iter()
            .map(|tool| tool.name.into_owned())
            .collect())
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
        let mut request = CallToolRequestParams::new(tool).with_arguments(arguments);
        if let Some(answered) = answered {
            let decision = if answered.yes { YES } else { NO };
            let answer = json!({ "action": "accept", "content": { FIELD: decision } });
            request = request
                .with_request_state(answered.state.clone())
                .with_input_responses(BTreeMap::from([(QUESTION.to_owned(), answer)]));
        }
        match self
            .0
            .call_tool_once(request)
            .await
            .map_err(io::Error::other)?
        {
            CallToolResponse::Complete(result) => {
                let texts: Vec<_> = result
                    .content
                    .iter()
                    .filter_map(|block| block.as_text())
                    .map(|text| text.text.as_str())
                    .collect();
                Ok(Reply::Result {
                    text: texts.join("\n"),
                    is_error: result.is_error == Some(true),
                    structured: result.structured_content.unwrap_or_default(),
                })
            }
            CallToolResponse::InputRequired(asked) => {
                let form = asked
                    .input_requests
                    .and_then(|mut inputs| inputs.remove(QUESTION));
                match (form, asked.request_state) {
                    (Some(InputRequest::Elicitation(form)), Some(state)) => match form.params {
                        ElicitRequestParams::FormElicitationParams { message, .. } => {
                            Ok(Reply::Question { message, state })
                        }
                        _ => Err(io::Error::other("the question is not a form")),
                    },
                    _ => Err(io::Error::other("the server asks for something else")),
                }
            }
            _ => Err(io::Error::other("the server answers with a task")),
        }
    }
}
