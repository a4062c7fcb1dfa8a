use super::*;

wherever!(
    a_window_takes_so_much_and_says_when_it_takes_more,
    all_or_nothing_is_counted,
    several_windows_of_one_series_count_once,
    what_is_greater_than_a_limit_never_passes,
    a_probe_says_the_same_and_counts_nothing,
    a_count_is_lowered_afterwards_and_never_raised,
    what_is_undone_was_never_counted,
    windows_longer_than_a_day_are_refused,
    a_person_is_new_once,
    people_are_taken_over_at_first_and_added_later,
    standings_say_what_comes_back_when_and_are_reset,
    a_pause_outlasts_a_restart_and_is_never_shortened,
);

fn a_window_takes_so_much_and_says_when_it_takes_more(fixture: Fixture) {
    let one = [count(1, 3, HOUR)];
    for _ in 0..3 {
        assert!(passes(&fixture.ledger, &one));
        fixture.manual.advance(MINUTE);
    }
    let refused = full(&fixture.ledger, &one);
    assert_eq!((refused.index, refused.left), (0, 0));
    let wait = refused.wait.unwrap();
    assert_eq!(wait, HOUR - 3 * MINUTE);
    fixture.manual.advance(wait - Duration::from_millis(1));
    assert!(!passes(&fixture.ledger, &one));
    fixture.manual.advance(Duration::from_millis(1));
    assert!(passes(&fixture.ledger, &one));
    assert!(!passes(&fixture.ledger, &one));
}

fn all_or_nothing_is_counted(fixture: Fixture) {
    let wide = Count {
        key: "wide".to_owned(),
        ..count(1, 9, HOUR)
    };
    let narrow = Count {
        key: "narrow".to_owned(),
        ..count(1, 1, HOUR)
    };
    let both = [wide, narrow];
    assert!(passes(&fixture.ledger, &both));
    assert_eq!(full(&fixture.ledger, &both).index, 1);
    let usages = fixture.ledger.usages().unwrap();
    let used: Vec<_> = usages
        .iter()
        .map(|usage| (usage.key.as_str(), usage.used(HOUR)))
        .collect();
    assert_eq!(used, [("narrow", 1), ("wide", 1)]);
}

fn several_windows_of_one_series_count_once(fixture: Fixture) {
    let both = [count(1, 2, MINUTE), count(2, 5, HOUR)];
    assert!(passes(&fixture.ledger, &both));
    // The greater amount counts, also in the narrower window.
    let refused = full(&fixture.ledger, &both);
    assert_eq!(refused.wait, Some(MINUTE));
    fixture.manual.advance(MINUTE);
    assert!(passes(&fixture.ledger, &both));
    fixture.manual.advance(MINUTE);
    // The limit with the longest wait is reported.
    let refused = full(&fixture.ledger, &both);
    assert_eq!((refused.index, refused.left), (1, 1));
    assert_eq!(refused.wait, Some(HOUR - 2 * MINUTE));
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 4);
}

fn what_is_greater_than_a_limit_never_passes(fixture: Fixture) {
    let refused = full(&fixture.ledger, &[count(4, 3, HOUR)]);
    assert_eq!((refused.left, refused.wait), (3, None));
    assert!(passes(&fixture.ledger, &[count(0, 0, HOUR)]));
    assert!(fixture.ledger.usages().unwrap().is_empty());
}

fn a_probe_says_the_same_and_counts_nothing(fixture: Fixture) {
    let counts = [count(2, 3, HOUR)];
    let request = request(&counts);
    assert_eq!(fixture.ledger.probe(&request).unwrap(), None);
    assert_eq!(fixture.ledger.probe(&request).unwrap(), None);
    assert!(passes(&fixture.ledger, &counts));
    let probed = fixture.ledger.probe(&request).unwrap().unwrap();
    assert_eq!(probed, Rejection::Full(full(&fixture.ledger, &counts)));
}

