//! MCP over HTTP: authentication, sessions, and calls through the same gate.

mod access;
mod accounts;
mod bodies;
mod bound;
mod calls;
mod fairness;
mod large_answers;
mod legacy;
mod oauth;
mod process;
mod sessions;
mod shared_failures;
mod shared_sends;
mod shared_state;
mod status;

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use whatsapp_guard::{
    audit::Audit,
    backend::{self, specs},
    clock::{Clock, ManualClock},
    config::Config,
    gate::Gate,
    http::{
        self,
        auth::{self, Authenticator},
        listen::Listener,
        origins::Origins,
    },
    ledger::Ledger,
    mcp::{self, Account, LOCAL, Server},
    policy::Policy,
    sessions::{MAX_SESSIONS, Sessions},
    text::hex,
};

use crate::app::{self, ends};
use legacy::{read_until, stricter};

/// A test that waits longer than this fails.
const PATIENCE: Duration = Duration::from_secs(10);

pub const ALICE: &str = "wg_alice";
pub const BOB: &str = "wg_bob";

/// A policy with two grants, each with a token.
pub fn two() -> String {
    let hex = |token| hex(&auth::digest(token));
    format!(
        "version = \"1\"\ndefault = \"allow\"\n[confirmation]\nenabled = true\n[grants.alice]\ntoken_sha256 = \"{}\"\n[grants.bob]\ntoken_sha256 = \"{}\"\nexpires = \"1970-01-02T00:00:00Z\"\n[grants.bob.tools.open_session]\naction = \"deny\"\n",
        hex(ALICE),
        hex(BOB),
    )
}

/// A client without connections to other tests' servers.
pub fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another test may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    // Tests speak plain HTTP: reading the system's certificates would cost more than a test.
    let builder = Client::builder().tls_certs_only([]);
    builder.no_proxy().build().unwrap()
}

/// A server at a loopback port.
pub struct HttpServer {
    pub url: String,
    pub server: Server,
    pub hand: ManualClock,
    pub stop: CancellationToken,
    pub serving: JoinHandle<()>,
    client: Client,
    folder: TempDir,
}

impl HttpServer {
    /// Starts the sandbox with a policy.
    pub async fn start(policy: &str) -> Self {
        Self::with(app::sandbox_config(), policy).await
    }

    pub async fn with(config: Config, policy: &str) -> Self {
        Self::counting(config, policy, Ledger::in_memory, |gate| gate).await
    }

    /// Starts the sandbox with at most this many sessions.
    pub async fn bounded(policy: &str, max_sessions: usize) -> Self {
        Self::serving(policy, max_sessions, |policy, clock, audit| {
            let ledger = Ledger::in_memory(clock.clone());
            let (tools, authority) = app::sandbox_toolset();
            let gate = Gate::new(authority, policy, clock, audit.clone(), ledger).unwrap();
            Server::new(tools, gate, audit)
        })
        .await
    }

    /// Starts a server with this ledger and a changed gate.
    pub async fn counting(
        config: Config,
        policy: &str,
        ledger: impl FnOnce(Clock) -> Ledger,
        made: impl FnOnce(Gate) -> Gate,
    ) -> Self {
        Self::serving(policy, MAX_SESSIONS, |policy, clock, audit| {
            let ledger = ledger(clock.clone());
            let (tools, authority) = backend::open(&config).unwrap().toolset();
            let gate = Gate::new(authority, policy, clock, audit.clone(), ledger).unwrap();
            Server::new(tools, made(gate), audit)
        })
        .await
    }

    /// Starts sandboxes with these account names, which the policy must name too.
    pub async fn of_accounts(names: &[&str], policy: &str) -> Self {
        Self::serving(policy, MAX_SESSIONS, |policy, clock, audit| {
            let policy = Arc::new(policy);
            let account = |name: &&str| {
                let ledger = Ledger::in_memory(clock.clone());
                let (tools, authority) = app::sandbox_toolset();
                let policy = policy.clone();
                let gate = Gate::new(authority, policy, clock, audit.clone(), ledger).unwrap();
                Account::new(tools, gate.of_account(name))
            };
            let others = names[1..].iter().map(account).collect();
            Server::for_accounts(account(&names[0]), others, audit.clone(), LOCAL.to_owned())
        })
        .await
    }

