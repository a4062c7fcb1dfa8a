//! Another policy is put in force: what was counted, asked and shown under the old one.

use std::{sync::Arc, thread, time::Duration};

use serde_json::{Map, Value, json};
use whatsapp_guard::{
    audit::Audit,
    clock::Clock,
    gate::{Caller, Gate, Verdict},
    ledger::Ledger,
};

use crate::app::{self, BOTH, Era, OPEN, Person, TestServer, code, error_code, policy, wait, yes};

const FLATMATES: &str = "120363000000000002@g.us";
const CHAT: &str = "15552220001@c.us";

/// A question that waits for its answer.
enum Waiting {
    Legacy { call: u64, question: Value },
    Modern { params: Value },
}

async fn ask(app: &mut TestServer, era: Era, tool: &str, arguments: Value) -> Waiting {
    let params = json!({ "name": tool, "arguments": arguments });
    match era {
        Era::Legacy => {
            let call = app.begin("tools/call", params).await;
            let question = app.receive().await;
            assert_eq!(question["method"], "elicitation/create", "{question}");
            Waiting::Legacy { call, question }
        }
        Era::Modern => {
            let mut params = params;
            let asked = app.call_once(params.clone()).await;
            assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
            params["requestState"] = asked["result"]["requestState"].clone();
            params["inputResponses"] = json!({ "confirm": yes() });
            Waiting::Modern { params }
        }
    }
}

/// The person says yes; what the call comes to.
async fn accept(app: &mut TestServer, waiting: &Waiting) -> Value {
    let answer = match waiting {
        Waiting::Legacy { call, question } => {
            let yes = json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes() });
            app.send(&yes).await;
            app.end(*call).await
        }
        Waiting::Modern { params } => app.call_once(params.clone()).await,
    };
    answer["result"].clone()
}

fn with(more: &str) -> String {
    format!("{OPEN}{more}")
}

/// What a call comes to: the code of a refusal, or "done".
fn outcome(result: &Value) -> &str {
    match &result["isError"] {
        Value::Bool(true) => code(result),
        _ => "done",
    }
}

#[tokio::test]
async fn a_yes_is_judged_by_the_policy_that_is_in_force_when_it_comes() {
    let off = OPEN.replace("enabled = true", "enabled = false");
    let cases = [
        // The same in other words, and one that has a reason of its own to ask.
        (with("# nothing new\n"), "done"),
        (with("[tools.leave_group]\naction = \"confirm\"\n"), "done"),
        (
            with("[tools.leave_group]\naction = \"deny\"\n"),
            "denied-by-rule",
        ),
        (format!("hide = [\"leave_group\"]\n{OPEN}"), "hidden"),
        (off, "confirmation-off"),
        (with("[mode]\nread_only = true\n"), "read-only"),
    ];
    for era in BOTH {
        for (changed, wanted) in &cases {
            let mut app = app::sandbox()
                .era(era)
                .person(Person::Silent)
                .linked()
                .await;
            let group = json!({ "group": FLATMATES });
            let waiting = ask(&mut app, era, "leave_group", group.clone()).await;
            app.server.replace(policy(changed));
            let result = accept(&mut app, &waiting).await;
            assert_eq!(outcome(&result), *wanted, "{era:?} {changed}");
            if era == Era::Modern {
                // Whatever came of it, it was for this once.
                app.server.replace(policy(OPEN));
                let again = accept(&mut app, &waiting).await;
                assert_eq!(code(&again), "approval-used", "{changed}");
            }
        }
    }
}

#[tokio::test]
async fn a_yes_stands_where_nobody_would_be_asked_any_more() {
    let asking = with("[tools.archive_chat]\naction = \"confirm\"\n");
    for era in BOTH {
        let setup = app::sandbox().era(era).person(Person::Silent);
        let mut app = setup.policy(&asking).linked().await;
        let waiting = ask(&mut app, era, "archive_chat", json!({ "chat": CHAT })).await;
        app.server.replace(policy(OPEN));
        let result = accept(&mut app, &waiting).await;
        assert_eq!(outcome(&result), "done", "{result}");
        let lines = app.audit();
        let line = lines.iter().rfind(|line| line["tool"] == "archive_chat");
        assert_eq!(line.unwrap()["code"], "confirmed");
    }
}

