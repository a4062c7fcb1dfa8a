//! WAHA: every request, and every answer of the reference.

mod account_state;
mod chat_changes;
mod chats;
mod contacts;
mod control;
mod create_group;
mod downloads;
mod group_picture;
mod group_settings;
mod groups;
mod invites;
mod leave;
mod logout;
mod media;
mod member_list;
mod members;
mod message_changes;
mod message_ids;
mod messages;
mod messages_around;
mod pairing;
mod presence;
mod profile;
mod secrecy;
mod sending;
mod sending_kinds;
mod session;
mod transport;

use std::{
    collections::VecDeque,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use whatsapp_guard::config::Timeouts;
use wiremock::{
    Mock, MockBuilder, MockServer, Request, Respond, ResponseTemplate,
    matchers::{body_bytes, header, method, path},
};

use crate::app::{self, SECRET, TestServer};

const SESSION: &str = "/api/sessions/default";
const GROUPS: &str = "/api/default/groups";
const GROUP: &str = "120363025246125486@g.us";

/// Longer than any test waits for an answer.
const NEVER: Duration = Duration::from_secs(60);

/// Waits that do not end before a loaded machine has done what is waited for.
fn patient() -> Timeouts {
    Timeouts {
        open: NEVER,
        settle: NEVER,
        ..app::timeouts()
    }
}

/// One call of a tool, where what is waited for happens.
async fn call(mock: &MockServer, tool: &str, arguments: Value) -> Value {
    let mut app = app::waha_with(mock, patient()).start().await;
    app.call(tool, arguments).await
}

/// One call of a tool, where waiting ends without success.
async fn impatient(mock: &MockServer, tool: &str, arguments: Value) -> Value {
    app::waha(mock).start().await.call(tool, arguments).await
}

/// A request as this program makes every one: with the key, and asking for JSON.
fn request(verb: &str, at: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(at))
        .and(header("X-Api-Key", SECRET))
        .and(header("Accept", "application/json"))
}

fn get(at: &str) -> MockBuilder {
    request("GET", at)
}

/// A POST without a body.
fn post(at: &str) -> MockBuilder {
    request("POST", at).and(body_bytes(""))
}

fn reply(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// A status with 0 bytes.
fn empty(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

/// A session in this state; who is signed in while it works.
fn session(status: &str) -> ResponseTemplate {
    let me = match status {
        "WORKING" => json!({ "id": "15550001111@c.us", "pushName": "Tester" }),
        _ => Value::Null,
    };
    signed_in(status, me)
}

fn signed_in(status: &str, me: Value) -> ResponseTemplate {
    reply(
        200,
        json!({ "name": "default", "status": status, "config": null, "me": me, "engine": { "engine": "NOWEB" } }),
    )
}

fn no_session() -> ResponseTemplate {
    refused(404, "Session not found")
}

fn refused(status: u16, message: &str) -> ResponseTemplate {
    reply(
        status,
        json!({ "statusCode": status, "message": message, "error": "Some Error" }),
    )
}

/// What WAHA says when the session is in another state than the call needs.
fn wrong_state(status: &str) -> ResponseTemplate {
    reply(
        422,
        json!({
            "error": "Session status is not as expected. Try again later or restart the session",
            "session": "default", "status": status, "expected": ["WORKING"],
        }),
    )
}

/// Shows a message of a chat, so that it can be quoted.
async fn has_message(mock: &MockServer, chat: &str, id: &str) {
    get(&format!("/api/default/chats/{chat}/messages/{id}"))
        .respond_with(reply(
            200,
            json!({ "id": id, "timestamp": 1, "body": "quoted" }),
        ))
        .mount(mock)
        .await;
}

/// Answers in this order; the last one stays.
struct Answers(Mutex<VecDeque<ResponseTemplate>>);

impl Respond for Answers {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut left = self.0.lock().unwrap();
        if left.len() > 1 {
            left.pop_front().unwrap()
        } else {
            left[0].clone()
        }
    }
}

fn answers(list: impl IntoIterator<Item = ResponseTemplate>) -> Answers {
    Answers(Mutex::new(list.into_iter().collect()))
}

/// The session is seen in these states, one after the other.
async fn sessions(mock: &MockServer, states: impl IntoIterator<Item = ResponseTemplate>) {
    get(SESSION).respond_with(answers(states)).mount(mock).await;
}

/// Nothing may be changed.
async fn no_post(mock: &MockServer) {
    Mock::given(method("POST"))
        .respond_with(empty(201))
        .expect(0)
        .mount(mock)
        .await;
}

/// Waits until the stand-in has received such a request.
async fn received(mock: &MockServer, verb: &str, at: &str) {
    let start = Instant::now();
    loop {
        let requests = mock.received_requests().await.unwrap();
        if requests
            .iter()
            .any(|one| one.method.as_str() == verb && one.url.path() == at)
        {
            return;
        }
        assert!(start.elapsed() < NEVER / 10, "no {verb} {at}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Takes a call back; what the audit says came of it.
async fn cancel(app: &mut TestServer, id: u64) -> Value {
    app.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id },
    }))
    .await;
    let start = Instant::now();
    loop {
        if let [line] = app.audit().as_slice() {
            return line["outcome"].clone();
        }
        assert!(start.elapsed() < NEVER / 10, "nothing in the audit");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
