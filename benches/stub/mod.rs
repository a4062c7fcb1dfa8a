//! A stub of WAHA that always returns the same response.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

const BODY: &str = r#"{"name":"default","status":"WORKING","config":{"metadata":{}},"me":{"id":"4915112345678@c.us","lid":"123456789@lid","pushName":"Bench"},"engine":{"engine":"NOWEB"}}"#;

/// What is answered to every message that is sent.
const SENT: &str = r#"{"id":"true_4915112345678@c.us_BENCH","ack":1}"#;

/// Starts the stub on a loopback port until the process ends; returns its base URL.
pub fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    format!("http://{address}")
}

/// The path of the session.
pub const SESSION: &str = "/api/sessions/default";

/// Serves one connection until the client closes it.
fn serve(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut output = stream.try_clone().unwrap();
    let mut input = BufReader::new(stream);
    let (mut line, mut request, mut length) = (String::new(), String::new(), 0);
    while input.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        if request.is_empty() {
            request.clone_from(&line);
        }
        let lower = line.to_ascii_lowercase();
        if let Some(bytes) = lower.strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        if line == "\r\n" {
            input.read_exact(&mut vec![0; length]).unwrap();
            let answer = answer(&request);
            (request, length) = (String::new(), 0);
            if output.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
        line.clear();
    }
}

fn answer(request: &str) -> String {
    let (status, body) = if request.starts_with(&format!("GET {SESSION} ")) {
        ("200 OK", BODY)
    } else if request.starts_with("POST /api/sendText ") {
        ("201 Created", SENT)
    } else {
        ("404 Not Found", "{}")
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
