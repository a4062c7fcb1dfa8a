//! Whom sends and invitations may reach.

use std::time::Duration;

use serde_json::{Value, json};
use whatsapp_guard::{
    op,
    toolset::{HistoryPart, Resolved},
};
use wiremock::MockServer;

use crate::{
    app::gate::{GateFixture, open, policy},
    app::{self, BOTH, Person, TestServer, code},
    op::targets::reaches_somebody,
};

const MUM: &str = "15552220001@c.us";
const SAM: &str = "15552220003@c.us";
const FAMILY: &str = "120363000000000001@g.us";
const OTHER: &str = "120363000000000002@g.us";

fn to(chat: &str, text: &str) -> Value {
    json!({ "chat": chat, "text": text })
}

async fn send(app: &mut TestServer, chat: &str, text: &str) -> Value {
    app.call("send_message", to(chat, text)).await
}

#[tokio::test]
async fn a_number_is_listed_in_any_spelling() {
    let rules = open("[recipients]\nallow = [\"+1 (555) 222-0001\"]\n");
    let mut app = app::sandbox().policy(&rules).linked().await;
    for (text, chat) in [
        ("one", MUM),
        ("two", "+15552220001"),
        ("three", "001 555 222 0001"),
        ("four", "15552220001@s.whatsapp.net"),
        ("five", "915552220001@lid"),
    ] {
        let sent = send(&mut app, chat, text).await;
        assert_eq!(sent["isError"], false, "{chat}: {sent}");
    }
    let refused = send(&mut app, SAM, "six").await;
    assert_eq!(code(&refused), "recipient-unlisted");
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["rule"], "policy.toml:5:2 (recipients)");
    assert!(error["reason"].as_str().unwrap().contains(SAM), "{error}");
}

