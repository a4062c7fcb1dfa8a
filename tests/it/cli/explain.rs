//! `explain`: what would happen, and which rules decide.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use whatsapp_guard::{
    backend::specs,
    clock::Clock,
    config::Config,
    kill_switch::Switch,
    ledger::{Count, Ledger, Request, SwitchState},
};

use crate::app::{
    command::{CommandOutput, program, run_with_files},
    wait,
};

pub const ACCOUNT: [(&str, &str); 3] = [
    ("WAHA_BASE_URL", "http://localhost:1"),
    ("WAHA_API_KEY", "k"),
    ("WAHA_SESSION", "default"),
];

const POLICY: &str = r#"version = "1"
[lists]
team = ["+4915112345678", "group:Family"]
[recipients]
allow = ["@team"]
unlisted = "allow"
new = { action = "confirm", max = 10, window = "day" }
[tools.send_message]
action = "allow"
limits = [
  { max = 5, window = "minute" },
  { max = 150, window = "day", scope = "account", counter = "sends" },
  { max = 6, window = "hour", scope = "chat" },
]
when = [{ arg = "text", op = "not_matches", value = '(?i)\biban\b', reason = "bank details go by hand" }]
pace = { min = "3s", max = "8s" }
[tools.list_messages]
[read]
budget = { messages = 30, window = "hour" }
[hours]
quiet = "22:00-07:00"
zone = "Europe/Berlin"
[flow]
cross_chat = "confirm"
[health]
pause_on = ["suspended"]
[grants.reporter]
hide = ["send_message"]
"#;

fn explain(arguments: &[&str]) -> CommandOutput {
    let all = [&["explain"], arguments, &["--policy", "policy.toml"]].concat();
    run_with_files(&[("policy.toml", POLICY)], &all)
}

/// A state directory with a ledger of the account, whatever is put into it.
pub fn state(fill: impl FnOnce(&Ledger)) -> tempfile::TempDir {
    let lookup = |name: &str| {
        let found = ACCOUNT.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let account = Config::read(None, specs(), &lookup)
        .unwrap()
        .account()
        .unwrap();
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join(account).join("ledger.sqlite");
    fill(&Ledger::at(path, Clock::real()));
    state
}

pub fn count(ledger: &Ledger, counter: &str, key: &str, amount: u32) {
    let count = Count {
        counter: counter.to_owned(),
        key: key.to_owned(),
        amount,
        max: 1000,
        window: Duration::from_secs(24 * 60 * 60),
        longest_window: Duration::from_secs(24 * 60 * 60),
    };
    let request = Request {
        counts: vec![count],
        ..Request::default()
    };
    wait(ledger.admit(request)).unwrap();
}

fn told(state: &tempfile::TempDir, arguments: &[&str]) -> (i32, Value) {
    let (mut command, home) = program();
    let file = home.path().join("policy.toml");
    fs::write(&file, POLICY).unwrap();
    let output = command
        .envs(ACCOUNT)
        .arg("explain")
        .args(arguments)
        .args(["--json", "--at", "2026-11-21 12:00", "--policy"])
        .arg(file)
        .arg("--state")
        .arg(state.path())
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout);
    let told = told.unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code().unwrap(), told)
}

const HI: &str = r#"{"chat":"+15552220001","text":"Hi"}"#;