fn a_count_is_lowered_afterwards_and_never_raised(fixture: Fixture) {
    let some = [count(50, 100, HOUR)];
    let first = receipt(&fixture.ledger, &some);
    assert!(passes(&fixture.ledger, &some));
    fixture.ledger.reduce(&first, 0, 12).unwrap();
    fixture.ledger.reduce(&first, 0, 30).unwrap();
    fixture.ledger.reduce(&first, 7, 0).unwrap();
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 62);
    assert!(passes(&fixture.ledger, &[count(38, 100, HOUR)]));
    assert_eq!(full(&fixture.ledger, &[count(1, 100, HOUR)]).left, 0);
}

fn windows_longer_than_a_day_are_refused(fixture: Fixture) {
    let day = Duration::from_secs(86_400);
    for window in [Duration::ZERO, day + Duration::from_nanos(1)] {
        let counts = [count(1, 1, window)];
        let request = request(&counts);
        assert_eq!(
            fixture.ledger.admit(&request).unwrap_err().code(),
            "ledger-window"
        );
        assert!(fixture.ledger.probe(&request).is_err());
    }
    assert!(passes(&fixture.ledger, &[count(1, 1, day)]));
    fixture.manual.advance(day - Duration::from_nanos(1));
    assert!(!passes(&fixture.ledger, &[count(1, 1, day)]));
    fixture.manual.advance(Duration::from_nanos(1));
    assert!(passes(&fixture.ledger, &[count(1, 1, day)]));
}

fn a_person_is_new_once(mut fixture: Fixture) {
    let new = [Count {
        counter: "new".to_owned(),
        ..count(1, 2, HOUR)
    }];
    let to = |people: &[&str]| Request {
        people: people.iter().map(|person| (*person).to_owned()).collect(),
        newcomers: new.to_vec(),
        ..Request::default()
    };
    fixture.ledger.remember("Ann").unwrap();
    let Admission::Counted(receipt) = fixture.ledger.admit(&to(&["Ben", "Ann", "Ben"])).unwrap()
    else {
        panic!("full");
    };
    assert_eq!(receipt.newcomers, ["Ben"]);
    fixture.restart();
    let both = fixture.ledger.admit(&to(&["Cem", "Dan"])).unwrap();
    assert!(matches!(
        both,
        Admission::Refused(Rejection::Full(FullLimit { left: 1, .. }))
    ));
    assert!(!fixture.ledger.is_known("Cem").unwrap());
    assert_eq!(fixture.ledger.probe(&to(&["Cem"])).unwrap(), None);
    assert!(matches!(
        fixture.ledger.admit(&to(&["Cem"])).unwrap(),
        Admission::Counted(_)
    ));
    assert!(fixture.ledger.probe(&to(&["Dan"])).unwrap().is_some());
    assert_eq!(
        fixture.ledger.probe(&to(&["Ann", "Ben", "Cem"])).unwrap(),
        None
    );
}

fn people_are_taken_over_at_first_and_added_later(mut fixture: Fixture) {
    assert!(!fixture.ledger.seeded().unwrap());
    assert!(fixture.ledger.seed(["Ann", "Ben"]).unwrap());
    fixture.restart();
    assert!(fixture.ledger.seeded().unwrap());
    assert!(!fixture.ledger.is_known("Cem").unwrap());
    assert!(!fixture.ledger.seed(["Cem"]).unwrap());
    assert!(fixture.ledger.is_known("Ann").unwrap());
    assert!(fixture.ledger.is_known("Cem").unwrap());
}

#[test]
fn no_more_people_are_taken_over_than_there_is_room_for() {
    let (clock, _manual) = Clock::manual();
    let ledger = in_memory(&clock);
    assert!(ledger.seed((0..).map(|number| number.to_string())).unwrap());
    assert!(ledger.is_known("99999").unwrap());
    assert!(!ledger.is_known("100000").unwrap());
}

