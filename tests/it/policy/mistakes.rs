//! Mistakes in the value of every key: the message names the key, the value and what is allowed.

use serde_json::{Map, Value, json};
use whatsapp_guard::{
    backend::specs,
    policy::{self, Policy},
};

use crate::app::gate::open;

/// A wrong value, and how messages show it.
pub type Mistake = (Value, &'static str);

/// The errors about a policy with this value at a key.
fn errors(key: &str, value: Value) -> Vec<Value> {
    let text = file(key, value).to_string();
    let wrong = Policy::from_json(specs(), "policy.json", &text).expect_err(&text);
    let errors = wrong.errors();
    errors
        .map(|one| serde_json::to_value(one).unwrap())
        .collect()
}

/// A policy with this value at a dotted key.
pub fn file(key: &str, value: Value) -> Value {
    let names: Vec<&str> = key.split('.').collect();
    let mut value = value;
    for (index, name) in names.iter().enumerate().rev() {
        let table = names[..index].join(".");
        let name = match (table.as_str(), *name) {
            ("tools", "NAME") => "send_message",
            ("risk", "CLASS") => "write",
            (_, "NAME") => "team",
            (_, name) => name,
        };
        let is_list = ["tools.NAME.limits", "tools.NAME.when"].contains(&table.as_str());
        let mut fields = beside(&table, name);
        fields.insert(name.to_owned(), value);
        value = if is_list {
            json!([fields])
        } else {
            json!(fields)
        };
    }
    value["version"] = value.get("version").cloned().unwrap_or(json!("1"));
    value
}

/// What a table needs besides, so that the value is read.
fn beside(table: &str, name: &str) -> Map<String, Value> {
    let fields = match table {
        "accounts.NAME" if name != "backend" => json!({ "backend": "waha" }),
        "hours" => json!({ "quiet": "22:00-07:00", "zone": "UTC" }),
        "tools.NAME.limits" | "health.failures" | "confirmation.prompts" | "recipients.new" => {
            json!({ "max": 5, "window": "minute" })
        }
        "read.budget" => json!({ "messages": 5, "window": "minute" }),
        "tools.NAME.pace" => json!({ "min": "3s", "max": "8s" }),
        "tools.NAME.when" => json!({ "arg": "text", "op": "eq", "value": "a" }),
        "grants.NAME" if name == "expires" => json!({ "token_sha256": "0".repeat(64) }),
        "oauth" => json!({ "issuer": "https://a.example", "audience": "https://b.example" }),
        _ => json!({}),
    };
    fields.as_object().unwrap().clone()
}

/// The wrong values to try for a key.
pub fn wrong_values(key: &str) -> Vec<Mistake> {
    let last = key.rsplit('.').next().unwrap();
    let wrong_type = (json!([[]]), "a list");
    let text = || {
        vec![
            (json!(true), "true"),
            (json!(5), "5"),
            (json!({}), "a table"),
        ]
    };
    let words = || {
        [
            text(),
            vec![(json!("lalow"), "\"lalow\""), (json!(""), "\"\"")],
        ]
        .concat()
    };
    let list = || vec![(json!("x"), "\"x\""), (json!(3), "3"), wrong_type.clone()];
    let flag = || vec![(json!("yes"), "\"yes\""), (json!(1), "1")];
    match last {
        "version" => vec![(json!("2"), "\"2\""), (json!(true), "true")],
        "default" | "action" | "unlisted" | "cross_chat" | "backend" | "scope" | "op" | "each" => {
            words()
        }
        "value" if key == "mode.value" => words(),
        "max" | "messages" | "burst" if !key.contains("pace") => vec![
            (json!(0), "0"),
            (json!(-1), "-1"),
            (json!(4_294_967_296_i64), "4294967296"),
            (json!(1.5), "1.5"),
            (json!("many"), "\"many\""),
            (json!(""), "\"\""),
        ],
        "max_bytes" => vec![
            (json!(0), "0"),
            (json!(1_000_000_001), "1000000001"),
            (json!("2 megabytes"), "\"2 megabytes\""),
            (json!(true), "true"),
        ],
        "window" | "within" | "cooldown" | "min" | "max" => vec![
            (json!("fortnight"), "\"fortnight\""),
            (json!(0), "0"),
            (json!("25h"), "\"25h\""),
            (json!(""), "\"\""),
            (json!(true), "true"),
        ],
        "expires" if key.starts_with("confirmation") => {
            vec![
                (json!("2h"), "\"2h\""),
                (json!("soon"), "\"soon\""),
                (json!(false), "false"),
            ]
        }
        "min_answer_ms" => vec![
            (json!(10_001), "10001"),
            (json!(-1), "-1"),
            (json!(0.5), "0.5"),
            (json!("soon"), "\"soon\""),
        ],
        "expires" => vec![(json!("tomorrow"), "\"tomorrow\""), (json!(5), "5")],
        "enabled" | "read_only" => flag(),
        "hide" | "toolsets" | "include" | "scopes" | "applies_to" | "pause_on" | "algorithms" => {
            [list(), vec![(json!([5]), "5")]].concat()
        }
        "limits" | "when" | "allows" | "confirms" | "refuses" => {
            vec![
                (json!("x"), "\"x\""),
                (json!(3), "3"),
                (json!(["x"]), "\"x\""),
            ]
        }
        "allow" | "deny" => [list(), vec![(json!(["Therapist"]), "\"Therapist\"")]].concat(),
        "NAME" if key.starts_with("lists") => list(),
        "accounts" if key.starts_with("grants") => list(),
        "quiet" | "zone" => [
            text(),
            vec![(json!("noon"), "\"noon\""), (json!(""), "\"\"")],
        ]
        .concat(),
        "reason" | "counter" | "arg" => text(),
        "issuer" | "audience" | "jwks_uri" => {
            vec![(json!("x"), "\"x\""), (json!(5), "5"), (json!(""), "\"\"")]
        }
        "value" => vec![
            (json!({}), "a table"),
            (json!([[1]]), "a list"),
            (json!(7), "7"),
        ],
        // Values of these keys may be secrets, so they are not shown.
        "token_sha256" => vec![(json!("abc"), "text"), (json!(5), "a number")],
        "url" | "session" | "api_key_file" | "api_key_env" => vec![(json!(7), ""), (json!(""), "")],
        "id_instance" | "api_url" | "media_url" | "api_token_file" | "api_token_env" => Vec::new(),
        "NAME" if key.starts_with("accounts") => vec![(json!("x"), "text"), (json!(3), "a number")],
        // The rest are tables.
        _ => vec![
            (json!("x"), "\"x\""),
            (json!(true), "true"),
            (json!(3), "3"),
        ],
    }
}

#[test]
fn every_key_names_itself_the_value_and_what_is_allowed() {
    let mut tried = 0;
    for (key, _) in policy::keys(specs()) {
        let last = match key.rsplit('.').next().unwrap() {
            "NAME" if key.starts_with("tools") => "send_message",
            "NAME" => "team",
            "CLASS" => "write",
            last => last,
        };
        for (value, shown) in wrong_values(&key) {
            let found = errors(&key, value.clone());
            let speaks = |one: &Value| {
                let text = format!("{}; {}", one["message"], one["hint"]).replace("\\\"", "\"");
                let allowed = ["must", "takes", "took", "did you mean", "write", "has"];
                text.contains(last)
                    && text.contains(shown)
                    && allowed.iter().any(|word| text.contains(word))
            };
            assert!(found.iter().any(speaks), "{key} = {value}: {found:#?}");
            for one in &found {
                let text = format!("{} {}", one["message"], one["hint"]);
                for word in [
                    " struct",
                    " enum",
                    "i64",
                    "u32",
                    "NonZero",
                    "component",
                    "this is",
                ] {
                    assert!(!text.contains(word), "{key} = {value}: {text}");
                }
            }
            tried += 1;
        }
    }
    assert!(tried > 250, "{tried}");
}

#[test]
fn mistakes_that_are_often_made_say_what_to_write() {
    for (rules, message, hint) in [
        (
            "[tools.react]\nlimits = [{ max = 0, window = \"minute\" }]\n",
            "max must be between 1 and 4294967295, got 0",
            "",
        ),
        (
            "[tools.react]\nlimits = [{ max = 1, window = \"fortnight\" }]\n",
            "invalid duration \"fortnight\"",
            "window takes \"second\", \"minute\", \"hour\", \"day\", a number with its unit such as \"30s\"",
        ),
        (
            "[flow]\ncross_chat = true\n",
            "cross_chat must be allow, confirm_if_enabled, confirm or deny, got true",
            "",
        ),
        (
            "[flow]\ncross_chat = \"confrim\"\n",
            "cross_chat must be allow, confirm_if_enabled, confirm or deny, got \"confrim\"",
            "did you mean `confirm`?",
        ),
        (
            "[recipients]\ndeny = [\"Therapist\"]\n",
            "an entry of deny must be a person, group, channel or list, got \"Therapist\"",
            "write a group as \"group:Therapist\", a person in the address book as \"contact:Therapist\" and a list as \"@Therapist\"",
        ),
        (
            "[recipients]\ndeny = [\"Group:Team\"]\n",
            "an entry of deny must be a person, group, channel or list, got \"Group:Team\"",
            "write \"group:Team\"; entries are",
        ),
        (
            "[recipients]\nallow = [\"0151 2345678\"]\n",
            "an entry of allow must be a person, group, channel or list, got \"0151 2345678\"",
            "numbers with their country code such as \"+15551230000\"",
        ),
        (
            "[tools.react]\npace = { min = \"3s\", max = \"121s\" }\n",
            "max must be above 0s and at most 2m, got 2m 1s",
            "{ min = \"3s\", max = \"8s\" }",
        ),
        (
            "[[tools.send_location]]\nwhen = [{ arg = \"latitude\", op = \"lt\", value = inf }]\n",
            "value must be text, a number, true, false or a list of them, got inf",
            "",
        ),
    ] {
        let wrong = Policy::from_toml(specs(), "policy.toml", &open(rules)).expect_err(rules);
        let found = wrong.located().next().unwrap();
        let found = serde_json::to_value(found).unwrap();
        assert_eq!(found["message"], message);
        let said = found["hint"].as_str().unwrap_or_default();
        assert!(said.contains(hint), "{said}");
    }
}

#[test]
fn a_token_in_place_of_its_digest_is_not_shown() {
    let rules = "[grants.reader]\ntoken_sha256 = \"wg_secret-token\"\n";
    let wrong = Policy::from_toml(specs(), "policy.toml", &open(rules)).unwrap_err();
    assert!(!wrong.to_string().contains("wg_secret-token"), "{wrong}");
}
