use proptest::prelude::*;

use super::*;

fn quiet(hours: &str, zone: &str) -> Quiet {
    Quiet::new(hours, zone).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Each time with the end that is reported for it; an empty end is outside the hours.
fn hold(quiet: &Quiet, times: &[(&str, &str)]) {
    for (now, end) in times {
        let end = (!end.is_empty()).then(|| at(end));
        assert_eq!(quiet.ends(at(now)), end, "{now}");
    }
}

#[test]
fn hours_run_over_midnight() {
    hold(
        &quiet("22:00-07:00", "UTC"),
        &[
            ("2026-11-21T21:59:59.999Z", ""),
            ("2026-11-21T22:00:00Z", "2026-11-22T07:00:00Z"),
            ("2026-11-22T00:00:00Z", "2026-11-22T07:00:00Z"),
            ("2026-11-22T06:59:59.999Z", "2026-11-22T07:00:00Z"),
            ("2026-11-22T07:00:00Z", ""),
            ("2026-11-22T12:00:00Z", ""),
        ],
    );
}

#[test]
fn hours_belong_to_the_day_on_which_they_begin() {
    // 2026-11-21 is a Saturday.
    let weekend = vec![Weekday::Saturday, Weekday::Sunday];
    hold(
        &quiet("22:00-07:00", "UTC").on(weekend.clone()),
        &[
            ("2026-11-20T23:00:00Z", ""),
            ("2026-11-21T03:00:00Z", ""),
            ("2026-11-21T22:00:00Z", "2026-11-22T07:00:00Z"),
            ("2026-11-22T23:00:00Z", "2026-11-23T07:00:00Z"),
            ("2026-11-23T06:59:59Z", "2026-11-23T07:00:00Z"),
            ("2026-11-23T22:00:00Z", ""),
        ],
    );
    let whole = quiet("00:00-24:00", "Europe/Berlin").on(weekend);
    hold(
        &whole,
        &[
            ("2026-11-20T22:59:59Z", ""),
            ("2026-11-20T23:00:00Z", "2026-11-22T23:00:00Z"),
            ("2026-11-22T22:59:59Z", "2026-11-22T23:00:00Z"),
            ("2026-11-22T23:00:00Z", ""),
        ],
    );
    assert_eq!(whole.to_string(), "00:00-24:00 Europe/Berlin on sat, sun");
    let workdays = WEEKDAYS.iter().map(|(_, day)| *day).take(5).collect();
    hold(
        &quiet("00:00-24:00", "UTC").on(workdays),
        &[("2026-11-23T12:00:00Z", "2026-11-28T00:00:00Z")],
    );
}

#[test]
fn hours_lie_within_a_day() {
    hold(
        &quiet("12:30-14:00", "Europe/Berlin"),
        &[
            ("2026-07-01T10:29:59Z", ""),
            ("2026-07-01T10:30:00Z", "2026-07-01T12:00:00Z"),
            ("2026-07-01T12:00:00Z", ""),
            ("2026-12-01T11:30:00Z", "2026-12-01T13:00:00Z"),
        ],
    );
}

#[test]
fn midnight_is_an_end_in_both_spellings() {
    for hours in ["22:00-24:00", "22:00-00:00"] {
        hold(
            &quiet(hours, "UTC"),
            &[
                ("2026-11-21T22:00:00Z", "2026-11-22T00:00:00Z"),
                ("2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z"),
                ("2026-11-22T00:00:00Z", ""),
                ("2026-11-21T21:59:59Z", ""),
            ],
        );
    }
}

#[test]
fn a_whole_day_is_quiet_until_the_next() {
    hold(
        &quiet("00:00-24:00", "Asia/Kolkata"),
        &[
            ("2026-11-21T18:29:00Z", "2026-11-21T18:30:00Z"),
            ("2026-11-21T18:30:00Z", "2026-11-22T18:30:00Z"),
        ],
    );
}

#[test]
fn a_night_is_shorter_when_clocks_are_set_forward() {
    // 29 March 2026: 02:00 becomes 03:00.
    hold(
        &quiet("22:00-07:00", "Europe/Berlin"),
        &[
            ("2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),
            ("2026-03-29T04:59:59Z", "2026-03-29T05:00:00Z"),
            ("2026-03-29T05:00:00Z", ""),
        ],
    );
    // An end that is skipped is the moment of the change.
    hold(
        &quiet("22:00-02:30", "Europe/Berlin"),
        &[
            ("2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
            ("2026-03-29T01:00:00Z", ""),
        ],
    );
    // So is a start.
    hold(
        &quiet("02:30-04:00", "Europe/Berlin"),
        &[
            ("2026-03-29T00:59:59Z", ""),
            ("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        ],
    );
    // Hours from midnight on go on after the change.
    hold(
        &quiet("00:00-07:00", "Europe/Berlin"),
        &[("2026-03-29T00:00:00Z", "2026-03-29T05:00:00Z")],
    );
    // Hours that are skipped as a whole do not come.
    hold(
        &quiet("02:10-02:50", "Europe/Berlin"),
        &[("2026-03-29T00:59:59Z", ""), ("2026-03-29T01:00:00Z", "")],
    );
}

#[test]
fn a_night_is_longer_when_clocks_are_set_back() {
    // 25 October 2026: 03:00 becomes 02:00.
    hold(
        &quiet("22:00-07:00", "Europe/Berlin"),
        &[
            ("2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"),
            ("2026-10-25T05:59:59Z", "2026-10-25T06:00:00Z"),
        ],
    );
    // What the clock shows twice counts twice.
    hold(
        &quiet("22:00-02:30", "Europe/Berlin"),
        &[
            ("2026-10-25T00:29:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T00:30:00Z", ""),
            ("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"),
            ("2026-10-25T01:30:00Z", ""),
        ],
    );
    // Before the end is reached, clocks are set back to a time before the start.
    hold(
        &quiet("02:30-03:30", "Europe/Berlin"),
        &[
            ("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
            ("2026-10-25T01:00:00Z", ""),
            ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"),
        ],
    );
}

#[test]
fn the_south_sets_its_clocks_the_other_way() {
    // Sydney: forward on 4 October 2026, back on 5 April.
    hold(
        &quiet("22:00-07:00", "Australia/Sydney"),
        &[
            ("2026-10-03T12:00:00Z", "2026-10-03T20:00:00Z"),
            ("2026-04-04T11:00:00Z", "2026-04-04T21:00:00Z"),
            ("2026-04-04T21:00:00Z", ""),
        ],
    );
    // Samoa had no 30 December 2011.
    hold(
        &quiet("22:00-07:00", "Pacific/Apia"),
        &[("2011-12-30T09:00:00Z", "2011-12-30T17:00:00Z")],
    );
}

#[test]
fn hours_are_told_in_words() {
    for (hours, zone, words) in [
        ("22:00-07:05", "europe/berlin", "22:00-07:05 Europe/Berlin"),
        (" 00:00 - 24:00 ", "UTC", "00:00-24:00 UTC"),
    ] {
        assert_eq!(quiet(hours, zone).to_string(), words);
    }
}

#[test]
fn zones_are_known_without_a_database_of_the_system() {
    let own = jiff::tz::TimeZoneDatabase::bundled();
    for zone in ["Europe/Berlin", "Australia/Sydney", "UTC"] {
        assert!(own.get(zone).is_ok(), "{zone}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for hours in [
        "",
        "22:00",
        "22-07",
        "22:00-25:00",
        "22:60-23:30",
        "24:00-07:00",
        "07:00-07:00",
        "00:00-00:00",
        "24:00-24:00",
        "00:00-24:01",
        "2:00-07:00",
        "+2:00-07:00",
        "22:00-07:00-08:00",
        "２2:00-07:00",
    ] {
        let problems = Quiet::new(hours, "UTC").unwrap_err();
        assert_eq!(problems.len(), 1, "{hours}");
        assert_eq!((problems[0].key, problems[0].code), ("quiet", "bad-value"));
    }
    for (zone, hint) in [
        ("Europe/Berln", "did you mean `Europe/Berlin`?"),
        ("local", "a server often runs"),
        ("Etc/Unknown", "zone takes a name"),
        ("", "zone takes a name"),
        ("../../etc/passwd", "zone takes a name"),
        ("CET-1CEST", "zone takes a name"),
    ] {
        let problems = Quiet::new("22:00-07:00", zone).unwrap_err();
        assert_eq!(
            (problems[0].key, problems[0].code),
            ("zone", "unknown-zone")
        );
        assert!(
            problems[0].hint.contains(hint),
            "{zone}: {}",
            problems[0].hint
        );
    }
    assert_eq!(Quiet::new("x", "y").unwrap_err().len(), 2);
}

proptest! {
    #[test]
    fn reading_hours_never_fails_hard(hours: String, zone: String) {
        let _ = Quiet::new(&hours, &zone);
        let _ = Quiet::new(&hours, "UTC");
    }

    #[test]
    fn any_time_has_an_answer(start in 0..1440_u16, end in 0..=1440_u16, now in i64::MIN..=i64::MAX) {
        let (low, high) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let now = Timestamp::from_second(now.clamp(low, high)).unwrap();
        let zone = TimeZone::get("America/Santiago").unwrap();
        let _ = Quiet { start, end, zone, days: None }.ends(now);
    }

    #[test]
    fn the_end_is_the_first_moment_outside(
        start in 0..1440_u16,
        end in 0..=1440_u16,
        zone in prop::sample::select(vec![
            "UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca",
        ]),
        // Around the days on which clocks are set.
        day in prop::sample::select(vec!["2026-03-28", "2026-10-24", "2026-04-04", "2026-10-03", "2026-09-05"]),
        minutes in 0..4320_i64,
    ) {
        prop_assume!(start != end && (start, end) != (0, DAY));
        let quiet = Quiet { start, end, zone: TimeZone::get(zone).unwrap(), days: None };
        let now = at(&format!("{day}T00:00:00Z")) + SignedDuration::from_mins(minutes);
        match quiet.ends(now) {
            None => prop_assert!(!quiet.holds(now)),
            Some(end) => {
                prop_assert!(!quiet.holds(end));
                let mut minute = now;
                while minute < end {
                    prop_assert!(quiet.holds(minute), "{minute}");
                    minute += SignedDuration::from_mins(1);
                }
            }
        }
    }
}
