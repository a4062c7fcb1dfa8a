//! One connection of the back end: a request at a time, and its answer when it is due.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Instant,
};

use serde_json::Value;

use super::answers::Answer;

pub struct Connection {
    stream: TcpStream,
    bytes: Vec<u8>,
    /// Whether the request on the connection is recorded.
    begun: bool,
    /// The place of its record.
    pub arrival: usize,
    answer: Option<Answer>,
}

/// What a request says.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    /// The key of the server that made it.
    pub key: String,
    /// The text that it sends.
    pub text: Option<String>,
}

pub enum Turn {
    Waits,
    Ends,
    /// The first byte of a request is there; nothing of it was read yet.
    Begins {
        is_change: bool,
    },
    Received(Received),
}

impl Received {
    pub fn subject(&self) -> String {
        self.text.clone().unwrap_or_else(|| self.path.clone())
    }

    /// A request that is there as a whole.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned())
        };
        assert!(header("transfer-encoding").is_none(), "{head}");
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        if body.len() < length {
            return None;
        }
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        Some(Self {
            path,
            key: header("x-api-key").unwrap(),
            text: body["text"].as_str().map(str::to_owned),
        })
    }
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nonblocking(true).unwrap();
        Self {
            stream,
            bytes: Vec::new(),
            begun: false,
            arrival: 0,
            answer: None,
        }
    }

    /// What has happened on the connection.
    pub fn turn(&mut self) -> Turn {
        match &self.answer {
            Some(answer) if answer.due > Instant::now() => return Turn::Waits,
            Some(_) => return self.write(),
            None => {}
        }
        let mut buffer = [0; 16 * 1024];
        let read = match self.begun {
            true => self.stream.read(&mut buffer),
            false => self.stream.peek(&mut buffer),
        };
        match read {
            Ok(0) => Turn::Ends,
            Ok(_) if !self.begun => {
                self.begun = true;
                let is_change = buffer[0] == b'P';
                Turn::Begins { is_change }
            }
            Ok(count) => {
                self.bytes.extend_from_slice(&buffer[..count]);
                Received::parse(&self.bytes).map_or(Turn::Waits, Turn::Received)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Turn::Waits,
            Err(_) => Turn::Ends,
        }
    }

    /// Answers the request at the time of the answer.
    pub fn answer(&mut self, answer: Answer) {
        self.answer = Some(answer);
    }

    fn write(&mut self) -> Turn {
        let Some(answer) = self.answer.take() else {
            return Turn::Waits;
        };
        self.bytes.clear();
        self.begun = false;
        // Whether the server is still there is its own affair.
        match self.stream.write_all(&answer.bytes) {
            Ok(()) if !answer.closes => Turn::Waits,
            Ok(()) | Err(_) => Turn::Ends,
        }
    }
}