#[tokio::test]
async fn a_yes_is_still_for_one_call_of_one_caller_in_time() {
    let quick = OPEN.replace("enabled = true", "enabled = true\nexpires = \"1m\"");
    let slow = OPEN.replace("enabled = true", "enabled = true\nexpires = \"9m\"");
    for (changed, later, wanted) in [
        (&quick, 59, "done"),
        (&quick, 60, "approval-expired"),
        // It was promised five minutes, and gets no more.
        (&slow, 299, "done"),
        (&slow, 300, "approval-expired"),
    ] {
        let mut app = app::sandbox().era(Era::Modern).linked().await;
        let group = json!({ "group": FLATMATES });
        let waiting = ask(&mut app, Era::Modern, "leave_group", group).await;
        app.server.replace(policy(changed));
        app.hand.advance(Duration::from_secs(later));
        let result = accept(&mut app, &waiting).await;
        assert_eq!(outcome(&result), wanted, "{later}");
    }
    let mut app = app::sandbox().era(Era::Modern).linked().await;
    let group = json!({ "group": FLATMATES });
    let waiting = ask(&mut app, Era::Modern, "leave_group", group).await;
    app.server.replace(policy(&quick));
    let Waiting::Modern { mut params } = waiting else {
        panic!("it is the newer era")
    };
    params["arguments"]["group"] = "120363000000000001@g.us".into();
    let answer = app.call_once(params).await;
    assert_eq!(error_code(&answer), "approval-invalid");
}

/// Allows with a limit on `get_session`.
fn limited(limit: &str) -> String {
    format!("version = \"1\"\ndefault = \"allow\"\n[tools.get_session]\nlimits = [{limit}]\n")
}

/// How many calls are let through until one is not.
async fn passing(app: &mut TestServer) -> usize {
    for passed in 0..100 {
        let result = app.call("get_session", json!({})).await;
        if result["isError"] == true {
            assert_eq!(code(&result), "rate-limited");
            return passed;
        }
    }
    panic!("nothing stops them")
}

#[tokio::test]
async fn what_was_counted_still_counts_whatever_the_numbers_are() {
    let three = "{ max = 3, window = \"minute\" }";
    let hours = "{ max = 3, window = \"2h\" }";
    for (before, after, left) in [
        (three, three, 0),
        (three, "{ max = 5, window = \"minute\" }", 2),
        (three, "{ max = 2, window = \"minute\" }", 0),
        (three, "{ max = 4, window = \"30m\" }", 1),
        (three, "{ max = 4, burst = 2, window = \"minute\" }", 0),
        (
            three,
            "{ max = 9, window = \"minute\" }, { max = 5, window = \"30m\" }",
            2,
        ),
        (hours, hours, 0),
        (hours, "{ max = 5, window = \"2h\" }", 2),
        (hours, "{ max = 4, window = \"day\" }", 1),
    ] {
        let mut app = app::sandbox().policy(&limited(before)).start().await;
        app.hand.advance(Duration::from_secs(1000));
        assert_eq!(passing(&mut app).await, 3, "{before}");
        app.server.replace(policy(&limited(after)));
        assert_eq!(passing(&mut app).await, left, "{before} then {after}");
        // There and back gives nothing back either.
        app.server.replace(policy(&limited(before)));
        assert_eq!(passing(&mut app).await, 0, "{before}, {after} and back");
    }
}

#[tokio::test]
async fn questions_that_were_asked_still_count() {
    let prompts = |max: u32| {
        let more = format!("enabled = true\nprompts = {{ max = {max}, window = \"hour\" }}");
        OPEN.replace("enabled = true", &more)
    };
    let mut app = app::sandbox()
        .person(Person::Declines)
        .policy(&prompts(2))
        .linked()
        .await;
    let group = json!({ "group": FLATMATES });
    for (max, wanted) in [
        (2, "declined"),
        (2, "declined"),
        (2, "prompts-exhausted"),
        (3, "declined"),
        (3, "prompts-exhausted"),
        (1, "prompts-exhausted"),
    ] {
        app.server.replace(policy(&prompts(max)));
        let result = app.call("leave_group", group.clone()).await;
        assert_eq!(code(&result), wanted, "{max}");
    }
}

#[tokio::test]
async fn what_was_read_is_not_forgotten() {
    let flow = with("[flow]\ncross_chat = \"deny\"\n");
    let mut app = app::sandbox().linked().await;
    app.call("list_messages", json!({ "chat": CHAT })).await;
    app.server.replace(policy(&flow));
    let message = json!({ "chat": "15552220002@c.us", "text": "Hello" });
    assert_eq!(code(&app.call("send_message", message).await), "cross-chat");
}