fn standings_say_what_comes_back_when_and_are_reset(fixture: Fixture) {
    assert!(passes(&fixture.ledger, &[count(2, 9, HOUR)]));
    fixture.manual.advance(MINUTE);
    assert!(passes(&fixture.ledger, &[count(3, 9, HOUR)]));
    fixture.manual.advance(MINUTE);
    let usages = fixture.ledger.usages().unwrap();
    assert_eq!(usages.len(), 1);
    assert_eq!(usages[0].used(2 * MINUTE), 3);
    let hour = usages[0].within(HOUR).unwrap();
    assert_eq!(hour.used, 5);
    assert_eq!(
        (hour.first_back, hour.all_back),
        (HOUR - 2 * MINUTE, HOUR - MINUTE)
    );
    assert_eq!(fixture.ledger.reset("reads").unwrap(), 0);
    assert_eq!(fixture.ledger.reset("sends").unwrap(), 1);
    assert!(fixture.ledger.usages().unwrap().is_empty());
    assert!(passes(&fixture.ledger, &[count(9, 9, HOUR)]));
}

#[test]
fn old_lines_are_removed() {
    let fixture = Fixture::new();
    for minute in 0..30 {
        let counts = [Count {
            key: minute.to_string(),
            ..count(1, 9, HOUR)
        }];
        assert!(passes(&fixture.ledger, &counts));
        fixture.manual.advance(2 * HOUR);
    }
    let rows = |sql: &'static str| {
        fixture
            .ledger
            .with_store(|store| Ok(store.conn.query_row(sql, [], |row| row.get::<_, i64>(0))?))
    };
    assert_eq!(rows("SELECT count(*) FROM hit"), 12);
    assert_eq!(rows("SELECT count(*) FROM series"), 12);
}

fn a_pause_outlasts_a_restart_and_is_never_shortened(mut fixture: Fixture) {
    assert_eq!(fixture.ledger.paused().unwrap(), None);
    fixture.ledger.pause(HOUR, "a yellow card").unwrap();
    fixture.ledger.pause(MINUTE, "a failure").unwrap();
    fixture.restart();
    fixture.manual.advance(MINUTE);
    let pause = fixture.ledger.paused().unwrap().unwrap();
    assert_eq!(
        (pause.why.as_str(), pause.remaining),
        ("a yellow card", HOUR - MINUTE)
    );
    fixture.ledger.resume().unwrap();
    assert_eq!(fixture.ledger.paused().unwrap(), None);
    fixture.ledger.pause(MINUTE, "again").unwrap();
    fixture.manual.advance(MINUTE);
    assert_eq!(fixture.ledger.paused().unwrap(), None);
}

fn what_is_undone_was_never_counted(fixture: Fixture) {
    let new = [Count {
        counter: "new".to_owned(),
        ..count(1, 1, HOUR)
    }];
    let request = Request {
        counts: vec![count(2, 3, HOUR)],
        people: vec!["Ann".to_owned()],
        newcomers: new.to_vec(),
        claim: None,
        turn: None,
    };
    let Admission::Counted(receipt) = fixture.ledger.admit(&request).unwrap() else {
        panic!("full");
    };
    assert_eq!(receipt.newcomers, ["Ann"]);
    fixture.ledger.undo(&receipt).unwrap();
    assert!(!fixture.ledger.is_known("Ann").unwrap());
    assert!(fixture.ledger.usages().unwrap().is_empty());
    let again = fixture.ledger.admit(&request).unwrap();
    assert!(matches!(again, Admission::Counted(_)));
}

#[test]
fn clones_share_and_memory_is_nobody_elses() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let (clock, _manual) = Clock::manual();
    let ledger = in_memory(&clock);
    shared(&ledger.0);
    assert!(passes(&ledger.clone(), &[count(1, 1, HOUR)]));
    assert!(!passes(&ledger, &[count(1, 1, HOUR)]));
    assert!(passes(&in_memory(&clock), &[count(1, 1, HOUR)]));
}
