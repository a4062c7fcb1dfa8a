//! GREEN-API: every request, and every answer of the reference.

mod chats;
mod contacts;
mod control;
mod doctor;
mod downloads;
mod group_settings;
mod groups;
mod leave;
mod logout;
mod media;
mod members;
mod message_changes;
mod message_ids;
mod message_kinds;
mod messages;
mod messages_around;
mod open_session;
mod pictures;
mod sending;
mod sending_kinds;
mod session;

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, body_string, method, path},
};

use crate::app::{self, SECRET, TestServer, code, text, timeouts};

const GROUP: &str = "120363025246125486@g.us";
const OWN: &str = "15550001111@c.us";

/// An answer with this body.
fn json_body(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn refused(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "statusCode": status,
        "timestamp": "2026-09-13T22:29:37.459Z",
        "path": format!("/waInstance7103000000/any/{SECRET}"),
        "message": message,
    }))
}

/// The path of a method, token included.
fn address(name: &str) -> String {
    format!("/waInstance7103000000/{name}/{SECRET}")
}

/// Answers a GET method without a body.
async fn get(mock: &MockServer, name: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(address(name)))
        .and(body_string(""))
        .respond_with(answer)
        .mount(mock)
        .await;
}

/// Answers a GET method once, before what is mounted later.
async fn get_once(mock: &MockServer, name: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(address(name)))
        .respond_with(answer)
        .up_to_n_times(1)
        .expect(1)
        .mount(mock)
        .await;
}

async fn state(mock: &MockServer, state: &str) {
    get(
        mock,
        "getStateInstance",
        json_body(json!({ "stateInstance": state })),
    )
    .await;
}

async fn state_once(mock: &MockServer, state: &str) {
    let body = json!({ "stateInstance": state });
    get_once(mock, "getStateInstance", json_body(body)).await;
}

async fn settings(mock: &MockServer) {
    let body = json!({ "wid": OWN, "webhookUrlToken": "hook-s3cret", "incomingWebhook": "yes" });
    get(mock, "getSettings", json_body(body)).await;
}

/// Shows a message of a chat, so that it can be quoted.
async fn has_message(mock: &MockServer, chat: &str, id: &str) {
    Mock::given(method("POST"))
        .and(path(address("getMessage")))
        .and(body_json(json!({ "chatId": chat, "idMessage": id })))
        .respond_with(json_body(
            json!({ "type": "incoming", "idMessage": id, "chatId": chat }),
        ))
        .mount(mock)
        .await;
}

fn group(participants: Value) -> Value {
    json!({
        "groupId": GROUP, "owner": "15552223333@c.us", "subject": "Team",
        "creation": 1_600_000_000, "groupInviteLink": "", "participants": participants,
    })
}

fn with_me() -> Value {
    group(json!([
        { "id": "15552223333@c.us", "isAdmin": true, "isSuperAdmin": true },
        { "id": OWN, "isAdmin": false, "isSuperAdmin": false },
    ]))
}

fn without_me() -> Value {
    group(json!([{ "id": "15552223333@c.us", "isAdmin": true, "isSuperAdmin": true }]))
}

async fn group_data(mock: &MockServer, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address("getGroupData")))
        .and(body_json(json!({ "groupId": GROUP })))
        .respond_with(answer)
        .mount(mock)
        .await;
}

/// The looks before a group is left: the briefing's and the call's own.
async fn group_data_before(mock: &MockServer, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address("getGroupData")))
        .and(body_json(json!({ "groupId": GROUP })))
        .respond_with(answer)
        .up_to_n_times(2)
        .expect(2)
        .mount(mock)
        .await;
}

async fn leave(mock: &MockServer, answer: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .and(path(address("leaveGroup")))
        .and(body_json(json!({ "groupId": GROUP })))
        .respond_with(answer)
        .expect(times)
        .mount(mock)
        .await;
}

async fn logout(mock: &MockServer, answer: ResponseTemplate, times: u64) {
    Mock::given(method("GET"))
        .and(path(address("logout")))
        .respond_with(answer)
        .expect(times)
        .mount(mock)
        .await;
}

/// Calls a tool on a fresh server; nothing that comes out may hold a secret.
async fn call(mock: &MockServer, tool: &str, arguments: Value) -> Value {
    call_in(&mut app::green_api(mock).start().await, tool, arguments).await
}

async fn call_in(app: &mut TestServer, tool: &str, arguments: Value) -> Value {
    let result = app.call(tool, arguments).await;
    let told = format!(
        "{result}{:?}{:?}{:?}",
        app.audit(),
        app.questions,
        app.progress
    );
    assert!(!told.contains(SECRET), "{told}");
    assert!(!told.contains("hook-s3cret"), "{told}");
    result
}

async fn leave_group(mock: &MockServer) -> Value {
    call(mock, "leave_group", json!({ "group": GROUP })).await
}

async fn get_group(mock: &MockServer) -> Value {
    call(mock, "get_group", json!({ "group": GROUP })).await
}

fn outcome(result: &Value) -> &str {
    result["structuredContent"]["outcome"]
        .as_str()
        .unwrap_or_else(|| panic!("no outcome: {result}"))
}

fn reason(result: &Value) -> &str {
    result["structuredContent"]["error"]["reason"]
        .as_str()
        .unwrap()
}

fn next(result: &Value) -> &str {
    result["structuredContent"]["error"]["next"]
        .as_str()
        .unwrap()
}