#[tokio::test]
async fn only_those_are_told_for_whom_a_list_changes() {
    let hidden = format!("hide = [\"leave_group\"]\n{OPEN}");
    let off = OPEN.replace("enabled = true", "enabled = false");
    let unread = format!("hide = [\"list_messages\"]\n{OPEN}");
    let (tools, all) = (
        vec!["notifications/tools/list_changed"],
        vec![
            "notifications/tools/list_changed",
            "notifications/resources/list_changed",
            "notifications/prompts/list_changed",
        ],
    );
    for (person, changed, wanted) in [
        (Person::Accepts, &hidden, &tools),
        (Person::Accepts, &off, &tools),
        (Person::Accepts, &unread, &all),
        // Without a person to ask none of these was listed before.
        (Person::Absent, &hidden, &vec![]),
        (Person::Absent, &off, &vec![]),
        (Person::Absent, &unread, &all),
        (
            Person::Accepts,
            &with("[tools.send_message]\naction = \"deny\"\n"),
            &tools,
        ),
        (
            Person::Accepts,
            &with("[tools.send_message]\nlimits = [{ max = 5, window = \"day\" }]\n"),
            &vec![],
        ),
    ] {
        let mut app = app::sandbox().person(person).start().await;
        app.listed().await;
        app.server.replace(policy(changed));
        let now = app.listed().await;
        app.listed().await;
        assert_eq!(app.changes, *wanted, "{changed}");
        // The same once more changes nothing.
        app.server.replace(policy(changed));
        assert_eq!(app.listed().await, now);
        app.listed().await;
        assert_eq!(app.changes, *wanted, "{changed}");
    }
}

#[tokio::test]
async fn a_listener_is_told_until_it_takes_it_back() {
    let unread = format!("hide = [\"list_messages\"]\n{OPEN}");
    let mut app = app::sandbox().era(Era::Modern).start().await;
    let wanted = json!({ "notifications": {
        "promptsListChanged": true, "resourceSubscriptions": ["whatsapp://policy"],
    } });
    let id = app.begin("subscriptions/listen", wanted).await;
    let told = app.receive().await;
    assert_eq!(told["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(
        told["params"]["notifications"],
        json!({ "promptsListChanged": true })
    );
    app.server.replace(policy(&unread));
    let told = app.receive().await;
    assert_eq!(told["method"], "notifications/prompts/list_changed");
    app.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id },
    }))
    .await;
    app.listed().await;
    app.server.replace(policy(OPEN));
    app.listed().await;
    app.listed().await;
    assert!(app.changes.is_empty(), "{:?}", app.changes);
}

#[tokio::test]
async fn listeners_without_end_are_refused() {
    let mut app = app::sandbox().era(Era::Modern).start().await;
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    for _ in 0..1024 {
        app.begin("subscriptions/listen", wanted.clone()).await;
        let told = app.receive().await;
        assert_eq!(told["method"], "notifications/subscriptions/acknowledged");
    }
    let id = app.begin("subscriptions/listen", wanted).await;
    app.receive().await;
    let answer = app.receive().await;
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(id), &json!(-32603))
    );
}

#[test]
fn calls_that_meet_a_change_are_counted_by_their_own_limits() {
    let strict = "{ max = 20, window = \"59m\", counter = \"strict\" }";
    let with = |more: &str| policy(&limited(&format!("{more}{strict}")));
    let other = "{ max = 60000, window = \"minute\", counter = \"other\" }, ";
    let (clock, _hand) = Clock::manual();
    let folder = tempfile::tempdir().unwrap();
    let audit =
        Arc::new(Audit::new(Some(folder.path().join("audit.jsonl")), clock.clone()).unwrap());
    let ledger = Ledger::in_memory(clock.clone());
    let (tools, authority) = app::sandbox_toolset();
    let gate = Arc::new(Gate::new(authority, with(""), &clock, audit, ledger).unwrap());
    let caller = Caller {
        grant: "local".into(),
        session: "stdio".into(),
        can_ask: false,
    };
    let authorize = || {
        (0..2000)
            .filter(|_| {
                let call = tools.prepare("get_session", Map::new()).unwrap();
                matches!(wait(gate.authorize(call, &caller)), Verdict::Permit(_))
            })
            .count()
    };
    let passed: usize = thread::scope(|scope| {
        let judging = [scope.spawn(authorize), scope.spawn(authorize)];
        for _ in 0..200 {
            gate.replace(with(other));
            gate.replace(with(""));
        }
        judging.map(|judging| judging.join().unwrap()).iter().sum()
    });
    assert_eq!(passed, 20);
}
