//! What was counted stays counted, however the files are arranged.

use std::{fs, path::Path};

use serde_json::json;
use whatsapp_guard::{backend::specs, clock::Clock, ledger::Ledger, policy::Policy};

use crate::app::gate::{GateFixture, policy};

const MUM: &str = "15552220001@c.us";

/// A policy of these files; the first is the one that is named.
fn files(folder: &Path, all: &[(&str, &str)]) -> Policy {
    for (name, text) in all {
        fs::write(folder.join(name), format!("version = \"1\"\n{text}\n")).unwrap();
    }
    Policy::load(specs(), &folder.join(all[0].0)).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// How many messages to different texts pass.
fn passing(fixture: &GateFixture, from: usize) -> usize {
    (from..from + 20)
        .take_while(|index| {
            let message = json!({ "chat": MUM, "text": format!("Hi {index}") });
            fixture.pass("send_message", &message).is_some()
        })
        .count()
}

#[test]
fn no_way_to_write_the_same_limit_gives_anything_back() {
    for window in ["minute", "hour"] {
        let limits = |max: u32| format!("limits = [{{ max = {max}, window = \"{window}\" }}]\n");
        let three = limits(3);
        let other = "limits = [{ max = 9, window = \"2h\", scope = \"account\" }]\n";
        let variants: Vec<Vec<(&str, String)>> = vec![
            vec![("main", format!("[tools.send_message]\n{three}"))],
            vec![("main", format!("[[tools.send_message]]\n{three}"))],
            vec![(
                "main",
                format!("[[tools.send_message]]\n{other}[[tools.send_message]]\n{three}"),
            )],
            vec![(
                "main",
                format!("[[tools.send_message]]\n{three}[[tools.send_message]]\n{other}"),
            )],
            vec![("main", format!("[tools.waha_send_message]\n{three}"))],
            vec![(
                "main",
                format!("[tools.send_text]\nrate_limit = {{ max = 3, window = \"{window}\" }}\n"),
            )],
            vec![
                (
                    "main",
                    "include = [\"one\"]\n[tools.send_message]\n".to_owned(),
                ),
                ("one", format!("[tools.send_message]\n{three}")),
            ],
            vec![
                (
                    "main",
                    "include = [\"two\", \"one\"]\n[tools.send_message]\n".to_owned(),
                ),
                ("one", format!("[tools.send_message]\n{three}")),
                ("two", format!("[tools.get_session]\n{three}")),
            ],
            vec![
                (
                    "main",
                    format!("include = [\"one\"]\n[tools.send_message]\n{}", limits(5)),
                ),
                ("one", format!("[tools.send_message]\n{three}")),
            ],
        ];
        let folder = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::manual();
        let ledger = Ledger::in_memory(clock.clone());
        let first = policy("version = \"1\"\n[tools.send_message]\n");
        let fixture = GateFixture::at(first, &clock, hand, ledger);
        let mut wanted = 3;
        for (index, files_of) in variants.iter().enumerate() {
            let all: Vec<_> = files_of
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            // Nor does a rule that is taken out for a while.
            let without = "[tools.send_message]\naction = \"deny\"";
            fixture
                .gate
                .replace(files(folder.path(), &[("main", without)]));
            assert_eq!(passing(&fixture, 100 * index), 0);
            fixture.gate.replace(files(folder.path(), &all));
            assert_eq!(
                passing(&fixture, 100 * index),
                wanted,
                "{window} {files_of:?}"
            );
            wanted = 0;
        }
    }
}

#[test]
fn an_included_limit_holds_beside_one_of_the_first_file() {
    let folder = tempfile::tempdir().unwrap();
    let limit =
        |max: u32| format!("[tools.send_message]\nlimits = [{{ max = {max}, window = \"day\" }}]");
    for (main, included) in [(2, 5), (5, 2)] {
        let main = format!("include = [\"one\"]\n{}", limit(main));
        let policy = files(folder.path(), &[("main", &main), ("one", &limit(included))]);
        assert_eq!(policy.warnings.to_string(), "");
        let limits = policy.limits_of("send_message", "local");
        let rules: Vec<&str> = limits.iter().map(|limit| &*limit.rule).collect();
        let (clock, hand) = Clock::manual();
        let ledger = Ledger::in_memory(clock.clone());
        assert_eq!(limits[0].max.get(), 2);
        let file = if included == 2 { "/one:" } else { "/main:" };
        assert!(rules[0].contains(file), "{rules:?}");
        let fixture = GateFixture::at(policy, &clock, hand, ledger);
        assert_eq!(passing(&fixture, 0), 2);
    }
}

#[test]
fn what_a_grant_is_limited_to_is_its_own() {
    let text = "version = \"1\"\n[tools.send_message]\nlimits = [{ max = 9, window = \"day\", scope = \"account\" }]\n\
                [grants.local.tools.send_message]\nlimits = [{ max = 2, window = \"day\", scope = \"account\" }]\n";
    let limits = policy(text).limits;
    assert_eq!(limits.len(), 2);
    assert_ne!(limits[0].counter, limits[1].counter);
}

#[test]
fn calls_that_name_no_chat_are_counted_where_chats_are() {
    for (rules, tool, arguments, passes) in [
        (
            "[tools.list_chats]\nlimits = [{ max = 2, window = \"WINDOW\", scope = \"chat\" }]",
            "list_chats",
            json!({}),
            2,
        ),
        (
            "[tools.set_presence]\nlimits = [{ max = 1, window = \"WINDOW\", scope = \"chat\" }]",
            "set_presence",
            json!({ "presence": "online" }),
            1,
        ),
        // Each preview is a message.
        (
            "[tools.list_chats]\n[read.budget]\nmessages = 5\nwindow = \"WINDOW\"\nscope = \"chat\"",
            "list_chats",
            json!({ "limit": 5 }),
            1,
        ),
    ] {
        for window in ["minute", "day"] {
            let text = format!("version = \"1\"\n{}\n", rules.replace("WINDOW", window));
            let fixture = GateFixture::new(&text);
            for call in 0..=passes {
                let wanted = if call < passes {
                    "allowed"
                } else {
                    "rate-limited"
                };
                assert_eq!(fixture.verdict(tool, &arguments), wanted, "{text} {call}");
            }
        }
    }
}
