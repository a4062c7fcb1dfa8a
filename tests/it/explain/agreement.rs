//! What is said of a call beforehand, held against what the gate does with it, for many
//! policies and calls.

use std::{sync::Arc, time::Duration};

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use whatsapp_guard::{
    audit::Audit,
    backend::specs,
    clock::Clock,
    explain::{AccountRecord, Explanation, Outcome},
    gate::{Caller, Gate, Verdict},
    ledger::Ledger,
    op::{ChatId, Facts, GroupId, TargetRole},
    policy::{Context, Direction, Effect, GroupNames, Policy, ReadChat},
};

use crate::app::{self, wait};

const SEND: &str = "[[tools.send_message]]\n";

/// One of these for each part of a file.
fn part(variants: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(variants).prop_map(str::to_owned)
}

fn rule() -> impl Strategy<Value = String> {
    let action = select(&["", "action = \"confirm\"\n", "action = \"deny\"\n"][..]);
    let when = select(
        &[
            "",
            "{ arg = \"text\", op = \"eq\", value = \"a\" }",
            "{ arg = \"text\", op = \"in\", value = [\"a\", \"b\"] }",
            "{ arg = \"text\", op = \"not_matches\", value = \"iban\" }",
            "{ arg = \"text\", op = \"contains\", value = \"iban\" }",
            "{ arg = \"chat\", op = \"neq\", value = \"+4915112345678\" }",
            "{ arg = \"reply_to\", op = \"exists\", value = true }",
            "{ arg = \"allow_repeat\", op = \"neq\", value = true }",
            "{ arg = \"text\", op = \"neq\", value = \"a\" }, { arg = \"chat\", op = \"eq\", value = \"+4915112345678\" }",
        ][..],
    );
    (action, when).prop_map(|(action, when)| match when {
        "" => format!("{SEND}{action}"),
        when => format!("{SEND}{action}when = [{when}]\n"),
    })
}

fn policy() -> impl Strategy<Value = String> {
    let top = (
        part(&["", "default = \"allow\"\n", "default = \"confirm\"\n"]),
        part(&[
            "",
            "",
            "hide = [\"send_message\"]\n",
            "toolsets = [\"messages\", \"groups\"]\n",
        ]),
        part(&["", "[risk.write]\n", "[risk.write]\naction = \"confirm\"\n"]),
        part(&["", "[risk.read]\n"]),
        prop::collection::vec(rule(), 0..3),
        part(&[
            "",
            "[tools.list_messages]\nwhen = [{ arg = \"limit\", op = \"lte\", value = 20 }]\n",
            "[tools.list_messages]\nwhen = [{ arg = \"limit\", op = \"lt\", value = 25 }]\n",
            "[tools.create_group]\naction = \"deny\"\nwhen = [{ arg = \"people\", op = \"contains\", value = \"+4915112345678\" }]\n",
        ]),
    );
    let rest = (
        part(&[
            "",
            "[recipients]\nallow = [\"+4915112345678\"]\n",
            "[recipients]\nallow = [\"+4915112345678\", \"group:*\"]\nunlisted = \"confirm\"\n",
            "[recipients]\nallow = [\"group:Family\"]\nunlisted = \"confirm\"\n",
            "[recipients]\nallow = [\"group:Family\"]\ndeny = [\"12345678@g.us\"]\n",
            "[recipients]\ndeny = [\"group:Family\", \"+4915112345679\"]\n",
            "[recipients]\nnew = { action = \"confirm\" }\n",
        ]),
        part(&[
            "",
            "[read.chats]\nallow = [\"+4915112345678\"]\n",
            "[read.chats]\ndeny = [\"group:Family\"]\n",
            "[read.budget]\nmessages = 20\nwindow = \"hour\"\n",
        ]),
        part(&[
            "",
            "[hours]\nquiet = \"22:00-07:00\"\nzone = \"Europe/Berlin\"\n",
            "[hours]\nquiet = \"23:30-07:00\"\nzone = \"Europe/Berlin\"\naction = \"confirm\"\n",
        ]),
        part(&[
            "",
            "[flow]\ncross_chat = \"confirm\"\n",
            "[flow]\ncross_chat = \"deny\"\n",
        ]),
        part(&[
            "",
            "",
            "[mode]\nread_only = true\n",
            "[mode]\nvalue = \"shadow\"\n",
        ]),
        part(&["", "[confirmation]\nenabled = true\n"]),
        part(&[
            "",
            "[grants.reporter]\ndefault = \"confirm\"\n",
            "[grants.reporter]\nhide = [\"send_message\"]\n",
            "[grants.reporter.recipients]\nallow = [\"group:*\"]\n",
            "[grants.reporter.tools.send_message]\nwhen = [{ arg = \"text\", op = \"eq\", value = \"a\" }]\n",
        ]),
    );
    (top, rest).prop_map(|((default, hide, write, read, rules, more), rest)| {
        let (recipients, reading, hours, flow, mode, confirmation, grants) = rest;
        let rules = rules.concat();
        format!(
            "version = \"1\"\n{default}{hide}{write}{read}{rules}{more}{recipients}{reading}{hours}{flow}{mode}{confirmation}{grants}"
        )
    })
}

