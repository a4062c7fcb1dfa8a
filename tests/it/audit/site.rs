//! Servers as processes that share a home folder and a back end.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use crate::app::{
    Era, OPEN,
    process::{ServerProcess, serve},
};

pub const CHAT: &str = "15552223333@c.us";

/// A test that waits longer than this fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A home folder with an audit, and a back end that answers no send in time.
pub struct Site {
    pub home: TempDir,
    pub mock: MockServer,
}

impl Site {
    pub async fn new() -> Self {
        let mock = MockServer::start().await;
        let sent = json!({ "id": format!("true_{CHAT}_3EB042AD7933EC545A31D6"), "ack": 1 });
        let sent = ResponseTemplate::new(201).set_body_json(sent);
        Mock::given(path("/api/sendText"))
            .respond_with(sent.set_delay(Duration::from_secs(60)))
            .mount(&mock)
            .await;
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("policy.toml"), OPEN).unwrap();
        Self { home, mock }
    }

    pub fn state(&self) -> PathBuf {
        self.home.path().join("whatsapp-guard")
    }

    pub fn audit_path(&self) -> PathBuf {
        self.state().join("audit.jsonl")
    }

    pub fn start(&self) -> ServerProcess {
        let mut command = serve(self.home.path());
        command
            .env("WAHA_BASE_URL", self.mock.uri())
            .env("WAHA_API_KEY", "key")
            .arg("--policy")
            .arg(self.home.path().join("policy.toml"));
        ServerProcess::start(command, Era::Modern)
    }

    /// Starts a server with a send that has reached the back end.
    pub async fn sending(&self, text: &str) -> ServerProcess {
        let before = self.received().await;
        let mut running = self.start();
        let arguments = json!({ "chat": CHAT, "text": text });
        let call = json!({ "name": "send_message", "arguments": arguments });
        running.begin("tools/call", call);
        self.until_received(before + 1).await;
        running
    }

    /// Waits until the back end has so many requests.
    pub async fn until_received(&self, count: usize) {
        let until = Instant::now() + PATIENCE;
        while self.received().await < count {
            assert!(Instant::now() < until, "the send did not come");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn received(&self) -> usize {
        self.mock.received_requests().await.unwrap().len()
    }

    pub fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.audit_path()).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    /// The audit once it has a line with this event.
    pub async fn lines_with(&self, event: &str) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines();
            if lines.iter().any(|line| line["event"] == event) {
                return lines;
            }
            assert!(Instant::now() < until, "no line {event:?}: {lines:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The files beside the audit by which servers know which runs are alive.
    pub fn run_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let runs = paths.filter(|path| path.to_string_lossy().contains(".run-"));
        runs.collect()
    }

    /// Waits until so many runs have files.
    pub async fn until_runs(&self, count: usize) {
        let until = Instant::now() + PATIENCE;
        while self.run_files().len() != count {
            assert!(Instant::now() < until, "{:?}", self.run_files());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The events of the lines, in order.
pub fn events(lines: &[Value]) -> Vec<&str> {
    let events = lines.iter().map(|line| line["event"].as_str().unwrap());
    events.collect()
}

/// Each call of these lines has one end.
pub fn assert_one_end_each(lines: &[Value]) {
    let mut ends = BTreeMap::<&str, usize>::new();
    for line in lines {
        let ended = ends.entry(line["id"].as_str().unwrap()).or_default();
        *ended += usize::from(line["event"] != "admitted");
    }
    for (id, ended) in ends {
        assert_eq!(ended, 1, "{id}: {lines:#?}");
    }
}
