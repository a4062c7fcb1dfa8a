//! What the rules of a policy mean for each tool.

use serde_json::json;
use whatsapp_guard::{
    backend::specs,
    op::Risk,
    policy::{DEFAULT, Effect, Policy},
};

use crate::app::{self, code};

fn json_policy(text: &str) -> Policy {
    Policy::from_json(specs(), "policy.json", text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn toml_policy(text: &str) -> Policy {
    Policy::from_toml(specs(), "policy.toml", text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn effect(policy: &Policy, tool: &str) -> &'static str {
    let entry = whatsapp_guard::op::catalogue()
        .iter()
        .find(|entry| entry.name == tool);
    match policy.effect(tool, entry.unwrap().risk, "local") {
        Effect::Allow => "allow",
        Effect::Confirm(_) => "confirm",
        Effect::Deny(_) => "deny",
        Effect::Hidden(_) => "hidden",
    }
}

#[test]
fn the_default_policy_means_what_the_readme_says() {
    let policy = Policy::built_in(specs()).unwrap();
    let of = |tool| (effect(&policy, tool), policy.limits_of(tool, "local").len());
    for tool in ["get_session", "list_groups", "get_group", "open_session"] {
        assert_eq!(of(tool), ("allow", 1), "{tool}");
    }
    assert_eq!(of("logout_instance"), ("allow", 2));
    for tool in ["leave_group", "delete_session"] {
        assert_eq!(of(tool).0, "hidden", "{tool}");
    }
    assert!(!policy.confirmation.enabled);
    let limit = |tool: &str| policy.limits_of(tool, "local")[0].to_string();
    assert_eq!(limit("get_session"), "120 per minute per caller");
    assert_eq!(limit("open_session"), "10 per minute per caller");
}

#[test]
fn the_default_policy_names_every_key_with_its_default() {
    // Without the keys that have defaults the policy means the same.
    let bare = DEFAULT
        .replace("hide = []\n", "")
        .replace("toolsets = [\"session\", \"chats\", \"messages\", \"groups\", \"contacts\", \"presence\"]\n", "")
        .replace("default = \"deny\"\n", "")
        .replace("[tools]\n", "")
        .replace("enabled = false\n", "")
        .replace("expires = \"5m\"\n", "")
        .replace("prompts = { max = 20, window = \"hour\" }\n", "")
        .replace("cooldown = \"1h\"\n", "")
        .replace("value = \"enforce\"\n", "")
        .replace("read_only = false\n", "")
        .replace(", scope = \"grant\" }", " }");
    let (full, bare) = (toml_policy(DEFAULT), toml_policy(&bare));
    assert_eq!(full.confirmation.expires, bare.confirmation.expires);
    assert_eq!(full.confirmation.prompt_max, bare.confirmation.prompt_max);
    assert_eq!(
        full.confirmation.prompt_window,
        bare.confirmation.prompt_window
    );
    assert_eq!(full.mode, bare.mode);
    assert_eq!(full.health[0].cooldown, bare.health[0].cooldown);
    assert_eq!(full.limits.len(), bare.limits.len());
    for (full, bare) in full.limits.iter().zip(&bare.limits) {
        assert_eq!(
            (&full.counter, full.to_string()),
            (&bare.counter, bare.to_string())
        );
    }
}

#[test]
fn names_of_other_servers_hide_our_tools() {
    for (name, tool) in [
        ("waha_leave_group", "leave_group"),
        ("matrix_leave_room", "leave_group"),
        ("leave_group", "leave_group"),
        ("logout_instance", "logout_instance"),
        ("get_qr_code", "open_session"),
    ] {
        let policy = json_policy(&format!(
            "{{\"version\":\"1\",\"default\":\"deny\",\"hide\":[\"{name}\"]}}"
        ));
        for entry in whatsapp_guard::op::catalogue() {
            let wanted = match (entry.name == tool, entry.risk) {
                (true, _) | (_, whatsapp_guard::op::Risk::Destructive) => "hidden",
                _ => "deny",
            };
            assert_eq!(
                effect(&policy, entry.name),
                wanted,
                "{name}: {}",
                entry.name
            );
        }
    }
}

#[tokio::test]
async fn a_name_for_several_tools_means_each_of_them() {
    let both = ["delete_session", "logout_instance"];
    for (rules, wanted) in [
        (json!({ "hide": ["logout"] }), ["hidden", "hidden"]),
        (
            json!({ "tools": { "logout": { "action": "deny" } } }),
            ["denied-by-rule", "confirmation-off"],
        ),
    ] {
        let mut policy = json!({ "version": "1", "default": "allow" });
        policy
            .as_object_mut()
            .unwrap()
            .extend(rules.as_object().unwrap().clone());
        let mut app = app::sandbox().policy(&policy.to_string()).start().await;
        let listed = app.listed().await;
        for (tool, _) in both.iter().rev().zip(wanted) {
            assert!(!listed.contains(&(*tool).to_owned()), "{tool}");
        }
        let [logout, delete] = wanted;
        assert_eq!(code(&app.call("logout_instance", json!({})).await), logout);
        let deleted = app.call("delete_session", json!({})).await;
        assert!(
            [delete, "denied-by-rule"].contains(&code(&deleted)),
            "{deleted}"
        );
    }
    // One limit counts both.
    let limits = json!([{ "max": 1, "window": "day" }]);
    let policy =
        json!({ "version": "1", "default": "allow", "tools": { "logout": { "limits": limits } } });
    let policy = json_policy(&policy.to_string());
    let [one, other] = both.map(|tool| policy.limits_of(tool, "local")[0].clone());
    assert_eq!(one, other);
    assert_eq!(policy.limits.len(), 1);
}

#[tokio::test]
async fn what_is_hidden_is_neither_listed_nor_run() {
    let policy = r#"{"version":"1","default":"deny","hide":["waha_leave_group"]}"#;
    let mut app = app::sandbox().policy(policy).start().await;
    assert!(!app.listed().await.contains(&"leave_group".to_owned()));
    let result = app
        .call("leave_group", json!({ "group": "12345@g.us" }))
        .await;
    assert_eq!(code(&result), "hidden");
    assert_eq!(
        result["structuredContent"]["error"]["rule"],
        "policy.json:1:41 (hide)"
    );
}

#[tokio::test]
async fn a_limit_admits_and_counts() {
    for (tool, counter) in [
        ("open_session", "open_session_rate"),
        ("logout_instance", "logout_instance_rate"),
    ] {
        let limits =
            json!([{ "counter": counter, "window": "minute", "max": 10, "scope": "grant" }]);
        let policy =
            json!({ "version": "1", "default": "deny", "tools": { tool: { "limits": limits } } });
        let mut app = app::sandbox().policy(&policy.to_string()).start().await;
        for _ in 0..10 {
            assert_eq!(app.call(tool, json!({})).await["isError"], false);
        }
        assert_eq!(code(&app.call(tool, json!({})).await), "rate-limited");
        for other in ["get_session", "list_groups"] {
            assert_eq!(code(&app.call(other, json!({})).await), "not-admitted");
        }
    }
}

#[tokio::test]
async fn a_rate_limit_is_the_short_way() {
    let policy = json!({
        "version": "1",
        "default": "deny",
        "tools": { "get_session": { "rate_limit": { "max": 10, "window": 60 } } },
    });
    let mut app = app::sandbox().policy(&policy.to_string()).start().await;
    for _ in 0..10 {
        assert_eq!(app.call("get_session", json!({})).await["isError"], false);
    }
    let error = app.call("get_session", json!({})).await;
    assert_eq!(error["structuredContent"]["error"]["retry_after_s"], 6);
}

#[test]
fn a_deny_keeps_its_reason() {
    let policy = json_policy(
        r#"{"version":"1","default":"allow","tools":{"logout_instance":{"action":"deny","reason":"stay"}}}"#,
    );
    let effect = policy.effect("logout_instance", Risk::Execute, "local");
    let because = effect.reason().unwrap();
    assert_eq!(because.detail.as_deref(), Some("stay"));
    assert_eq!(
        because.rule.as_deref(),
        Some("policy.json:1:62 (tools.logout_instance.action)")
    );
}

#[test]
fn the_strictest_rule_wins() {
    let actions = ["allow", "confirm", "deny"];
    for (one, class) in actions.iter().enumerate() {
        for (two, tool) in actions.iter().enumerate() {
            let policy = toml_policy(&format!(
                "version = \"1\"\n[risk.execute]\naction = \"{class}\"\n[tools.open_session]\naction = \"{tool}\"\n"
            ));
            assert_eq!(effect(&policy, "open_session"), actions[one.max(two)]);
        }
    }
}

#[test]
fn nothing_lowers_the_floor_of_what_cannot_be_undone() {
    for rule in [
        // To switch confirmation on is to offer it.
        "",
        "default = \"allow\"",
        "[risk.destructive]\naction = \"allow\"",
        "[tools.leave_group]\naction = \"allow\"",
    ] {
        let off = toml_policy(&format!("version = \"1\"\n{rule}\n"));
        assert_eq!(effect(&off, "leave_group"), "hidden", "{rule}");
        let on = toml_policy(&format!(
            "version = \"1\"\n{rule}\n[confirmation]\nenabled = true\n"
        ));
        assert_eq!(effect(&on, "leave_group"), "confirm", "{rule}");
    }
}

#[test]
fn toolsets_choose_by_topic() {
    let policy = toml_policy("version = \"1\"\ndefault = \"allow\"\ntoolsets = [\"groups\"]\n");
    for entry in whatsapp_guard::op::catalogue() {
        let chosen = entry.topic == whatsapp_guard::op::Topic::Groups;
        let undoable = entry.risk != whatsapp_guard::op::Risk::Destructive;
        let wanted = if chosen && undoable {
            "allow"
        } else {
            "hidden"
        };
        assert_eq!(effect(&policy, entry.name), wanted, "{}", entry.name);
    }
    let wrong = Policy::from_toml(
        specs(),
        "policy.toml",
        "version = \"1\"\ntoolsets = [\"group\"]\n",
    );
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .contains("did you mean `groups`?")
    );
}

#[test]
fn a_star_is_every_tool() {
    let policy =
        toml_policy("version = \"1\"\ndefault = \"allow\"\n[tools.\"*\"]\naction = \"deny\"\n");
    assert!(
        whatsapp_guard::op::catalogue()
            .iter()
            .all(|entry| effect(&policy, entry.name) != "allow")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = Policy::from_toml(specs(), "policy.toml", &text);
        let _ = Policy::from_json(specs(), "policy.json", &text);
    }

    #[test]
    fn adding_a_rule_never_loosens(
        default in action(), class in action(), tool in action(), confirm in proptest::bool::ANY, hide in proptest::bool::ANY,
    ) {
        let base = format!("version = \"1\"\ndefault = \"{default}\"\n[confirmation]\nenabled = {confirm}\n");
        // A rule may admit what the default refuses; from then on rules only tighten.
        let class = |risk: &str| {
            format!("[[risk.{risk}]]\naction = \"allow\"\n[[risk.{risk}]]\naction = \"{class}\"\n")
        };
        let one = format!("{base}{}{}", class("execute"), class("destructive"));
        let two = format!("{one}[tools.open_session]\naction = \"{tool}\"\n[tools.leave_group]\naction = \"{tool}\"\n");
        let two = if hide { two.replacen("default", "hide = [\"open_session\"]\ndefault", 1) } else { two };
        let (one, two) = (toml_policy(&one), toml_policy(&two));
        let order = ["allow", "confirm", "deny", "hidden"];
        let rank = |policy: &Policy, tool| order.iter().position(|name| *name == effect(policy, tool));
        for tool in ["open_session", "leave_group"] {
            proptest::prop_assert!(rank(&two, tool) >= rank(&one, tool));
        }
    }
}

fn action() -> impl proptest::strategy::Strategy<Value = &'static str> {
    proptest::sample::select(vec!["allow", "confirm", "deny"])
}
