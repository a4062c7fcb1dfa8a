//! `doctor`: findings and exit codes.

use serde_json::{Value, json};

use crate::app::{
    SECRET,
    command::{program, run},
};

#[test]
fn doctor_says_what_is_wrong() {
    let ran = run(
        &["doctor"],
        &[
            ("WAHA_BASE_URL", "http://127.0.0.1:9"),
            ("WAHA_API_KEY", SECRET),
        ],
    );
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("no  WAHA could not be reached at http://127.0.0.1:9"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains(SECRET) && ran.err.is_empty());
    let ran = run(&["doctor", "--json"], &[]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["ok"]), (1, &json!(false)));
    assert_eq!(report["findings"][0]["found"], "back end: sandbox");
}

#[test]
fn doctor_says_what_a_person_can_do() {
    let ran = run(&["doctor"], &[]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("have an agent open the session, or start it in the API's own console"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("open_session"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn doctor_and_a_start_say_what_others_may_read_or_write() {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        process::Stdio,
    };

    let (_, home) = program();
    let state = home.path().join("whatsapp-guard");
    let account = state.join("waha-0123456789abcdef");
    fs::create_dir_all(&account).unwrap();
    let [audit, ledger, key] = [
        state.join("audit.jsonl"),
        account.join("ledger.sqlite"),
        home.path().join("key"),
    ];
    let modes = [
        (&state, 0o770, "its group may write it (mode 770)", "go-w"),
        (&audit, 0o622, "others may write it (mode 622)", "go-w"),
        (&ledger, 0o660, "its group may write it (mode 660)", "go-w"),
        (&key, 0o644, "others may read it (mode 644)", "go-rwx"),
    ];
    for file in [&audit, &ledger, &key] {
        fs::write(file, "secret").unwrap();
    }
    fs::set_permissions(&account, Permissions::from_mode(0o700)).unwrap();
    let ran = |arguments: &[&str]| {
        let (mut command, _) = program();
        let output = command
            .env("XDG_STATE_HOME", home.path())
            .env("WAHA_BASE_URL", "http://127.0.0.1:9")
            .env("WAHA_API_KEY_FILE", &key)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        texts.concat()
    };
    for is_exposed in [true, false] {
        for (path, mode, _, _) in modes {
            let mode = if is_exposed { mode } else { 0o700 };
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        for arguments in [&["doctor"], &["serve"]] {
            let text = ran(arguments);
            for (path, _, who, change) in modes {
                let path = path.display();
                let found = text.contains(&format!("`{path}`: {who}"));
                assert_eq!(found, is_exposed, "{arguments:?} {path}: {text}");
                let remedy = text.contains(&format!("Run `chmod {change} {path}`."));
                assert_eq!(remedy, is_exposed, "{arguments:?} {path}: {text}");
            }
            let fine = text.contains("ok  only their owners may write");
            assert_eq!(fine, !is_exposed && arguments == &["doctor"], "{text}");
        }
    }
}

#[test]
fn doctor_says_that_calls_are_stopped() {
    let (_, home) = program();
    let state = home.path().to_str().unwrap();
    for (option, what) in [
        ("--status", None),
        ("--json", Some("all changes")),
        ("--all", Some("everything")),
    ] {
        let ran = run(&["panic", option, "--state", state], &[]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let ran = run(&["doctor", "--state", state], &[]);
        let found = ran.out.lines().find(|line| line.contains("has stopped"));
        assert_eq!(found.is_some(), what.is_some(), "{}", ran.out);
        assert!(
            found.is_none_or(|line| line.contains(what.unwrap())),
            "{}",
            ran.out
        );
        assert_eq!(
            ran.out.contains("panic --off"),
            what.is_some(),
            "{}",
            ran.out
        );
    }
}
