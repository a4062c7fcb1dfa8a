//! Marking, archiving, clearing and deleting chats.

use wiremock::matchers::{body_json, query_param};

use super::*;
use crate::app::{code, text};

const CHAT: &str = "15552223333@c.us";
const OVERVIEW: &str = "/api/default/chats/overview";

fn at(rest: &str) -> String {
    format!("/api/default/chats/{CHAT}{rest}")
}

fn seen(told: Value) -> ResponseTemplate {
    reply(
        200,
        json!([{ "id": CHAT, "name": "Ann", "lastMessage": null, "_chat": told }]),
    )
}

async fn looks(mock: &MockServer, list: impl IntoIterator<Item = ResponseTemplate>) {
    get(OVERVIEW)
        .and(query_param("ids", CHAT))
        .respond_with(answers(list))
        .mount(mock)
        .await;
}

async fn working(mock: &MockServer) {
    sessions(mock, [session("WORKING")]).await;
}

async fn remove(mock: &MockServer, rest: &str, answer: ResponseTemplate) {
    request("DELETE", &at(rest))
        .and(body_bytes(""))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

fn outcome(result: &Value) -> &str {
    result["structuredContent"]["outcome"]
        .as_str()
        .unwrap_or_else(|| panic!("no outcome: {result}"))
}

async fn change(mock: &MockServer, tool: &str) -> Value {
    impatient(mock, tool, json!({ "chat": "+1 555 222 3333" })).await
}

#[tokio::test]
async fn marks_are_sent_and_looked_at() {
    for (tool, rest, told) in [
        (
            "mark_chat_read",
            "/messages/read",
            json!({ "unreadCount": 0 }),
        ),
        ("mark_chat_unread", "/unread", json!({ "unreadCount": -1 })),
        ("archive_chat", "/archive", json!({ "archived": true })),
        ("unarchive_chat", "/unarchive", json!({ "archived": false })),
    ] {
        for (told, outcome_is) in [(told, "done"), (json!({}), "accepted")] {
            let mock = MockServer::start().await;
            post(&at(rest))
                .respond_with(reply(201, json!({})))
                .expect(1)
                .mount(&mock)
                .await;
            looks(&mock, [seen(told)]).await;
            let result = change(&mock, tool).await;
            assert_eq!(outcome(&result), outcome_is, "{tool}");
            assert_eq!(
                result["structuredContent"]["verified"],
                outcome_is == "done"
            );
            assert_eq!(result["isError"], false);
        }
    }
}

#[tokio::test]
async fn an_old_server_marks_another_way() {
    let mock = MockServer::start().await;
    post(&at("/messages/read"))
        .respond_with(refused(404, "Cannot POST /api/default/chats"))
        .expect(1)
        .mount(&mock)
        .await;
    request("POST", "/api/sendSeen")
        .and(body_json(json!({ "session": "default", "chatId": CHAT })))
        .respond_with(empty(201))
        .expect(1)
        .mount(&mock)
        .await;
    let result = change(&mock, "mark_chat_read").await;
    assert_eq!(outcome(&result), "accepted");
}

#[tokio::test]
async fn a_no_is_a_refusal() {
    let engine = "The method is not implemented by 'GOWS' engine. Check the docs";
    let broken = json!({ "exception": { "message": "App state key not present!" } });
    for (answer, said) in [
        (reply(201, json!(false)), "the chat is as before"),
        (reply(201, json!({ "success": false })), "answered no"),
        (refused(501, engine), "choose another engine"),
        (
            refused(422, "The method is not implemented by the engine."),
            "choose another engine",
        ),
        (reply(500, broken), "App state key not present!"),
        (refused(404, "Chat not found"), "list_chats"),
        (wrong_state("STOPPED"), "STOPPED"),
    ] {
        let mock = MockServer::start().await;
        post(&at("/archive"))
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        looks(&mock, [seen(json!({ "archived": false }))]).await;
        let result = change(&mock, "archive_chat").await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn webjs_answers_with_the_new_state() {
    for (tool, rest, answer, code_is) in [
        ("archive_chat", "/archive", "true", None),
        ("unarchive_chat", "/unarchive", "false", None),
        ("archive_chat", "/archive", "false", Some("backend-refused")),
        (
            "unarchive_chat",
            "/unarchive",
            "true",
            Some("backend-refused"),
        ),
    ] {
        let mock = MockServer::start().await;
        let answer = ResponseTemplate::new(201).set_body_raw(answer, "text/html; charset=utf-8");
        post(&at(rest))
            .respond_with(answer)
            .expect(1)
            .mount(&mock)
            .await;
        looks(&mock, [seen(json!({ "archived": tool == "archive_chat" }))]).await;
        let result = change(&mock, tool).await;
        match code_is {
            None => assert_eq!(outcome(&result), "done", "{tool}"),
            Some(code_is) => assert_eq!(code(&result), code_is, "{tool}"),
        }
    }
}

#[tokio::test]
async fn a_mark_without_an_answer_is_looked_at() {
    for (archived, told) in [(true, "done"), (false, "unknown")] {
        let mock = MockServer::start().await;
        post(&at("/archive"))
            .respond_with(empty(201).set_delay(NEVER))
            .expect(1)
            .mount(&mock)
            .await;
        looks(&mock, [seen(json!({ "archived": archived }))]).await;
        let timeouts = Timeouts {
            answer: Duration::from_millis(200),
            ..app::timeouts()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let result = app.call("archive_chat", json!({ "chat": CHAT })).await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["isError"], told == "unknown");
    }
}

#[tokio::test]
async fn a_chat_is_cleared_when_no_message_is_left() {
    for (left, told) in [
        (reply(200, json!([])), "done"),
        (reply(200, json!([{ "id": "1" }])), "still_there"),
        (empty(200), "accepted"),
    ] {
        let mock = MockServer::start().await;
        working(&mock).await;
        looks(&mock, [seen(json!({ "unreadCount": 4 }))]).await;
        remove(&mock, "/messages", empty(200)).await;
        get(&at("/messages"))
            .and(query_param("downloadMedia", "false"))
            .and(query_param("limit", "1"))
            .respond_with(left)
            .mount(&mock)
            .await;
        let mut app = app::waha(&mock).start().await;
        let result = app.call("clear_chat", json!({ "chat": CHAT })).await;
        assert_eq!(outcome(&result), told);
        assert_eq!(result["isError"], told == "still_there");
        let question = app.questions[0].to_string();
        assert!(question.contains("Ann"), "{question}");
        assert!(question.contains("4 of its messages"), "{question}");
    }
}

#[tokio::test]
async fn a_chat_is_deleted_when_it_is_out_of_the_list() {
    let here = || seen(json!({}));
    let gone = || reply(200, json!([]));
    for (list, told) in [
        // The briefing's look, the call's own, and the one after it.
        (vec![here(), here(), gone()], "done"),
        (vec![here()], "still_there"),
        // Nothing can be seen to go where nothing was seen.
        (vec![gone()], "accepted"),
    ] {
        let mock = MockServer::start().await;
        working(&mock).await;
        looks(&mock, list).await;
        remove(&mock, "", empty(200)).await;
        let result = change(&mock, "delete_chat").await;
        assert_eq!(outcome(&result), told);
    }
}

#[tokio::test]
async fn an_engine_that_cannot_delete_says_so() {
    for tool in ["clear_chat", "delete_chat"] {
        let mock = MockServer::start().await;
        working(&mock).await;
        looks(&mock, [seen(json!({}))]).await;
        let rest = if tool == "clear_chat" {
            "/messages"
        } else {
            ""
        };
        let no = refused(422, "The method is not implemented by the engine.");
        remove(&mock, rest, no).await;
        let result = change(&mock, tool).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains("another engine"), "{result}");
    }
}

#[tokio::test]
async fn without_a_working_session_nothing_is_deleted() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("STOPPED")]).await;
    Mock::given(method("DELETE"))
        .respond_with(empty(200))
        .expect(0)
        .mount(&mock)
        .await;
    for tool in ["clear_chat", "delete_chat"] {
        let result = change(&mock, tool).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains("call open_session"), "{result}");
    }
}

#[tokio::test]
async fn a_failure_that_cannot_be_looked_at_is_unknown() {
    let mock = MockServer::start().await;
    working(&mock).await;
    looks(&mock, [seen(json!({}))]).await;
    remove(&mock, "/messages", refused(500, "broken")).await;
    get(&at("/messages"))
        .respond_with(refused(500, "broken"))
        .mount(&mock)
        .await;
    let result = change(&mock, "clear_chat").await;
    assert_eq!(outcome(&result), "unknown");
    assert_eq!(result["isError"], true);
}
