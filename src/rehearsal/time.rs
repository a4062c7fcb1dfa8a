//! Times of day as people write and read them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// A moment: RFC 3339, or the time on the wall in a zone, such as `2026-11-21 23:00`.
///
/// # Errors
/// When it is neither.
pub fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| {
            let written: DateTime = text.parse().ok()?;
            Some(zone.to_zoned(written).ok()?.timestamp())
        })
        .ok_or_else(|| {
            format!(
                "`{text}` is no time; write RFC 3339 such as 2026-11-21T23:00:00+01:00, or the \
                 time on the wall such as \"2026-11-21 23:00\""
            )
        })
}

/// How long something lasts, in whole seconds, rounded up.
pub fn for_people(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    format!("{:#}", SignedDuration::from_secs(seconds))
}
