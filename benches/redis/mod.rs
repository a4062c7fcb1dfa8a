//! A Redis of its own, which keeps nothing.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A running `redis-server`.
pub struct Redis {
    child: Child,
    /// Its address.
    pub url: String,
}

impl Redis {
    /// Starts one on a free port; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = port.local_addr().unwrap().port().to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .args(["--maxmemory-policy", "noeviction"])
            .stdout(Stdio::null())
            .spawn();
        let redis = Self {
            child: child.ok()?,
            url: format!("redis://127.0.0.1:{port}"),
        };
        while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
