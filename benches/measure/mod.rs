//! A server process with a client, and its resource usage.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{program::kib, report::Memory};

/// A running server and the pipe to it.
pub struct ServerProcess {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: String,
    calls: u64,
}

impl ServerProcess {
    /// Starts a server and opens a session; returns the time to the first response.
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

    /// Calls `get_session`; returns the duration.
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

    /// The CPU time of all threads that still run.
    pub fn cpu_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanos = tasks
            .map(|task| {
                let text = fs::read_to_string(task.unwrap().path().join("schedstat"));
                let text = text.unwrap_or_default();
                let on_cpu = text.split(' ').next().unwrap_or_default();
                on_cpu.parse::<u64>().unwrap_or_default()
            })
            .sum();
        Duration::from_nanos(nanos)
    }

    /// The memory in KiB that ends with this process: no other process shares it.
    pub fn private(&self) -> u64 {
        kib(&self.rollup(), &["Private_Clean:", "Private_Dirty:"])
    }

    /// The private memory, and that with this process's share of the pages that several
    /// processes share.
    pub fn memory(&self) -> Memory {
        Memory {
            private: self.private(),
            proportional: kib(&self.rollup(), &["Pss:"]),
        }
    }

    fn rollup(&self) -> String {
        format!("/proc/{}/smaps_rollup", self.child.id())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
