//! Another process holds the write lock of the ledger's file: what has to be counted waits,
//! and nothing else does.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use whatsapp_guard::{
    http::{listen::Listener, origins::Origins, status},
    ledger::Ledger,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::{
    app::process::{ServerProcess, serve},
    app::{self, Era, OPEN},
    http::{ALICE, HttpServer, client, two},
};

/// In which time is answered what does not wait for the ledger; the lock is held longer.
const PROMPT: Duration = Duration::from_millis(50);

const LIMITED: &str = "[tools.send_message]\nlimits = [{ max = 100, window = \"day\" }]\n";

const SENDS: usize = 8;

const LEDGER: &str = "ledger.sqlite";

fn send(number: usize) -> Value {
    json!({ "name": "send_message", "arguments": {
        "chat": "15552223333@c.us", "text": format!("Number {number}"),
    } })
}

/// A WAHA that accepts every send.
async fn waha() -> MockServer {
    let mock = MockServer::start().await;
    let sent = json!({ "id": "true_15552223333@c.us_3EB042AD7933EC545A31D6", "ack": 1 });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(201).set_body_json(sent))
        .mount(&mock)
        .await;
    let working = json!({ "name": "default", "status": "WORKING" });
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(working))
        .mount(&mock)
        .await;
    mock
}

async fn posts(mock: &MockServer) -> usize {
    let requests = mock.received_requests().await.unwrap();
    let posts = requests.iter().filter(|one| one.method.as_str() == "POST");
    posts.count()
}

/// Takes the write lock of the ledger below this folder.
fn lock(folder: &Path) -> Connection {
    fn find(folder: &Path) -> Option<PathBuf> {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut entries: Vec<PathBuf> = entries.collect();
        entries.sort();
        entries.into_iter().find_map(|path| match path.is_dir() {
            true => find(&path),
            false => path
                .file_name()
                .is_some_and(|name| name == LEDGER)
                .then_some(path),
        })
    }
    let foreign = Connection::open(find(folder).unwrap()).unwrap();
    foreign.busy_timeout(Duration::from_secs(5)).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    foreign
}

/// How long a list of tools takes at best. Without optimization the list alone takes long.
fn fastest_list(running: &mut ServerProcess) -> Duration {
    let times = (0..5).map(|_| {
        let start = Instant::now();
        running.listed();
        start.elapsed()
    });
    times.min().unwrap()
}

#[tokio::test]
async fn tools_are_listed_and_the_policy_is_reloaded_while_sends_wait_for_the_lock() {
    let mock = waha().await;
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("policy.toml");
    fs::write(&policy, format!("{OPEN}{LIMITED}")).unwrap();
    let mut command = serve(home.path());
    command
        .env("WAHA_BASE_URL", mock.uri())
        .env("WAHA_API_KEY", "key")
        .arg("--policy")
        .arg(&policy);
    let mut running = ServerProcess::start(command, Era::Legacy);
    running.request("tools/call", send(SENDS));
    let idle = fastest_list(&mut running);
    let foreign = lock(home.path());
    for number in 0..SENDS {
        running.begin("tools/call", send(number));
    }
    let waiting = fastest_list(&mut running);
    assert!(waiting < idle + PROMPT, "{waiting:?} instead of {idle:?}");
    let ended = running.notifications.iter().find(|one| one["id"].is_u64());
    assert!(ended.is_none(), "{ended:?}");
    fs::write(
        &policy,
        format!("hide = [\"leave_group\"]\n{OPEN}{LIMITED}"),
    )
    .unwrap();
    running.notification("notifications/tools/list_changed");
    assert!(!running.listed().contains(&"leave_group".to_owned()));
    drop(foreign);
    let mut sent = 0;
    for _ in 0..SENDS {
        let answer = running
            .notifications
            .iter()
            .position(|one| one["id"].is_u64());
        let answer = match answer {
            Some(known) => running.notifications.remove(known),
            None => running.receive(),
        };
        match answer["result"]["structuredContent"]["error"]["code"].as_str() {
            None => sent += 1,
            Some(code) => assert_eq!(code, "ledger-unavailable", "{answer}"),
        }
    }
    assert_eq!(posts(&mock).await, sent + 1);
}

#[tokio::test]
async fn health_is_told_while_sends_wait_for_the_lock() {
    let mock = waha().await;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(LEDGER);
    let policy = format!("{}{LIMITED}", two());
    let config = app::waha_config(&mock);
    let ledger = |clock| Ledger::at(path.clone(), clock);
    let site = HttpServer::counting(config, &policy, ledger, |gate| gate).await;
    let site = Arc::new(site);
    let first = site.modern(ALICE, "tools/call", send(SENDS), Some("send_message"));
    first.await;
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap());
    let listener = listener.await.unwrap();
    let health = format!("http://{}/healthz", listener.address().unwrap());
    let router = status::router(site.server.clone(), Origins::loopback());
    tokio::spawn(listener.serve(router, site.stop.clone()));
    let client = client();
    let foreign = lock(folder.path());
    let begin = |number| {
        let site = site.clone();
        tokio::spawn(async move {
            let sent = site.modern(ALICE, "tools/call", send(number), Some("send_message"));
            sent.await.1
        })
    };
    let sends: Vec<_> = (0..SENDS).map(begin).collect();
    // They have arrived before this read, which waits for no ledger.
    let read = json!({ "name": "get_session", "arguments": {} });
    let (_, answer) = site
        .modern(ALICE, "tools/call", read, Some("get_session"))
        .await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let answer = client.get(&health).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < PROMPT, "{fastest:?}");
    assert!(sends.iter().all(|send| !send.is_finished()));
    drop(foreign);
    let mut sent = 0;
    for send in sends {
        let answer = send.await.unwrap();
        match answer["result"]["structuredContent"]["error"]["code"].as_str() {
            None => sent += 1,
            Some(code) => assert_eq!(code, "ledger-unavailable", "{answer}"),
        }
    }
    assert_eq!(posts(&mock).await, sent + 1);
}
