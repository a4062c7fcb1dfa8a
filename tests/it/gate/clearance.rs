//! What changes while a call waits: whether it may still be sent is checked right before.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, path_regex},
};

use crate::{
    app::command::run,
    app::process::{ServerProcess, serve},
    app::redis::RedisServer,
    app::{Era, OPEN, audit_lines, ends, yes},
};

const ANN: &str = "15552223333@c.us";
const GROUP: &str = "120363025246125486@g.us";
const PACE: &str = "[tools.send_message]\npace = { min = \"1s\", max = \"1s\" }\n";
const KEY: &str = "7f3a9c1e5b2d804f6a7c3e91d5b80f2a4c6e8d1b3f5a79c0e2d4b6f8a1c3e5d7";

/// A server of WAHA in a folder of its own.
struct Site {
    home: TempDir,
    mock: MockServer,
    running: ServerProcess,
    state: String,
}

impl Site {
    async fn start(policy: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state").display().to_string();
        Self::at(home, state, policy).await
    }

    async fn at(home: TempDir, state: String, policy: &str) -> Self {
        let mock = MockServer::start().await;
        let sent = json!({ "id": format!("true_{ANN}_3EB042AD7933EC545A31D6"), "ack": 1 });
        Mock::given(method("POST"))
            .and(path("/api/sendText"))
            .respond_with(ResponseTemplate::new(201).set_body_json(sent))
            .mount(&mock)
            .await;
        let uri = mock.uri();
        let running = Self::serve(&home, &state, &uri, policy);
        Self {
            home,
            mock,
            running,
            state,
        }
    }

    fn serve(home: &TempDir, state: &str, uri: &str, policy: &str) -> ServerProcess {
        let file = home.path().join("policy.toml");
        fs::write(&file, format!("{OPEN}min_answer_ms = 0\n{policy}")).unwrap();
        let mut command = serve(home.path());
        command
            .env("WAHA_BASE_URL", uri)
            .env("WAHA_API_KEY", "key")
            .arg("--policy")
            .arg(file)
            .args(["--state", state]);
        if state.starts_with("redis:") {
            let key = home.path().join("key");
            fs::write(&key, KEY).unwrap();
            command.env("WHATSAPP_GUARD_APPROVAL_KEY_FILE", key);
        }
        ServerProcess::start(command, Era::Legacy)
    }

    fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        let call = json!({ "name": tool, "arguments": arguments });
        self.running.begin("tools/call", call)
    }

    fn send(&mut self, text: &str) -> u64 {
        self.begin("send_message", json!({ "chat": ANN, "text": text }))
    }

    /// The results of these calls, each as the code of its error or "done".
    fn codes(&mut self, calls: &[u64]) -> Vec<String> {
        let mut results: Vec<Option<Value>> = vec![None; calls.len()];
        while results.contains(&None) {
            let early = &mut self.running.notifications;
            let message = match early.pop() {
                Some(message) => message,
                None => self.running.receive(),
            };
            let index = calls.iter().position(|id| message["id"] == *id);
            if let (Some(index), None) = (index, message.get("method")) {
                results[index] = Some(message["result"].clone());
            }
        }
        let code = |result: Option<Value>| {
            let result = result.unwrap();
            let code = &result["structuredContent"]["error"]["code"];
            code.as_str().unwrap_or("done").to_owned()
        };
        results.into_iter().map(code).collect()
    }

    async fn received(&self) -> usize {
        self.mock.received_requests().await.unwrap().len()
    }

    /// Waits until the mock has received this many requests.
    async fn until_received(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.received().await < count {
            assert!(Instant::now() < until, "{count} requests did not come");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn panic(&self, arguments: &[&str]) {
        let ran = run(
            &[&["panic", "--state", &self.state], arguments].concat(),
            &[],
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
    }

    /// Puts another policy in force.
    fn replace(&mut self, policy: &str) {
        let new = self.home.path().join("new.toml");
        fs::write(&new, format!("{OPEN}min_answer_ms = 0\n{policy}")).unwrap();
        fs::rename(new, self.home.path().join("policy.toml")).unwrap();
        self.running.stderr_until("in force from now on");
    }

    fn audit(&self) -> Vec<Value> {
        ends(&self.audit_file())
    }

    fn audit_file(&self) -> PathBuf {
        match self.state.starts_with("redis:") {
            true => self.home.path().join("whatsapp-guard/audit.jsonl"),
            false => PathBuf::from(&self.state).join("audit.jsonl"),
        }
    }
}

/// How many of these codes are this one.
fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|known| *known == code).count()
}