fn calls() -> Vec<(&'static str, Value)> {
    let mut calls = vec![
        ("get_session", json!({})),
        ("list_chats", json!({})),
        ("leave_group", json!({ "group": "12345678@g.us" })),
        ("delete_chat", json!({ "chat": "+4915112345678" })),
        (
            "create_group",
            json!({ "name": "x", "people": ["+4915112345678"] }),
        ),
        (
            "create_group",
            json!({ "name": "x", "people": ["+4915112345679", "+4915112345670"] }),
        ),
        ("set_presence", json!({ "presence": "online" })),
    ];
    for chat in [
        "+4915112345678",
        "+4915112345679",
        "12345678@g.us",
        "87654321@g.us",
        "11111111111111@lid",
    ] {
        for text in ["a", "b", "my iban"] {
            calls.push(("send_message", json!({ "chat": chat, "text": text })));
        }
        let more = json!({ "chat": chat, "text": "a", "reply_to": "3EB0C767D26A1B2E5C", "allow_repeat": true });
        calls.push(("send_message", more));
        for limit in [20, 22, 25] {
            calls.push(("list_messages", json!({ "chat": chat, "limit": limit })));
        }
        calls.push(("list_messages", json!({ "chat": chat })));
    }
    calls
}

fn read(text: &str) -> Policy {
    Policy::from_toml(specs(), "policy.toml", text)
        .unwrap_or_else(|wrong| panic!("{text}\n{wrong}"))
}

