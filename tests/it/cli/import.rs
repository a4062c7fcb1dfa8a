//! `import`: output, report and exit codes.

use std::fs;

use serde_json::Value;
use whatsapp_guard::policy::Policy;

use crate::{
    app::command::{CommandOutput, program, run},
    import::conversion::effect,
};

const INTERCEPT: &str = include_str!("../fixtures/intercept.yaml");
const POLICYLAYER: &str = include_str!("../fixtures/policylayer.json");

/// Runs `import` on a file of this text.
fn ran(text: &[u8], arguments: &[&str]) -> CommandOutput {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theirs");
    fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let mut ran = run(&[&["import", path], arguments].concat(), &[]);
    ran.err = ran.err.replace(path, "theirs");
    ran
}

#[test]
fn intercept_reads_like_this() {
    let ran = ran(INTERCEPT.as_bytes(), &[]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(format!("{}\n---\n{}", ran.out, ran.err));
}

#[test]
fn policylayer_reads_like_this() {
    let ran = ran(POLICYLAYER.as_bytes(), &[]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(format!("{}\n---\n{}", ran.out, ran.err));
}

#[test]
fn all_of_it_carried_is_0_and_nothing_to_say() {
    let text = "version: '1'\ndefault: deny\nhide: [waha_leave_group]\ntools:\n  list_groups:\n    rules: []\n";
    let ran = ran(text.as_bytes(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let read = Policy::from_toml("policy.toml", &ran.out).unwrap();
    assert_eq!(effect(&read, "list_groups"), "allow");
    assert_eq!(effect(&read, "leave_group"), "hidden");
    assert_eq!(effect(&read, "send_message"), "deny");
}

#[test]
fn a_script_is_told_in_json() {
    let ran = ran(b"version: '1'\nhide:\n  - nonsense\n", &["--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let lost = &report["not_carried"][0];
    assert_eq!((&lost["line"], &lost["column"]), (&3.into(), &5.into()));
    assert_eq!(lost["key"], "hide[0]");
    assert!(lost["why"].as_str().unwrap().contains("no tool `nonsense`"));
    assert!(
        report["policy"]
            .as_str()
            .unwrap()
            .contains("default = \"allow\"")
    );
}

#[test]
fn standard_input_will_do() {
    let (mut command, home) = program();
    let file = home.path().join("theirs");
    fs::write(&file, "\u{feff}version: '1'\r\nhide: [logout]\r\n").unwrap();
    let done = command
        .args(["import", "-"])
        .stdin(fs::File::open(file).unwrap())
        .output()
        .unwrap();
    assert!(done.status.success());
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(out.starts_with("# Imported from standard input."), "{out}");
    assert!(
        out.contains("\"delete_session\", # line 2: logout"),
        "{out}"
    );
}

#[test]
fn the_output_is_replaced_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("policy.toml");
    let path = output.to_str().unwrap();
    let text = b"version: '1'\ntools: {}\n";
    let first = ran(text, &["--output", path]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{}", first.err);
    assert!(first.err.contains("check --policy"), "{}", first.err);
    assert!(
        fs::read_to_string(&output)
            .unwrap()
            .contains("version = \"1\"")
    );
    fs::write(&output, "mine").unwrap();
    assert_eq!(ran(text, &["--output", path]).code, 2);
    assert_eq!(fs::read_to_string(&output).unwrap(), "mine");
    assert_eq!(ran(text, &["--output", path, "--force"]).code, 0);
    assert_ne!(fs::read_to_string(&output).unwrap(), "mine");
}

#[test]
fn what_is_no_policy_exits_with_2() {
    for (text, said) in [
        (&b""[..], "theirs:1:1: the file is empty"),
        (b"version = \"1\"\n", "this is no policy"),
        (b"a: 1\n", "this is no policy"),
        (b"- 1\n", "this is no policy"),
        (b"version: '2'\n", "theirs:1:10: only version"),
        (b"version: '1'\ntools: [x]\n", "`tools` is a list"),
        (
            b"version: '1'\nversion: '1'\n",
            "theirs:2:1: `version` is written twice",
        ),
        (
            b"version: '1'\n---\nversion: '1'\n",
            "more than one document",
        ),
        (b"{\"version\":\"1\",}", "theirs:1:"),
        (
            b"{\"version\":\"1\",\"hide\":[],\"hide\":[]}",
            "`hide` is written twice",
        ),
        (b"{\"version\":\"1\",\"risk\":{}}", "`risk` is ours"),
        (b"version: '1'\nhide: [\n", "theirs:"),
        (b"\xff\xfe", "cannot be read"),
    ] {
        let ran = ran(text, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text:?}");
        assert!(ran.err.contains(said), "{text:?}: {}", ran.err);
    }
    assert_eq!(run(&["import", "/nowhere/theirs.yaml"], &[]).code, 2);
    assert_eq!(run(&["import"], &[]).code, 2);
}
