//! What an agent is told of the policy, and what it is not.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use whatsapp_guard::{
    audit::Audit,
    backend::specs,
    clock::Clock,
    gate::Gate,
    kill_switch::Switch,
    ledger::{Ledger, SwitchState},
    op,
    policy::{DEFAULT, Policy},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::app::{self, TestServer, code, wait};

/// All that can be said beside limits.
const ALL: &str = r#"
version = "1"
default = "allow"
toolsets = ["messages"]

[lists]
team = ["+4915112345678", "+4915187654321", "group:Team"]

[tools.send_message]
limits = [{ max = 5, window = "minute" }, { max = 150, window = "day", scope = "account" }]
when = [{ arg = "chat", op = "neq", value = "+4915100000000" }]
pace = { min = "3s", max = "8s" }

[[tools.send_poll]]
action = "confirm"
when = [{ arg = "question", op = "contains", value = "secret" }]
[[tools.send_poll]]
action = "deny"
when = [{ arg = "question", op = "contains", value = "hidden" }]

[recipients]
allow = ["@team", "group:*", "+4915122222222", "group:Family", "120363025246125486@g.us"]
deny = ["+4915133333333", "+4915144444444"]
unlisted = "confirm"
new = { action = "confirm", max = 10, window = "day" }

[read]
chats = { allow = ["@team", "channel:*"], deny = ["+4915155555555"] }
budget = { messages = 500, window = "hour" }

[hours]
quiet = "00:00-24:00"
zone = "Europe/Berlin"

[flow]
cross_chat = "confirm"

[health]
pause_on = ["FAILED"]

[mode]
value = "shadow"

[grants.local.recipients]
unlisted = "deny"
"#;

async fn told(app: &mut TestServer) -> String {
    let answer = app.read("whatsapp://policy").await;
    let text = &answer["result"]["contents"][0]["text"];
    text.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_agent_is_told_all_that_holds_for_it() {
    let mut app = app::sandbox().policy(ALL).start().await;
    let text = told(&mut app).await;
    // The end of the day depends on when this runs.
    let ends = regex::Regex::new("now until [^:]+:[0-9:]+Z").unwrap();
    let text = ends.replace(&text, "now until [its end]");
    let is_of = |line: &str, tool: &str| line.starts_with(&format!("{tool} ("));
    // A few of the tools; the others change with the catalogue.
    let some = [
        "delete_message",
        "list_messages",
        "pin_message",
        "send_message",
        "send_poll",
    ];
    let lines = text.lines().filter(|line| {
        let tool = op::catalogue().iter().any(|entry| is_of(line, entry.name));
        !tool || some.iter().any(|tool| is_of(line, tool))
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn an_agent_is_not_told_who_is_on_a_list() {
    let mut app = app::sandbox().policy(ALL).start().await;
    let text = told(&mut app).await;
    for secret in [
        "49151",
        "120363025246125486",
        "Family",
        "Team",
        "secret",
        "hidden",
    ] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn an_agent_is_told_of_a_pause_with_its_end() {
    let mock = MockServer::start().await;
    let broken = ResponseTemplate::new(503).set_body_json(json!({ "message": "overloaded" }));
    Mock::given(method("POST"))
        .respond_with(broken)
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).policy(DEFAULT).start().await;
    assert!(!told(&mut app).await.contains("is paused for another"));
    for chat in 1..=5 {
        let call = json!({ "chat": format!("1555222000{chat}@c.us") });
        let result = app.call("archive_chat", call).await;
        assert_eq!(code(&result), "outcome-unknown", "{result}");
    }
    let text = told(&mut app).await;
    let line = text
        .lines()
        .find(|line| line.contains("is paused for another"));
    assert_eq!(
        line,
        Some(
            "The account is paused for another 1h: 5 calls failed within 10m. Only reading and session tools are allowed."
        )
    );
    app.hand.advance(Duration::from_secs(3601));
    assert!(!told(&mut app).await.contains("is paused for another"));
}

#[test]
fn an_agent_is_told_that_it_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, _hand) = Clock::manual();
    let audit =
        Arc::new(Audit::new(Some(folder.path().join("audit.jsonl")), clock.clone()).unwrap());
    let ledger = Ledger::in_memory(clock.clone());
    let policy = Policy::from_toml(specs(), "policy.toml", "version = \"1\"\n").unwrap();
    let (_, authority) = app::sandbox_toolset();
    let gate = Gate::new(authority, policy, &clock, audit, ledger).unwrap();
    let gate = gate.stopped_by(Switch::at(folder.path()));
    let switch = Switch::at(folder.path());
    assert!(wait(gate.describe_account("local")).is_empty());
    for (state, what) in [
        (SwitchState::ReadsOnly, "only reading"),
        (SwitchState::Everything, "nothing"),
    ] {
        wait(switch.set(state)).unwrap();
        let wanted = format!("Stopped by the operator: {what} is allowed.");
        assert_eq!(wait(gate.describe_account("local")), [wanted]);
    }
    wait(switch.set(SwitchState::Off)).unwrap();
    assert!(wait(gate.describe_account("local")).is_empty());
}

#[tokio::test]
async fn an_agent_is_told_that_it_may_only_read() {
    let policy = "version = \"1\"\ndefault = \"allow\"\n[mode]\nread_only = true\n";
    let mut app = app::sandbox().policy(policy).start().await;
    let text = told(&mut app).await;
    assert_eq!(
        text.lines().nth(2),
        Some("only reading is allowed [policy.toml:4:1 (mode.read_only)]")
    );
}
