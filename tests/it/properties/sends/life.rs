//! One life of a server, with clients on stdio and over HTTP in both eras.

use std::{fs, path::Path};

use reqwest::{Client, RequestBuilder};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{back_end::BackEnd, calls::Call, random::Random};
use crate::{
    app::process::{ServerProcess, serve},
    app::{BOTH, Era, OPEN},
    http::client,
};

/// How many calls a client on stdio makes at once.
const BURST: usize = 8;

/// How many calls a client over HTTP makes at most, one after the other.
const HTTP_CALLS: usize = 40;

/// The codes after which a client gives up.
const ENDS: [&str; 2] = ["panic", "stopping"];

pub struct Life {
    process: ServerProcess,
    url: String,
    /// The calls on stdio that have no answer yet.
    open: Vec<u64>,
}

impl Life {
    pub fn start(home: &Path, back_end: &BackEnd, key: &str, era: Era) -> Self {
        let policy = home.join("policy.toml");
        fs::write(&policy, OPEN).unwrap();
        let mut command = serve(home);
        command
            .env("WAHA_BASE_URL", format!("http://{}", back_end.address))
            .env("WAHA_API_KEY", key)
            .arg("--policy")
            .arg(policy)
            .args(["--http", "127.0.0.1:0", "--no-auth", "--stdio"]);
        let mut process = ServerProcess::start(command, era);
        let said = process.stderr_until("serving http");
        let url = said.lines().last().unwrap().trim_start_matches("serving ");
        Self {
            url: url.trim().to_owned(),
            process,
            open: Vec::new(),
        }
    }

    /// Makes calls on stdio, all at once.
    pub fn burst(&mut self, random: &mut Random) {
        let calls = (0..BURST).map(|_| Call::random(random).params());
        let begun = calls.map(|params| self.process.begin("tools/call", params));
        self.open.extend(begun);
    }

    /// Starts clients over HTTP; each returns the codes of its calls.
    pub fn clients(&self, random: &mut Random) -> JoinSet<Vec<String>> {
        let mut clients = JoinSet::new();
        for era in [BOTH, BOTH].concat() {
            let random = Random::of(random.below(u64::from(u32::MAX)));
            clients.spawn(run(HttpClient::new(self.url.clone(), era), random));
        }
        clients
    }

    /// Puts another policy in force.
    pub fn reload(&mut self, home: &Path, policy: &str) {
        fs::write(home.join("policy.toml"), policy).unwrap();
        self.process.signal(Signal::HUP);
        self.process.stderr_until("in force");
    }

    /// The codes of the calls on stdio, once all of them have an answer.
    pub fn answers(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        while !self.open.is_empty() {
            let message = self.process.receive();
            let before = self.open.len();
            let is_answer = message.get("method").is_none();
            self.open.retain(|id| !is_answer || message["id"] != *id);
            if self.open.len() < before {
                codes.push(code(&message));
            }
        }
        codes
    }

    /// Ends the server in order.
    pub fn terminate(mut self) {
        self.process.signal(Signal::TERM);
        assert_eq!(self.process.wait(), Some(0));
    }

    pub fn kill(self) {
        self.process.kill();
    }
}

/// The code of a refusal or failure, or "done".
fn code(answer: &Value) -> String {
    let code = &answer["result"]["structuredContent"]["error"]["code"];
    code.as_str().unwrap_or("done").to_owned()
}

/// Makes calls until the server is gone or takes no more.
async fn run(mut client: HttpClient, mut random: Random) -> Vec<String> {
    let mut codes = Vec::new();
    if client.era == Era::Legacy && client.open().await.is_none() {
        return codes;
    }
    while codes.len() < HTTP_CALLS {
        let Some(answer) = client.call(&Call::random(&mut random)).await else {
            break;
        };
        codes.push(code(&answer));
        if codes.last().is_some_and(|code| ENDS.contains(&&**code)) {
            break;
        }
    }
    codes
}

struct HttpClient {
    client: Client,
    url: String,
    era: Era,
    session: String,
}

impl HttpClient {
    fn new(url: String, era: Era) -> Self {
        Self {
            client: client(),
            url,
            era,
            session: String::new(),
        }
    }

    fn post(&self, body: &Value) -> RequestBuilder {
        let request = self.client.post(&self.url).json(body);
        let request = request.header("accept", "application/json, text/event-stream");
        match self.era {
            Era::Modern => request
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", body["params"]["name"].as_str().unwrap()),
            Era::Legacy if self.session.is_empty() => request,
            Era::Legacy => request
                .header("mcp-protocol-version", "2025-11-25")
                .header("mcp-session-id", &self.session),
        }
    }

    /// Opens a session; `None` if the server is gone.
    async fn open(&mut self) -> Option<()> {
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} },
            "clientInfo": { "name": "tests", "version": "1" },
        } });
        let response = self.post(&hello).send().await.ok()?;
        let session = response.headers().get("mcp-session-id")?;
        self.session = session.to_str().unwrap().to_owned();
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.post(&ready).send().await.ok().map(drop)
    }

    /// Calls a tool; `None` if the server is gone.
    async fn call(&self, call: &Call) -> Option<Value> {
        let mut params = call.params();
        if self.era == Era::Modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
            });
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let text = self.post(&body).send().await.ok()?.text().await.ok()?;
        let data = text.lines().rev().find_map(|line| {
            let data = line.strip_prefix("data:")?.trim();
            (!data.is_empty()).then_some(data)
        });
        serde_json::from_str(data.unwrap_or(&text)).ok()
    }
}
