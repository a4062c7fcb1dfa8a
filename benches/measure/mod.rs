//! A server process with its client, and what the kernel says of it.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A running server and the pipe to it.
pub struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: String,
    calls: u64,
}

impl Running {
    /// Starts a server and opens a session; how long until it answered.
    pub fn start(mut command: Command) -> (Self, Duration) {
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            line: String::new(),
            calls: 0,
        };
        running.request(
            "initialize",
            &json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": "bench", "version": "1" },
            }),
        );
        let took = started.elapsed();
        assert!(running.line.contains("serverInfo"), "{}", running.line);
        running.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        (running, took)
    }

    /// Calls `get_session`; how long it took.
    pub fn call(&mut self) -> Duration {
        let params = json!({ "name": "get_session", "arguments": {} });
        let started = Instant::now();
        self.request("tools/call", &params);
        let took = started.elapsed();
        let good = self.line.contains("4915112345678") && self.line.contains(r#""isError":false"#);
        assert!(good, "{}", self.line);
        took
    }

    fn request(&mut self, method: &str, params: &Value) {
        self.calls += 1;
        self.send(
            &json!({ "jsonrpc": "2.0", "id": self.calls, "method": method, "params": params }),
        );
        self.line.clear();
        self.output.read_line(&mut self.line).unwrap();
    }

    fn send(&mut self, message: &Value) {
        self.input
            .write_all(format!("{message}\n").as_bytes())
            .unwrap();
    }

    /// The processor time used so far, over all threads that are still there.
    pub fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanos = tasks
            .map(|task| {
                let text = fs::read_to_string(task.unwrap().path().join("schedstat"));
                let text = text.unwrap_or_default();
                let on_processor = text.split(' ').next().unwrap_or_default();
                on_processor.parse::<u64>().unwrap_or_default()
            })
            .sum();
        Duration::from_nanos(nanos)
    }

    /// The memory that is resident, in KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        line.unwrap()
            .split_ascii_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
