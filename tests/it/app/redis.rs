//! A Redis server for one test.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A Redis server on a free port with its own folder. It ends on drop.
pub(crate) struct RedisServer {
    port: u16,
    folder: TempDir,
    options: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// Starts a server; panics where `redis-server` is missing. A test that calls it is ignored
    /// unless `has_redis` is set (see `build.rs`).
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        // Another process may bind the port first.
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let child = run(port, &folder, &options).expect("redis-server is installed");
            let mut server = Self {
                port,
                folder,
                options: options.clone(),
                child,
            };
            if server.is_up() {
                return server;
            }
        }
        panic!("no port is free")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Kills the server (SIGKILL).
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts the server again on the same port with the data on disk.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = run(self.port, &self.folder, &self.options).unwrap();
        assert!(self.is_up(), "it does not come back");
    }

    /// Starts the server again on the same port without its data.
    pub(crate) fn restart_empty(&mut self) {
        self.kill();
        self.folder = tempfile::tempdir().unwrap();
        self.restart();
    }

    /// Suspends the process, or resumes it.
    #[cfg(unix)]
    pub(crate) fn stop(&self, hangs: bool) {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = if hangs { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a command; returns the raw reply.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        say(self.port, words).unwrap()
    }

    fn is_up(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if say(self.port, &["PING"]).is_ok_and(|answer| answer == "+PONG\r\n") {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(port: u16, folder: &TempDir, options: &[String]) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args([
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ])
        .arg("--dir")
        .arg(folder.path())
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn say(port: u16, words: &[&str]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut message = format!("*{}\r\n", words.len());
    for word in words {
        message += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(message.as_bytes())?;
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}
