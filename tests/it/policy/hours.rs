//! Quiet hours, by the clock on the wall.

use serde_json::json;

use crate::{
    app::gate::{GateFixture, open},
    app::{self, BOTH, Person, code},
};

const MUM: &str = "15552220001@c.us";

fn hours(more: &str) -> String {
    open(&format!(
        "[hours]\nquiet = \"22:00-07:00\"\nzone = \"Europe/Berlin\"\n{more}"
    ))
}

#[test]
fn quiet_hours_begin_and_end_with_the_minute() {
    let desk = GateFixture::new(&hours(""));
    // Berlin is an hour ahead in January and two in July.
    for (wall, says) in [
        ("2026-01-10T20:59:59Z", "allowed"),
        ("2026-01-10T21:00:00Z", "quiet-hours"),
        ("2026-01-11T05:59:59Z", "quiet-hours"),
        ("2026-01-11T06:00:00Z", "allowed"),
        ("2026-07-10T19:59:59Z", "allowed"),
        ("2026-07-10T20:00:00Z", "quiet-hours"),
        ("2026-07-11T04:59:59Z", "quiet-hours"),
        ("2026-07-11T05:00:00Z", "allowed"),
    ] {
        desk.hand.set_wall(wall.parse().unwrap());
        for (tool, arguments) in [
            ("archive_chat", json!({ "chat": MUM })),
            ("restart_session", json!({})),
        ] {
            assert_eq!(desk.verdict(tool, &arguments), says, "{tool} {wall}");
        }
        assert_eq!(desk.verdict("get_session", &json!({})), "allowed");
        let wanted = if says == "allowed" { "asked" } else { says };
        let leave = json!({ "group": "120363000000000001@g.us" });
        assert_eq!(desk.verdict("leave_group", &leave), wanted, "{wall}");
    }
}

#[test]
fn they_can_be_on_some_days_alone() {
    let desk = GateFixture::new(&hours("days = [\"fri\", \"sat\"]\n"));
    // 2026-01-09 is a Friday; Berlin is an hour ahead.
    for (wall, says) in [
        ("2026-01-08T22:00:00Z", "allowed"),
        ("2026-01-09T05:00:00Z", "allowed"),
        ("2026-01-09T22:00:00Z", "quiet-hours"),
        ("2026-01-11T05:00:00Z", "quiet-hours"),
        ("2026-01-11T22:00:00Z", "allowed"),
    ] {
        desk.hand.set_wall(wall.parse().unwrap());
        let archive = json!({ "chat": MUM });
        assert_eq!(desk.verdict("archive_chat", &archive), says, "{wall}");
    }
}

#[tokio::test]
async fn a_refusal_says_when_they_are_over() {
    let mut app = app::sandbox().policy(&hours("")).start().await;
    for (wall, seconds) in [
        ("2026-01-10T21:00:00Z", 9 * 3600),
        ("2026-01-11T05:59:58.5Z", 2),
        ("2026-01-11T05:59:59Z", 1),
    ] {
        app.hand.set_wall(wall.parse().unwrap());
        let refused = app.call("open_session", json!({})).await;
        assert_eq!(code(&refused), "quiet-hours");
        let error = &refused["structuredContent"]["error"];
        assert_eq!(error["retry_after_s"], seconds, "{wall}");
        assert_eq!(error["rule"], "policy.toml:5:2 (hours)");
    }
    app.hand.advance(std::time::Duration::from_secs(1));
    assert_eq!(app.call("open_session", json!({})).await["isError"], false);
}

#[tokio::test]
async fn quiet_hours_may_ask_and_speak_of_some_classes() {
    let rules = hours("action = \"confirm\"\napplies_to = [\"execute\"]\n");
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(&rules).start().await;
        app.hand.set_wall("2026-01-10T23:00:00Z".parse().unwrap());
        assert_eq!(app.call("open_session", json!({})).await["isError"], false);
        let asked = app::shown(&app.questions[0]);
        assert!(
            asked.contains("You are asked because it is within the quiet hours."),
            "{asked}"
        );
        app.set_person(Person::Declines);
        assert_eq!(
            code(&app.call("restart_session", json!({})).await),
            "declined"
        );
    }
    let desk = GateFixture::new(&rules);
    desk.hand.set_wall("2026-01-10T23:00:00Z".parse().unwrap());
    assert_eq!(
        desk.verdict("archive_chat", &json!({ "chat": MUM })),
        "allowed"
    );
    assert_eq!(desk.verdict("restart_session", &json!({})), "asked");
}

