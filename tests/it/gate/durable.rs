//! What is counted for an hour and longer, over the real program: restarts, two at once, a
//! kill, and a directory that cannot be used.

use std::{fs, path::Path, process::Command};

use serde_json::json;
use tempfile::TempDir;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::{
    app::process::{ServerProcess, serve},
    app::{BOTH, Era, SECRET},
};

/// An account, a state directory, and a policy with a limit for each hour.
struct Place {
    mock: MockServer,
    home: TempDir,
}

impl Place {
    async fn new(max: usize) -> Self {
        let mock = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/api/sendText"))
            .respond_with(ResponseTemplate::new(201).set_body_json(
                json!({ "id": "true_15552223333@c.us_3EB042AD7933EC545A31D6", "ack": 1 }),
            ))
            .mount(&mock)
            .await;
        Mock::given(method("GET"))
            .and(path("/api/sessions/default"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "name": "default", "status": "WORKING" })),
            )
            .mount(&mock)
            .await;
        let home = tempfile::tempdir().unwrap();
        let place = Self { mock, home };
        place.limit(max);
        place
    }

    fn limit(&self, max: usize) {
        let text = format!(
            "version = \"1\"\ndefault = \"allow\"\n[tools.send_message]\nlimits = [{{ max = {max}, window = \"hour\" }}]\n"
        );
        fs::write(self.policy(), text).unwrap();
    }

    fn policy(&self) -> std::path::PathBuf {
        self.home.path().join("policy.toml")
    }

    fn state(&self) -> std::path::PathBuf {
        self.home.path().join("state")
    }

    fn command(&self, state: &Path) -> Command {
        let mut command = serve(self.home.path());
        command
            .env("WAHA_BASE_URL", self.mock.uri())
            .env("WAHA_API_KEY", SECRET)
            .arg("--policy")
            .arg(self.policy())
            .arg("--state")
            .arg(state);
        command
    }

    fn start(&self, era: Era) -> ServerProcess {
        ServerProcess::start(self.command(&self.state()), era)
    }

    /// How many messages went out.
    async fn sent(&self) -> usize {
        let requests = self.mock.received_requests().await.unwrap();
        let sent = requests
            .iter()
            .filter(|one| one.url.path() == "/api/sendText");
        sent.count()
    }
}

/// Sends a message that was not sent before; what comes of it.
fn send(running: &mut ServerProcess, number: usize) -> String {
    let text = format!("message {number} of {}", running.id());
    running.outcome(
        "send_message",
        json!({ "chat": "15552223333@c.us", "text": text }),
    )
}

#[tokio::test]
async fn the_third_within_an_hour_is_refused_and_after_a_restart_too() {
    for era in BOTH {
        let place = Place::new(2).await;
        let mut running = place.start(era);
        assert_eq!(send(&mut running, 1), "done");
        assert_eq!(send(&mut running, 2), "done");
        let message = json!({ "chat": "15552223333@c.us", "text": "third" });
        let result = running.call("send_message", message.clone());
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], "rate-limited", "{result}");
        let wait = error["retry_after_s"].as_u64().unwrap();
        assert!((3500..=3600).contains(&wait), "{wait}");
        running.finish();
        let mut again = place.start(era);
        let result = again.call("send_message", message);
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], "rate-limited", "{result}");
        assert!(error["retry_after_s"].as_u64().unwrap() <= wait, "{error}");
        assert_eq!(again.outcome("get_session", json!({})), "done");
        assert_eq!(place.sent().await, 2);
    }
}

#[tokio::test]
async fn two_programs_count_together() {
    let place = Place::new(2).await;
    let (mut one, mut two) = (place.start(Era::Legacy), place.start(Era::Modern));
    assert_eq!(send(&mut one, 1), "done");
    assert_eq!(send(&mut two, 1), "done");
    assert_eq!(send(&mut one, 2), "rate-limited");
    assert_eq!(send(&mut two, 2), "rate-limited");
    assert_eq!(place.sent().await, 2);
}

