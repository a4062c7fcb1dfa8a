//! Hours of the day in which nothing is done.

use std::fmt;

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};

use super::Problem;
use crate::text::nearest;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// How far ahead the end of the quiet hours is looked for.
const AHEAD: SignedDuration = SignedDuration::from_hours(50);

/// The quiet hours of each day, by the clock on the wall.
///
/// Where clocks are set forward, an end that they skip is the moment of the change.
/// Where they are set back, whatever they show twice counts twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute of the day.
    start: u16,
    /// The first minute after them; before the start where they run over midnight.
    end: u16,
    zone: TimeZone,
}

/// Which part of the quiet hours is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoursAt {
    /// From when to when.
    Quiet,
    /// The time zone.
    Zone,
}

impl Quiet {
    /// Reads hours such as `22:00-07:00` and an IANA time zone such as `Europe/Berlin`.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn new(quiet: &str, zone: &str) -> Result<Self, Vec<Problem<HoursAt>>> {
        match (read_hours(quiet), read_zone(zone)) {
            (Ok((start, end)), Ok(zone)) => Ok(Self { start, end, zone }),
            (hours, zone) => Err([hours.err(), zone.err()].into_iter().flatten().collect()),
        }
    }

    /// When the quiet hours end that it is in now; none outside of them. Hours of a
    /// whole day end at midnight, where those of the next begin.
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.holds(now) {
            return None;
        }
        let last = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let whole = self.start == 0 && self.end == DAY;
        let today = self.zone.to_datetime(now).date();
        let time = minute_of_day(self.end);
        let written = (0..3)
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

    /// The zone whose clocks are looked at.
    pub(super) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether a moment is within them.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        let clock = self.zone.to_datetime(now);
        let minute = u16::try_from(clock.hour()).unwrap_or(0) * 60
            + u16::try_from(clock.minute()).unwrap_or(0);
        if self.start < self.end {
            (self.start..self.end).contains(&minute)
        } else {
            minute >= self.start || minute < self.end
        }
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{}-{} {zone}", clock(self.start), clock(self.end))
    }
}

/// Midnight for the end of a day.
fn minute_of_day(minute: u16) -> Time {
    let part = |number: u16| i8::try_from(number).unwrap_or(0);
    Time::new(part(minute % DAY / 60), part(minute % 60), 0, 0).unwrap_or(Time::MIN)
}

fn read_hours(quiet: &str) -> Result<(u16, u16), Problem<HoursAt>> {
    let wrong = |message: &str| {
        let hint =
            "write from when to when, such as \"22:00-07:00\", or \"00:00-24:00\" for all day";
        Problem::new(HoursAt::Quiet, "bad-value", message, hint)
    };
    let hours = quiet
        .split_once('-')
        .and_then(|(start, end)| Some((read_minute(start.trim())?, read_minute(end.trim())?)));
    match hours {
        None => Err(wrong("these are no hours of the day")),
        Some((DAY, _)) => Err(wrong("a day's first minute is 00:00")),
        Some((start, end)) if start == end => Err(wrong("these hours end when they begin")),
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

fn read_zone(name: &str) -> Result<TimeZone, Problem<HoursAt>> {
    let wrong = |message: String, hint: String| {
        Err(Problem::new(HoursAt::Zone, "unknown-zone", message, hint))
    };
    let example = "write a name such as Europe/Berlin, America/New_York or UTC";
    if name.eq_ignore_ascii_case("local") {
        let hint = format!("{example}: a server often runs in another zone than its people");
        return wrong("the machine's own zone is not taken".to_owned(), hint);
    }
    match TimeZone::get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(zone),
        _ => {
            let known: Vec<_> = jiff::tz::db().available().collect();
            let near = nearest(name, known.iter().map(|known| known.as_str()));
            let hint = near.map_or_else(
                || example.to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let name: String = name.chars().take(60).collect();
            wrong(format!("there is no time zone `{name}`"), hint)
        }
    }
}

#[cfg(test)]
mod tests;