#[tokio::test]
async fn who_is_not_listed_is_asked_about_with_the_reason() {
    let rules = open(
        "[recipients]\nallow = [\"@team\", \"group:Family\"]\nunlisted = \"confirm\"\n\
         [lists]\nteam = [\"+15552220001\"]\n",
    );
    for era in BOTH {
        let mut app = app::sandbox().era(era).policy(&rules).linked().await;
        for chat in [MUM, FAMILY] {
            assert_eq!(send(&mut app, chat, "hi").await["isError"], false, "{chat}");
        }
        assert!(app.questions.is_empty());
        assert_eq!(send(&mut app, SAM, "hi").await["isError"], false);
        let asked = app::shown(&app.questions[0]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(asked, @"
            [sandbox: a simulated WhatsApp, nothing here is real]
            An agent wants to send a WhatsApp message.
            chat: 15552220003@c.us
            The rest of the question is below, at `decision`.
            text: hi
            You are asked because 15552220003@c.us is not one of the listed recipients.
            Do it?
            ");
        }
        app.set_person(Person::Declines);
        assert_eq!(code(&send(&mut app, OTHER, "hi").await), "declined");
    }
    let mut app = app::sandbox()
        .person(Person::Absent)
        .policy(&rules)
        .linked()
        .await;
    let refused = send(&mut app, SAM, "hi").await;
    assert_eq!(code(&refused), "cannot-ask");
    assert!(
        refused
            .to_string()
            .contains("not one of the listed recipients"),
        "{refused}"
    );
}

#[tokio::test]
async fn who_is_denied_is_refused_by_the_line_that_says_so() {
    let rules = open("[recipients]\ndeny = [\n  \"+15552220009\",\n  \"group:Family\",\n]\n");
    let mut app = app::sandbox().policy(&rules).linked().await;
    for (chat, rule) in [
        ("+15552220009", "policy.toml:7:3 (recipients.deny[0])"),
        (FAMILY, "policy.toml:8:3 (recipients.deny[1])"),
    ] {
        let refused = send(&mut app, chat, "hi").await;
        assert_eq!(code(&refused), "recipient-denied", "{chat}");
        assert_eq!(refused["structuredContent"]["error"]["rule"], rule);
    }
    for chat in [OTHER, MUM] {
        assert_eq!(send(&mut app, chat, "hi").await["isError"], false);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_who_may_not_be_reached() {
    let mock = MockServer::start().await;
    let rules = open("[recipients]\nallow = []\n");
    let mut app = app::waha(&mock).policy(&rules).start().await;
    let tools = app.backend.tools();
    let mut refused = 0;
    for tool in tools.tools() {
        if reaches_somebody(op::named(tool.name)[0]) {
            let result = app.call(tool.name, app::arguments(tool)).await;
            assert_eq!(code(&result), "recipient-unlisted", "{}", tool.name);
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused} tools reach somebody");
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[test]
fn invitations_reach_each_of_the_people() {
    let rules = format!("[recipients]\nallow = [\"+15552220001\", \"{FAMILY}\"]\n");
    let desk = GateFixture::new(&open(&rules));
    let add = |people: &[&str]| {
        let arguments = json!({ "group": FAMILY, "people": people });
        desk.verdict("add_group_members", &arguments)
    };
    assert_eq!(add(&[MUM]), "allowed");
    assert_eq!(add(&[MUM, SAM]), "recipient-unlisted");
    let make = |people: &[&str]| {
        let arguments = json!({ "name": "Us", "people": people });
        desk.verdict("create_group", &arguments)
    };
    assert_eq!(make(&[MUM]), "allowed");
    assert_eq!(make(&[SAM, MUM]), "recipient-unlisted");
    // All in a group notice who is added to it, and read its own words.
    let added = json!({ "group": OTHER, "people": [MUM] });
    assert_eq!(
        desk.verdict("add_group_members", &added),
        "recipient-unlisted"
    );
    let words = json!({ "group": OTHER, "description": "x" });
    assert_eq!(
        desk.verdict("set_group_description", &words),
        "recipient-unlisted"
    );
}

#[test]
fn a_group_is_known_by_its_name_once_it_was_looked_up() {
    let allow = open("[recipients]\nallow = [\"group:Us\"]\n");
    let deny = open("[recipients]\ndeny = [\"group:Us\"]\n");
    let says = |desk: &GateFixture, chat| desk.verdict("send_message", &to(chat, "hi"));
    for (rules, one, two, other) in [
        (
            &allow,
            "allowed",
            "recipient-unlisted",
            "recipient-unlisted",
        ),
        (&deny, "recipient-denied", "recipient-denied", "allowed"),
    ] {
        // Two of one name: neither is the one that is allowed, both are those that are denied.
        let desk = GateFixture::new(rules);
        desk.groups(&[("Us", FAMILY), ("Them", OTHER)]);
        assert_eq!(says(&desk, FAMILY), one);
        assert_eq!(says(&desk, OTHER), other);
        let desk = GateFixture::new(rules);
        desk.groups(&[("Us", FAMILY), ("Us", OTHER)]);
        for chat in [FAMILY, OTHER] {
            assert_eq!(says(&desk, chat), two);
        }
        assert!(!desk.pending_lookups("send_message", &to(FAMILY, "hi")));
    }
}

#[test]
fn what_was_not_found_is_looked_up_again_after_a_minute() {
    let send = to(FAMILY, "hi");
    for (rules, tool, arguments) in [
        (
            "[recipients]\nallow = [\"group:Us\"]\n",
            "send_message",
            &send,
        ),
        (
            "[recipients]\nallow = [\"7@lid\"]\n",
            "send_message",
            &to(MUM, "hi"),
        ),
        (
            "[recipients]\nnew = { action = \"confirm\" }\n",
            "send_message",
            &send,
        ),
        (
            "[health]\npause_on = [\"STOPPED\"]\n",
            "send_message",
            &send,
        ),
        (
            "[read]\nchats = { deny = [\"7@lid\"] }\n",
            "list_chats",
            &json!({}),
        ),
        (
            "[read]\nchats = { deny = [\"group:Us\"] }\n",
            "list_chats",
            &json!({}),
        ),
    ] {
        let desk = GateFixture::new(&open(rules));
        for (later, pending_lookups) in [(0, true), (0, false), (59, false), (1, true)] {
            desk.hand.advance(Duration::from_secs(later));
            assert_eq!(
                desk.pending_lookups(tool, arguments),
                pending_lookups,
                "{rules} {later}"
            );
        }
    }
}

#[test]
fn who_was_written_to_before_is_looked_up_once() {
    let desk = GateFixture::new(&open("[recipients]\nnew = { action = \"confirm\" }\n"));
    desk.apply(Resolved {
        history: Some(HistoryPart::default()),
        ..Resolved::default()
    });
    assert!(!desk.pending_lookups("send_message", &to(MUM, "hi")));
}

#[test]
fn while_names_are_not_known_any_group_may_have_one() {
    let says = |desk: &GateFixture, chat: &str| desk.verdict("send_message", &to(chat, "hi"));
    let desk = GateFixture::new(&open("[recipients]\nallow = [\"group:Us\"]\n"));
    assert!(desk.pending_lookups("send_message", &to(FAMILY, "hi")));
    assert_eq!(says(&desk, FAMILY), "recipient-unlisted");
    for rules in [
        "[recipients]\ndeny = [\"group:Us\"]\n",
        "[recipients]\ndeny = [\"@bad\"]\n[lists]\nbad = [\"group:Us\"]\n",
    ] {
        let desk = GateFixture::new(&open(rules));
        assert_eq!(says(&desk, FAMILY), "recipient-denied");
        assert_eq!(says(&desk, MUM), "allowed");
        // A list without a group shows nothing of it.
        for listed in [&[][..], &[("Them", OTHER)]] {
            desk.groups(listed);
            assert_eq!(says(&desk, FAMILY), "recipient-denied");
        }
        assert_eq!(says(&desk, OTHER), "allowed");
        desk.groups(&[("Them", OTHER), ("We", FAMILY)]);
        assert_eq!(says(&desk, FAMILY), "allowed");
        // What groups are called does not depend on the policy.
        desk.gate.replace(policy(&open(&rules.replace("Us", "we"))));
        assert_eq!(says(&desk, FAMILY), "recipient-denied");
    }
}

#[test]
fn whoever_is_hidden_may_be_one_of_the_denied() {
    let says = |rules: &str, chat: &str| {
        let desk = GateFixture::new(&open(rules));
        desk.verdict("send_message", &to(chat, "hi"))
    };
    let hidden = "777000111222@lid";
    for rules in [
        "[recipients]\ndeny = [\"+15552220001\"]\n",
        "[recipients]\nallow = [\"*\"]\ndeny = [\"@bad\"]\n[lists]\nbad = [\"+15552220001\"]\n",
    ] {
        assert_eq!(says(rules, hidden), "recipient-denied");
        assert_eq!(says(rules, SAM), "allowed");
    }
    let rules = "[recipients]\ndeny = [\"group:*\", \"channel:*\", \"888000111222@lid\"]\n";
    assert_eq!(says(rules, hidden), "allowed");
    assert_eq!(says(rules, FAMILY), "recipient-denied");
    // Whoever is denied by a hidden identity may be reached by number.
    assert_eq!(says(rules, SAM), "recipient-denied");
}

#[tokio::test]
async fn new_recipients_are_asked_about_and_limited() {
    let rules = open("[recipients]\nnew = { action = \"confirm\", max = 2, window = \"day\" }\n");
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    for era in BOTH {
        let ledger = folder.path().join(format!("{era:?}.sqlite"));
        let mut app = app::sandbox()
            .era(era)
            .policy(&rules)
            .ledger(ledger)
            .linked()
            .await;
        // Whoever there is a chat with already is no stranger.
        for (chat, text) in [(MUM, "hi"), (FAMILY, "hi"), ("915552220003@lid", "ho")] {
            let sent = send(&mut app, chat, text).await;
            assert_eq!(sent["isError"], false, "{sent}");
        }
        assert_eq!(app.questions.len(), 0);
        assert_eq!(
            send(&mut app, "+15552227001", "one").await["isError"],
            false
        );
        let asked = app::shown(&app.questions[0]);
        assert!(
            asked.contains("never written to 15552227001@c.us"),
            "{asked}"
        );
        // Once written to, nobody is new.
        assert_eq!(
            send(&mut app, "+15552227001", "two").await["isError"],
            false
        );
        assert_eq!(app.questions.len(), 1);
        assert_eq!(
            send(&mut app, "+15552227002", "one").await["isError"],
            false
        );
        let refused = send(&mut app, "+15552227003", "one").await;
        assert_eq!(code(&refused), "rate-limited", "{refused}");
        assert!(
            refused.to_string().contains("0 new recipients are left"),
            "{refused}"
        );
        assert_eq!(app.questions.len(), 2, "nobody is asked in vain");
    }
    let mut app = app::sandbox()
        .policy(&rules)
        .ledger(ledger.clone())
        .linked()
        .await;
    let people = json!(["+15552227001", "+15552227002", "+15552227003"]);
    let invite = |people: &Value| json!({ "group": FAMILY, "people": people });
    let refused = app.call("add_group_members", invite(&people)).await;
    assert_eq!(code(&refused), "rate-limited", "three are more than two");
    let two = json!(["+15552227001", "+15552227002"]);
    app.call("add_group_members", invite(&two)).await;
    drop(app);
    // Another process of the account knows them, and that no more may be new today.
    let mut app = app::sandbox().policy(&rules).ledger(ledger).linked().await;
    assert_eq!(send(&mut app, "+15552227002", "hi").await["isError"], false);
    assert!(app.questions.is_empty());
    assert_eq!(
        code(&send(&mut app, "+15552227003", "hi").await),
        "rate-limited"
    );
}

#[test]
fn what_one_caller_writes_makes_nobody_new_for_another() {
    let desk = GateFixture::new(&open(
        "[grants.careful.recipients]\nnew = { action = \"deny\" }\n",
    ));
    let says = |grant, text| desk.verdict_for(grant, "send_message", &to(SAM, text));
    assert_eq!(says("careful", "one"), "recipient-new");
    assert_eq!(says("local", "two"), "allowed");
    assert_eq!(says("careful", "three"), "allowed");
}

#[tokio::test]
async fn who_is_named_by_a_hidden_identity_is_that_person() {
    let deny = open("[recipients]\ndeny = [\"915552220001@lid\"]\n");
    let allow = open("[recipients]\nallow = [\"@us\"]\n[lists]\nus = [\"915552220001@lid\"]\n");
    for (rules, mum, sam) in [
        (deny, Some("recipient-denied"), None),
        (allow, None, Some("recipient-unlisted")),
    ] {
        let mut app = app::sandbox().policy(&rules).linked().await;
        for (chat, wanted) in [
            (MUM, mum),
            ("915552220001@lid", mum),
            (SAM, sam),
            ("915552220003@lid", sam),
            ("915552220001@lid", mum),
        ] {
            let result = app.call("archive_chat", json!({ "chat": chat })).await;
            assert_eq!(result["isError"], false);
            let result = send(&mut app, chat, chat).await;
            match wanted {
                Some(wanted) => assert_eq!(code(&result), wanted, "{chat}"),
                None => assert_eq!(result["isError"], false, "{chat}: {result}"),
            }
        }
    }
}
