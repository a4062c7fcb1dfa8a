//! What the other program refuses, the imported policy refuses.

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};
use whatsapp_guard::{
    backend::specs,
    op::{self, Facts, LastIncoming},
    policy::{Context, Effect, KnownNames, Policy},
};

use super::{
    conversion::fine,
    original::{Document, Original, PATTERNS},
};
use crate::app::gate;

const PEOPLE: [&str; 3] = [
    "4915112345678@c.us",
    "4915187654321@c.us",
    "15552220001@c.us",
];
const TEXTS: [&str; 7] = ["Hi", "my iban is DE12", "äiban", "дом", "a&&b", "so_1", "٣"];

/// What a policy does with a call, and how many such calls pass at once.
fn imported(policy: &Policy, facts: &Facts) -> (Original, Option<u64>) {
    let context = Context {
        grant: "local",
        now: None,
        groups: &KnownNames::default(),
        newcomers: &[],
        has_read: &[],
        incoming: &LastIncoming::default(),
    };
    let decision = policy.decide(facts, &context);
    let limits = decision.limits.iter().map(|index| &policy.limits[*index]);
    let at_once = limits.map(|limit| u64::from(limit.burst.get())).min();
    let does = match decision.effect() {
        Effect::Allow => Original::Allows,
        Effect::Confirm(_) => Original::Asks,
        Effect::Deny(_) | Effect::Hidden(_) => Original::Refuses,
    };
    (does, at_once)
}

