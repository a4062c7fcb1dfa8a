//! Which errors of WAHA say that nothing was done, whatever their status.

use serde_json::Value;

use crate::backend::http::Body;

/// The statuses of WhatsApp's own refusals. After 408, 428 and 5xx a change may have been
/// made.
const REFUSALS: [u16; 6] = [401, 403, 404, 406, 409, 429];

/// The words of WhatsApp's own refusals, where an engine passes on no status.
const REFUSAL_WORDS: [(&str, u16); 5] = [
    ("forbidden", 403),
    ("item-not-found", 404),
    ("not-acceptable", 406),
    ("not-authorized", 401),
    ("rate-overlimit", 429),
];

/// What WAHA and its engines say before anything is sent to WhatsApp, and what GOWS makes
/// of WhatsApp's refusals.
const UNSENT_WORDS: [(&str, u16); 4] = [
    ("Message id be in format", 400),
    ("App state key not present", 409),
    ("you're not participating in that group", 404),
    ("that group invite link is not valid", 404),
];

/// What WEBJS answers, with a status of success, when WhatsApp Web does not even try.
const UNTRIED_WORDS: [&str; 2] = ["no admin rights", "empty group"];

/// The status with which WAHA says that its engine has no such method.
const NOT_IMPLEMENTED: u16 = 501;

/// The words before the status in the errors of WEBJS.
const WEBJS_STATUS: &str = "ServerStatusCodeError: ";

/// The status of the refusal in the body of an error, if that says that nothing was done:
/// WhatsApp's own, or the one that says the same.
pub(super) fn definite_no(body: &Body) -> Option<u16> {
    let Body::Json(json) = body else { return None };
    if status(json, "statusCode") == Some(NOT_IMPLEMENTED) {
        return Some(NOT_IMPLEMENTED);
    }
    let exception = json.get("exception").unwrap_or(json);
    let message = exception.get("message").and_then(Value::as_str);
    let passed_on = status(exception, "data").or_else(|| webjs_status(message?));
    if let Some(status) = passed_on.filter(|status| REFUSALS.contains(status)) {
        return Some(status);
    }
    let message = message?;
    let refusal = REFUSAL_WORDS.iter().find(|(words, _)| message == *words);
    let refusal = refusal.or_else(|| {
        let mut unsent = UNSENT_WORDS.iter();
        unsent.find(|(words, _)| message.contains(words))
    });
    refusal.map(|(_, status)| *status)
}

fn status(json: &Value, field: &str) -> Option<u16> {
    json.get(field)?.as_u64()?.try_into().ok()
}

fn webjs_status(message: &str) -> Option<u16> {
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
        let not_implemented = json!({
            "message": "The method is not implemented by 'GOWS' engine. Check the docs and try another engine",
            "error": "Not Implemented", "statusCode": 501,
        });
        let not_in_group = json!({
            "message": "2 UNKNOWN: failed to get group info: you're not participating in that group",
            "code": 2,
        });
        for (no, status) in [
            (
                exception(json!({ "message": "forbidden", "isBoom": true, "data": 403 })),
                403,
            ),
            (
                exception(json!({ "message": "not-acceptable", "isBoom": true, "data": 406 })),
                406,
            ),
            (exception(json!({ "message": "item-not-found" })), 404),
            (
                exception(json!({ "message": "rate-overlimit", "data": 429 })),
                429,
            ),
            (
                exception(json!({ "message": "Evaluation failed: ServerStatusCodeError: 406" })),
                406,
            ),
            (exception(not_in_group), 404),
            (
                exception(json!({ "message": "App state key not present!" })),
                409,
            ),
            (Body::Json(not_implemented), 501),
        ] {
            assert_eq!(definite_no(&no), Some(status), "{no:?}");
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
            assert_eq!(definite_no(&perhaps), None, "{perhaps:?}");
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
