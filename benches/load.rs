//! Many clients over HTTP: latency of a read at a steady rate, and memory of idle
//! sessions.
//!
//! `cargo bench --bench load`, with `-- --seconds 60` for the duration (default 10).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark fails by panicking and prints its results"
)]

mod program;
mod stub;

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const CLIENTS: u32 = 64;
const RATE: u32 = 2_000;
/// The limit of a server.
const SESSIONS: usize = 2_000;

const POLICY: &str = r#"
version = "1"
[risk.read]
action = "allow"
"#;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // `cargo test --all-targets` runs this file too, without `--bench`.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    if !cfg!(target_os = "linux") {
        println!("this benchmark needs Linux");
        return;
    }
    let wanted = arguments
        .iter()
        .position(|argument| argument == "--seconds");
    let seconds = wanted.map_or(10, |at| arguments[at + 1].parse().unwrap());
    let server = Server::start();
    let calls = load(&server, Duration::from_secs(seconds));
    let (early, late) = (calls.early, server.resident());
    let mut times = calls.times;
    times.sort_unstable();
    let at = |part: f64| times[(times.len() as f64 * part) as usize].as_secs_f64() * 1000.0;
    let rate = times.len() as f64 / calls.took.as_secs_f64();
    println!("{CLIENTS} clients, {seconds} s, get_session against a stub");
    println!("  calls per second  {rate:>8.0}    target {RATE}");
    println!("  p50               {:>8.2} ms", at(0.5));
    println!("  p99               {:>8.2} ms  goal 5", at(0.99));
    println!("  longest           {:>8.2} ms", at(0.9999));
    println!(
        "  memory            {:>8} KiB after a third, {late} at the end",
        early
    );
    let before = server.resident();
    let sessions = open_sessions(&server);
    let after = server.resident();
    let (grown, whole) = ((after - before) / 1024, after / 1024);
    // The first session is still open, so none was ended for another.
    let answer = Connection::open(&server.address).send(&sessions[0], PING);
    assert!(answer.contains("result"), "{answer}");
    println!("{SESSIONS} idle sessions of 2025-11-25");
    println!("  memory            {grown:>8} MiB goal 200, {whole} with the server itself");
}

struct Server {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy.toml");
        fs::write(&policy, POLICY).unwrap();
        let mut child = Command::new(program::path())
            .env_clear()
            .env("HOME", folder.path())
            .env("WAHA_BASE_URL", stub::start())
            .env("WAHA_API_KEY", "bench")
            .args(["serve", "--http", "127.0.0.1:0", "--no-auth", "--policy"])
            .arg(&policy)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving http://").unwrap();
        let address = address.strip_suffix("/mcp").unwrap().to_owned();
        thread::spawn(move || stderr.read_to_string(&mut String::new()));
        Self {
            child,
            address,
            _folder: folder,
        }
    }

    /// The resident memory in KiB.
    fn resident(&self) -> u64 {
        program::kib(&format!("/proc/{}/status", self.child.id()), &["VmRSS:"])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Calls {
    times: Vec<Duration>,
    took: Duration,
    /// Memory after a third of the calls, in KiB.
    early: u64,
}

/// Calls at a steady rate. The latency of a call counts from when it was due.
fn load(server: &Server, time: Duration) -> Calls {
    let gap = Duration::from_secs(1) * CLIENTS / RATE;
    let started = Instant::now() + Duration::from_millis(200);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let mut connection = Connection::open(&server.address);
            let first = started + gap * client / CLIENTS;
            thread::spawn(move || {
                let mut times = Vec::new();
                let mut due = first;
                while due < started + time {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let answer = connection.send(MODERN, CALL);
                    times.push(due.elapsed());
                    assert!(answer.contains("4915112345678"), "{answer}");
                    due += gap;
                }
                times
            })
        })
        .collect();
    thread::sleep(time / 3);
    let early = server.resident();
    let times = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    Calls {
        times,
        took: started.elapsed(),
        early,
    }
}

/// Opens sessions; returns the headers with the id of each.
fn open_sessions(server: &Server) -> Vec<String> {
    let mut connection = Connection::open(&server.address);
    let mut open = || {
        let answer = connection.send("", HELLO);
        assert!(answer.contains("serverInfo"), "{answer}");
        let named = format!(
            "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {}\r\n",
            connection.session
        );
        connection.send(&named, READY);
        named
    };
    (0..SESSIONS).map(|_| open()).collect()
}

const MODERN: &str =
    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: get_session\r\n";
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_session","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;

/// A persistent connection.
struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    /// The session id of the last response that had one.
    session: String,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
            session: String::new(),
        }
    }

    /// Sends a request; returns the body of the response.
    fn send(&mut self, headers: &str, body: &str) -> String {
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\n{headers}Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length, mut chunked) = (String::new(), 0, false);
        loop {
            line.clear();
            assert!(
                self.stream.read_line(&mut line).unwrap() > 0,
                "the server is gone"
            );
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if let Some(value) = lower.strip_prefix("mcp-session-id:") {
                value.trim().clone_into(&mut self.session);
            }
            chunked |= lower.starts_with("transfer-encoding: chunked");
            if line == "\r\n" {
                break;
            }
        }
        let mut answer = String::new();
        if !chunked {
            let mut bytes = vec![0; length];
            self.stream.read_exact(&mut bytes).unwrap();
            return String::from_utf8(bytes).unwrap();
        }
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut bytes = vec![0; size + 2];
            self.stream.read_exact(&mut bytes).unwrap();
            if size == 0 {
                return answer;
            }
            answer += std::str::from_utf8(&bytes[..size]).unwrap();
        }
    }
}
