//! Gaps between calls, kept by waiting or by refusing.

use std::time::Duration;

use serde_json::json;
use whatsapp_guard::gate::Verdict;

use crate::app::gate::{GateFixture, LOCAL, open};

fn paced(min: &str, max: &str) -> GateFixture {
    GateFixture::new(&open(&format!(
        "[tools.send_message]\npace = {{ min = \"{min}\", max = \"{max}\" }}\n"
    )))
}

fn wait(desk: &GateFixture, text: &str) -> Result<Duration, Option<u64>> {
    let arguments = json!({ "chat": "15552220001@c.us", "text": text });
    match desk.authorize("send_message", &arguments, LOCAL) {
        Verdict::Permit(permitted) => Ok(permitted.wait()),
        Verdict::Deny(refusal) => {
            assert_eq!(refusal.code.name(), "too-soon");
            Err(refusal.retry_after_s)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_gap_is_waited_for_up_to_a_bound() {
    let seconds = Duration::from_secs;
    let desk = paced("8s", "8s");
    assert_eq!(wait(&desk, "1"), Ok(Duration::ZERO));
    assert_eq!(wait(&desk, "2"), Ok(seconds(8)));
    assert_eq!(wait(&desk, "3"), Ok(seconds(16)));
    // A fourth would wait 24 seconds, and 20 are the most.
    assert_eq!(wait(&desk, "4"), Err(Some(24)));
    desk.hand.advance(seconds(4));
    assert_eq!(
        wait(&desk, "4"),
        Ok(seconds(20)),
        "what was refused took no place"
    );
    desk.hand.advance(seconds(100));
    assert_eq!(wait(&desk, "5"), Ok(Duration::ZERO));
}

#[test]
fn other_tools_keep_no_gap() {
    let desk = paced("8s", "8s");
    assert_eq!(wait(&desk, "1"), Ok(Duration::ZERO));
    match desk.authorize("get_session", &json!({}), LOCAL) {
        Verdict::Permit(permitted) => assert_eq!(permitted.wait(), Duration::ZERO),
        other => panic!("{other:?}"),
    }
    assert_eq!(wait(&desk, "2"), Ok(Duration::from_secs(8)));
}

#[test]
fn a_gap_is_drawn_anew_and_within_its_ends() {
    let mut drawn = Vec::new();
    for _ in 0..20 {
        let desk = paced("3s", "8s");
        wait(&desk, "1").unwrap();
        let gap = wait(&desk, "2").unwrap();
        assert!((Duration::from_secs(3)..=Duration::from_secs(8)).contains(&gap));
        drawn.push(gap);
    }
    drawn.dedup();
    assert!(drawn.len() > 1);
}

#[test]
fn a_call_that_a_limit_refuses_takes_no_place() {
    let desk = GateFixture::new(&open(
        "[tools.send_message]\npace = { min = \"8s\", max = \"8s\" }\nlimits = [{ max = 1, window = \"hour\" }]\n\
         [tools.archive_chat]\npace = { min = \"8s\", max = \"8s\" }\n",
    ));
    assert_eq!(wait(&desk, "1"), Ok(Duration::ZERO));
    let send = json!({ "chat": "15552220001@c.us", "text": "2" });
    for _ in 0..5 {
        assert_eq!(desk.verdict("send_message", &send), "rate-limited");
    }
    let archive = json!({ "chat": "15552220001@c.us" });
    match desk.authorize("archive_chat", &archive, LOCAL) {
        Verdict::Permit(permitted) => assert_eq!(permitted.wait(), Duration::from_secs(8)),
        other => panic!("{other:?}"),
    }
}
