//! A server for the MCP conformance suite (`conformance/run`): the tools of the suite
//! behind this program's gate. Not part of a release.
//!
//!     cargo run --example conformance 127.0.0.1:8789

use std::{
    env,
    error::Error,
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use whatsapp_guard::{
    audit::Audit,
    backend::specs,
    clock::Clock,
    gate::Gate,
    http::{self, auth::Authenticator, listen::Listener, origins::Origins},
    ledger::Ledger,
    mcp::{self, LOCAL, Server},
    media::MediaRules,
    op::{
        Attachment, BackendError, Blob, ChatId, GroupId, ListChats, ListMessages, Operation,
        Output, PersonId, Progress, Reads, Risk, Targets, Topic,
    },
    policy::Policy,
    sessions::{MAX_SESSIONS, Sessions},
    text::Secrets,
    toolset::{AddressBook, AttributeSource, Authority, HistoryPart, Toolset},
};

/// Irreversible actions need approval, here without the usual limit on questions.
const POLICY: &str = r#"
version = "1"
default = "allow"
[confirmation]
enabled = true
min_answer_ms = 0
prompts = { max = 1000, window = "hour" }
"#;

/// Hides a tool, and with it the prompts that name it.
const FEWER: &str = r#"hide = ["list_chats"]"#;

/// The server, for tools that replace its policy.
static SERVER: OnceLock<Server> = OnceLock::new();

/// A back end without an API.
#[derive(Clone)]
struct NoBackend(Progress);

impl AttributeSource for NoBackend {
    const RESOLVES_LIDS: bool = false;

    fn with_progress(self, progress: Progress) -> Self {
        Self(progress)
    }

    fn secrets(&self) -> Arc<Secrets> {
        Arc::default()
    }

    async fn person(self, _hidden: PersonId) -> Result<Option<PersonId>, BackendError> {
        Ok(None)
    }

    async fn groups(self) -> Result<Vec<(String, GroupId)>, BackendError> {
        Ok(Vec::new())
    }

    async fn history(self, _from: usize) -> Result<HistoryPart, BackendError> {
        Ok(HistoryPart::default())
    }

    async fn address_book(self) -> Result<AddressBook, BackendError> {
        Ok(AddressBook::default())
    }

    async fn last_incoming(
        self,
        _chat: ChatId,
        _until: Timestamp,
    ) -> Result<Option<Timestamp>, BackendError> {
        Ok(None)
    }

    async fn states(self) -> Result<Vec<String>, BackendError> {
        Ok(Vec::new())
    }
}

/// The output of every tool.
#[derive(Default, Serialize, JsonSchema)]
struct Shown {
    done: bool,
    #[serde(skip)]
    attachments: Vec<Attachment>,
}

impl Output for Shown {
    fn text(&self) -> String {
        "the call was allowed".to_owned()
    }

    fn attachments(&self) -> Vec<Attachment> {
        self.attachments.clone()
    }

    fn failed(&self) -> bool {
        !self.done
    }
}

/// Defines a tool of the suite: its type, name, risk and argument.
macro_rules! fixture {
    ($type:ident, $name:literal, $risk:ident $(, $argument:ident)?) => {
        /// A tool of the MCP conformance suite.
        #[derive(Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct $type {
            $(
                /// Unused: the gate words the question.
                $argument: String,
            )?
        }

        impl Operation for $type {
            const NAME: &'static str = $name;
            const RISK: Risk = Risk::$risk;
            const TOPIC: Topic = Topic::Session;
            const READS: Reads = Reads::Nothing;
            const INTENT: &'static str = "do nothing, for the MCP conformance suite";
            const IDEMPOTENT: bool = true;
            const KNOWN_AS: &'static [&'static str] = &[];
            type Output = Shown;

            fn targets(&self) -> Targets {
                Targets::none()
            }
        }
    };
}

fixture!(Text, "test_simple_text", Read);
fixture!(Image, "test_image_content", Read);
fixture!(Audio, "test_audio_content", Read);
fixture!(File, "test_embedded_resource", Read);
fixture!(Mixed, "test_multiple_content_types", Read);
fixture!(Failing, "test_error_handling", Read);
fixture!(Steps, "test_tool_with_progress", Read);
fixture!(Silent, "test_logging_tool", Read);
fixture!(Asked, "test_elicitation", Destructive, message);
fixture!(Missing, "test_missing_capability", Destructive);
fixture!(Streaming, "test_streaming_elicitation", Destructive);
fixture!(Basic, "test_input_required_result_elicitation", Destructive);
fixture!(
    State,
    "test_input_required_result_request_state",
    Destructive
);
fixture!(
    Rounds,
    "test_input_required_result_multi_round",
    Destructive
);
fixture!(
    Tampered,
    "test_input_required_result_tampered_state",
    Destructive
);
fixture!(
    Capabilities,
    "test_input_required_result_capabilities",
    Destructive
);

