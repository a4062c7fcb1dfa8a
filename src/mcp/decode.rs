//! From bytes to a message. Here the bytes are still there, so this is where names that
//! stand twice in arguments are found: on stdio by [`decode`], over HTTP by [`check_body`]
//! before rmcp reads the body.

use ::http::{Extensions as HeadExtensions, request::Parts};
use rmcp::model::{
    CallToolRequest, CallToolRequestMethod, CallToolRequestParams, ClientJsonRpcMessage,
    ClientRequest, ErrorData, Extensions, InputResponses, JsonRpcMessage, JsonRpcVersion2_0,
    RequestId, RequestMetaObject,
};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    envelope::{CALL, InvalidMessage, MessageShape, shape},
    repeated::{CheckedObject, RepeatedName, Unrepeated},
};
use crate::text::tree_bytes;

/// A byte order mark, which RFC 8259 allows a parser to ignore.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The most memory that the values of a message take beside its text, in bytes: those of
/// the largest arguments of any tool take far less.
const MAX_VALUES_BYTES: usize = 4 * 1024 * 1024;

/// A `tools/call`, read without trying what else it could be.
#[derive(Deserialize)]
struct CallMessage {
    #[serde(rename = "jsonrpc")]
    _version: JsonRpcVersion2_0,
    id: RequestId,
    #[serde(rename = "method")]
    _method: CallToolRequestMethod,
    params: CallParams,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallParams {
    #[serde(rename = "_meta")]
    meta: Option<Unrepeated<RequestMetaObject>>,
    name: String,
    arguments: Option<CheckedObject>,
    input_responses: Option<Unrepeated<InputResponses>>,
    request_state: Option<String>,
}

impl CallMessage {
    /// The message, if the bytes are a well-formed `tools/call`.
    fn read(bytes: &[u8]) -> Option<Self> {
        let call: Self = serde_json::from_slice(bytes).ok()?;
        (call.result.is_none() && call.error.is_none()).then_some(call)
    }

    fn repeated(&self) -> Option<&RepeatedName> {
        self.params.arguments.as_ref()?.repeated.as_ref()
    }

    fn into_message(self) -> ClientJsonRpcMessage {
        let repeated = self.repeated().cloned();
        let mut params = CallToolRequestParams::new(self.params.name);
        params.arguments = self.params.arguments.map(|checked| checked.object);
        params.input_responses = self.params.input_responses.map(|responses| responses.0);
        params.request_state = self.params.request_state;
        let mut request = CallToolRequest::new(params);
        if let Some(meta) = self.params.meta {
            request.extensions.insert(meta.0);
        }
        if let Some(repeated) = repeated {
            request.extensions.insert(repeated);
        }
        JsonRpcMessage::request(ClientRequest::CallToolRequest(request), self.id)
    }
}

/// The message that a line is; `None` if it is empty, or a malformed notification or
/// response, which nobody waits for an answer to. A response with another id than one of
/// this server is malformed, however a reader of numbers could take it.
///
/// # Errors
/// What to answer to a line that cannot be read.
pub(super) fn decode(line: &[u8]) -> Result<Option<ClientJsonRpcMessage>, InvalidMessage> {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    check_size(line)?;
    if let Some(call) = CallMessage::read(line) {
        return Ok(Some(call.into_message()));
    }
    let shape = shape(line)?;
    match shape {
        // What is no well-formed call is no call.
        MessageShape::Request { id, method } if method == CALL => Err(malformed_call(id)),
        MessageShape::Malformed => Ok(None),
        shape => match (serde_json::from_slice(line), shape) {
            (Ok(message), _) => Ok(Some(message)),
            (_, MessageShape::Request { id, .. }) => Err(InvalidMessage::no_message(Some(id))),
            _ => Ok(None),
        },
    }
}

/// Checks the body of a POST request, which rmcp reads afterwards, and puts what it found
/// about a call's arguments among the extensions of the request.
///
/// # Errors
/// The JSON-RPC error to answer with if the body is no message or a malformed call.
pub fn check_body(body: &[u8], extensions: &mut HeadExtensions) -> Result<(), String> {
    let checked = check_size(body).and_then(|()| match CallMessage::read(body) {
        Some(call) => {
            if let Some(repeated) = call.repeated() {
                extensions.insert(repeated.clone());
            }
            Ok(())
        }
        None => match shape(body) {
            Ok(MessageShape::Request { id, method }) if method == CALL => Err(malformed_call(id)),
            Ok(MessageShape::Malformed) => Err(InvalidMessage::no_message(None)),
            Ok(_) => Ok(()),
            Err(invalid) => Err(invalid),
        },
    });
    checked.map_err(|invalid| serde_json::to_string(&invalid.answer()).unwrap_or_default())
}

/// The name that stands twice in the arguments of a request with these extensions.
pub(super) fn repeated_name(extensions: &Extensions) -> Option<String> {
    let head = extensions.get::<Parts>();
    let found = extensions
        .get::<RepeatedName>()
        .or_else(|| head?.extensions.get());
    found.map(|repeated| repeated.0.clone())
}

/// Refuses a message of so many values that it would take much more memory than its bytes.
fn check_size(message: &[u8]) -> Result<(), InvalidMessage> {
    match tree_bytes(message) > message.len() + MAX_VALUES_BYTES {
        true => Err(InvalidMessage::too_many_values(message)),
        false => Ok(()),
    }
}

fn malformed_call(id: RequestId) -> InvalidMessage {
    let reason = "The parameters of tools/call are malformed. Send each of them once: `name` as text, `arguments` as an object.";
    InvalidMessage {
        id: Some(id),
        error: ErrorData::invalid_params(reason, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn many_values_are_not_read_and_a_large_file_is() {
        let call = |arguments: serde_json::Value| {
            let params = json!({ "name": "send_message", "arguments": arguments });
            json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params })
                .to_string()
        };
        for many in [json!(vec![0; 200_000]), json!(vec![json!({}); 20_000])] {
            let refused = decode(call(json!({ "x": many })).as_bytes()).unwrap_err();
            assert_eq!(refused.id, Some(RequestId::Number(7)));
            let mut extensions = HeadExtensions::new();
            check_body(call(json!({ "x": many })).as_bytes(), &mut extensions).unwrap_err();
        }
        let large =
            call(json!({ "base64": "A".repeat(20_000_000), "people": vec!["15550001111"; 1000] }));
        assert!(decode(large.as_bytes()).unwrap().is_some());
    }
}
