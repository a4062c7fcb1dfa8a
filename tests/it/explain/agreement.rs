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
    gate::{Caller, Gate, Reply, Verdict},
    ledger::Ledger,
    op::{ChatId, Facts, GroupId, LastIncoming, TargetRole},
    policy::{Context, Direction, Effect, KnownNames, Policy, ReadChat},
};

use crate::app::{
    self,
    gate::{GateFixture, cases},
    wait,
};

/// Policies that `explain` and the gate are compared on, with some sixty calls each: more
/// than 10,000 pairs.
const AGREEING_CASES: u32 = 180;

const SEND: &str = "[[tools.send_message]]\n";

/// One of these for each part of a file.
fn part(variants: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(variants).prop_map(str::to_owned)
}

fn rule() -> impl Strategy<Value = String> {
    let action = select(
        &[
            "",
            "action = \"confirm_if_enabled\"\n",
            "action = \"confirm\"\n",
            "action = \"deny\"\n",
        ][..],
    );
    let when = select(
        &[
            "",
            "{ arg = \"text\", op = \"eq\", value = \"a\" }",
            "{ arg = \"text\", op = \"in\", value = [\"a\", \"b\"] }",
            "{ arg = \"text\", op = \"not_matches\", value = \"iban\" }",
            "{ arg = \"text\", op = \"contains\", value = \"iban\" }",
            "{ arg = \"text\", op = \"has_no_link\" }",
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
        part(&[
            "",
            "[risk.write]\n",
            "[risk.write]\naction = \"allow\"\n",
            "[risk.write]\naction = \"allow\"\nexcept = [\"send_*\"]\n",
            "[[rules]]\ntools = [\"send_*\", \"create_group\"]\naction = \"allow\"\nlimits = [{ max = 2, window = \"day\" }]\n",
            "[risk.write]\naction = \"confirm\"\n",
            "[[risk.write]]\naction = \"allow\"\n[[risk.write]]\naction = \"confirm\"\n",
        ]),
        part(&["", "[risk.read]\n", "[risk.read]\naction = \"allow\"\n"]),
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
            "[[hours]]\nquiet = \"00:00-24:00\"\nzone = \"Europe/Berlin\"\napplies_to = [\"first_time\"]\n[[hours]]\nquiet = \"23:30-07:00\"\nzone = \"Europe/Berlin\"\naction = \"confirm\"\n",
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
        part(&[
            "[confirmation]\nprompts = { max = 1000, window = \"minute\" }\n",
            "[confirmation]\nenabled = true\nprompts = { max = 1000, window = \"minute\" }\n",
        ]),
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

const CHATS: [&str; 5] = [
    "+4915112345678",
    "+4915112345679",
    "12345678@g.us",
    "87654321@g.us",
    "11111111111111@lid",
];

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
        ("update_profile", json!({ "about": "x" })),
        ("open_session", json!({})),
    ];
    for chat in CHATS {
        for text in ["a", "b", "my iban"] {
            calls.push(("send_message", json!({ "chat": chat, "text": text })));
        }
        calls.push(("archive_chat", json!({ "chat": chat })));
        let more = json!({ "chat": chat, "text": "a", "reply_to": "3EB0C767D26A1B2E5C", "allow_repeat": true });
        calls.push(("send_message", more));
    }
    // What is read counts for what is sent after it.
    for chat in CHATS {
        for limit in [20, 22, 25] {
            calls.push(("list_messages", json!({ "chat": chat, "limit": limit })));
        }
        calls.push(("list_messages", json!({ "chat": chat })));
    }
    for to in ["+4915112345679", "12345678@g.us"] {
        let message =
            json!({ "chat": "+4915112345678", "message": "3EB0C767D26A1B2E5C", "to": to });
        calls.push(("forward_message", message));
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
    let mut groups = KnownNames::default();
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
        incoming: &LastIncoming::default(),
    };
    let decision = policy.decide(facts, &context);
    if policy.passes_in_shadow(facts.risk) {
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
}

/// How the gate is reached, and what people answer.
#[derive(Debug, Clone)]
struct Circumstances {
    night: bool,
    grant: &'static str,
    /// Whether the policy has several accounts; the call is for one that `reporter` may not
    /// use.
    several: bool,
    answers: Vec<bool>,
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let grant = select(&["local", "local", "reporter", "nobody"][..]);
    let answers = prop::collection::vec(any::<bool>(), 8);
    (any::<bool>(), grant, any::<bool>(), answers).prop_map(|(night, grant, several, answers)| {
        Circumstances {
            night,
            grant,
            several,
            answers,
        }
    })
}

const ACCOUNTS: &str = "[accounts.work]\nbackend = \"sandbox\"\n[accounts.home]\nbackend = \"sandbox\"\n\
                        [grants.other]\naccounts = [\"home\"]\n";

/// The policy with accounts, which each grant has to name.
fn with_accounts(text: &str) -> String {
    let work = "[grants.reporter]\naccounts = [\"work\"]\n";
    let text = match text.split_once("[grants.reporter]\n") {
        Some((before, after)) => format!("{before}{work}{after}"),
        None => format!("{text}{work}"),
    };
    format!("{text}{ACCOUNTS}")
}

proptest! {
    #![proptest_config(cases(AGREEING_CASES))]

    #[test]
    fn what_is_explained_is_what_the_gate_does(text in policy(), how in circumstances()) {
        let text = if how.several { with_accounts(&text) } else { text };
        let policy = app::gate::policy(&text);
        let (clock, hand) = Clock::manual();
        let at = if how.night { "2026-11-21T22:15:00Z" } else { "2026-11-21T12:00:00Z" };
        hand.set_wall(at.parse().unwrap());
        let ledger = Ledger::in_memory(clock.clone());
        let fixture = GateFixture::at(policy.clone(), &clock, hand, ledger.clone());
        let fixture = match how.several {
            true => fixture.changed(|gate| gate.of_account("home")),
            false => fixture,
        };
        let may_use = !how.several || policy.may_use(how.grant, "home");
        for (index, (tool, arguments)) in calls().into_iter().enumerate() {
            let facts = whatsapp_guard::op::call(tool, arguments.clone()).unwrap();
            let account = wait(AccountRecord::read(Some(ledger.clone()), None, &policy)).unwrap();
            let told = wait(Explanation::of(&policy, &facts, how.grant, clock.timestamp(), &account)).unwrap();
            let said = || format!("{tool} {arguments}\n{text}\n{how:?}\n{told:?}");
            match fixture.authorize(tool, &arguments, how.grant) {
                Verdict::Permit(permitted) => {
                    prop_assert!(may_use, "{}", said());
                    prop_assert_eq!(told.outcome, Outcome::Allowed, "{}", said());
                    prop_assert_eq!(permitted.shadowed().is_some(), told.shadow, "{}", said());
                }
                Verdict::Confirm(question) => {
                    prop_assert!(may_use, "{}", said());
                    prop_assert_eq!(told.outcome, Outcome::Asked, "{}", said());
                    let ticket = fixture.gate.ticket(&question);
                    let yes = how.answers[index % how.answers.len()];
                    let reply = if yes { Reply::Yes } else { Reply::No };
                    let caller = GateFixture::caller(how.grant);
                    let call = question.into_call();
                    let answered = wait(fixture.gate.authorize_with_reply(call, &caller, &ticket, reply));
                    prop_assert_eq!(matches!(answered, Verdict::Permit(_)), yes, "{}", said());
                }
                Verdict::Deny(refusal) if !may_use => {
                    let known = policy.knows(how.grant);
                    let wanted = if known { "account-not-allowed" } else { "unknown-grant" };
                    prop_assert_eq!(refusal.code.name(), wanted, "{}", said());
                }
                Verdict::Deny(refusal) => {
                    prop_assert_eq!(told.outcome, Outcome::Refused, "{}", said());
                    let why = told.because.clone().unwrap();
                    prop_assert_eq!(why.code, Some(refusal.code), "{}", said());
                    prop_assert_eq!(why.rule, refusal.rule, "{}", said());
                }
                Verdict::Replay(_) => prop_assert!(false, "it was never made"),
            }
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