    async fn serving(
        policy: &str,
        max_sessions: usize,
        make: impl FnOnce(Policy, &Clock, Arc<Audit>) -> Server,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let (clock, hand) = Clock::manual();
        let audit = folder.path().join("audit.jsonl");
        let audit = Arc::new(Audit::new(Some(audit), clock.clone()).unwrap());
        let policy = app::policy(policy);
        let server = make(policy, &clock, audit);
        let authenticator = Authenticator::for_grants(server.clone());
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let url = format!("http://{}{}", listener.address().unwrap(), http::PATH);
        let stop = CancellationToken::new();
        let sessions = Sessions::new(server.clock().clone(), max_sessions);
        let service = mcp::http_service(server.clone(), sessions.clone(), stop.child_token());
        let largest = server.max_message_bytes();
        let origins = Origins::loopback();
        let router = http::router(service, origins, authenticator, sessions, largest);
        Self {
            url,
            server,
            hand,
            serving: tokio::spawn(listener.serve(router, stop.clone())),
            stop,
            client: client(),
            folder,
        }
    }

    /// A POST request of a client before 2026-07-28.
    pub fn post(
        &self,
        token: &str,
        session: Option<&str>,
        body: &Value,
    ) -> reqwest::RequestBuilder {
        let request = self
            .client
            .post(&self.url)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .bearer_auth(token)
            .json(body);
        match session {
            Some(session) => request
                .header("mcp-session-id", session)
                .header("mcp-protocol-version", "2025-11-25"),
            None => request,
        }
    }

    /// Sends a request of revision 2026-07-28; returns the status and the response.
    pub async fn modern(
        &self,
        token: &str,
        method: &str,
        mut params: Value,
        name: Option<&str>,
    ) -> (StatusCode, Value) {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
        });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = self
            .post(token, None, &body)
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, last(response).await)
    }

    /// Calls `leave_group` with revision 2026-07-28, which asks a person; returns the
    /// parameters that continue the call.
    pub async fn ask_modern(&self, token: &str) -> Value {
        let mut call =
            json!({ "name": "leave_group", "arguments": { "group": "120363000000000002@g.us" } });
        let (_, asked) = self
            .modern(token, "tools/call", call.clone(), Some("leave_group"))
            .await;
        assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
        call["requestState"] = asked["result"]["requestState"].clone();
        call
    }

    /// Continues such a call with a decision; returns the response.
    pub async fn answer_modern(&self, token: &str, call: &Value, decision: &str) -> Value {
        let mut call = call.clone();
        call["inputResponses"] =
            json!({ "confirm": { "action": "accept", "content": { "decision": decision } } });
        let (_, answer) = self
            .modern(token, "tools/call", call, Some("leave_group"))
            .await;
        answer
    }

    /// The response to `initialize`, which opens a session.
    pub async fn initialize(&self, token: &str) -> Response {
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": { "elicitation": {} },
            "clientInfo": { "name": "tests", "version": "1" },
        } });
        self.post(token, None, &hello).send().await.unwrap()
    }

    /// Opens a session; returns its id.
    pub async fn open(&self, token: &str) -> String {
        let response = self.initialize(token).await;
        assert_eq!(response.status(), StatusCode::OK);
        let session = response.headers()["mcp-session-id"]
            .to_str()
            .unwrap()
            .to_owned();
        last(response).await;
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let response = self
            .post(token, Some(&session), &ready)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        session
    }

    /// Calls a tool in a session; returns the result.
    pub async fn call(&self, token: &str, session: &str, tool: &str, arguments: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
            "name": tool, "arguments": arguments,
        } });
        let response = self.post(token, Some(session), &body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        last(response).await["result"].clone()
    }

    /// The lines of the audit that end a call.
    pub fn audit(&self) -> Vec<Value> {
        let path = self.folder.path().join("audit.jsonl");
        ends(&path)
    }
}

/// The last message of a response, as plain JSON or as events.
pub async fn last(response: Response) -> Value {
    let text = timeout(PATIENCE, response.text()).await.unwrap().unwrap();
    let event = text.lines().rev().find_map(|line| {
        let data = line.strip_prefix("data:")?.trim();
        (!data.is_empty()).then_some(data)
    });
    serde_json::from_str(event.unwrap_or(&text)).unwrap_or(Value::String(text))
}
