//! `[media]`: which files may be sent, by their content, size and source.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};
use tempfile::TempDir;
use whatsapp_guard::{
    backend::specs,
    media::MediaRules,
    op::{self, Facts, FileFacts, LastIncoming},
    policy::{
        Context,
        Direction::{self, Looser, Tighter},
        KnownNames, Policy,
    },
};
use wiremock::MockServer;

use crate::app::{self, TestServer, code, working_waha::answer_the_rest};

const MUM: &str = "15552220001@c.us";
const GROUP: &str = "120363025246125486@g.us";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n%%EOF\n";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture";

/// An outbox with a file of each kind.
fn outbox() -> TempDir {
    let outbox = TempDir::new().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(outbox.path().join(name), content).unwrap();
    write("plan.pdf", PDF);
    write("photo.jpg", JPEG);
    write("photo.pdf", JPEG);
    write("notes.pdf", b"just text");
    let page = [PDF, b"<html><script>alert(1)</script></html>"].concat();
    write("page.pdf", &page);
    let archive = [PDF, b"PK\x05\x06", &[0; 18]].concat();
    write("archive.pdf", &archive);
    write("long.pdf", &[PDF, &[b' '; 2000]].concat());
    outbox
}

async fn server(mock: &MockServer, outbox: &Path, policy: &str) -> TestServer {
    let rules = MediaRules::new(Some(outbox.to_owned()), 1 << 20);
    let policy = format!("version = \"1\"\ndefault = \"allow\"\n{policy}\n");
    let server = app::waha_with_media(mock, rules);
    server.policy(&policy).start().await
}

async fn changes(mock: &MockServer) -> usize {
    let requests = mock.received_requests().await.unwrap();
    let changes = requests.iter().filter(|one| one.method.as_str() != "GET");
    changes.count()
}

/// What comes of sending a file: `sent`, or the code of the refusal.
async fn send(app: &mut TestServer, media: Value) -> String {
    let arguments = json!({ "chat": MUM, "media": media, "allow_repeat": true });
    let result = app.call("send_media", arguments).await;
    match result["isError"] == true {
        true => code(&result).to_owned(),
        false => "sent".to_owned(),
    }
}

#[tokio::test]
async fn only_pdfs_from_the_outbox_below_a_size() {
    let (mock, outbox) = (MockServer::start().await, outbox());
    answer_the_rest(&mock).await;
    let policy =
        "[media]\ntypes = [\"application/pdf\"]\nmax_bytes = \"1kB\"\nsources = [\"outbox\"]";
    let mut app = server(&mock, outbox.path(), policy).await;
    // `JVBERi0xLjc=` is `%PDF-1.7`.
    for refused in [
        json!({ "path": "photo.jpg" }),
        json!({ "path": "photo.pdf" }),
        json!({ "path": "notes.pdf" }),
        json!({ "path": "page.pdf" }),
        json!({ "path": "archive.pdf" }),
        json!({ "path": "long.pdf" }),
        json!({ "base64": "JVBERi0xLjc=", "mime": "application/pdf" }),
        json!({ "url": "https://example.com/plan.pdf" }),
    ] {
        assert_eq!(
            send(&mut app, refused.clone()).await,
            "file-not-allowed",
            "{refused}"
        );
    }
    assert_eq!(changes(&mock).await, 0);
    assert_eq!(send(&mut app, json!({ "path": "plan.pdf" })).await, "sent");
    assert_eq!(changes(&mock).await, 1);
}