fn read(text: &str) -> Policy {
    Policy::from_toml(specs(), "policy.toml", text)
        .unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

fn condition() -> impl Strategy<Value = Value> {
    let people = || select(PEOPLE.to_vec());
    let text = || select(TEXTS.to_vec());
    let pattern = (0..PATTERNS.len()).prop_map(|index| PATTERNS[index].0);
    let patterns = (select(vec!["regex", "matches", "not_matches"]), pattern)
        .prop_map(|(op, pattern)| ("text", op, json!(pattern)));
    prop_oneof![
        4 => patterns,
        2 => (select(vec!["eq", "neq", "contains"]), text()).prop_map(|(op, text)| ("text", op, json!(text))),
        2 => (select(vec!["eq", "neq"]), people()).prop_map(|(op, chat)| ("chat", op, json!(chat))),
        2 => (select(vec!["in", "not_in"]), prop::collection::vec(people(), 1..3))
            .prop_map(|(op, chats)| ("chat", op, json!(chats))),
        1 => select(vec![true, false]).prop_map(|given| ("reply_to", "exists", json!(given))),
        1 => Just(("link_preview", "eq", json!(true))),
        1 => people().prop_map(|person| ("mentions", "contains", json!(person))),
        1 => (select(vec!["lt", "lte", "gt", "gte", "eq", "neq"]), 10..30_i64)
            .prop_map(|(op, limit)| ("limit", op, json!(limit))),
        1 => Just(("chatId", "eq", json!("x"))),
    ]
    .prop_map(|(arg, op, value)| json!({ "path": format!("args.{arg}"), "op": op, "value": value }))
}

/// Conditions on arguments of one tool.
fn conditions(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(condition(), count)
}

fn limit() -> impl Strategy<Value = Value> {
    let window = select(vec![json!("minute"), json!("day"), json!(30)]);
    (1..9_u32, window).prop_map(|(max, window)| json!({ "max": max, "window": window }))
}

/// A rule of PolicyLayer.
fn layered() -> impl Strategy<Value = Value> {
    let action = prop::option::of(select(vec!["allow", "confirm", "deny"]));
    let limits = prop::collection::vec(limit(), 0..2);
    (action, conditions(0..2), conditions(0..2), limits).prop_map(
        |(action, require, deny_if, limits)| {
            let mut rule = Map::new();
            rule.extend(action.map(|action| ("action".to_owned(), json!(action))));
            for (key, list) in [
                ("require", require),
                ("deny_if", deny_if),
                ("limits", limits),
            ] {
                if !list.is_empty() {
                    rule.insert(key.to_owned(), json!(list));
                }
            }
            rule.into()
        },
    )
}

/// A rule of Intercept.
fn intercepting() -> impl Strategy<Value = Value> {
    let one = (
        select(vec!["evaluate", "evaluate", "deny"]),
        conditions(0..2),
        prop::option::of(1..9_u32),
    );
    let one = one.prop_map(|(action, conditions, rate)| {
        let mut rule = json!({ "name": "x", "action": action, "conditions": conditions });
        if let Some(rate) = rate {
            rule["rate_limit"] = json!(format!("{rate}/hour"));
        }
        rule
    });
    prop::collection::vec(one, 0..3).prop_map(|rules| json!({ "rules": rules }))
}

/// A document, whose tools are often those that are called.
fn document(rule: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let name = select(vec![
        "send_message",
        "send_text",
        "waha_send_message",
        "waha_send_*",
        "send_*",
        "*",
        "*",
        "list_messages",
        "get_messages",
        "get_*",
        "*_message*",
        "logout",
        "create_refund",
    ]);
    let hide = prop::collection::vec(
        select(vec![
            "logout",
            "get_*",
            "get_messages",
            "waha_send_*",
            "nothing_*",
        ]),
        0..2,
    );
    let default = prop::option::of(select(vec!["allow", "deny"]));
    (prop::collection::vec((name, rule), 0..4), hide, default).prop_map(|(tools, hide, default)| {
        let tools: Map<String, Value> = tools
            .into_iter()
            .map(|(name, rule)| (name.to_owned(), rule))
            .collect();
        let mut root = json!({ "version": "1", "tools": tools });
        if !hide.is_empty() {
            root["hide"] = json!(hide);
        }
        if let Some(default) = default {
            root["default"] = json!(default);
        }
        root
    })
}

fn call() -> impl Strategy<Value = (&'static str, Value)> {
    let chat = || select(PEOPLE.to_vec());
    let message = (
        chat(),
        select(TEXTS.to_vec()),
        any::<bool>(),
        prop::option::of(chat()),
    )
        .prop_map(|(chat, text, replies, mentioned)| {
            let mut arguments = json!({ "chat": chat, "text": text });
            if replies {
                arguments["reply_to"] = json!("3EB0C767D26A1B2E5C");
            }
            if let Some(person) = mentioned {
                arguments["mentions"] = json!([person]);
            }
            ("send_message", arguments)
        });
    prop_oneof![
        4 => message,
        1 => (chat(), prop::option::of(10..30_u32)).prop_map(|(chat, limit)| match limit {
            Some(limit) => ("list_messages", json!({ "chat": chat, "limit": limit })),
            None => ("list_messages", json!({ "chat": chat })),
        }),
        1 => Just(("get_session", json!({}))),
        1 => Just(("logout_instance", json!({}))),
        1 => Just(("send_poll", json!({ "chat": PEOPLE[0], "question": "x", "options": ["a", "b"] }))),
    ]
}

/// Holds the import of a document against what it means to its own program.
fn never_loosens(
    document: &Document<'_>,
    text: &str,
    calls: &[(&str, Value)],
) -> Result<(), TestCaseError> {
    let written = fine(text).policy;
    let policy = read(&written);
    for (tool, arguments) in calls {
        let facts = op::call(tool, arguments.clone()).unwrap();
        let (does, at_once) = imported(&policy, &facts);
        for name in document.names(tool) {
            // Both see the call as it is sent.
            let original = document.decide(&name, &facts.arguments);
            prop_assert!(
                does >= original,
                "{name} {arguments}: {original:?} became {does:?}\n{text}\n{written}"
            );
            if let (Original::Allows | Original::Asks, Some(most)) = (does, document.at_once(&name))
            {
                prop_assert!(
                    at_once.is_some_and(|passes| passes <= most),
                    "{name}\n{text}\n{written}"
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(gate::cases(192))]

    #[test]
    fn what_policylayer_refuses_the_import_refuses(
        root in document(layered()), all in prop::option::of(layered()), calls in prop::collection::vec(call(), 1..8),
    ) {
        let mut root = root;
        if let Some(all) = all {
            root["all_tools"] = all;
        }
        let document = Document { root: &root, refuses_by_default: true };
        never_loosens(&document, &root.to_string(), &calls)?;
    }

    #[test]
    fn what_intercept_refuses_the_import_refuses(
        root in document(intercepting()), calls in prop::collection::vec(call(), 1..8),
    ) {
        let document = Document { root: &root, refuses_by_default: false };
        never_loosens(&document, &format!("# YAML\n{root}"), &calls)?;
    }

    #[test]
    fn a_json_file_means_the_same_loaded_and_imported(
        root in document(layered()), calls in prop::collection::vec(call(), 1..8),
    ) {
        let mut root = root;
        // What the loader takes: no conditions and no patterns, and tools that there are.
        let tools = root["tools"].as_object_mut().unwrap();
        tools.retain(|name, _| *name == "*" || !name.contains('*') && name != "create_refund");
        for rule in tools.values_mut() {
            let rule = rule.as_object_mut().unwrap();
            rule.remove("require");
            rule.remove("deny_if");
        }
        root.as_object_mut().unwrap().remove("hide");
        let text = root.to_string();
        let loaded = Policy::from_json(specs(), "policy.json", &text).unwrap();
        let written = fine(&text).policy;
        let read = read(&written);
        for (tool, arguments) in &calls {
            let facts = op::call(tool, arguments.clone()).unwrap();
            prop_assert_eq!(imported(&loaded, &facts), imported(&read, &facts), "{}\n{}\n{}", tool, text, written);
        }
    }
}

/// The verdicts on a message to somebody who is listed, and to a stranger.
fn verdicts(text: &str, message: &str) -> [&'static str; 2] {
    let policy = fine(text).policy;
    let fixture = gate::GateFixture::new(&policy);
    [PEOPLE[0], PEOPLE[2]]
        .map(|chat| fixture.verdict("send_message", &json!({ "chat": chat, "text": message })))
}

#[test]
fn requirements_stay_requirements_beside_any_action() {
    let rule = |action: &str| {
        let action = match action {
            "" => String::new(),
            action => format!("\"action\": \"{action}\", "),
        };
        format!(
            "{{ \"version\": \"1\", \"default\": \"allow\", \"tools\": {{ \"send_text\": {{ {action}\
             \"require\": [{{ \"path\": \"args.chat\", \"op\": \"in\", \"value\": [\"+4915112345678\"] }}],\
             \"deny_if\": [{{ \"path\": \"args.text\", \"op\": \"regex\", \"value\": \"(?i)\\\\biban\\\\b\" }}] }} }} }}"
        )
    };
    for (action, listed) in [
        ("", "allowed"),
        ("allow", "allowed"),
        ("confirm", "asked"),
        ("deny", "denied-by-rule"),
    ] {
        let stranger = if action == "deny" {
            "denied-by-rule"
        } else {
            "condition-not-met"
        };
        let text = rule(action);
        assert_eq!(verdicts(&text, "Hi"), [listed, stranger], "{action}");
        assert_eq!(
            verdicts(&text, "my iban is DE12"),
            [stranger; 2],
            "{action}"
        );
    }
}

#[test]
fn the_fixture_refuses_whom_it_refused_before() {
    let text = include_str!("../fixtures/policylayer.json");
    assert_eq!(verdicts(text, "my iban is DE12"), ["denied-by-rule"; 2]);
    // Without the condition on an argument that our tool does not have.
    let (start, rest) = text
        .split_once(",\n        { \"path\": \"args.chatId\"")
        .unwrap();
    let text = format!("{start}{}", rest.split_once('}').unwrap().1);
    assert_eq!(verdicts(&text, "my iban is DE12"), ["condition-not-met"; 2]);
    assert_eq!(verdicts(&text, "Hi"), ["allowed", "condition-not-met"]);
}

#[test]
fn a_pattern_reaches_each_tool_with_such_a_name() {
    for (rule, wanted) in [
        ("{ rules: [{ action: deny }] }", "denied-by-rule"),
        (
            "{ rules: [{ conditions: [{ path: args.text, op: eq, value: x }] }] }",
            "condition-not-met",
        ),
        ("{ rules: [{ action: ask }] }", "denied-by-rule"),
    ] {
        for pattern in ["waha_send_*", "*send_text", "send_tex?", "send_{text,file}"] {
            let text = format!("version: '1'\ntools:\n  '{pattern}': {rule}\n");
            let plain = !pattern.contains(['?', '{']);
            let wanted = if plain { wanted } else { "denied-by-rule" };
            assert_eq!(verdicts(&text, "Hi"), [wanted; 2], "{text}");
        }
    }
    // Where it means the same tools here, it stays a pattern.
    let limited = "version: '1'\ndefault: allow\ntools: { 'waha_send_*': { rules: [{ rate_limit: 5/day }] } }\n";
    let imported = fine(limited).policy;
    assert!(
        imported.contains("[tools.\"waha_send_*\"]\nlimits = ["),
        "{imported}"
    );
    assert!(!imported.contains("[tools.send_message]"), "{imported}");
    // It admits nothing, and the report says so.
    let imported = fine("version: '1'\ndefault: deny\ntools: { 'send_*': { rules: [] } }\n");
    assert!(
        imported.not_carried[0]
            .why
            .contains("a pattern allows no tool")
    );
    assert_eq!(
        verdicts(
            "version: '1'\ndefault: deny\ntools: { 'send_*': { rules: [] } }\n",
            "Hi"
        ),
        ["not-admitted"; 2]
    );
    let hidden = verdicts("version: '1'\nhide: ['waha_send_*']\n", "Hi");
    assert_eq!(hidden, ["hidden"; 2]);
}
