//! Limits as the gate keeps them: over restarts, in two gates at once, with the clock
//! set, and all of them or none.

use std::{collections::VecDeque, path::Path, sync::Barrier, thread, time::Duration};

use proptest::prelude::*;
use serde_json::{Value, json};
use whatsapp_guard::{backend::specs, clock::Clock, gate::Verdict, ledger::Ledger, policy::Policy};

use crate::app::gate::{self, GateFixture, open, policy};

const HOUR: u64 = 3600;

fn sends(max: u32, window: &str) -> String {
    open(&format!(
        "[tools.archive_chat]\nlimits = [{{ max = {max}, window = \"{window}\", scope = \"account\" }}]\n"
    ))
}

fn archive() -> Value {
    json!({ "chat": "15552220001@c.us" })
}

/// A gate of a process of its own, on the ledger that there is.
fn process(
    path: &Path,
    clock: &Clock,
    hand: &whatsapp_guard::clock::ManualClock,
    rules: &str,
) -> GateFixture {
    let ledger = Ledger::at(path, clock.clone());
    GateFixture::at(policy(rules), clock, hand.clone(), ledger)
}

#[derive(Debug, Clone)]
enum Step {
    Call(usize),
    Wait(u64),
    Restart(usize),
    Reload(usize),
    SetWall(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..2_usize).prop_map(Step::Call),
        4 => (1..2000_u64).prop_map(Step::Wait),
        1 => (3000..40_000_u64).prop_map(Step::Wait),
        1 => (0..2_usize).prop_map(Step::Restart),
        1 => (0..2_usize).prop_map(Step::Reload),
        1 => (-200_000..200_000_i64).prop_map(Step::SetWall),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(gate::cases(48))]

    /// Time that passes is what counts, whatever the clock on the wall is set to.
    #[test]
    fn no_window_has_one_too_many(max in 1..6_u32, day: bool, steps in steps()) {
        let (window, length) = if day { ("day", 24 * HOUR) } else { ("hour", HOUR) };
        let rules = sends(max, window);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let (clock, hand) = Clock::manual();
        let mut gates = [0, 1].map(|_| process(&path, &clock, &hand, &rules));
        let mut passed: VecDeque<u64> = VecDeque::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Wait(seconds) => {
                    hand.advance(Duration::from_secs(seconds));
                    now += seconds;
                }
                Step::Restart(gate) => gates[gate] = process(&path, &clock, &hand, &rules),
                Step::Reload(gate) => gates[gate].gate.replace(policy(&format!("{rules}# again\n"))),
                Step::SetWall(seconds) => {
                    let wall = jiff::Timestamp::from_second(1_700_000_000 + seconds).unwrap();
                    hand.set_wall(wall);
                }
                Step::Call(gate) => {
                    let says = gates[gate].verdict("archive_chat", &archive());
                    while passed.front().is_some_and(|at| at + length <= now) {
                        passed.pop_front();
                    }
                    if says == "allowed" {
                        passed.push_back(now);
                        prop_assert!(passed.len() <= max as usize, "{passed:?}");
                    } else {
                        prop_assert_eq!(says, "rate-limited");
                        prop_assert_eq!(passed.len(), max as usize, "refused with room left");
                    }
                }
            }
        }
    }
}

#[test]
fn a_clock_that_is_set_gives_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let (clock, hand) = Clock::manual();
    let rules = sends(2, "hour");
    let desk = process(&path, &clock, &hand, &rules);
    let says = |desk: &GateFixture| desk.verdict("archive_chat", &archive());
    assert_eq!([says(&desk), says(&desk)], ["allowed", "allowed"]);
    for wall in [
        "2020-01-01T00:00:00Z",
        "2040-01-01T00:00:00Z",
        "1971-01-01T00:00:00Z",
    ] {
        hand.set_wall(wall.parse().unwrap());
        assert_eq!(says(&desk), "rate-limited", "{wall}");
        let again = process(&path, &clock, &hand, &rules);
        assert_eq!(says(&again), "rate-limited", "{wall}, after a restart");
    }
    hand.advance(Duration::from_secs(HOUR));
    assert_eq!(says(&desk), "allowed");
}

