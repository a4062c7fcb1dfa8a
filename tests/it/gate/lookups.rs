//! Look-ups before a decision: one for all who wait for it, counted, and none for a call that
//! is refused anyway. Requests are counted at the API.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex, query_param},
};

use crate::{
    app::gate::GateFixture,
    app::{self, TestServer, code, policy},
};

const NUMBER: &str = "15552223333@c.us";
const HIDDEN: &str = "777000111222@lid";
const OLD: &str = "120363000000000001@g.us";
const NEW: &str = "120363000000000002@g.us";

/// Long enough that another call comes before the answer.
const LATE: Duration = Duration::from_millis(150);

/// Whoever may be written to is known by number, or by the name of a group.
fn allow(more: &str) -> String {
    format!(
        "version = \"1\"\ndefault = \"allow\"\n[recipients]\nallow = [\"+15552223333\"]\n{more}\n"
    )
}

fn answer(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn get(at: &str) -> wiremock::MockBuilder {
    Mock::given(method("GET")).and(path(at))
}

/// An API that sends, and answers like this when it is asked who is hidden.
async fn api(hidden: ResponseTemplate) -> MockServer {
    let mock = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path_regex("^/api/default/lids/"))
        .respond_with(hidden)
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .and(path("/api/sendText"))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let chat = body["chatId"].as_str().unwrap();
            answer(&json!({ "id": format!("true_{chat}_3EB0AA"), "ack": 1 }))
        })
        .mount(&mock)
        .await;
    let working =
        json!({ "name": "default", "status": "WORKING", "me": { "id": "15550001111@c.us" } });
    get("/api/sessions/default")
        .respond_with(answer(&working))
        .mount(&mock)
        .await;
    mock
}

fn found() -> ResponseTemplate {
    answer(&json!({ "lid": HIDDEN, "pn": NUMBER }))
}

/// How many requests there were to a path with this in it.
async fn requests(mock: &MockServer, part: &str) -> usize {
    let all = mock.received_requests().await.unwrap();
    all.iter()
        .filter(|one| one.url.path().contains(part))
        .count()
}

async fn received(mock: &MockServer, part: &str) {
    while requests(mock, part).await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn to(chat: &str, text: &str) -> Value {
    json!({ "chat": chat, "text": text })
}

async fn begin(app: &mut TestServer, chat: &str, text: &str) -> u64 {
    let params = json!({ "name": "send_message", "arguments": to(chat, text) });
    app.begin("tools/call", params).await
}

/// The results of so many calls, in whatever order they end.
async fn ends(app: &mut TestServer, count: usize) -> HashMap<u64, Value> {
    let mut ended = HashMap::new();
    while ended.len() < count {
        let message = app.receive().await;
        if let Some(id) = message["id"].as_u64() {
            ended.insert(id, message["result"].clone());
        }
    }
    ended
}

#[tokio::test]
async fn calls_at_the_same_time_wait_for_one_look_up() {
    let mock = api(found().set_delay(LATE)).await;
    let mut app = app::waha(&mock).policy(&allow("")).start().await;
    for text in ["one", "two", "three"] {
        begin(&mut app, HIDDEN, text).await;
    }
    for (id, result) in ends(&mut app, 3).await {
        assert_eq!(result["isError"], false, "{id}: {result}");
    }
    assert_eq!(requests(&mock, "/lids/").await, 1);
}

#[tokio::test]
async fn a_look_up_goes_on_for_others_when_its_first_caller_is_cancelled() {
    let mock = api(found().set_delay(LATE)).await;
    let mut app = app::waha(&mock).policy(&allow("")).start().await;
    let first = begin(&mut app, HIDDEN, "one").await;
    received(&mock, "/lids/").await;
    let second = begin(&mut app, HIDDEN, "two").await;
    app.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": first },
    }))
    .await;
    let result = ends(&mut app, 1).await.remove(&second);
    let result = result.expect("the second call ends");
    assert_eq!(result["isError"], false, "{result}");
    // Nobody waits when the third one comes.
    let third = app.call("send_message", to(HIDDEN, "three")).await;
    assert_eq!(third["isError"], false, "{third}");
    assert_eq!(requests(&mock, "/lids/").await, 1);
}

