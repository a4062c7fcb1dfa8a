//! A client of the server over HTTP.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// A persistent connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    /// The session id of the last response that had one.
    pub session: String,
}

impl Connection {
    /// A connection to an address.
    pub fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
            session: String::new(),
        }
    }

    /// Sends a request; returns the body of the response.
    pub fn send(&mut self, headers: &str, body: &str) -> String {
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