fixture!(MoreTools, "test_trigger_tool_change", Read);
fixture!(MorePrompts, "test_trigger_prompt_change", Read);

fn blob(mime: &str) -> Blob {
    Blob {
        mime: mime.to_owned(),
        base64: "AAAA".to_owned(),
    }
}

async fn shown(attachments: Vec<Attachment>) -> Result<Shown, BackendError> {
    Ok(Shown {
        done: true,
        attachments,
    })
}

async fn done<O: Operation>(_: NoBackend, _: O) -> Result<Shown, BackendError> {
    shown(Vec::new()).await
}

async fn steps(NoBackend(progress): NoBackend, _: Steps) -> Result<Shown, BackendError> {
    for step in ["first", "second", "third"] {
        progress.say(step);
        progress.pause(Duration::from_millis(50)).await?;
    }
    shown(Vec::new()).await
}

/// Switches between two policies.
async fn changed<O: Operation>(_: NoBackend, _: O) -> Result<Shown, BackendError> {
    static FEW: AtomicBool = AtomicBool::new(false);
    let more = if FEW.fetch_xor(true, Ordering::Relaxed) {
        ""
    } else {
        FEWER
    };
    let done = match (SERVER.get(), policy(more)) {
        (Some(server), Ok(policy)) => {
            server.replace(policy);
            true
        }
        _ => false,
    };
    Ok(Shown {
        done,
        attachments: Vec::new(),
    })
}

fn policy(more: &str) -> Result<Policy, String> {
    let text = POLICY.replacen('\n', &format!("\n{more}\n"), 1);
    Policy::from_toml(specs(), "policy.toml", &text).map_err(|wrong| wrong.to_string())
}

fn toolset() -> (Toolset, Authority) {
    let image = || Attachment::Image(blob("image/png"));
    let file = || Attachment::File(blob("text/plain"), "whatsapp://file/test".to_owned());
    Toolset::for_backend(&NoBackend(Progress::default()), &MediaRules::default())
        .tool(done::<Text>)
        .tool(move |_: NoBackend, _: Image| shown(vec![image()]))
        .tool(move |_: NoBackend, _: Audio| shown(vec![Attachment::Audio(blob("audio/wav"))]))
        .tool(move |_: NoBackend, _: File| shown(vec![file()]))
        .tool(move |_: NoBackend, _: Mixed| shown(vec![image(), file()]))
        .tool(|_: NoBackend, _: Failing| async { Ok(Shown::default()) })
        .tool(steps)
        .tool(done::<Silent>)
        .tool(done::<Asked>)
        .tool(done::<Missing>)
        .tool(done::<Streaming>)
        .tool(done::<Basic>)
        .tool(done::<State>)
        .tool(done::<Rounds>)
        .tool(done::<Tampered>)
        .tool(done::<Capabilities>)
        .tool(changed::<MoreTools>)
        .tool(changed::<MorePrompts>)
        .tool(|_: NoBackend, _: ListChats| async { Err(BackendError::Cancelled) })
        .tool(|_: NoBackend, _: ListMessages| async { Err(BackendError::Cancelled) })
        .build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args()
        .nth(1)
        .ok_or("usage: conformance ADDRESS")?
        .parse()?;
    let clock = Clock::real();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("audit.jsonl");
    let audit = Arc::new(Audit::new(Some(path), clock.clone())?);
    let ledger = Ledger::in_memory(clock.clone());
    let (tools, authority) = toolset();
    let gate = Gate::new(authority, policy("")?, &clock, audit.clone(), ledger)?;
    let server = Server::new(tools, gate, audit);
    let server = SERVER.get_or_init(|| server).clone();
    let sessions = Sessions::new(clock, MAX_SESSIONS);
    let largest = server.max_message_bytes();
    let service = mcp::http_service(server, sessions.clone(), CancellationToken::new());
    let authenticator = Authenticator::Anonymous(LOCAL.to_owned());
    let router = http::router(
        service,
        Origins::loopback(),
        authenticator,
        sessions,
        largest,
    );
    let listener = Listener::bind(address).await?;
    writeln!(io::stderr(), "serving http://{}", listener.address()?)?;
    listener.serve(router, CancellationToken::new()).await;
    Ok(())
}
