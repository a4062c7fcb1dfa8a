//! `check`: a policy that does what nobody intends is never fine.

use serde_json::Value;
use whatsapp_guard::{backend::specs, policy::Policy};

use crate::app::command::run_with_files;

/// What every caller needs to do anything.
const BASE: &str = "version = \"1\"\n[risk.read]\naction = \"allow\"\n[tools.open_session]\n";
const SENDS: &str = "[tools.send_message]\nlimits = [{ max = 5, window = \"minute\" }]\n";

/// The codes of warnings and of notes.
fn review(text: &str) -> (Vec<String>, Vec<&'static str>) {
    let policy = Policy::from_toml(specs(), "policy.toml", text);
    let policy = policy.unwrap_or_else(|wrong| panic!("{text}\n{wrong}"));
    assert!(policy.warnings.is_empty(), "{text}\n{}", policy.warnings);
    let (warnings, notes) = policy.review();
    let code = |one| {
        serde_json::to_value(one).unwrap()["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let codes = warnings.located().map(code).collect();
    (codes, notes.iter().map(|note| note.code).collect())
}

#[test]
fn each_intention_that_went_wrong_is_a_warning() {
    for (code, wrong, right) in [
        ("nothing-allowed", "version = \"1\"\n".to_owned(), BASE.to_owned()),
        (
            "nothing-allowed",
            format!("{BASE}[grants.reader]\ndefault = \"deny\"\n"),
            format!("{BASE}[grants.reader]\nrisk.write.action = \"deny\"\n"),
        ),
        (
            "next-step-refused",
            "version = \"1\"\n[risk.read]\naction = \"allow\"\n".to_owned(),
            BASE.to_owned(),
        ),
        (
            "next-step-refused",
            "version = \"1\"\n[tools.get_session]\n[tools.open_session]\n[tools.subscribe_presence]\n"
                .to_owned(),
            "version = \"1\"\n[tools.get_session]\n[tools.open_session]\n[tools.subscribe_presence]\n[tools.get_presence]\n"
                .to_owned(),
        ),
        (
            "next-step-refused",
            format!("{BASE}[mode]\nread_only = true\n"),
            BASE.to_owned(),
        ),
        (
            "asks-while-confirmation-off",
            format!("{BASE}[tools.send_message]\naction = \"confirm\"\n"),
            format!("{BASE}[tools.send_message]\naction = \"confirm\"\n[confirmation]\nenabled = true\n"),
        ),
        (
            "asks-while-confirmation-off",
            format!("{BASE}{SENDS}[recipients]\nnew = {{ action = \"confirm\" }}\n"),
            format!("{BASE}{SENDS}[recipients]\nnew = {{ action = \"deny\" }}\n"),
        ),
        (
            "hidden-while-confirmation-off",
            format!("{BASE}[risk.destructive]\naction = \"confirm\"\n"),
            format!("{BASE}[risk.destructive]\naction = \"confirm\"\n[confirmation]\nenabled = false\n"),
        ),
        (
            "logout-unasked",
            format!("{BASE}[tools.logout_instance]\n"),
            format!("{BASE}[tools.logout_instance]\nlimits = [{{ max = 1, window = \"day\" }}]\n"),
        ),
        (
            "unlimited-sending",
            format!("{BASE}[tools.send_message]\n"),
            format!("{BASE}{SENDS}"),
        ),
    ] {
        assert_eq!(review(&wrong).0, [code], "{wrong}");
        let (right_codes, _) = review(&right);
        assert!(right_codes.is_empty(), "{right}: {right_codes:?}");
        let files = [("policy.toml", wrong.as_str())];
        let ran = run_with_files(&files, &["check", "policy.toml"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains(&format!("warning[{code}]")), "{}", ran.err);
        assert!(!ran.out.contains("fine"), "{}", ran.out);
        let strict = run_with_files(&files, &["check", "policy.toml", "--deny-warnings", "--json"]);
        let report: Value = serde_json::from_str(&strict.out).unwrap();
        assert_eq!((strict.code, &report["problems"][0]["code"]), (2, &code.into()));
    }
}

#[test]
fn what_may_be_intended_is_a_note() {
    let sends = format!("{BASE}{SENDS}");
    assert_eq!(review(&sends).1, ["cross-chat-unrestricted"]);
    let asks = format!("{sends}[flow]\ncross_chat = \"deny\"\n");
    assert_eq!(review(&asks), (vec![], vec![]));
    let logs_out =
        format!("{BASE}[tools.logout_instance]\nlimits = [{{ max = 1, window = \"day\" }}]\n");
    assert_eq!(review(&logs_out).1, ["logout-unasked"]);
}

#[test]
fn the_built_in_policy_is_fine() {
    let ran = run_with_files(&[], &["check", "--deny-warnings", "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["ok"]), (0, &true.into()));
    let notes = report["notes"].as_array().unwrap().iter();
    let notes: Vec<_> = notes.map(|note| note["code"].as_str().unwrap()).collect();
    assert_eq!(notes, ["logout-unasked", "cross-chat-unrestricted"]);
}
