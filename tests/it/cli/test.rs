//! `test`: expected verdicts, for CI.

use serde_json::Value;

use crate::app::command::run_with_files;

const POLICY: &str = r#"version = "1"
[recipients]
allow = ["group:Family"]
unlisted = "allow"
new = { action = "confirm" }
[tools.send_message]
when = [{ arg = "text", op = "not_matches", value = '(?i)\biban\b', reason = "by hand" }]
[hours]
quiet = "22:00-07:00"
zone = "Europe/Berlin"
[flow]
cross_chat = "deny"
[grants.reporter]
hide = ["send_message"]
"#;

const HOLD: &str = r#"
[[case]]
name = "no bank details"
tool = "send_message"
args = { chat = "+4915112345678", text = "IBAN" }
expect = "deny"
code = "condition-not-met"
rule = "tools.send_message.when"

[[case]]
name = "somebody new is asked about"
tool = "send_message"
args = { chat = "+4915112345678", text = "Hi" }
expect = "confirm"
rule = "recipients.new"

[[case]]
name = "who was written to is not"
tool = "send_message"
args = { chat = "4915112345678@c.us", text = "Hi" }
known = ["+4915112345678"]
expect = "allow"

[[case]]
name = "the family, by its name"
tool = "send_message"
args = { chat = "12345678@g.us", text = "Hi" }
known = ["12345678@g.us"]
groups = { Family = "12345678@g.us" }
expect = "allow"

[[case]]
name = "at night"
tool = "send_message"
args = { chat = "+4915112345678", text = "Hi" }
at = "2026-11-21 23:00"
expect = "deny"
code = "quiet-hours"
rule = "hours"

[[case]]
name = "what was read stays"
tool = "send_message"
args = { chat = "+4915112345678", text = "Hi" }
has_read = ["12345678@g.us"]
expect = "deny"
code = "cross-chat"

[[case]]
name = "reporters do not write"
tool = "send_message"
args = { chat = "+4915112345678", text = "Hi" }
as = "reporter"
expect = "hidden"

[[case]]
name = "what nothing admits"
tool = "get_session"
expect = "deny"
code = "not-admitted"
"#;

fn test(cases: &str, more: &[&str]) -> crate::app::command::CommandOutput {
    let files = [("policy.toml", POLICY), ("cases.toml", cases)];
    let arguments = ["test", "cases.toml", "--policy", "policy.toml"];
    run_with_files(&files, &[&arguments, more].concat())
}

#[test]
fn cases_that_hold_are_counted() {
    let ran = test(HOLD, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(ran.out, "8 of 8 cases pass under policy.toml\n");
}

#[test]
fn a_group_that_a_case_does_not_name_may_be_the_denied_one() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[recipients]\ndeny = [\"group:Family\"]\n";
    for (groups, expect) in [
        ("", "deny"),
        ("groups = { Family = \"12345678@g.us\" }\n", "deny"),
        ("groups = { Work = \"87654321@g.us\" }\n", "deny"),
        ("groups = { Work = \"12345678@g.us\" }\n", "allow"),
    ] {
        let case = format!(
            "[[case]]\nname = \"a group\"\ntool = \"send_message\"\n\
             args = {{ chat = \"12345678@g.us\", text = \"Hi\" }}\n{groups}expect = \"{expect}\"\n"
        );
        let files = [("policy.toml", policy), ("cases.toml", case.as_str())];
        let ran = run_with_files(&files, &["test", "cases.toml", "--policy", "policy.toml"]);
        assert_eq!(ran.code, 0, "{groups}{}{}", ran.out, ran.err);
    }
}

#[test]
fn a_case_that_fails_says_what_came_and_why() {
    let cases = HOLD
        .replace("expect = \"allow\"", "expect = \"confirm\"")
        .replace("rule = \"hours\"", "rule = \"hour\"")
        .replace("code = \"not-admitted\"", "code = \"denied-by-rule\"");
    let ran = test(&cases, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    insta::assert_snapshot!(ran.out);
    let ran = test(&cases, &["--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, report["failed"].as_array().unwrap().len()),
        (1, 4)
    );
    assert_eq!(report["failed"][0]["expected"]["verdict"], "confirm");
    assert_eq!(report["failed"][0]["came"]["verdict"], "allow");
}

#[test]
fn a_case_that_is_written_wrong_is_told_with_its_place() {
    let cases = r#"
[[case]]
name = "a"
tool = "send_mesage"
expects = "deny"
expect = "deni"

[[case]]
name = "b"
tool = "send_message"
args = { chat = "nobody", text = "Hi" }
expect = "deny"

[[case]]
tool = "get_session"
at = "noon"
known = ["x"]
groups = { Family = "+4915112345678" }
expect = "allow"
code = "panik"

[[case]]
name = "c"
tool = "get_session"
at = "noon"
known = ["x"]
groups = { Family = "+4915112345678" }
expect = "allow"
code = "hidden"
"#;
    let ran = test(cases, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    insta::assert_snapshot!(ran.err);
    for (cases, said) in [
        ("", "the file has no case"),
        ("[case]\nname = \"x\"", "two brackets"),
        (
            "[[case]]\nname = \"x\"\ntool = \"get_session\"\nargs = \"x\"\nexpect = \"deny\"",
            "args must be a table of arguments",
        ),
    ] {
        let ran = test(cases, &[]);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    let ran = run_with_files(&[("policy.toml", POLICY)], &["test", "no.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no.toml"), "{}", ran.err);
}