#[tokio::test]
async fn what_was_not_found_is_looked_up_again_after_a_minute_only() {
    let nobody = answer(&json!({ "lid": HIDDEN, "pn": null }));
    for answer in [nobody, ResponseTemplate::new(500)] {
        let mock = api(answer).await;
        let mut app = app::waha(&mock).policy(&allow("")).start().await;
        for (later, looked) in [(0, 1), (0, 1), (59, 1), (1, 2)] {
            app.hand.advance(Duration::from_secs(later));
            let refused = app.call("send_message", to(HIDDEN, "hi")).await;
            assert_eq!(code(&refused), "recipient-unlisted");
            assert_eq!(requests(&mock, "/lids/").await, looked);
        }
    }
}

#[tokio::test]
async fn a_call_that_is_refused_anyway_looks_nothing_up() {
    for (rules, expected) in [
        (
            "[tools.send_message]\nlimits = [{ max = 1, window = \"minute\" }]\n",
            "rate-limited",
        ),
        (
            "[tools.send_message]\nlimits = [{ max = 1, window = \"day\" }]\n",
            "rate-limited",
        ),
        (
            "[[tools.send_message]]\naction = \"deny\"\nwhen = [{ arg = \"text\", op = \"eq\", value = \"hi\" }]\n",
            "denied-by-rule",
        ),
    ] {
        let mock = api(found()).await;
        let mut app = app::waha(&mock).policy(&allow(rules)).start().await;
        let sent = app.call("send_message", to(NUMBER, "first")).await;
        assert_eq!(sent["isError"], false, "{rules}: {sent}");
        for _ in 0..3 {
            let refused = app.call("send_message", to(HIDDEN, "hi")).await;
            assert_eq!(code(&refused), expected, "{rules}: {refused}");
        }
        assert_eq!(requests(&mock, "/lids/").await, 0, "{rules}");
    }
}

#[tokio::test]
async fn a_paused_account_looks_nobody_up() {
    let rules = "[health]\npause_on = [\"FAILED\"]\ncooldown = \"10m\"\n";
    let mock = MockServer::start().await;
    let failed = json!({ "name": "default", "status": "FAILED" });
    get("/api/sessions/default")
        .respond_with(answer(&failed))
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).policy(&allow(rules)).start().await;
    assert_eq!(
        code(&app.call("send_message", to(NUMBER, "hi")).await),
        "account-paused"
    );
    let before = mock.received_requests().await.unwrap().len();
    for later in [0, 0, 90] {
        app.hand.advance(Duration::from_secs(later));
        let refused = app.call("send_message", to(HIDDEN, "hi")).await;
        assert_eq!(code(&refused), "account-paused");
    }
    assert_eq!(mock.received_requests().await.unwrap().len(), before);
}

#[tokio::test]
async fn a_change_that_cannot_be_audited_looks_nobody_up() {
    let mock = api(found()).await;
    let folder = tempfile::tempdir().unwrap();
    let server = app::waha(&mock).policy(&allow(""));
    let mut app = server.audit(folder.path().to_owned()).start().await;
    let refused = app.call("send_message", to(HIDDEN, "hi")).await;
    assert_eq!(code(&refused), "audit-unavailable");
    assert_eq!(requests(&mock, "/lids/").await, 0);
}

#[test]
fn whoever_is_on_no_list_whatever_groups_are_called_needs_no_names() {
    let named = allow("").replace("[\"+15552223333\"]", "[\"group:Team\"]");
    let gate = GateFixture::new(&named);
    let refused = gate.lookups("send_message", &to(NUMBER, "hi")).err();
    assert_eq!(refused.unwrap().code.name(), "recipient-unlisted");
    assert!(gate.pending_lookups("send_message", &to(OLD, "hi")));
    let denied = "version = \"1\"\ndefault = \"allow\"\n[recipients]\ndeny = [\"+15552223333\", \"group:Team\"]\n";
    let gate = GateFixture::new(denied);
    let refused = gate.lookups("send_message", &to(NUMBER, "hi")).err();
    assert_eq!(refused.unwrap().code.name(), "recipient-denied");
    assert!(gate.pending_lookups("send_message", &to(OLD, "hi")));
}