#[test]
fn a_call_that_one_limit_refuses_counts_in_none() {
    // In memory and in the ledger, whichever of them is the one that is reached.
    for (short, long) in [(2, 1), (1, 2)] {
        let desk = GateFixture::new(&open(&format!(
            "[tools.archive_chat]\nlimits = [{{ max = {short}, window = \"minute\" }}, {{ max = {long}, window = \"hour\" }}]\n\
             [tools.pin_message]\nlimits = []\n"
        )));
        let says = || desk.verdict("archive_chat", &archive());
        assert_eq!(says(), "allowed");
        for _ in 0..4 {
            assert_eq!(says(), "rate-limited");
        }
        // What the refused calls did not take is there when the other limit has room.
        let seconds = if long == 1 { HOUR } else { 60 };
        desk.hand.advance(Duration::from_secs(seconds));
        assert_eq!(says(), "allowed");
        assert_eq!(says(), "rate-limited");
    }
}

#[test]
fn what_was_refused_in_the_ledger_left_nothing_in_memory() {
    let shared = |tool: &str, more: &str| {
        format!(
            "[tools.{tool}]\nlimits = [{{ max = 3, window = \"minute\", counter = \"both\" }}{more}]\n"
        )
    };
    let desk = GateFixture::new(&open(&format!(
        "{}{}",
        shared("archive_chat", ", { max = 1, window = \"hour\" }"),
        shared("unarchive_chat", "")
    )));
    assert_eq!(desk.verdict("archive_chat", &archive()), "allowed");
    for _ in 0..5 {
        assert_eq!(desk.verdict("archive_chat", &archive()), "rate-limited");
    }
    let says = || desk.verdict("unarchive_chat", &archive());
    assert_eq!(
        [says(), says(), says()],
        ["allowed", "allowed", "rate-limited"]
    );
}

#[test]
fn what_was_refused_in_memory_left_nothing_in_the_ledger() {
    let shared = |tool: &str, more: &str| {
        format!(
            "[tools.{tool}]\nlimits = [{{ max = 3, window = \"day\", counter = \"both\" }}{more}]\n"
        )
    };
    let desk = GateFixture::new(&open(&format!(
        "{}{}",
        shared("archive_chat", ", { max = 1, window = \"minute\" }"),
        shared("unarchive_chat", "")
    )));
    assert_eq!(desk.verdict("archive_chat", &archive()), "allowed");
    for _ in 0..5 {
        assert_eq!(desk.verdict("archive_chat", &archive()), "rate-limited");
    }
    let says = || desk.verdict("unarchive_chat", &archive());
    assert_eq!(
        [says(), says(), says()],
        ["allowed", "allowed", "rate-limited"]
    );
}

#[test]
fn what_comes_too_late_in_memory_is_given_back_in_the_ledger() {
    let rounds = 100;
    let desk = GateFixture::new(&open(&format!(
        "[tools.get_session]\nlimits = [{{ max = 1, window = \"minute\" }}, {{ max = {rounds}, window = \"day\" }}]\n"
    )));
    // Both find room, and both are counted in the ledger: one is there too late.
    let both = Barrier::new(2);
    let call = || {
        both.wait();
        desk.verdict("get_session", &json!({})) == "allowed"
    };
    for round in 0..rounds {
        let passed = thread::scope(|scope| {
            let calls = [scope.spawn(call), scope.spawn(call)];
            calls.map(|call| call.join().unwrap())
        });
        assert!(passed[0] != passed[1], "{round}: {passed:?}");
        desk.hand.advance(Duration::from_secs(60));
    }
}

#[test]
fn a_no_counts_for_nothing() {
    let desk = GateFixture::new(&open(
        "[tools.archive_chat]\naction = \"confirm\"\nlimits = [{ max = 1, window = \"hour\" }, { max = 1, window = \"minute\" }]\n",
    ));
    for _ in 0..3 {
        assert_eq!(desk.verdict("archive_chat", &archive()), "asked");
    }
    assert!(desk.pass("archive_chat", &archive()).is_some());
    // Nobody is asked about what a limit would refuse.
    assert_eq!(desk.verdict("archive_chat", &archive()), "rate-limited");
}

#[test]
fn one_person_is_one_chat_for_limits_in_the_ledger() {
    let desk = GateFixture::new(&open(
        "[tools.archive_chat]\nlimits = [{ max = 1, window = \"hour\", scope = \"chat\" }]\n",
    ));
    let says = |chat: &str| desk.verdict("archive_chat", &json!({ "chat": chat }));
    assert_eq!(says("+1 555 222 0001"), "allowed");
    assert_eq!(says("15552220001@s.whatsapp.net"), "rate-limited");
    assert_eq!(says("15552220003@c.us"), "allowed");
}

