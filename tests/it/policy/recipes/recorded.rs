//! The recipes and the presets on recorded answers of WAHA. Their names and numbers are those
//! of the account there.

use std::fs;

use jiff::Timestamp;
use serde_json::{Value, json};
use whatsapp_guard::media::MediaRules;
use wiremock::MockServer;

use crate::app::{self, Person, TestServer, code, recorded};

macro_rules! recipe {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../examples/policies/recipes/",
            $name,
            ".toml"
        ))
    };
}

macro_rules! preset {
    ($name:literal) => {
        include_str!(concat!("../../../../examples/policies/", $name, ".toml"))
    };
}

/// Called Person 1; has written an hour ago.
const ANNA: &str = "15552220001@c.us";
/// Called Person 2.
const BOB: &str = "15552220002@c.us";
/// Has no chat with the account.
const STRANGER: &str = "15559998888@c.us";
const FAMILY: &str = "120363025246125486@g.us";
const CLUB: &str = "120363025246125487@g.us";
/// An hour after Anna has written: a Friday, at two in Berlin.
const NOW: i64 = 1_795_784_113 + 3600;

struct Site {
    app: TestServer,
    mock: MockServer,
}

impl Site {
    async fn start(policy: &str, person: Person) -> Self {
        Self::with_media(policy, person, MediaRules::default()).await
    }

    async fn with_media(policy: &str, person: Person, media: MediaRules) -> Self {
        let mock = recorded::waha().await;
        let server = app::waha_with_media(&mock, media).policy(policy);
        let app = server.person(person).start().await;
        app.hand.set_wall(Timestamp::from_second(NOW).unwrap());
        Self { app, mock }
    }

    /// What comes of a call: `done`, or the code of the refusal.
    async fn outcome(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.app.call(tool, arguments).await;
        match result["isError"] == true {
            true => code(&result).to_owned(),
            false => "done".to_owned(),
        }
    }

    async fn send(&mut self, chat: &str, text: &str) -> String {
        let message = json!({ "chat": chat, "text": text });
        self.outcome("send_message", message).await
    }

    async fn answer(&mut self, tool: &str, arguments: Value) -> String {
        self.app.call(tool, arguments).await.to_string()
    }

    /// How many requests changed something.
    async fn changes(&self) -> usize {
        let requests = self.mock.received_requests().await.unwrap();
        let changes = requests.iter().filter(|one| one.method != "GET");
        changes.count()
    }
}

#[tokio::test]
async fn one_group_is_read_and_nothing_else_is_told() {
    let policy = recipe!("one-group-reader").replace("group:Team", "group:Family");
    let mut site = Site::start(&policy, Person::Silent).await;
    let chats = site.answer("list_chats", json!({})).await;
    assert!(chats.contains("Family"), "{chats}");
    let messages = site
        .answer("list_messages", json!({ "chat": FAMILY }))
        .await;
    assert!(messages.contains("in the group Family"), "{messages}");
    let others = site.answer("list_messages", json!({ "chat": ANNA })).await;
    for told in [&chats, &others] {
        assert!(
            !told.contains("Person 1") && !told.contains("hello") && !told.contains("Hidden club"),
            "{told}"
        );
    }
    assert_eq!(site.send(FAMILY, "Hi").await, "not-admitted");
    assert_eq!(site.changes().await, 0);
}

#[tokio::test]
async fn a_hidden_chat_does_not_exist() {
    let policy = recipe!("hidden-chat").replace("contact:Therapist", "contact:Person 2");
    let mut site = Site::start(&policy, Person::Silent).await;
    for (tool, arguments) in [
        ("list_chats", json!({})),
        ("list_contacts", json!({})),
        ("get_contact", json!({ "person": ANNA })),
    ] {
        let told = site.answer(tool, arguments).await;
        assert!(told.contains("Person 1"), "{tool}: {told}");
        for hidden in ["Person 2", "15552220002", "push2", "910000000000002"] {
            assert!(!told.contains(hidden), "{tool}: {told}");
        }
    }
    assert_ne!(site.send(BOB, "Hi").await, "done");
    assert_eq!(site.changes().await, 0);
    assert_eq!(site.send(ANNA, "hi there").await, "done");
}

#[tokio::test]
async fn only_who_has_written_is_answered_and_without_links() {
    for policy in [recipe!("answers-only"), recipe!("service-bot")] {
        let mut site = Site::start(policy, Person::Silent).await;
        assert_eq!(site.send(STRANGER, "Hi").await, "no-recent-message");
        assert_eq!(site.send(BOB, "Hi").await, "no-recent-message");
        assert_eq!(site.changes().await, 0);
        assert_eq!(site.send(ANNA, "hi there").await, "done");
        assert_eq!(site.changes().await, 1);
    }
    let mut site = Site::start(recipe!("service-bot"), Person::Silent).await;
    let link = site.send(ANNA, "See example.com").await;
    assert_eq!(link, "condition-not-met");
    assert_eq!(site.changes().await, 0);
}

