//! How the back end answers.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{CHAT, connection::Received, random::Random};

/// The latest answer, in milliseconds after its request.
const LATEST_MS: u64 = 120;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Accept,
    /// A refusal of the API, after which the same may be sent again.
    Refuse,
    ServerError,
    GatewayTimeout,
    Page,
    /// Half an answer, and the end of the connection.
    Half,
    /// The end of the connection instead of an answer.
    Drop,
    /// The end of all connections, and none for a while.
    Restart,
    /// The answer to a read.
    Empty,
}

pub struct Answer {
    pub due: Instant,
    pub bytes: Vec<u8>,
    /// Whether the connection ends after it.
    pub closes: bool,
}

impl Choice {
    pub fn of(received: &Received, random: &mut Random) -> Self {
        match (&received.text, random.below(16)) {
            (None, _) => Self::Empty,
            (Some(_), 0 | 1) => Self::Refuse,
            (Some(_), 2) => Self::ServerError,
            (Some(_), 3) => Self::GatewayTimeout,
            (Some(_), 4) => Self::Page,
            (Some(_), 5) => Self::Half,
            (Some(_), 6) => Self::Drop,
            (Some(_), 7) => Self::Restart,
            (Some(_), _) => Self::Accept,
        }
    }
}

/// The answer to a request by this choice; half of them are late.
pub fn answer(choice: Choice, random: &mut Random) -> Answer {
    let sent = json!({ "id": format!("true_{CHAT}_3EB042AD7933EC545A31D6"), "ack": 1 });
    let (status, body) = match choice {
        Choice::Empty => (200, json!([]).to_string()),
        Choice::Refuse => (
            422,
            json!({ "statusCode": 422, "message": "no" }).to_string(),
        ),
        Choice::ServerError => (
            500,
            json!({ "statusCode": 500, "message": "x" }).to_string(),
        ),
        Choice::GatewayTimeout => (504, String::new()),
        Choice::Page => (200, "<html>Welcome</html>".to_owned()),
        Choice::Accept | Choice::Half | Choice::Drop | Choice::Restart => (201, sent.to_string()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut bytes = (head + &body).into_bytes();
    let closes = choice == Choice::Half;
    if closes {
        bytes.truncate(bytes.len() - length / 2);
    }
    let delay = match random.one_in(2) {
        true => random.up_to_ms(LATEST_MS),
        false => Duration::ZERO,
    };
    Answer {
        due: Instant::now() + delay,
        bytes,
        closes,
    }
}
