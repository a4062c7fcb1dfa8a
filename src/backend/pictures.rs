//! Where a picture is, and whether it is another one than before.

use std::time::Duration;

use serde_json::Value;

use super::{
    http::{Body, HttpReply},
    verify::Observation,
};
use crate::config::Timeouts;

/// Where a picture is, if there is one; `None` where the API does not report it.
pub(super) type PicturePlace = Option<Option<String>>;

/// The address of a picture without its query: WhatsApp signs addresses anew each
/// time, and the file's name stays. An empty address stands for no picture.
pub(super) fn place(url: Option<&str>) -> Option<String> {
    let file = url?.split(['?', '#']).next().unwrap_or_default();
    (!file.is_empty()).then(|| file.to_owned())
}

/// Where the picture is by this field of an answer.
pub(super) fn read_place(reply: &HttpReply, field: &str) -> PicturePlace {
    let Body::Json(json) = reply.body() else {
        return None;
    };
    match json.get(field)? {
        Value::String(url) => Some(place(Some(url))),
        Value::Null => Some(None),
        _ => None,
    }
}

/// Whether there is another picture than before.
pub(super) fn replaced(before: &PicturePlace, now: &PicturePlace) -> Observation {
    match (before, now) {
        (Some(before), Some(now)) if now.is_some() && before != now => Observation::Done,
        (_, Some(None)) | (Some(_), Some(_)) => Observation::NotDone,
        (None, _) | (_, None) => Observation::Unclear,
    }
}

/// The same for APIs that may report the previous picture for a while.
pub(super) fn replaced_with_delay(before: &PicturePlace, now: &PicturePlace) -> Observation {
    match replaced(before, now) {
        Observation::NotDone => Observation::Unclear,
        seen => seen,
    }
}

/// Whether a picture that was there is gone.
pub(super) fn removed(before: &PicturePlace, now: &PicturePlace) -> Observation {
    match (before, now) {
        (_, Some(Some(_))) => Observation::NotDone,
        (Some(Some(_)), Some(None)) => Observation::Done,
        // There was none to be seen before, so its absence shows nothing.
        _ => Observation::Unclear,
    }
}

/// Few observations: APIs pass each on to WhatsApp, which limits them. Only one where
/// `is_reported` is false, as an observation then shows nothing.
pub(super) fn few_observations(timeouts: Timeouts, is_reported: bool) -> Timeouts {
    Timeouts {
        look: timeouts.look.max(timeouts.settle / 3),
        settle: if is_reported {
            timeouts.settle
        } else {
            Duration::ZERO
        },
        ..timeouts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_file_is_another_picture() {
        let at = |url: &str| Some(place(Some(url)));
        let (a, again) = (
            at("https://p.example/1.jpg?oe=1"),
            at("https://p.example/1.jpg?oe=2"),
        );
        let (b, none) = (at("https://p.example/2.jpg"), Some(None));
        for (before, now, wanted) in [
            (&a, &b, Observation::Done),
            (&none, &a, Observation::Done),
            (&a, &again, Observation::NotDone),
            (&none, &none, Observation::NotDone),
            (&None, &none, Observation::NotDone),
            (&None, &b, Observation::Unclear),
            (&a, &None, Observation::Unclear),
        ] {
            assert_eq!(replaced(before, now), wanted, "{before:?} {now:?}");
        }
        for (before, now, wanted) in [
            (&a, &none, Observation::Done),
            (&a, &b, Observation::NotDone),
            (&none, &none, Observation::Unclear),
            (&None, &none, Observation::Unclear),
            (&a, &None, Observation::Unclear),
        ] {
            assert_eq!(removed(before, now), wanted, "{before:?} {now:?}");
        }
    }
}