#[tokio::test]
async fn a_refusal_names_the_rule_and_what_is_wrong() {
    let (mock, outbox) = (MockServer::start().await, outbox());
    let policy = "[media]\ntypes = [\"application/pdf\", \"image/*\"]\nmax_bytes = 1000\nsources = [\"outbox\", \"base64\"]";
    let mut app = server(&mock, outbox.path(), policy).await;
    let long = "A".repeat(2000);
    for (media, rule, reason) in [
        (
            json!({ "path": "notes.pdf" }),
            "media.types",
            "of no type for certain",
        ),
        (
            json!({ "path": "long.pdf" }),
            "media.max_bytes",
            "more than 1 kB",
        ),
        (
            json!({ "base64": long, "mime": "image/png" }),
            "media.max_bytes",
            "more than 1 kB",
        ),
        (
            json!({ "url": "https://example.com/x" }),
            "media.sources",
            "comes from url, and may come from outbox or base64",
        ),
    ] {
        let result = app
            .call("send_media", json!({ "chat": MUM, "media": media }))
            .await;
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], "file-not-allowed", "{result}");
        assert!(
            error["rule"]
                .as_str()
                .unwrap()
                .ends_with(&format!("({rule})")),
            "{error}"
        );
        assert!(
            error["reason"].as_str().unwrap().contains(reason),
            "{error}"
        );
    }
}

#[tokio::test]
async fn each_tool_that_sends_a_file_is_held_to_it() {
    let (mock, outbox) = (MockServer::start().await, outbox());
    let policy = "[media]\ntypes = [\"application/pdf\"]";
    let mut app = server(&mock, outbox.path(), policy).await;
    let file = json!({ "path": "photo.jpg" });
    for (tool, arguments) in [
        ("send_media", json!({ "chat": MUM, "media": file })),
        (
            "set_group_picture",
            json!({ "group": GROUP, "picture": file }),
        ),
        ("update_profile", json!({ "picture": file })),
    ] {
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), "file-not-allowed", "{tool}");
    }
    fs::write(outbox.path().join("voice.ogg"), b"OggS\0").unwrap();
    let voice = json!({ "chat": MUM, "media": { "path": "voice.ogg" } });
    assert_eq!(
        code(&app.call("send_voice", voice).await),
        "file-not-allowed"
    );
    assert_eq!(changes(&mock).await, 0);
}

#[test]
fn the_facts_of_a_call_say_whether_it_sends_a_file() {
    for entry in op::catalogue() {
        let message = format!("true_{MUM}_3EB0C767D26A1B2E5C");
        let arguments = app::sample(entry, &message);
        let sends = arguments
            .get("media")
            .or(arguments.get("picture"))
            .is_some();
        let facts = (entry.facts)(arguments).unwrap();
        assert_eq!(facts.outgoing.is_some(), sends, "{}", entry.name);
    }
}

#[tokio::test]
async fn shadow_mode_lets_a_file_pass() {
    let (mock, outbox) = (MockServer::start().await, outbox());
    answer_the_rest(&mock).await;
    let policy = "[media]\ntypes = [\"image/png\"]\nmax_bytes = 5\n[mode]\nvalue = \"shadow\"";
    let mut app = server(&mock, outbox.path(), policy).await;
    assert_eq!(send(&mut app, json!({ "path": "plan.pdf" })).await, "sent");
}

fn file(content_type: Option<&'static str>, bytes: usize) -> Facts {
    let arguments = json!({ "chat": MUM, "media": { "path": "x" } });
    let mut facts = op::call("send_media", arguments).unwrap();
    facts.file = Some(FileFacts {
        name: "x".to_owned(),
        bytes,
        mime: "text/plain".to_owned(),
        content_type,
        sha256: String::new(),
    });
    facts
}

fn load(text: &str) -> Policy {
    let text = format!("version = \"1\"\ndefault = \"allow\"\n{text}\n");
    Policy::from_toml(specs(), "policy.toml", &text)
        .unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

fn effect(policy: &Policy, facts: &Facts) -> &'static str {
    let groups = Arc::new(KnownNames::default());
    let context = Context {
        grant: "local",
        now: None,
        groups: &groups,
        newcomers: &[],
        has_read: &[],
        incoming: &LastIncoming::default(),
    };
    policy.decide(facts, &context).effect().name()
}