#[tokio::test]
async fn two_programs_at_full_speed_stay_within_the_limit() {
    const CALLS: usize = 20;
    let place = Place::new(7).await;
    let mut both = [place.start(Era::Legacy), place.start(Era::Legacy)];
    for number in 0..CALLS {
        for running in &mut both {
            let text = format!("message {number} of {}", running.id());
            let arguments = json!({ "chat": "15552223333@c.us", "text": text });
            let call = json!({ "name": "send_message", "arguments": arguments });
            running.begin("tools/call", call);
        }
    }
    let (mut done, mut refused) = (0, 0);
    for running in &mut both {
        for _ in 0..CALLS {
            let result = running.receive()["result"].clone();
            match result["structuredContent"]["error"]["code"].as_str() {
                None => done += 1,
                Some("rate-limited") => refused += 1,
                Some(other) => panic!("{other}: {result}"),
            }
        }
    }
    assert_eq!((done, refused), (7, 2 * CALLS - 7));
    assert_eq!(place.sent().await, 7);
}

#[tokio::test]
async fn a_kill_gives_nothing_back() {
    let place = Place::new(2).await;
    let mut running = place.start(Era::Modern);
    assert_eq!(send(&mut running, 1), "done");
    running.kill();
    let mut running = place.start(Era::Modern);
    assert_eq!(send(&mut running, 2), "done");
    running.kill();
    let mut running = place.start(Era::Modern);
    assert_eq!(send(&mut running, 3), "rate-limited");
    assert_eq!(place.sent().await, 2);
}

#[tokio::test]
async fn a_limit_that_is_raised_while_it_runs_counts_what_was_sent_before() {
    let place = Place::new(2).await;
    let mut running = place.start(Era::Legacy);
    assert_eq!(send(&mut running, 1), "done");
    assert_eq!(send(&mut running, 2), "done");
    assert_eq!(send(&mut running, 3), "rate-limited");
    place.limit(3);
    running.stderr_until("in force from now on");
    assert_eq!(send(&mut running, 4), "done");
    assert_eq!(send(&mut running, 5), "rate-limited");
    assert_eq!(place.sent().await, 3);
}

#[tokio::test]
async fn without_a_ledger_what_is_counted_is_refused_and_reading_goes_on() {
    let place = Place::new(2).await;
    let mut running = place.start(Era::Legacy);
    assert_eq!(send(&mut running, 1), "done");
    running.finish();
    let inside = fs::read_dir(place.state()).unwrap();
    let account = inside
        .map(|entry| entry.unwrap().path())
        .find(|entry| entry.is_dir())
        .expect("the account's folder");
    fs::remove_dir_all(&account).unwrap();
    fs::write(&account, "in its place").unwrap();
    let mut running = place.start(Era::Legacy);
    assert_eq!(send(&mut running, 2), "ledger-unavailable");
    assert_eq!(running.outcome("get_session", json!({})), "done");
    assert_eq!(place.sent().await, 1);
    assert_eq!(fs::read_to_string(&account).unwrap(), "in its place");
}

#[tokio::test]
async fn a_state_directory_that_is_none_stops_everything() {
    // Whether the switch is pulled cannot be known there, and doubt is the strictest.
    let place = Place::new(2).await;
    fs::write(place.state(), "no directory").unwrap();
    let mut running = place.start(Era::Legacy);
    assert_eq!(send(&mut running, 1), "panic");
    assert_eq!(running.outcome("get_session", json!({})), "panic");
    assert_eq!(place.sent().await, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_state_directory_that_cannot_be_made_refuses_what_is_counted() {
    let place = Place::new(2).await;
    let state = place.home.path().join("nowhere");
    std::os::unix::fs::symlink("/proc/nothing/here", &state).unwrap();
    let mut running = ServerProcess::start(place.command(&state), Era::Legacy);
    let refused = send(&mut running, 1);
    assert!(
        ["ledger-unavailable", "audit-unavailable"].contains(&refused.as_str()),
        "{refused}"
    );
    assert_eq!(running.outcome("get_session", json!({})), "done");
    assert_eq!(place.sent().await, 0);
}
