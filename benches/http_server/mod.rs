//! The program as a server over HTTP, with a stub behind it.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
};

use crate::{program, stub};

/// A running server.
pub struct HttpServer {
    child: Child,
    /// Host and port.
    pub address: String,
    _folder: tempfile::TempDir,
}

impl HttpServer {
    /// Starts a server with a policy, whose ledger is in a file, or in the Redis at this
    /// address.
    pub fn start(policy: &str, redis: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy_file = folder.path().join("policy.toml");
        fs::write(&policy_file, policy).unwrap();
        let mut command = Command::new(program::path());
        command
            .env_clear()
            .env("HOME", folder.path())
            .env("WAHA_BASE_URL", stub::start())
            .env("WAHA_API_KEY", "bench")
            .args(["serve", "--http", "127.0.0.1:0", "--no-auth", "--policy"])
            .arg(&policy_file);
        if let Some(redis) = redis {
            command
                .env("WHATSAPP_GUARD_STATE", redis)
                .env("WHATSAPP_GUARD_APPROVAL_KEY", "bench".repeat(10));
        }
        let mut child = command
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
    pub fn resident(&self) -> u64 {
        program::kib(&format!("/proc/{}/status", self.child.id()), &["VmRSS:"])
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
