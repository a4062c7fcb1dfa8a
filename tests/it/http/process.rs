//! The program as a process that serves HTTP.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    thread,
};

use super::*;

/// A third grant, whose token has not expired on a real clock.
pub const CAROL: &str = "wg_carol";

/// The program at a loopback port, with the grants of [`two`] and a third. It ends on drop.
pub struct HttpProcess {
    child: Child,
    pub address: String,
    client: Client,
    _home: TempDir,
}

impl HttpProcess {
    /// Starts the program with these variables.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let (mut command, home) = app::command::program();
        let policy = home.path().join("policy.toml");
        let carol = hex(&auth::digest(CAROL));
        let grants = format!("{}[grants.carol]\ntoken_sha256 = \"{carol}\"\n", two());
        std::fs::write(&policy, grants).unwrap();
        let mut child = command
            .envs(variables.iter().copied())
            .args(["serve", "--http", "127.0.0.1:0", "--policy"])
            .arg(&policy)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().unwrap().unwrap();
            if let Some(url) = line.strip_prefix("serving http://") {
                break url.trim_end_matches("/mcp").to_owned();
            }
        };
        // Whatever it reports later has somewhere to go.
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            client: client(),
            _home: home,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A request of revision 2026-07-28.
    pub fn post(&self, token: &str, method: &str, mut params: Value) -> reqwest::RequestBuilder {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let name = params["name"].as_str().map(str::to_owned);
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = self
            .client
            .post(format!("http://{}/mcp", self.address))
            .bearer_auth(token)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .json(&body);
        match name {
            Some(name) => request.header("mcp-name", name),
            None => request,
        }
    }

    /// Begins a call, whose result nobody waits for; it ends when the handle is aborted.
    pub fn begin(&self, token: &str, tool: &str, arguments: Value) -> JoinHandle<()> {
        let call = json!({ "name": tool, "arguments": arguments });
        let request = self.post(token, "tools/call", call);
        tokio::spawn(async move {
            if let Ok(response) = request.send().await {
                last(response).await;
            }
        })
    }

    /// Calls a tool; returns the result.
    pub async fn call(&self, token: &str, tool: &str, arguments: Value) -> Value {
        let call = json!({ "name": tool, "arguments": arguments });
        let response = self.post(token, "tools/call", call).send().await.unwrap();
        last(response).await["result"].clone()
    }
}

impl Drop for HttpProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
