//! Times and durations as people write and read them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// Parses a time in RFC 3339, or a local time in `zone` such as `2026-11-21 23:00`.
///
/// # Errors
/// For any other text, with what to write.
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
                "`{text}` is not a time; write RFC 3339 such as 2026-11-21T23:00:00+01:00, or a \
                 local time such as \"2026-11-21 23:00\""
            )
        })
}

/// A duration in words, in whole seconds, rounded up: `1m 30s`.
pub fn for_people(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    format!("{:#}", SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_as_people_write_them() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (text, at) in [
            ("2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z"),
            ("2026-11-21T23:00:00+05:00", "2026-11-21T18:00:00Z"),
            (" 2026-11-21 23:00 ", "2026-11-21T22:00:00Z"),
            ("2026-07-21T23:00", "2026-07-21T21:00:00Z"),
            ("2026-07-21", "2026-07-20T22:00:00Z"),
        ] {
            assert_eq!(moment(text, &berlin), Ok(at.parse().unwrap()), "{text}");
        }
        for text in ["", "noon", "23:00", "2026-13-01", "21.11.2026"] {
            assert!(moment(text, &berlin).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_rounded_up() {
        assert_eq!(for_people(Duration::from_millis(3_599_001)), "1h");
        assert_eq!(for_people(Duration::from_secs(90)), "1m 30s");
    }
}