#[test]
fn limits_of_callers_and_connections_are_their_own() {
    let desk = GateFixture::new(&open(
        "[tools.archive_chat]\nlimits = [{ max = 1, window = \"hour\" }, { max = 3, window = \"day\", scope = \"account\" }]\n\
         [grants]\none = {}\ntwo = {}\nthree = {}\nfour = {}\n",
    ));
    let says = |grant| desk.verdict_for(grant, "archive_chat", &archive());
    assert_eq!([says("one"), says("one")], ["allowed", "rate-limited"]);
    assert_eq!(
        [says("two"), says("three"), says("four")],
        ["allowed", "allowed", "rate-limited"]
    );
}

#[test]
fn a_counter_counts_several_tools_together() {
    let limit =
        "limits = [{ max = 2, window = \"hour\", counter = \"both\", scope = \"account\" }]\n";
    let desk = GateFixture::new(&open(&format!(
        "[tools.archive_chat]\n{limit}[tools.unarchive_chat]\n{limit}"
    )));
    assert_eq!(desk.verdict("archive_chat", &archive()), "allowed");
    assert_eq!(desk.verdict("unarchive_chat", &archive()), "allowed");
    assert_eq!(desk.verdict("archive_chat", &archive()), "rate-limited");
    // Another policy of the same counter goes on where this one was.
    desk.gate
        .replace(policy(&open(&format!("[tools.archive_chat]\n{limit}"))));
    assert_eq!(desk.verdict("archive_chat", &archive()), "rate-limited");
}

#[test]
fn a_ledger_that_cannot_be_used_refuses_what_it_would_count() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hand) = Clock::manual();
    let rules = sends(2, "hour");
    // A folder stands where the file should be.
    let desk = process(folder.path(), &clock, &hand, &rules);
    assert_eq!(
        desk.verdict("archive_chat", &archive()),
        "ledger-unavailable"
    );
    assert_eq!(desk.verdict("unarchive_chat", &archive()), "allowed");
    // Nobody asks who was written to, and a budget counts what reads messages alone.
    let send = json!({ "chat": "15552220001@c.us", "text": "hi" });
    let budget = format!("{rules}[read]\nbudget = {{ messages = 9, window = \"hour\" }}\n");
    for rules in [&rules, &budget] {
        let desk = process(folder.path(), &clock, &hand, rules);
        assert_eq!(desk.verdict("send_message", &send), "allowed");
    }
    let shadow = format!("{rules}[mode]\nvalue = \"shadow\"\n");
    let desk = process(folder.path(), &clock, &hand, &shadow);
    assert_eq!(
        desk.verdict("archive_chat", &archive()),
        "ledger-unavailable"
    );
}

#[test]
fn no_counter_takes_the_name_of_another() {
    for name in [
        "read.budget/grant",
        "tools.send_message/chat",
        "health.failures",
    ] {
        let text = open(&format!(
            "[tools.archive_chat]\nlimits = [{{ max = 1, window = \"day\", counter = \"{name}\" }}]\n"
        ));
        let wrong = Policy::from_toml(specs(), "policy.toml", &text).unwrap_err();
        assert!(wrong.to_string().contains("choose another name"), "{wrong}");
    }
}

#[test]
fn new_recipients_are_limited_in_short_windows_too() {
    let desk = GateFixture::new(&open("[recipients]\nnew = { max = 2, window = \"10m\" }\n"));
    let add = |people: &[&str]| {
        let group = "120363000000000001@g.us";
        desk.verdict(
            "add_group_members",
            &json!({ "group": group, "people": people }),
        )
    };
    assert_eq!(
        add(&["+15552220001", "+15552220002", "+15552220003"]),
        "rate-limited"
    );
    assert_eq!(add(&["+15552220001"]), "allowed");
    assert_eq!(add(&["+15552220001", "+15552220002"]), "allowed");
    assert_eq!(add(&["+15552220003"]), "rate-limited");
    assert_eq!(add(&["+15552220002"]), "allowed");
    desk.hand.advance(Duration::from_secs(300));
    assert_eq!(add(&["+15552220003"]), "allowed");
}

#[test]
fn a_counter_that_goes_on_is_told_with_its_new_line() {
    let rules = open("[tools.archive_chat]\nlimits = [{ max = 1, window = \"minute\" }]\n");
    let desk = GateFixture::new(&rules);
    assert_eq!(desk.verdict("archive_chat", &archive()), "allowed");
    desk.gate
        .replace(policy(&format!("# one line more\n{rules}")));
    match desk.authorize("archive_chat", &archive(), gate::LOCAL) {
        Verdict::Deny(refusal) => assert_eq!(
            refusal.rule.as_deref(),
            Some("policy.toml:7:11 (tools.archive_chat.limits[0])")
        ),
        other => panic!("{other:?}"),
    }
}
