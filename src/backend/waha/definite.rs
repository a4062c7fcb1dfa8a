//! Which errors of WAHA say that nothing was done, whatever their status.

use serde_json::Value;

use crate::backend::http::Body;

/// The statuses of WhatsApp's own refusals. After 408, 428 and 5xx a change may have been
/// made.
const REFUSALS: [u64; 6] = [401, 403, 404, 406, 409, 429];

/// The words of WhatsApp's own refusals, where an engine passes on no status.
const REFUSAL_WORDS: [&str; 5] = [
    "forbidden",
    "item-not-found",
    "not-acceptable",
    "not-authorized",
    "rate-overlimit",
];

/// What WAHA and its engines say before anything is sent to WhatsApp, and what GOWS makes
/// of WhatsApp's refusals.
const UNSENT_WORDS: [&str; 4] = [
    "Message id be in format",
    "App state key not present",
    "you're not participating in that group",
    "that group invite link is not valid",
];

/// What WEBJS answers, with a status of success, when WhatsApp Web does not even try.
const UNTRIED_WORDS: [&str; 2] = ["no admin rights", "empty group"];

/// The status with which WAHA says that its engine has no such method.
const NOT_IMPLEMENTED: u64 = 501;

/// The words before the status in the errors of WEBJS.
const WEBJS_STATUS: &str = "ServerStatusCodeError: ";

/// Whether the body of an error says that nothing was done.
pub(super) fn is_definite_no(body: &Body) -> bool {
    let Body::Json(json) = body else { return false };
    if json.get("statusCode").and_then(Value::as_u64) == Some(NOT_IMPLEMENTED) {
        return true;
    }
    let exception = json.get("exception").unwrap_or(json);
    let message = exception.get("message").and_then(Value::as_str);
    let status = exception.get("data").and_then(Value::as_u64);
    status
        .or_else(|| webjs_status(message?))
        .is_some_and(|status| REFUSALS.contains(&status))
        || message.is_some_and(|message| {
            REFUSAL_WORDS.contains(&message)
                || UNSENT_WORDS.iter().any(|words| message.contains(words))
        })
}

fn webjs_status(message: &str) -> Option<u64> {
    let (_, status) = message.split_once(WEBJS_STATUS)?;
    status.split_whitespace().next()?.parse().ok()
}

/// An error that WEBJS answers as a text, with a status of success: its words, and whether
/// they say that nothing was done.
pub(super) fn webjs_error(body: &Body) -> Option<(&str, bool)> {
    let Body::Text(text) = body else { return None };
    let (name, _) = text.split_once("Error: ")?;
    let is_error = name.chars().all(|c| c.is_ascii_alphabetic());
    is_error.then(|| {
        let untried = UNTRIED_WORDS.iter().any(|words| text.contains(words));
        (text.as_str(), untried)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn exception(exception: Value) -> Body {
        Body::Json(json!({ "statusCode": 500, "exception": exception }))
    }

    #[test]
    fn refusals_of_whatsapp_and_of_engines_are_definite() {
        for no in [
            exception(json!({ "message": "forbidden", "isBoom": true, "data": 403 })),
            exception(json!({ "message": "not-acceptable", "isBoom": true, "data": 406 })),
            exception(json!({ "message": "item-not-found" })),
            exception(json!({ "message": "rate-overlimit", "data": 429 })),
            exception(json!({ "message": "Evaluation failed: ServerStatusCodeError: 406" })),
            exception(json!({
                "message": "2 UNKNOWN: failed to get group info: you're not participating in that group",
                "code": 2,
            })),
            exception(json!({ "message": "App state key not present!" })),
            Body::Json(json!({
                "message": "The method is not implemented by 'GOWS' engine. Check the docs and try another engine",
                "error": "Not Implemented", "statusCode": 501,
            })),
        ] {
            assert!(is_definite_no(&no), "{no:?}");
        }
    }

    #[test]
    fn other_errors_are_not() {
        for perhaps in [
            exception(json!({ "message": "Timed Out", "isBoom": true, "data": 408 })),
            exception(json!({ "message": "Connection Closed", "isBoom": true, "data": 428 })),
            exception(
                json!({ "message": "Cannot read properties of undefined (reading 'match')" }),
            ),
            exception(json!({ "message": "Evaluation failed: r: r" })),
            exception(json!({ "message": "Evaluation failed: ServerStatusCodeError: 500" })),
            exception(json!({ "message": "2 UNKNOWN: sql: no rows in result set", "code": 2 })),
            Body::Json(json!({ "statusCode": 500, "message": "Internal server error" })),
            Body::Json(json!([403])),
            Body::Text("<html>forbidden</html>".to_owned()),
            Body::Empty,
        ] {
            assert!(!is_definite_no(&perhaps), "{perhaps:?}");
        }
    }

    #[test]
    fn webjs_puts_errors_into_a_success() {
        let text = |text: &str| Body::Text(text.to_owned());
        let rights =
            text("AddParticipantsError: You have no admin rights to add a participant to a group");
        assert!(webjs_error(&rights).unwrap().1);
        let unknown = text("CreateGroupError: An unknown error occupied while creating a group");
        assert!(!webjs_error(&unknown).unwrap().1);
        for none in [text("<p>Error: x</p>"), text("ABCDEF123456"), Body::Empty] {
            assert_eq!(webjs_error(&none), None);
        }
    }
}
