//! What an API answers to a change that it has accepted. An answer of another shape is not
//! the API's: a page of a proxy, for example.

use reqwest::StatusCode;
use serde_json::Value;

use super::http::{Body, HttpReply};
use crate::op::{BackendError, Untrusted};

/// A shape of the body in which an API answers a change.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// No body, or an object without fields.
    Nothing,
    /// `true` or `false`, also as a string.
    Bool,
    /// An object with this field.
    With(&'static str),
    /// An object in which this field is `true` or `false`.
    Flag(&'static str),
    /// A shape of one API alone.
    Is(fn(&Body) -> bool),
}

impl Shape {
    /// Whether a body has this shape.
    pub(super) fn fits(self, body: &Body) -> bool {
        match (self, body) {
            (Self::Nothing, Body::Empty) => true,
            (Self::Nothing, Body::Json(Value::Object(fields))) => fields.is_empty(),
            (Self::Bool, body) => boolean(body).is_some(),
            (Self::With(field), Body::Json(Value::Object(fields))) => fields.contains_key(field),
            (Self::Flag(field), body) => flag(body, field).is_some(),
            (Self::Is(fits), body) => fits(body),
            (Self::Nothing | Self::With(_), _) => false,
        }
    }
}

/// The value of a body that is `true` or `false`, also as a string.
pub(super) fn boolean(body: &Body) -> Option<bool> {
    match body {
        Body::Json(Value::String(text)) => text.parse().ok(),
        Body::Json(json) => json.as_bool(),
        Body::Text(_) | Body::Empty => None,
    }
}

/// A field of an object that is `true` or `false`.
pub(super) fn flag(body: &Body, field: &str) -> Option<bool> {
    match body {
        Body::Json(json) => json.get(field)?.as_bool(),
        Body::Text(_) | Body::Empty => None,
    }
}

/// Whether a change may have been made although it was answered with this status: a
/// gateway has stopped waiting, or a server has failed on the way.
pub(super) fn may_have_acted(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 499 | 500..)
}

impl HttpReply {
    /// An error to a change that may have been made all the same; `words` are the API's own,
    /// without secrets.
    pub(super) fn ambiguous(&self, api: &'static str, words: Option<String>) -> BackendError {
        let status = self.status.as_u16();
        match (words, self.status.canonical_reason()) {
            (Some(words), _) => BackendError::Failed {
                api,
                status,
                message: Untrusted::new(&words),
            },
            (None, reason) => BackendError::OutcomeUnknown {
                api,
                why: format!(
                    "it answered {status} ({})",
                    reason.unwrap_or("no reason given")
                ),
            },
        }
    }
}

impl Body {
    /// The body of a success to a change.
    ///
    /// # Errors
    /// [`BackendError::OutcomeUnknown`] where it has none of these shapes.
    pub(super) fn accepted(
        self,
        api: &'static str,
        shapes: &[Shape],
    ) -> Result<Self, BackendError> {
        match shapes.iter().any(|shape| shape.fits(&self)) {
            true => Ok(self),
            false => Err(BackendError::OutcomeUnknown {
                api,
                why: format!("its answer cannot be read: it is {}", describe(&self)),
            }),
        }
    }
}

/// What a body is, without any of its content.
fn describe(body: &Body) -> &'static str {
    match body {
        Body::Empty => "empty",
        Body::Text(text) if text.starts_with('<') => "a web page",
        Body::Text(_) => "a text",
        Body::Json(Value::Object(_)) => "an object without the expected fields",
        Body::Json(Value::Array(_)) => "a list that is not expected",
        Body::Json(_) => "a value that is not expected",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_fits_what_it_names_alone() {
        let page = Body::Text("<html>".to_owned());
        let bodies = [
            Body::Empty,
            Body::Json(json!({})),
            Body::Json(json!(true)),
            Body::Json(json!("false")),
            Body::Json(json!({ "id": 1 })),
            Body::Json(json!({ "id": false })),
            Body::Json(json!([])),
            Body::Json(json!(7)),
            Body::Json(json!(null)),
            page,
        ];
        for (shape, fitting) in [
            (Shape::Nothing, &[0, 1][..]),
            (Shape::Bool, &[2, 3]),
            (Shape::With("id"), &[4, 5]),
            (Shape::Flag("id"), &[5]),
            (Shape::Is(|body| *body == Body::Json(json!(7))), &[7]),
        ] {
            let fits = bodies
                .iter()
                .enumerate()
                .filter(|(_, body)| shape.fits(body));
            let fits: Vec<usize> = fits.map(|(index, _)| index).collect();
            assert_eq!(fits, fitting);
        }
    }
}