#[test]
fn what_would_happen_reads_like_this() {
    let mut said = String::new();
    for (code, arguments) in [
        (0, &["send_message", HI, "--at", "2026-11-21 12:00"][..]),
        (
            1,
            &[
                "send_message",
                r#"{"chat":"12345678@g.us","text":"My IBAN"}"#,
                "--at",
                "2026-11-21T23:00:00+01:00",
            ],
        ),
        (
            1,
            &[
                "send_message",
                HI,
                "--as",
                "reporter",
                "--at",
                "2026-11-21 12:00",
            ],
        ),
        (
            1,
            &[
                "waha_get_messages",
                r#"{"chat":"77777777777777@lid","limit":20}"#,
                "--as",
                "another",
                "--at",
                "2026-11-21 12:00",
            ],
        ),
        (
            1,
            &[
                "leave_group",
                r#"{"group":"12345678@g.us"}"#,
                "--at",
                "2026-07-21 12:00",
            ],
        ),
    ] {
        let ran = explain(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{arguments:?}");
        said += &format!(
            "$ whatsapp-guard explain {}\n{}\n",
            arguments.join(" "),
            ran.out
        );
    }
    insta::assert_snapshot!(said);
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    for (arguments, said) in [
        (&["send_mesage"][..], "did you mean `send_message`?"),
        (&["send_message"], "`chat` is missing"),
        (&["send_message", "{"], "not JSON"),
        (&["send_message", r#"{"chat":"x","text":"y"}"#], "`chat`"),
        (
            &["get_session", "{}", "--at", "noon"],
            "`noon` is not a time",
        ),
    ] {
        let ran = explain(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[test]
fn what_is_left_comes_from_the_ledger() {
    let state = state(|ledger| {
        count(ledger, "sends", "account:", 149);
        count(
            ledger,
            "tools.send_message/chat",
            "chat:15552220001@c.us",
            2,
        );
        wait(ledger.remember(vec!["15552220001@c.us".to_owned()])).unwrap();
    });
    let (code, report) = told(&state, &["send_message", HI]);
    assert_eq!((code, &report["outcome"]), (0, &json!("allowed")));
    let left: Vec<_> = report["limits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|limit| (limit["counter"].clone(), limit["left"][0]["left"].clone()))
        .collect();
    assert_eq!(
        left,
        [
            (json!("tools.send_message/grant"), Value::Null),
            (json!("sends"), json!(1)),
            (json!("tools.send_message/chat"), json!(4)),
        ]
    );
    assert_eq!(report["chats"][0]["new"], false);
    // Looking counts nothing.
    let again = told(&state, &["send_message", HI]).1;
    assert_eq!(again["limits"][1]["left"], report["limits"][1]["left"]);
}

#[test]
fn a_limit_that_is_reached_refuses() {
    let state = state(|ledger| {
        count(ledger, "sends", "account:", 150);
        wait(ledger.remember(vec!["15552220001@c.us".to_owned()])).unwrap();
    });
    let (code, report) = told(&state, &["send_message", HI]);
    assert_eq!((code, &report["outcome"]), (1, &json!("refused")));
    assert_eq!(report["because"]["code"], "rate-limited");
    let back = report["limits"][1]["left"][0]["comes_back_s"]
        .as_u64()
        .unwrap();
    assert!((86_300..=86_400).contains(&back), "{back}");
    // A page that is larger than the budget never fits.
    let page = |limit: u32| format!(r#"{{"chat":"+15552220001","limit":{limit}}}"#);
    let (code, report) = told(&state, &["list_messages", &page(30)]);
    assert_eq!((code, &report["reads"]), (0, &json!(30)), "{report}");
    let (code, report) = told(&state, &["list_messages", &page(31)]);
    assert_eq!(
        (code, &report["because"]["code"]),
        (1, &json!("rate-limited"))
    );
}

#[test]
fn a_pause_and_the_switch_refuse() {
    let state = state(|ledger| {
        wait(ledger.pause(Duration::from_secs(600), "its state is suspended")).unwrap();
    });
    let (code, report) = told(&state, &["send_message", HI]);
    assert_eq!(
        (code, &report["because"]["code"]),
        (1, &json!("account-paused"))
    );
    let reading = ["list_messages", r#"{"chat":"+15552220001","limit":5}"#];
    assert_eq!(told(&state, &reading).0, 0);
    let switch = Switch::at(state.path());
    wait(switch.set(SwitchState::ReadsOnly)).unwrap();
    let (code, report) = told(&state, &["send_message", HI]);
    assert_eq!((code, &report["because"]["code"]), (1, &json!("panic")));
    assert_eq!(told(&state, &reading).0, 0);
    wait(switch.set(SwitchState::Everything)).unwrap();
    assert_eq!(told(&state, &reading).0, 1);
}

#[test]
fn looking_makes_no_file() {
    let state = tempfile::tempdir().unwrap();
    told(&state, &["send_message", HI]);
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn a_policy_that_is_tried_out_lets_pass() {
    let policy = "version = \"1\"\n[mode]\nvalue = \"shadow\"\n";
    for (tool, arguments, code) in [
        ("send_message", HI, 0),
        ("leave_group", r#"{"group":"12345678@g.us"}"#, 1),
    ] {
        let arguments = ["explain", tool, arguments, "--json", "--policy", "p.toml"];
        let ran = run_with_files(&[("p.toml", policy)], &arguments);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &report["shadow"]), (code, &json!(code == 0)));
        assert!(report["because"]["code"].is_string());
    }
}

#[test]
fn what_no_rule_looks_at_is_no_matter() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n";
    let explain = |text: &str| {
        let arguments = ["explain", "send_message", HI, "--policy", "policy.toml"];
        run_with_files(&[("policy.toml", text)], &arguments).out
    };
    let read = "what the caller has read before";
    let flow = format!("{policy}[flow]\ncross_chat = \"deny\"\n");
    assert!(explain(&flow).contains(read), "{}", explain(&flow));
    assert!(!explain(policy).contains(read), "{}", explain(policy));
}