#[test]
fn the_type_of_the_content_counts_and_not_the_declared_one() {
    for (types, content_type, wanted) in [
        ("[\"image/*\"]", Some("image/png"), "allow"),
        ("[\"image/*\"]", Some("video/mp4"), "deny"),
        ("[\"image/*\"]", None, "deny"),
        ("[\"image/png\", \"audio/ogg\"]", Some("audio/ogg"), "allow"),
        ("[\"image/png\", \"audio/ogg\"]", Some("image/jpeg"), "deny"),
        ("[]", Some("image/png"), "deny"),
    ] {
        let policy = load(&format!("[media]\ntypes = {types}"));
        assert_eq!(
            effect(&policy, &file(content_type, 1)),
            wanted,
            "{types} {content_type:?}"
        );
    }
    for (most, bytes, wanted) in [
        ("1000", 1000, "allow"),
        ("1000", 1001, "deny"),
        ("\"2kB\"", 2001, "deny"),
    ] {
        let policy = load(&format!("[media]\nmax_bytes = {most}"));
        assert_eq!(
            effect(&policy, &file(None, bytes)),
            wanted,
            "{most} {bytes}"
        );
    }
}

#[test]
fn a_grant_only_tightens() {
    let policy = load(
        "[media]\ntypes = [\"image/*\"]\nmax_bytes = 1000\n\
         [grants.local.media]\ntypes = [\"image/png\", \"audio/ogg\"]\nmax_bytes = 2000",
    );
    for (content_type, bytes, wanted) in [
        ("image/png", 1000, "allow"),
        ("image/png", 1001, "deny"),
        ("image/jpeg", 1000, "deny"),
        ("audio/ogg", 1000, "deny"),
    ] {
        assert_eq!(
            effect(&policy, &file(Some(content_type), bytes)),
            wanted,
            "{content_type} {bytes}"
        );
    }
}

#[test]
fn it_is_described_and_compared() {
    let policy = load(
        "[media]\ntypes = [\"application/pdf\", \"image/*\"]\nmax_bytes = \"2MB\"\nsources = [\"outbox\", \"url\"]",
    );
    let terms: Vec<String> = policy
        .describe("local", None)
        .iter()
        .map(ToString::to_string)
        .collect();
    let words = "files that are sent: by their content application/pdf, image/*; at most 2 MB; from outbox, url [policy.toml:3:2 (media)]";
    assert!(terms.contains(&words.to_owned()), "{terms:?}");
    let ways = |old: &str, new: &str| -> Vec<Direction> {
        let changes = load(old).changes(&load(new));
        changes.iter().map(|change| change.direction).collect()
    };
    for (old, new, wanted) in [
        ("", "[media]\ntypes = [\"image/png\"]", &[Tighter][..]),
        (
            "[media]\ntypes = [\"image/png\"]",
            "[media]\ntypes = [\"image/*\"]",
            &[Looser],
        ),
        (
            "[media]\ntypes = [\"image/png\"]",
            "[media]\ntypes = [\"image/gif\"]",
            &[Looser, Tighter],
        ),
        (
            "[media]\nmax_bytes = 5",
            "[media]\nmax_bytes = 6",
            &[Looser],
        ),
        ("[media]\nmax_bytes = 5", "", &[Looser]),
        ("", "[media]\nsources = [\"outbox\"]", &[Tighter]),
        (
            "[media]\nsources = [\"url\", \"outbox\"]",
            "[media]\nsources = [\"outbox\", \"url\"]",
            &[],
        ),
    ] {
        assert_eq!(ways(old, new), wanted, "{old} -> {new}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    for (media, wanted) in [
        (
            "types = [\"application/pfd\"]",
            "did you mean `application/pdf`?",
        ),
        ("types = [\"text/plain\"]", "unknown-media-type"),
        ("types = [\"font/*\"]", "the types are application/pdf"),
        ("types = \"image/png\"", "a list of media types"),
        ("max_bytes = \"2 megabytes\"", "from 1 byte to 1 GB"),
        ("max_bytes = 0", "from 1 byte to 1 GB"),
        ("sources = [\"disk\"]", "outbox, url or base64"),
        ("source = [\"outbox\"]", "did you mean `sources`?"),
    ] {
        let text = format!("version = \"1\"\n[media]\n{media}\n");
        let wrong = Policy::from_toml(specs(), "policy.toml", &text)
            .unwrap_err()
            .to_string();
        assert!(wrong.contains(wanted), "{media}\n{wrong}");
    }
}
