//! What kind of JSON-RPC message bytes are, without reading what it is about.

use std::fmt;

use rmcp::model::{ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::repeated::{Names, RepeatedName};
use crate::op::Untrusted;

/// The method that calls a tool.
pub(super) const CALL: &str = "tools/call";

/// How much of a message's end is searched for an id, in bytes.
pub(super) const ID_TAIL_BYTES: usize = 256;

/// The kinds of messages of JSON-RPC 2.0.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MessageShape {
    Request {
        id: RequestId,
        method: String,
    },
    Notification,
    Response,
    /// A response that answers nothing that this server has asked, or one or a notification
    /// in which a name stands twice.
    Malformed,
}

/// A message that cannot be read, with the id that its answer has to carry if there is one.
#[derive(Debug)]
pub(super) struct InvalidMessage {
    pub(super) id: Option<RequestId>,
    pub(super) error: ErrorData,
}

impl InvalidMessage {
    /// The answer: a JSON-RPC error. Where no id is known it has none, as MCP asks.
    pub(super) fn answer(self) -> ServerJsonRpcMessage {
        JsonRpcMessage::error(self.error, self.id)
    }

    /// A message that is no JSON.
    fn malformed(bytes: &[u8], error: &dyn fmt::Display) -> Self {
        let reason = format!("The message is not valid JSON: {error}. Send one JSON-RPC message.");
        Self {
            id: find_id(bytes),
            error: ErrorData::parse_error(reason, None),
        }
    }

    /// A message with more bytes than allowed.
    pub(super) fn too_long(id: Option<RequestId>, max_bytes: usize) -> Self {
        let reason = format!(
            "The message is longer than {max_bytes} bytes and was not read. Send a shorter one, and large files by `url` or `path`."
        );
        Self {
            id,
            error: ErrorData::parse_error(reason, None),
        }
    }

    /// A message with more values than any call needs.
    pub(super) fn too_many_values(bytes: &[u8]) -> Self {
        let reason = "The message has too many values and was not read. Send fewer at once.";
        Self {
            id: find_id(bytes),
            error: ErrorData::invalid_request(reason, None),
        }
    }

    /// A request in which a name stands twice, which readers take for different requests.
    fn repeated(id: RequestId, name: &RepeatedName) -> Self {
        let name = Untrusted::new(&name.0);
        let reason = format!("The name `{name}` stands twice in one object. Send each name once.");
        Self {
            id: Some(id),
            error: ErrorData::invalid_params(reason, None),
        }
    }

    /// JSON that is no message of JSON-RPC.
    pub(super) fn no_message(id: Option<RequestId>) -> Self {
        let reason = "The message is not JSON-RPC 2.0. A request is one object with `jsonrpc`, `id` (text or a whole number), `method` and `params`.";
        Self {
            id,
            error: ErrorData::invalid_request(reason, None),
        }
    }
}

/// The kind of a message.
///
/// # Errors
/// If the bytes are no JSON (-32700), or JSON that is no message (-32600).
pub(super) fn shape(bytes: &[u8]) -> Result<MessageShape, InvalidMessage> {
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|error| InvalidMessage::malformed(bytes, &error))?;
    let names = serde_json::from_str::<Names>(text)
        .map_err(|error| InvalidMessage::malformed(bytes, &error))?;
    let is_repeated = names.repeated.is_some();
    let mut seen = Envelope::default();
    let read = seen.read(bytes);
    let is_message = read.is_ok() && seen.version.as_deref() == Some("2.0");
    match (seen.method, seen.has_id, seen.has_result, seen.has_error) {
        (Some(method), true, false, false) if is_message => match (seen.id, names.repeated) {
            (None, _) => Err(InvalidMessage::no_message(None)),
            // A call is malformed for a reason of its own.
            (Some(id), Some(name)) if method != CALL => Err(InvalidMessage::repeated(id, &name)),
            (Some(id), _) => Ok(MessageShape::Request { id, method }),
        },
        (Some(_), false, false, false) if is_message => Ok(match is_repeated {
            true => MessageShape::Malformed,
            false => MessageShape::Notification,
        }),
        (None, _, true, false) | (None, _, false, true) if is_message => {
            // An error may be about a message whose id was unreadable.
            let is_answer = seen.has_own_id || (seen.has_error && seen.id.is_none());
            Ok(match is_repeated || !is_answer {
                true => MessageShape::Malformed,
                false => MessageShape::Response,
            })
        }
        _ => Err(InvalidMessage::no_message(seen.id)),
    }
}

/// The id of a message that cannot be read: of its readable beginning, or at its very end,
/// where many clients put it.
pub(super) fn find_id(bytes: &[u8]) -> Option<RequestId> {
    let mut seen = Envelope::default();
    // How far it can be read does not matter.
    let _ = seen.read(bytes);
    seen.id.or_else(|| id_at_end(bytes))
}

/// The last member of the outermost object, if it is an id.
pub(super) fn id_at_end(bytes: &[u8]) -> Option<RequestId> {
    const NAME: &[u8] = b"\"id\"";

    let tail = bytes.get(bytes.len().saturating_sub(ID_TAIL_BYTES)..)?;
    let body = tail.trim_ascii_end().strip_suffix(b"}")?;
    let at = body.windows(NAME.len()).rposition(|part| part == NAME)?;
    let (before, member) = body.split_at_checked(at)?;
    let is_member = matches!(before.trim_ascii_end().last(), Some(b',' | b'{'));
    let value = member.strip_prefix(NAME)?.trim_ascii_start();
    let value = value.strip_prefix(b":")?;
    is_member.then(|| serde_json::from_slice(value).ok())?
}

/// The members of the outermost object that tell messages apart, as far as it was read.
#[derive(Default)]
struct Envelope {
    version: Option<String>,
    id: Option<RequestId>,
    method: Option<String>,
    has_id: bool,
    /// Whether the id is a whole number as this server writes one: `3`, and not `3.0`.
    has_own_id: bool,
    has_result: bool,
    has_error: bool,
}

impl Envelope {
    fn read(&mut self, bytes: &[u8]) -> serde_json::Result<()> {
        self.deserialize(&mut serde_json::Deserializer::from_slice(bytes))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Envelope {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Envelope {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(A::Error::custom("text is expected")),
        };
        let mut wrong = None;
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "id" => {
                    self.has_id = true;
                    let id: Value = members.next_value()?;
                    self.has_own_id = id.is_u64();
                    self.id = serde_json::from_value(id).ok();
                }
                "jsonrpc" => self.version = text(members.next_value()?).ok(),
                "method" => match text(members.next_value()?) {
                    Ok(method) => self.method = Some(method),
                    Err(error) => wrong = Some(error),
                },
                other => {
                    self.has_result |= other == "result";
                    self.has_error |= other == "error";
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        wrong.map_or(Ok(()), Err)
    }
}