#[test]
fn look_ups_are_limited_and_a_call_above_the_limit_is_not_judged() {
    let gate = GateFixture::new(&allow(""));
    let send = |number: u32| to(&format!("777000{number:06}@lid"), "hi");
    let made = (0..1000).take_while(|number| gate.pending_lookups("send_message", &send(*number)));
    assert_eq!(made.count(), 120);
    let refused = gate.lookups("send_message", &send(2000)).err().unwrap();
    assert_eq!(refused.code.name(), "rate-limited");
    assert_eq!(refused.retry_after_s, Some(1));
    // Who needs none is decided.
    assert_eq!(gate.verdict("send_message", &to(NUMBER, "hi")), "allowed");
    gate.hand.advance(Duration::from_secs(1));
    assert!(gate.pending_lookups("send_message", &send(2001)));
}

#[tokio::test]
async fn names_that_arrive_after_a_change_of_the_policy_are_matched_by_the_new_one() {
    let named = |name: &str| allow("").replace("+15552223333", &format!("group:{name}"));
    let mock = api(found()).await;
    let groups = json!([{ "id": OLD, "subject": "Old" }, { "id": NEW, "subject": "New" }]);
    get("/api/default/groups")
        .respond_with(answer(&groups).set_delay(LATE))
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).policy(&named("Old")).start().await;
    let (old, new) = (
        begin(&mut app, OLD, "hi").await,
        begin(&mut app, NEW, "hi").await,
    );
    received(&mock, "/groups").await;
    app.server.replace(policy(&named("New")));
    let mut ended = ends(&mut app, 2).await;
    let (old, new) = (ended.remove(&old).unwrap(), ended.remove(&new).unwrap());
    assert_eq!(code(&old), "recipient-unlisted");
    assert_eq!(new["isError"], false, "{new}");
    assert_eq!(requests(&mock, "/groups").await, 1);
}

#[tokio::test]
async fn the_list_of_a_large_account_is_read_in_parts() {
    let rules = "version = \"1\"\ndefault = \"allow\"\n[recipients]\nnew = { action = \"deny\" }\n";
    let mock = api(found()).await;
    let row = |number: usize| json!({ "id": format!("1555000{number:04}@c.us"), "name": "x" });
    let page = |offset: usize| (offset..offset + 100).map(row).collect::<Vec<_>>();
    let overview =
        |offset: &str| get("/api/default/chats/overview").and(query_param("offset", offset));
    overview("0")
        .respond_with(answer(&page(0).into()))
        .expect(1)
        .mount(&mock)
        .await;
    // The second page fails, again when it is tried at once, and comes a minute later.
    overview("100")
        .respond_with(ResponseTemplate::new(502))
        .up_to_n_times(2)
        .mount(&mock)
        .await;
    overview("100")
        .respond_with(answer(&page(100).into()))
        .expect(1)
        .mount(&mock)
        .await;
    overview("200")
        .respond_with(answer(&json!([])))
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).policy(rules).start().await;
    for (later, expected) in [(0, "recipient-new"), (59, "recipient-new"), (1, "sent")] {
        app.hand.advance(Duration::from_secs(later));
        let result = app.call("send_message", to("15550000007@c.us", "hi")).await;
        let outcome = match result["isError"] == true {
            true => code(&result).to_owned(),
            false => "sent".to_owned(),
        };
        assert_eq!(outcome, expected, "{later}: {result}");
    }
    let result = app.call("send_message", to("15550000150@c.us", "hi")).await;
    assert_eq!(result["isError"], false, "{result}");
}