#[tokio::test]
async fn nothing_is_sent_after_panic_has_returned() {
    for arguments in [&["--all"][..], &[]] {
        let mut site = Site::start(&format!(
            "{PACE}[tools.set_group_subject]\npace = {{ min = \"1s\", max = \"1s\" }}\n"
        ))
        .await;
        let mut calls: Vec<_> = (1..10).map(|text| site.send(&text.to_string())).collect();
        // This one reads before it changes something.
        let rename = json!({ "group": GROUP, "name": "The family" });
        calls.push(site.begin("set_group_subject", rename));
        site.until_received(2).await;
        site.panic(arguments);
        let before = site.received().await;
        let panicked = Instant::now();
        let codes = site.codes(&calls);
        assert!(
            panicked.elapsed() < Duration::from_secs(5),
            "a call that waits is told soon"
        );
        assert_eq!(site.received().await, before, "{codes:?}");
        // The calls wait in the order in which they were decided, which is nobody's promise:
        // the one that reads may be among the first, and gets no answer that it can use.
        let sent = count(&codes, "done") + count(&codes, "backend-refused");
        assert_eq!(sent, before, "{codes:?}");
        assert_eq!(count(&codes, "panic"), 10 - before, "{codes:?}");
        let audit = site.audit();
        let refused = audit.iter().filter(|line| line["code"] == "panic");
        assert!(
            refused
                .clone()
                .all(|line| line["verdict"] == "refused" && line["outcome"] == "none")
        );
        assert_eq!(refused.clone().count(), 10 - before);
        let all = audit_lines(&site.audit_file());
        let admitted = |id: &Value| {
            let mut lines = all.iter();
            lines.any(|line| line["event"] == "admitted" && line["id"] == *id)
        };
        assert!(
            refused.clone().all(|line| !admitted(&line["id"])),
            "what waits is not admitted: {all:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_after_the_permit_reads_like_any_other() {
    let mut site = Site::start(PACE).await;
    let calls = [site.send("1"), site.send("2")];
    site.until_received(1).await;
    site.panic(&[]);
    let mut refusal = Value::Null;
    for _ in calls {
        let answer = site.running.receive();
        if answer["result"]["isError"] == true {
            refusal = answer["result"].clone();
        }
    }
    assert_eq!(
        refusal["structuredContent"],
        json!({ "error": {
            "code": "panic",
            "reason": "The operator has stopped this server with `whatsapp-guard panic`.",
            "next": "Stop: nothing more is allowed until the operator ends it.",
        } })
    );
    let text = refusal["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("Refused (panic): "), "{text}");
}

#[tokio::test]
async fn a_policy_that_became_stricter_stops_calls_that_wait() {
    for (stricter, code) in [
        ("action = \"deny\"", "denied-by-rule"),
        ("action = \"confirm\"", "policy-changed"),
        (
            "when = [{ arg = \"text\", op = \"contains\", value = \"x\" }]",
            "condition-not-met",
        ),
    ] {
        let mut site = Site::start(PACE).await;
        let calls: Vec<_> = (1..6).map(|text| site.send(&text.to_string())).collect();
        site.until_received(2).await;
        site.replace(&format!("{PACE}{stricter}\n"));
        let before = site.received().await;
        let codes = site.codes(&calls);
        assert_eq!(site.received().await, before, "{codes:?}");
        assert_eq!(count(&codes, "done"), before, "{codes:?}");
        assert_eq!(count(&codes, code), 5 - before, "{codes:?}");
    }
}

#[tokio::test]
async fn an_approval_stands_under_another_policy_that_allows_the_call() {
    let asking = format!("{PACE}action = \"confirm\"\n");
    let mut site = Site::start(&asking).await;
    let mut calls = Vec::new();
    for text in ["1", "2", "3"] {
        calls.push(site.send(text));
        let question = site.running.notification("elicitation/create");
        let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() });
        site.running.send(&answer);
        // The next one waits for the delay after this one.
        if text == "1" {
            site.until_received(1).await;
        }
    }
    site.replace(&format!("{asking}[tools.get_session]\naction = \"deny\"\n"));
    site.until_received(2).await;
    site.replace(&format!("{PACE}action = \"deny\"\n"));
    assert_eq!(site.codes(&calls), ["done", "done", "denied-by-rule"]);
    assert_eq!(site.received().await, 2);
}

#[tokio::test]
async fn a_call_that_was_withdrawn_may_be_made_again_and_counts_nowhere() {
    let limits = "limits = [{ max = 2, window = \"hour\", scope = \"account\" }]\n";
    let mut site = Site::start(&format!("{PACE}{limits}")).await;
    let first = site.send("1");
    site.until_received(1).await;
    let calls = [first, site.send("2")];
    site.panic(&[]);
    assert_eq!(site.codes(&calls), ["done", "panic"]);
    site.panic(&["--off"]);
    let again = site.send("2");
    assert_eq!(site.codes(&[again]), ["done"]);
    assert_eq!(site.received().await, 2);
    let third = site.send("3");
    assert_eq!(site.codes(&[third]), ["rate-limited"]);
}

#[tokio::test]
async fn a_change_that_is_stopped_between_two_parts_says_which_were_made() {
    let mut site = Site::start("").await;
    let working = json!({ "name": "default", "status": "WORKING" });
    Mock::given(path("/api/sessions/default"))
        .respond_with(ResponseTemplate::new(200).set_body_json(working))
        .mount(&site.mock)
        .await;
    let only = json!({ "adminsOnly": true });
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(only))
        .mount(&site.mock)
        .await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(2));
    Mock::given(method("PUT"))
        .respond_with(late)
        .expect(1)
        .mount(&site.mock)
        .await;
    let arguments = json!({ "group": GROUP, "send_messages": "admins", "edit_info": "admins" });
    let call = json!({ "name": "set_group_permissions", "arguments": arguments });
    site.running.begin("tools/call", call);
    let changed = async || {
        let requests = site.mock.received_requests().await.unwrap();
        requests.iter().any(|request| request.method == "PUT")
    };
    while !changed().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    site.panic(&["--all"]);
    let answer = site.running.receive();
    let made = &answer["result"]["structuredContent"];
    assert_eq!(
        (&made["send_messages"], &made["edit_info"]),
        (&json!("changed"), &json!("not_made")),
        "{answer}"
    );
    let reason = made["reason"].as_str().unwrap();
    assert!(reason.contains("(panic)"), "{reason}");
}