/// What comes of a call: allow, confirm, refuse.
fn verdict(policy: &Policy, facts: &Facts, context: usize) -> u8 {
    let bit = |bit: usize| context & (1 << bit) != 0;
    let group = GroupId::parse("12345678@g.us").unwrap();
    let mut groups = GroupNames::default();
    if bit(0) {
        groups.learn("Family", group.clone());
    }
    let newcomers: Vec<ChatId> = match bit(1) {
        true => facts.targets.of(TargetRole::Recipient).cloned().collect(),
        false => Vec::new(),
    };
    let has_read = [ReadChat::just_now(ChatId::Group(group))];
    let at = if bit(2) {
        "2026-11-21T22:15:00Z"
    } else {
        "2026-11-21T12:00:00Z"
    };
    let context = Context {
        grant: if bit(3) { "reporter" } else { "local" },
        now: Some(at.parse().unwrap()),
        groups: &groups,
        newcomers: &newcomers,
        has_read: if bit(4) { &has_read } else { &[] },
    };
    let decision = policy.decide(facts, &context);
    if policy.passes_in_shadow(facts) {
        return 0;
    }
    match decision.effect() {
        Effect::Allow => 0,
        Effect::Confirm(_) => 1,
        Effect::Deny(_) | Effect::Hidden(_) => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn where_nothing_is_looser_no_call_is(old in policy(), new in policy()) {
        let (one, other) = (read(&old), read(&new));
        let (there, back) = (one.changes(&other), other.changes(&one));
        for (from, to, changes) in [(&one, &other, &there), (&other, &one, &back)] {
            if changes.iter().any(|one| one.direction == Direction::Looser) {
                continue;
            }
            for (tool, arguments) in calls() {
                let call = whatsapp_guard::op::call(tool, arguments).unwrap();
                for context in 0..32 {
                    let (was, is) = (verdict(from, &call, context), verdict(to, &call, context));
                    prop_assert!(was <= is, "{call:?} {context}: {was} -> {is}\n{old}\n{new}\n{changes:?}");
                }
            }
        }
        // What is looser one way is tighter the other way.
        let count = |changes: &[whatsapp_guard::policy::PolicyChange], way| {
            changes.iter().filter(|one| one.direction == way).count()
        };
        prop_assert_eq!(count(&there, Direction::Looser), count(&back, Direction::Tighter), "{}\n{}", old, new);
    }

    #[test]
    fn what_is_explained_is_what_the_gate_does(text in policy(), night: bool, reporter: bool) {
        let folder = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::manual();
        let at = if night { "2026-11-21T22:15:00Z" } else { "2026-11-21T12:00:00Z" };
        hand.set_wall(at.parse().unwrap());
        let caller = Caller {
            grant: if reporter { "reporter" } else { "local" }.to_owned(),
            session: "stdio".to_owned(),
            can_ask: true,
        };
        for (tool, arguments) in calls() {
            let policy = read(&text);
            let facts = whatsapp_guard::op::call(tool, arguments.clone()).unwrap();
            let account = AccountRecord::unknown();
            let told = wait(Explanation::of(&policy, &facts, &caller.grant, clock.timestamp(), &account)).unwrap();
            let audit = Arc::new(Audit::new(Some(folder.path().join("audit.jsonl")), clock.clone()).unwrap());
            let (tools, authority) = app::sandbox_toolset();
            let ledger = Ledger::in_memory(clock.clone());
            let gate = Arc::new(Gate::new(authority, policy, &clock, audit, ledger).unwrap());
            let prepared = tools.prepare(tool, arguments.as_object().unwrap().clone()).unwrap();
            let said = format!("{tool} {arguments}\n{text}\n{told:?}");
            match wait(gate.authorize(prepared, &caller)) {
                Verdict::Permit(permitted) => {
                    prop_assert_eq!(told.outcome, Outcome::Allowed, "{}", said);
                    prop_assert_eq!(permitted.shadowed().is_some(), told.shadow, "{}", said);
                }
                Verdict::Confirm(_) => prop_assert_eq!(told.outcome, Outcome::Asked, "{}", said),
                Verdict::Deny(refusal) => {
                    prop_assert_eq!(told.outcome, Outcome::Refused, "{}", said);
                    let why = told.because.unwrap();
                    prop_assert_eq!(why.code, Some(refusal.code), "{}", said);
                    prop_assert_eq!(why.rule, refusal.rule, "{}", said);
                }
                Verdict::Replay(_) => prop_assert!(false, "it was never made"),
            }
            hand.advance(Duration::from_secs(1));
        }
    }
}

#[test]
fn a_pause_is_explained_in_words() {
    let text = "version = \"1\"\n[tools.set_presence]\n[health]\npause_on = [\"suspended\"]\n";
    let folder = tempfile::tempdir().unwrap();
    let (clock, _hand) = Clock::manual();
    let audit =
        Arc::new(Audit::new(Some(folder.path().join("audit.jsonl")), clock.clone()).unwrap());
    let ledger = Ledger::in_memory(clock.clone());
    let time = Duration::from_secs(90 * 60);
    wait(ledger.pause(time, "its state is suspended")).unwrap();
    let (tools, authority) = app::sandbox_toolset();
    let gate = Arc::new(Gate::new(authority, read(text), &clock, audit, ledger).unwrap());
    let arguments = json!({ "presence": "online" });
    let prepared = tools.prepare("set_presence", arguments.as_object().unwrap().clone());
    let caller = Caller {
        grant: "local".to_owned(),
        session: "stdio".to_owned(),
        can_ask: true,
    };
    let Verdict::Deny(refusal) = wait(gate.authorize(prepared.unwrap(), &caller)) else {
        panic!("it was permitted");
    };
    assert_eq!(
        refusal.reason,
        "The account is paused for another 1h 30m: its state is suspended."
    );
    assert_eq!(refusal.retry_after_s, Some(5400));
}
