//! Quiet hours.

use std::fmt;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};

use super::{Problem, document::shorten};
use crate::text::nearest;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// How many days ahead the end of the quiet hours is searched: a week and the two days that
/// hours over midnight lie in.
const DAYS_AHEAD: i64 = 9;

/// The days of the week with the words that policies use for them.
pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Quiet hours in local time, on each day or on some days of the week: those on which they
/// begin.
///
/// If the end falls into the hour that is skipped when clocks go forward, the hours end at
/// the change. A local time that occurs twice when clocks go back counts both times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute of the day.
    start: u16,
    /// The first minute after them; smaller than `start` if they run over midnight.
    end: u16,
    zone: TimeZone,
    /// `None`: each day.
    days: Option<Vec<Weekday>>,
}

impl Quiet {
    /// Reads hours such as `22:00-07:00` and an IANA time zone such as `Europe/Berlin`.
    ///
    /// # Errors
    /// At most one for `quiet` and one for `zone`.
    pub fn new(quiet: &str, zone: &str) -> Result<Self, Vec<Problem>> {
        match (read_hours(quiet), read_zone(zone)) {
            (Ok((start, end)), Ok(zone)) => Ok(Self {
                start,
                end,
                zone,
                days: None,
            }),
            (hours, zone) => Err([hours.err(), zone.err()].into_iter().flatten().collect()),
        }
    }

    /// The same hours, on these days of the week alone.
    pub(super) fn on(self, days: Vec<Weekday>) -> Self {
        Self {
            days: Some(days),
            ..self
        }
    }

    /// Whether there are days without them.
    pub(super) const fn has_free_days(&self) -> bool {
        self.days.is_some()
    }

    /// When the current quiet hours end; `None` outside of quiet hours. Where all day is quiet
    /// each day, that is midnight, although the hours of the next day follow.
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.holds(now) {
            return None;
        }
        let ahead = SignedDuration::from_hours(24 * DAYS_AHEAD);
        let last = now.checked_add(ahead).unwrap_or(Timestamp::MAX);
        let whole = self.start == 0 && self.end == DAY && self.days.is_none();
        let today = self.zone.to_datetime(now).date();
        let time = minute_of_day(self.end);
        let written = (0..DAYS_AHEAD)
            .filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok())
            .flat_map(|day| {
                let end = day.to_datetime(time);
                let readings = [
                    self.zone.to_ambiguous_timestamp(end).earlier(),
                    self.zone.to_ambiguous_timestamp(end).later(),
                ];
                readings.into_iter().filter_map(Result::ok)
            });
        let set = self
            .zone
            .following(now)
            .map(|change| change.timestamp())
            .take_while(|at| *at <= last);
        written
            .chain(set)
            .filter(|at| *at > now && *at <= last && (whole || !self.holds(*at)))
            .min()
            .or(Some(last))
    }

    /// The time zone of the hours.
    pub(super) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether a time is within the quiet hours.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        let clock = self.zone.to_datetime(now);
        let minute = u16::try_from(clock.hour()).unwrap_or(0) * 60
            + u16::try_from(clock.minute()).unwrap_or(0);
        let today = clock.date();
        let (holds, began) = if self.start < self.end {
            ((self.start..self.end).contains(&minute), Ok(today))
        } else if minute >= self.start {
            (true, Ok(today))
        } else {
            (minute < self.end, today.yesterday())
        };
        let is_day = |days: &Vec<Weekday>| began.is_ok_and(|day| days.contains(&day.weekday()));
        holds && self.days.as_ref().is_none_or(is_day)
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{}-{} {zone}", clock(self.start), clock(self.end))?;
        let Some(days) = &self.days else {
            return Ok(());
        };
        let words = WEEKDAYS.iter().filter(|(_, day)| days.contains(day));
        let words: Vec<_> = words.map(|(word, _)| *word).collect();
        write!(f, " on {}", words.join(", "))
    }
}

/// Midnight for the end of a day.
fn minute_of_day(minute: u16) -> Time {
    let part = |number: u16| i8::try_from(number).unwrap_or(0);
    Time::new(part(minute % DAY / 60), part(minute % 60), 0, 0).unwrap_or(Time::MIN)
}

fn read_hours(quiet: &str) -> Result<(u16, u16), Problem> {
    let wrong = |why: &str| {
        let message = format!("invalid quiet hours \"{}\": {why}", shorten(quiet));
        let hint =
            "quiet takes start and end such as \"22:00-07:00\"; \"00:00-24:00\" is the whole day";
        Problem::new("quiet", "bad-value", message, hint)
    };
    let hours = quiet
        .split_once('-')
        .and_then(|(start, end)| Some((read_minute(start.trim())?, read_minute(end.trim())?)));
    match hours {
        None => Err(wrong("not of the form HH:MM-HH:MM")),
        Some((DAY, _)) => Err(wrong("a day starts at 00:00")),
        Some((start, end)) if start == end => Err(wrong("they end when they start")),
        Some(hours) => Ok(hours),
    }
}

/// `HH:MM`, up to `24:00`.
fn read_minute(text: &str) -> Option<u16> {
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY).then_some(all)
}

fn read_zone(name: &str) -> Result<TimeZone, Problem> {
    let wrong = |hint: String| {
        let message = format!("unknown time zone \"{}\"", shorten(name));
        Err(Problem::new("zone", "unknown-zone", message, hint))
    };
    let example = "zone takes a name such as Europe/Berlin, America/New_York or UTC";
    if name.eq_ignore_ascii_case("local") {
        let hint = format!("{example}: a server often runs in another zone than its people");
        return wrong(hint);
    }
    match TimeZone::get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(zone),
        _ => {
            let known: Vec<_> = jiff::tz::db().available().collect();
            let near = nearest(name, known.iter().map(|known| known.as_str()));
            wrong(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => example.to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests;
