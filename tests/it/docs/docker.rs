//! `Dockerfile` and `compose.yaml`: what they start, as whom, and that they hold no secret.

use serde_json::Value;

use crate::app::command::run;

const DOCKERFILE: &str = include_str!("../../../Dockerfile");
const COMPOSE: &str = include_str!("../../../compose.yaml");

/// The JSON list after `key` on the one line of `text` that has it, from `from` on.
fn list(text: &str, from: &str, key: &str) -> Vec<String> {
    let (_, text) = text.split_once(from).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(key))
        .unwrap();
    let items: Vec<Value> = serde_json::from_str(line).unwrap();
    let text = |item: &Value| item.as_str().unwrap().to_owned();
    items.iter().map(text).collect()
}

/// A service of `compose.yaml`.
fn service(name: &str) -> &'static str {
    let (_, text) = COMPOSE.split_once(&format!("\n  {name}:\n")).unwrap();
    let end = text.find("\n\n").unwrap_or(text.len());
    &text[..end]
}

#[test]
fn the_program_takes_what_they_say() {
    let help = run(&["serve", "--help"], &[]).out;
    for arguments in [
        list(DOCKERFILE, "\nENTRYPOINT", "CMD "),
        list(COMPOSE, "\n  guard:", "command: "),
    ] {
        assert_eq!(arguments[0], "serve");
        for flag in arguments.iter().filter(|word| word.starts_with("--")) {
            assert!(
                help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                "{flag}"
            );
        }
        // Unknown flags and values of the wrong kind are told before the help is.
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all.push("--help");
        let ran = run(&all, &[]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    for variable in ["WHATSAPP_GUARD_STATE", "WHATSAPP_GUARD_POLICY"] {
        assert!(DOCKERFILE.contains(&format!("{variable}=")));
        assert!(help.contains(&format!("[env: {variable}")), "{variable}");
    }
}

#[test]
fn nobody_is_root_and_nothing_is_written_but_the_state() {
    let (_, last) = DOCKERFILE.rsplit_once("\nFROM ").unwrap();
    assert!(last.starts_with("scratch\n"), "{last}");
    assert!(last.contains("\nUSER 65532:65532\n"));
    assert!(last.contains("--chown=65532:65532 /state /var/lib/whatsapp-guard\n"));
    assert!(last.contains("\nVOLUME /var/lib/whatsapp-guard\n"));
    for name in ["guard", "store"] {
        let service = service(name);
        for line in [
            "read_only: true",
            "cap_drop: [ALL]",
            "\"no-new-privileges:true\"",
            "user: \"",
        ] {
            assert!(service.contains(line), "{name}: {line}");
        }
        assert!(!service.contains("user: \"0"), "{name}");
    }
    // What the audit and the ledger are written to is on the volume.
    let guard = service("guard");
    assert!(guard.contains("- guard:/var/lib/whatsapp-guard\n"));
    assert!(guard.contains("\"--audit\", \"/var/lib/whatsapp-guard/"));
    assert!(guard.contains("- \"127.0.0.1:8788:8788\"\n"));
}

#[test]
fn images_are_named_by_version() {
    let from = DOCKERFILE
        .lines()
        .filter_map(|line| line.strip_prefix("FROM "));
    let image = COMPOSE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("image: "));
    for image in from.chain(image).filter(|image| *image != "scratch") {
        let (_, tag) = image.split_once(':').unwrap();
        assert!(
            tag.contains('.') && tag.contains(|c: char| c.is_ascii_digit()),
            "{image}"
        );
    }
}

#[test]
fn there_is_no_secret_in_them() {
    for line in DOCKERFILE.lines().chain(COMPOSE.lines()).map(str::trim) {
        let (name, value) = line.split_once([':', '=']).unwrap_or((line, ""));
        let is_secret = ["KEY", "TOKEN", "PASSWORD", "SECRET"]
            .iter()
            .any(|word| name.contains(word));
        let value = value.trim().trim_start_matches("sha512:");
        let is_elsewhere = value.starts_with("${") || value.starts_with("/run/secrets/");
        assert!(
            line.starts_with('#') || !is_secret || is_elsewhere,
            "{line}"
        );
    }
    assert!(include_str!("../../../.gitignore").contains("/secrets\n"));
    let context = include_str!("../../../.dockerignore");
    assert!(context.starts_with("*\n") && !context.contains("!secrets"));
}
