//! The program as a process, with a client on its pipes and its standard error.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::app::Era;

/// A test that waits longer than this fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program as a process, and a client of it.
pub struct ServerProcess {
    child: Child,
    era: Era,
    out: Receiver<String>,
    err: Receiver<String>,
    last_id: u64,
    /// Notifications that arrived before another awaited message.
    pub notifications: Vec<Value>,
}

/// The command `serve` with its state in this folder and an empty environment.
pub fn serve(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whatsapp-guard"));
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_STATE_HOME", home)
        .arg("serve");
    command
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl ServerProcess {
    /// Starts the program, and opens a session if the era has sessions.
    pub fn start(command: Command, era: Era) -> Self {
        let mut running = Self::spawn(command, era);
        running.open();
        running
    }

    /// Starts the program without a request.
    pub fn spawn(mut command: Command, era: Era) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            era,
            out: lines(child.stdout.take().unwrap()),
            err: lines(child.stderr.take().unwrap()),
            child,
            last_id: 0,
            notifications: Vec::new(),
        }
    }

    pub fn open(&mut self) {
        if self.era == Era::Legacy {
            let hello = json!({
                "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} },
                "clientInfo": { "name": "tests", "version": "1" },
            });
            self.request("initialize", hello);
            self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        } else {
            self.request("tools/list", json!({}));
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub fn send(&mut self, message: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Sends a request; returns its id.
    pub fn begin(&mut self, method: &str, mut params: Value) -> u64 {
        self.last_id += 1;
        if self.era == Era::Modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
            });
        }
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The next message from the server.
    pub fn receive(&mut self) -> Value {
        let line = self.out.recv_timeout(PATIENCE).expect("a line in time");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not the protocol: {line}"))
    }

    /// Sends a request; returns the response.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.notifications.push(message);
        }
    }

    /// Calls a tool; returns the result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.request(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        );
        answer["result"].clone()
    }

    /// Calls a tool; returns the code of the refusal, or "done".
    pub fn outcome(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        let code = &result["structuredContent"]["error"]["code"];
        code.as_str().unwrap_or("done").to_owned()
    }

    pub fn listed(&mut self) -> Vec<String> {
        let answer = self.request("tools/list", json!({}));
        let tools = answer["result"]["tools"].as_array().unwrap();
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }

    /// The text of the resource `whatsapp://policy`.
    pub fn policy(&mut self) -> String {
        let answer = self.request("resources/read", json!({ "uri": "whatsapp://policy" }));
        let text = answer["result"]["contents"][0]["text"].as_str();
        text.expect("the policy").to_owned()
    }

    /// The next notification of this name.
    pub fn notification(&mut self, method: &str) -> Value {
        let known = self
            .notifications
            .iter()
            .position(|note| note["method"] == method);
        if let Some(index) = known {
            return self.notifications.remove(index);
        }
        loop {
            let message = self.receive();
            if message["method"] == method {
                return message;
            }
            self.notifications.push(message);
        }
    }

    /// Reads standard error until it contains these words; returns the text.
    pub fn stderr_until(&mut self, words: &str) -> String {
        let (mut text, until) = (String::new(), Instant::now() + PATIENCE);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.err.recv_timeout(left) {
                Ok(line) => text += &format!("{line}\n"),
                Err(_) => panic!("{words:?} is not in standard error: {text}"),
            }
            if text.contains(words) {
                return text;
            }
        }
    }

    /// Closes standard input, waits for the end; returns the rest of standard error.
    pub fn finish(mut self) -> String {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        let mut text = String::new();
        loop {
            match self.err.recv_timeout(PATIENCE) {
                Ok(line) => text += &format!("{line}\n"),
                Err(RecvTimeoutError::Disconnected) => return text,
                Err(RecvTimeoutError::Timeout) => panic!("standard error stays open"),
            }
        }
    }

    /// Closes standard input.
    pub fn hang_up(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for the end with standard input open; the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "the process does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills the process (SIGKILL).
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // After a test that passed, the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