#[tokio::test]
async fn a_call_that_is_stopped_after_a_part_of_it_was_sent_has_not_changed_nothing() {
    let mut site = Site::start("").await;
    let session = |status: &str| {
        let session = json!({ "name": "default", "status": status });
        ResponseTemplate::new(200).set_body_json(session)
    };
    Mock::given(method("GET"))
        .respond_with(session("STOPPED"))
        .up_to_n_times(1)
        .mount(&site.mock)
        .await;
    Mock::given(method("GET"))
        .respond_with(session("SCAN_QR_CODE"))
        .mount(&site.mock)
        .await;
    Mock::given(path("/api/sessions/default/start"))
        .respond_with(session("STARTING").set_delay(Duration::from_secs(1)))
        .mount(&site.mock)
        .await;
    let id = site.begin("open_session", json!({ "phone_number": "+15550001111" }));
    site.until_received(2).await;
    site.panic(&[]);
    let answer = site.running.receive();
    assert_eq!(answer["id"], id);
    let error = &answer["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "outcome-unknown", "{answer}");
    let reason = error["reason"].as_str().unwrap();
    assert!(reason.contains("(panic)"), "{reason}");
    let requests = site.mock.received_requests().await.unwrap();
    assert!(
        !requests
            .iter()
            .any(|one| one.url.path().contains("request-code"))
    );
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn it_holds_for_servers_that_share_redis() {
    let redis = RedisServer::start();
    let home = tempfile::tempdir().unwrap();
    let mut site = Site::at(home, redis.url(), PACE).await;
    let calls: Vec<_> = (1..8).map(|text| site.send(&text.to_string())).collect();
    site.until_received(2).await;
    site.panic(&["--all"]);
    let before = site.received().await;
    let codes = site.codes(&calls);
    assert_eq!(site.received().await, before, "{codes:?}");
    assert_eq!(count(&codes, "panic"), 7 - before, "{codes:?}");
}

/// Calls that wait for their pace while the switch is turned on by `on`, and off again.
async fn nothing_is_sent_after_the_switch_was_on(mut site: Site, on: impl Fn(&Site)) {
    let mut calls = vec![site.send("1"), site.send("2")];
    site.until_received(1).await;
    on(&site);
    site.panic(&["--off"]);
    let before = site.received().await;
    let codes = site.codes(&calls);
    assert_eq!(site.received().await, before, "{codes:?}");
    assert_eq!(count(&codes, "panic"), 2 - before, "{codes:?}");
    calls = vec![site.send("3")];
    assert_eq!(site.codes(&calls), ["done"], "it is off");
}

#[tokio::test]
async fn a_stop_holds_for_what_waited_although_it_is_over() {
    let site = Site::start(PACE).await;
    nothing_is_sent_after_the_switch_was_on(site, |site| site.panic(&["--all"])).await;
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_stop_holds_for_what_waited_at_servers_that_share_redis() {
    let redis = RedisServer::start();
    let home = tempfile::tempdir().unwrap();
    let site = Site::at(home, redis.url(), PACE).await;
    // As by a `panic` that is killed while it waits.
    nothing_is_sent_after_the_switch_was_on(site, |_| {
        redis.command(&["SET", "wg:panic", "all"]);
    })
    .await;
}

/// A call whose look-up is under way while the switch is turned on by `on`, and off again.
async fn what_is_looked_up_is_not_sent(mut site: Site, on: impl Fn(&Site)) {
    let person = json!({ "lid": "777000111222@lid", "pn": ANN });
    Mock::given(path_regex("^/api/default/lids/"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(person)
                .set_delay(Duration::from_millis(700)),
        )
        .mount(&site.mock)
        .await;
    let hidden = json!({ "chat": "777000111222@lid", "text": "1" });
    let calls = [site.begin("send_message", hidden)];
    site.until_received(1).await;
    on(&site);
    site.panic(&["--off"]);
    assert_eq!(site.codes(&calls), ["panic"]);
    assert_eq!(site.received().await, 1);
    let calls = [site.send("2")];
    assert_eq!(site.codes(&calls), ["done"], "it is off");
}

const DENIED: &str = "[recipients]\ndeny = [\"+15559990000\"]\n";

#[tokio::test]
async fn a_stop_holds_for_what_is_being_looked_up() {
    for arguments in [&["--all"][..], &[]] {
        let site = Site::start(DENIED).await;
        what_is_looked_up_is_not_sent(site, |site| site.panic(arguments)).await;
    }
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_stop_holds_for_what_is_being_looked_up_at_servers_that_share_redis() {
    let redis = RedisServer::start();
    let home = tempfile::tempdir().unwrap();
    let site = Site::at(home, redis.url(), DENIED).await;
    what_is_looked_up_is_not_sent(site, |_| {
        redis.command(&["SET", "wg:panic", "all"]);
    })
    .await;
}

/// A read of ten pages, of which one at least was requested.
async fn a_long_read(site: &mut Site) -> u64 {
    let page = ResponseTemplate::new(200).set_body_json(json!([{}]));
    Mock::given(method("GET"))
        .respond_with(page.set_delay(Duration::from_millis(150)))
        .mount(&site.mock)
        .await;
    let call = site.begin("list_chats", json!({}));
    site.until_received(1).await;
    call
}

#[tokio::test]
async fn a_read_requests_nothing_after_panic_has_returned() {
    let mut site = Site::start("").await;
    let call = a_long_read(&mut site).await;
    site.panic(&[]);
    let before = site.received().await;
    site.until_received(before + 2).await;
    site.panic(&["--all"]);
    let before = site.received().await;
    assert_eq!(site.codes(&[call]), ["panic"]);
    assert_eq!(site.received().await, before);
}

#[tokio::test]
#[cfg_attr(
    not(has_redis),
    ignore = "needs redis-server in PATH when build.rs runs"
)]
async fn a_read_at_servers_that_share_redis_requests_nothing_after_panic_has_returned() {
    let redis = RedisServer::start();
    let home = tempfile::tempdir().unwrap();
    let mut site = Site::at(home, redis.url(), "").await;
    let call = a_long_read(&mut site).await;
    redis.command(&["SET", "wg:panic", "all"]);
    site.panic(&["--off"]);
    assert_eq!(site.codes(&[call]), ["panic"]);
}

/// A full queue of connections: the next one is made only after the queue was emptied.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_request_that_waits_for_its_connection_is_not_sent_yet() {
    use std::{io::Read, net::TcpStream};
    use tokio::net::TcpSocket;

    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let address = listener.local_addr().unwrap();
    let soon = Duration::from_millis(300);
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, soon) {
        queued.push(stream);
    }
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state").display().to_string();
    let uri = format!("http://{address}");
    let mut running = Site::serve(&home, &state, &uri, "");
    let message = json!({ "chat": ANN, "text": "hi" });
    let call = json!({ "name": "send_message", "arguments": message });
    let id = running.begin("tools/call", call);
    // The connection is being made.
    std::thread::sleep(soon);
    let ran = run(&["panic", "--all", "--state", &state], &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    drop(queued);
    let reading = std::thread::spawn(move || {
        let mut received = 0;
        listener.set_nonblocking(true).unwrap();
        let until = Instant::now() + Duration::from_secs(4);
        while Instant::now() < until {
            let Ok((mut stream, _)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(soon)).unwrap();
            received += stream.read(&mut [0; 1024]).unwrap_or(0);
        }
        received
    });
    let answer = running.receive();
    assert_eq!(answer["id"], id);
    let code = &answer["result"]["structuredContent"]["error"]["code"];
    assert_eq!(code, "panic", "{answer}");
    assert_eq!(reading.join().unwrap(), 0, "bytes of a request");
}