#[tokio::test]
async fn the_team_is_free_and_a_no_is_a_no() {
    let policy = recipe!("team-freely").replace("+15551230000", "+15552220001");
    let mut site = Site::start(&policy, Person::Declines).await;
    assert_eq!(site.send(ANNA, "hi there").await, "done");
    assert_eq!(site.app.questions.len(), 0);
    assert_eq!(site.send(BOB, "Hi").await, "declined");
    assert_eq!(site.changes().await, 1);
}

#[tokio::test]
async fn a_group_is_left_with_a_yes_alone() {
    for (person, outcome, changes) in [
        (Person::Declines, "declined", 0),
        (Person::Accepts, "done", 1),
    ] {
        let mut site = Site::start(recipe!("may-leave-groups"), person).await;
        let left = site.outcome("leave_group", json!({ "group": CLUB })).await;
        assert_eq!((&*left, site.changes().await), (outcome, changes));
    }
}

#[tokio::test]
async fn only_pdfs_from_the_outbox_are_sent() {
    let outbox = tempfile::tempdir().unwrap();
    fs::write(
        outbox.path().join("plan.pdf"),
        b"%PDF-1.7\n1 0 obj\n%%EOF\n",
    )
    .unwrap();
    fs::write(
        outbox.path().join("photo.pdf"),
        b"\xff\xd8\xff\xe0 a picture",
    )
    .unwrap();
    let media = MediaRules::new(Some(outbox.path().to_owned()), 1 << 24);
    let policy = recipe!("pdfs-only").replace("+15551230000", "+15552220001");
    let mut site = Site::with_media(&policy, Person::Silent, media).await;
    let file = |name: &str| json!({ "chat": ANNA, "media": { "path": name } });
    let photo = site.outcome("send_media", file("photo.pdf")).await;
    assert_eq!((&*photo, site.changes().await), ("file-not-allowed", 0));
    // This WAHA has no Plus.
    let plan = site.outcome("send_media", file("plan.pdf")).await;
    assert_eq!((&*plan, site.changes().await), ("backend-refused", 1));
}

#[tokio::test]
async fn a_person_gets_three_messages_a_day() {
    let mut site = Site::start(recipe!("three-a-day"), Person::Silent).await;
    for text in ["one", "two", "three"] {
        assert_ne!(site.send(ANNA, text).await, "rate-limited");
    }
    assert_eq!(site.send(ANNA, "four").await, "rate-limited");
    assert_eq!(site.changes().await, 3);
}

#[tokio::test]
async fn a_draft_waits_for_a_yes_and_a_read_mark_does_not() {
    let mut site = Site::start(recipe!("drafts-only"), Person::Declines).await;
    assert_eq!(site.send(ANNA, "hi there").await, "declined");
    assert_eq!((site.app.questions.len(), site.changes().await), (1, 0));
    let read = site
        .outcome("mark_chat_read", json!({ "chat": ANNA }))
        .await;
    assert_eq!((&*read, site.app.questions.len()), ("done", 1));
    assert_eq!(site.changes().await, 1);
}

/// Starts a preset in which the first number is Anna's; what comes of a message to her and of
/// one to Bob, and how many were sent.
async fn two_messages(preset: &str, person: Person) -> (String, String, usize) {
    let policy = preset.replacen("+15551230000", "+15552220001", 1);
    let mut site = Site::start(&policy, person).await;
    let chats = site.answer("list_chats", json!({})).await;
    assert!(chats.contains("15552220001"), "{chats}");
    let anna = site.send(ANNA, "hi there").await;
    let bob = site.send(BOB, "hi").await;
    (anna, bob, site.changes().await)
}

#[tokio::test]
async fn the_presets_do_what_they_say() {
    use Person::{Accepts, Declines, Silent};
    for (name, preset, person, wanted) in [
        (
            "read-only",
            preset!("read-only"),
            Silent,
            ("not-admitted", "not-admitted", 0),
        ),
        (
            "ask-every-send",
            preset!("ask-every-send"),
            Declines,
            ("declined", "declined", 0),
        ),
        (
            "family",
            preset!("family"),
            Silent,
            ("done", "recipient-unlisted", 1),
        ),
        (
            "replies-only",
            preset!("replies-only"),
            Silent,
            ("done", "no-recent-message", 1),
        ),
        (
            "business-hours",
            preset!("business-hours"),
            Silent,
            ("done", "backend-refused", 2),
        ),
        ("team", preset!("team"), Declines, ("done", "declined", 1)),
        (
            "team",
            preset!("team"),
            Accepts,
            ("done", "backend-refused", 2),
        ),
    ] {
        let (anna, bob, changes) = two_messages(preset, person).await;
        assert_eq!((&*anna, &*bob, changes), wanted, "{name}");
    }
}