/// Hours for first-time recipients.
const FIRST_TIME: &str = "applies_to = [\"first_time\"]\n";

#[test]
fn they_can_be_for_first_time_recipients_alone() {
    let desk = GateFixture::new(&hours(FIRST_TIME));
    let [day, night] = ["2026-01-10T12:00:00Z", "2026-01-10T23:00:00Z"];
    let send = |chat: &str, text: &str| json!({ "chat": chat, "text": text });
    desk.hand.set_wall(night.parse().unwrap());
    assert_eq!(
        desk.verdict("send_message", &send(MUM, "Hi")),
        "quiet-hours"
    );
    // What reaches nobody for the first time is not meant.
    for (tool, arguments) in [
        ("archive_chat", json!({ "chat": MUM })),
        ("restart_session", json!({})),
        ("get_session", json!({})),
    ] {
        assert_eq!(desk.verdict(tool, &arguments), "allowed", "{tool}");
    }
    desk.hand.set_wall(day.parse().unwrap());
    assert!(desk.pass("send_message", &send(MUM, "Hi")).is_some());
    desk.hand.set_wall(night.parse().unwrap());
    assert_eq!(desk.verdict("send_message", &send(MUM, "Again")), "allowed");
    let other = "15552220002@c.us";
    assert_eq!(
        desk.verdict("send_message", &send(other, "Hi")),
        "quiet-hours"
    );
}

#[test]
fn whoever_is_listed_is_no_first_time_recipient() {
    let listed = format!("{FIRST_TIME}[recipients]\nallow = [\"{MUM}\", \"*\"]\n");
    let desk = GateFixture::new(&hours(&listed));
    desk.hand.set_wall("2026-01-10T23:00:00Z".parse().unwrap());
    for (chat, says) in [(MUM, "allowed"), ("15552220002@c.us", "quiet-hours")] {
        let message = json!({ "chat": chat, "text": "Hi" });
        assert_eq!(desk.verdict("send_message", &message), says, "{chat}");
    }
}

#[test]
fn there_can_be_several() {
    let text = open(
        "[[hours]]\nquiet = \"22:00-07:00\"\nzone = \"Europe/Berlin\"\napplies_to = [\"first_time\"]\n\
         [[hours]]\nquiet = \"00:00-24:00\"\nzone = \"Europe/Berlin\"\ndays = [\"sat\", \"sun\"]\naction = \"confirm\"\n",
    );
    let desk = GateFixture::new(&text);
    // 2026-01-09 is a Friday; Berlin is an hour ahead.
    for (index, (wall, first, archive)) in [
        ("2026-01-09T12:00:00Z", "allowed", "allowed"),
        ("2026-01-09T22:00:00Z", "quiet-hours", "allowed"),
        ("2026-01-10T12:00:00Z", "asked", "asked"),
        ("2026-01-10T22:00:00Z", "quiet-hours", "asked"),
    ]
    .into_iter()
    .enumerate()
    {
        desk.hand.set_wall(wall.parse().unwrap());
        let message = json!({ "chat": format!("1555222000{index}@c.us"), "text": "Hi" });
        assert_eq!(desk.verdict("send_message", &message), first, "{wall}");
        let chat = json!({ "chat": MUM });
        assert_eq!(desk.verdict("archive_chat", &chat), archive, "{wall}");
    }
}

#[test]
fn hours_for_first_time_recipients_are_described_and_compared() {
    let load = |more: &str| crate::app::gate::policy(&hours(more));
    let (all, first) = (load(""), load(FIRST_TIME));
    let terms = first.describe("local", None);
    let words: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    let wanted = "quiet hours 22:00-07:00 Europe/Berlin: first-time recipients: refused";
    assert!(words.contains(&wanted), "{words:?}");
    let changes = all.changes(&first);
    let about: Vec<&str> = changes.iter().map(|change| change.about.as_str()).collect();
    assert_eq!(
        about,
        ["write, execute, destructive tools", "first-time recipients"]
    );
}
