//! Where a picture is, and whether it is another one than before.

use std::time::Duration;

use serde_json::Value;

use super::{
    http::{Body, Reply},
    settle::Seen,
};
use crate::config::Timeouts;

/// Where a picture is, if there is one; `None` where that cannot be told.
pub(super) type Place = Option<Option<String>>;

/// The address of a picture without what changes from look to look: WhatsApp signs
/// addresses anew, and the file's name stays. An empty one stands for no picture.
pub(super) fn place(url: Option<&str>) -> Option<String> {
    let file = url?.split(['?', '#']).next().unwrap_or_default();
    (!file.is_empty()).then(|| file.to_owned())
}

/// Where an answer says that the picture is, under this name.
pub(super) fn told(reply: &Reply, name: &str) -> Place {
    let Body::Json(told) = reply.body() else {
        return None;
    };
    match told.get(name)? {
        Value::String(url) => Some(place(Some(url))),
        Value::Null => Some(None),
        _ => None,
    }
}

/// Whether there is another picture than before.
pub(super) fn replaced(before: &Place, now: &Place) -> Seen {
    match (before, now) {
        (Some(before), Some(now)) if now.is_some() && before != now => Seen::Done,
        (_, Some(None)) | (Some(_), Some(_)) => Seen::NotDone,
        (None, _) | (_, None) => Seen::Nothing,
    }
}

/// The same, where the picture of before may be told for a while.
pub(super) fn replaced_at_last(before: &Place, now: &Place) -> Seen {
    match replaced(before, now) {
        Seen::NotDone => Seen::Nothing,
        seen => seen,
    }
}

/// Whether a picture that was there is gone.
pub(super) fn removed(before: &Place, now: &Place) -> Seen {
    match (before, now) {
        (_, Some(Some(_))) => Seen::NotDone,
        (Some(Some(_)), Some(None)) => Seen::Done,
        // None was seen before, so that its absence shows nothing.
        _ => Seen::Nothing,
    }
}

/// Looks that are few: APIs pass each on to WhatsApp, which limits them. Where a look
/// cannot show anything there is but one.
pub(super) fn looks(timeouts: Timeouts, telling: bool) -> Timeouts {
    Timeouts {
        look: timeouts.look.max(timeouts.settle / 3),
        settle: if telling {
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
            (&a, &b, Seen::Done),
            (&none, &a, Seen::Done),
            (&a, &again, Seen::NotDone),
            (&none, &none, Seen::NotDone),
            (&None, &none, Seen::NotDone),
            (&None, &b, Seen::Nothing),
            (&a, &None, Seen::Nothing),
        ] {
            assert_eq!(replaced(before, now), wanted, "{before:?} {now:?}");
        }
        for (before, now, wanted) in [
            (&a, &none, Seen::Done),
            (&a, &b, Seen::NotDone),
            (&none, &none, Seen::Nothing),
            (&None, &none, Seen::Nothing),
            (&a, &None, Seen::Nothing),
        ] {
            assert_eq!(removed(before, now), wanted, "{before:?} {now:?}");
        }
    }
}
