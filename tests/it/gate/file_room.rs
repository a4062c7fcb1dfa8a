//! Files that are loaded to be sent take bounded memory, however many callers send them.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    time::Duration,
};

use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpListener, time::timeout};

use crate::{
    app::process::{ServerProcess, serve},
    app::{Era, OPEN},
    backend::hostile_answers::peak_kib,
};

const MEBIBYTE: usize = 1024 * 1024;

/// The largest file that can be configured.
const LARGE: usize = 32 * MEBIBYTE;

const CALLERS: usize = 16;

/// How many of these files one grant may have loaded: half of the memory for all files.
const LOADED: usize = 4;

/// The most memory of the process while files are read. All files would take twice as much.
const MAX_PEAK_KIB: usize = 256 * 1024;

#[tokio::test]
async fn files_of_many_calls_at_once_take_no_more_memory_than_all_may() {
    // It accepts requests, and reads none to its end.
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", api.local_addr().unwrap());
    let home = tempfile::tempdir().unwrap();
    let outbox = home.path().join("outbox");
    fs::create_dir(&outbox).unwrap();
    // Without content on the disk.
    let large = File::create(outbox.join("large.bin")).unwrap();
    large.set_len(LARGE as u64).unwrap();
    let policy = home.path().join("policy.toml");
    fs::write(&policy, OPEN).unwrap();
    let mut command = serve(home.path());
    command
        .env("WAHA_BASE_URL", url)
        .env("WHATSAPP_GUARD_OUTBOX", &outbox)
        .env("WHATSAPP_GUARD_MAX_MEDIA_BYTES", LARGE.to_string())
        .arg("--policy")
        .arg(policy);
    let mut running = ServerProcess::start(command, Era::Legacy);
    let send = |running: &mut ServerProcess, number: usize| {
        let file = json!({ "path": "large.bin" });
        let arguments =
            json!({ "chat": "15552223333@c.us", "media": file, "caption": number.to_string() });
        running.begin(
            "tools/call",
            json!({ "name": "send_media", "arguments": arguments }),
        );
    };
    for number in 0..CALLERS {
        send(&mut running, number);
    }
    // The others are read, and their requests are not answered.
    for _ in LOADED..CALLERS {
        let answer = running.receive();
        let error = &answer["result"]["structuredContent"]["error"];
        assert_eq!(error["code"], "busy", "{answer}");
        assert!(
            error["reason"].as_str().unwrap().contains("files"),
            "{answer}"
        );
        assert!(error["next"].as_str().unwrap().contains("Wait"), "{answer}");
    }
    let peak = peak_kib(running.id());
    assert!(peak < MAX_PEAK_KIB, "{peak} KiB");
    // While their requests are written, the files stay in memory and count.
    let mut writing = Vec::new();
    for _ in 0..LOADED {
        let accepted = timeout(Duration::from_secs(20), api.accept()).await;
        let (mut connection, _) = accepted.expect("it is sent").unwrap();
        connection.read_u8().await.unwrap();
        writing.push(connection);
    }
    send(&mut running, CALLERS);
    let answer = running.receive();
    let error = &answer["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "busy", "{answer}");
    running.kill();
}
