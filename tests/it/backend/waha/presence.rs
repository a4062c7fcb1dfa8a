//! Presence: looking, following and showing.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, header, method, path},
};

use super::*;
use crate::app::{code, text};

const ALL: &str = "/api/default/presence";
const PERSON: &str = "15552223333@c.us";

async fn look(at: &str, answer: ResponseTemplate, arguments: Value) -> Value {
    let mock = MockServer::start().await;
    get(at).respond_with(answer).expect(1).mount(&mock).await;
    call(&mock, "get_presence", arguments).await
}

async fn look_at(chat: &str, answer: ResponseTemplate) -> Value {
    look(&format!("{ALL}/{chat}"), answer, json!({ "chat": chat })).await
}

#[tokio::test]
async fn a_chat_is_told() {
    let result = look_at(
        PERSON,
        reply(
            200,
            json!({ "id": PERSON, "presences": [
                { "participant": PERSON, "lastSeen": 1_686_568_773, "lastKnownPresence": "offline" },
            ] }),
        ),
    )
    .await;
    assert_eq!(
        result["structuredContent"],
        json!({ "chats": [{ "chat": PERSON, "people": [
            { "person": PERSON, "presence": "offline", "last_seen": "2023-06-12T11:19:33Z" },
        ] }] })
    );
    assert_eq!(
        text(&result),
        "15552223333@c.us: offline, last seen 2023-06-12T11:19:33Z"
    );
}

#[tokio::test]
async fn what_cannot_be_read_of_a_chat_is_skipped() {
    let result = look_at(
        GROUP,
        reply(
            200,
            json!({ "id": GROUP, "presences": [
                { "participant": "77@lid", "lastKnownPresence": "typing", "lastSeen": null },
                { "participant": "15552223333@s.whatsapp.net", "lastKnownPresence": "online", "lastSeen": 0 },
                { "participant": "15552224444@c.us", "lastKnownPresence": "paused", "lastSeen": 1_686_568_773.5 },
                { "participant": PERSON, "lastKnownPresence": "dancing" },
                { "participant": "odd", "lastKnownPresence": "online" },
                { "participant": PERSON },
                null,
            ] }),
        ),
    )
    .await;
    assert_eq!(
        result["structuredContent"]["chats"],
        json!([{ "chat": GROUP, "people": [
            { "person": "77@lid", "presence": "typing" },
            { "person": PERSON, "presence": "online" },
            { "person": "15552224444@c.us", "presence": "paused", "last_seen": "2023-06-12T11:19:33Z" },
        ] }])
    );
    assert!(
        text(&result).contains(&format!("{GROUP}: 77@lid typing")),
        "{result}"
    );
}

#[tokio::test]
async fn a_chat_nothing_is_known_of_is_told() {
    for answer in [
        reply(200, json!({ "id": PERSON, "presences": [] })),
        reply(200, json!({ "id": PERSON, "presences": null })),
        empty(200),
    ] {
        let result = look_at(PERSON, answer).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "chats": [{ "chat": PERSON, "people": [] }] })
        );
        assert!(text(&result).contains("check again"), "{result}");
    }
}

#[tokio::test]
async fn all_chats_that_are_followed_are_told() {
    let all = json!([
        { "id": { "_serialized": PERSON }, "presences": [{ "participant": PERSON, "lastKnownPresence": "recording" }] },
        { "id": GROUP, "presences": [] },
        { "id": "odd" }, 17,
    ]);
    let result = look(ALL, reply(200, all), json!({})).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "chats": [
            { "chat": GROUP, "people": [] },
            { "chat": PERSON, "people": [{ "person": PERSON, "presence": "recording" }] },
        ] })
    );
    let result = look(ALL, reply(200, json!([])), json!({})).await;
    assert_eq!(text(&result), "no chat is subscribed to");
}

#[tokio::test]
async fn a_crowd_is_cut() {
    let people: Vec<_> = (0..130)
        .map(|n| json!({ "participant": format!("1555222{n:04}@c.us"), "lastKnownPresence": "online" }))
        .collect();
    let all = json!([{ "id": GROUP, "presences": people }]);
    let result = look(ALL, reply(200, all), json!({})).await;
    let told = &result["structuredContent"];
    assert_eq!(told["chats"][0]["people"].as_array().unwrap().len(), 100);
    assert_eq!(told["left_out"], 30);
    assert!(text(&result).starts_with("30 people are left out\n"));
}

#[tokio::test]
async fn a_refused_look_is_told() {
    let result = look(ALL, refused(501, "Not implemented"), json!({})).await;
    assert_eq!(code(&result), "backend-refused");
    for body in [json!({}), json!("x")] {
        let result = look(ALL, reply(200, body), json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
    let result = look_at(PERSON, reply(200, json!([]))).await;
    assert_eq!(code(&result), "backend-unreadable");
}

/// Follows a chat; then the list of followed chats is read.
async fn follow(answer: ResponseTemplate, list: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    post(&format!("{ALL}/{PERSON}/subscribe"))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    get(ALL).respond_with(list).mount(&mock).await;
    impatient(&mock, "subscribe_presence", json!({ "chat": PERSON })).await
}

#[tokio::test]
async fn following_is_verified_where_it_shows() {
    let listed = || reply(200, json!([{ "id": PERSON, "presences": [] }]));
    let told = |result: Value| {
        assert_eq!(result["isError"], false, "{result}");
        (
            result["structuredContent"]["outcome"].clone(),
            result["structuredContent"]["verified"].clone(),
        )
    };
    let seen = (json!("subscribed"), json!(true));
    let accepted = (json!("accepted"), json!(false));
    assert_eq!(told(follow(empty(201), listed()).await), seen);
    assert_eq!(told(follow(refused(500, "late"), listed()).await), seen);
    for list in [
        reply(200, json!([])),
        refused(501, "Not implemented"),
        empty(200),
    ] {
        assert_eq!(told(follow(empty(201), list).await), accepted);
    }
}

#[tokio::test]
async fn following_that_was_refused_is_told() {
    for (answer, words) in [
        (
            refused(422, "The method is not implemented by the engine."),
            "not implemented",
        ),
        (reply(200, json!(false)), "it answered no"),
    ] {
        let result = follow(answer, reply(200, json!([]))).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(words), "{result}");
    }
    for answer in [refused(500, "boom"), empty(201).set_delay(NEVER)] {
        let result = follow(answer, reply(200, json!([]))).await;
        assert_eq!(code(&result), "outcome-unknown");
    }
}

/// Shows a presence with exactly this request; it is sent once.
async fn show(body: Value, answer: ResponseTemplate, arguments: Value) -> Value {
    let mock = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(ALL))
        .and(header("X-Api-Key", SECRET))
        .and(body_json(body))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    impatient(&mock, "set_presence", arguments).await
}

#[tokio::test]
async fn a_presence_is_accepted_and_not_called_verified() {
    for word in ["online", "offline"] {
        let wanted = json!({ "presence": word });
        let result = show(wanted.clone(), empty(201), wanted).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "accepted": word, "verified": false })
        );
    }
    for word in ["typing", "recording", "paused"] {
        let body = json!({ "presence": word, "chatId": PERSON });
        let arguments = json!({ "presence": word, "chat": "+1 555 222 3333" });
        let result = show(body, empty(201), arguments).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "accepted": word, "verified": false, "chat": PERSON })
        );
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn a_presence_that_makes_no_sense_is_not_sent() {
    let mock = MockServer::start().await;
    no_post(&mock).await;
    for (arguments, words) in [
        (json!({ "presence": "typing" }), "`typing` needs `chat`"),
        (
            json!({ "presence": "online", "chat": PERSON }),
            "omit `chat`",
        ),
        (json!({ "presence": "dancing" }), "dancing"),
        (json!({ "presence": "online", "loud": true }), "loud"),
        (json!({}), "presence"),
    ] {
        let result = call(&mock, "set_presence", arguments).await;
        assert_eq!(code(&result), "bad-arguments");
        assert!(text(&result).contains(words), "{result}");
    }
}

#[tokio::test]
async fn a_presence_that_was_refused_is_told() {
    let online = || json!({ "presence": "online" });
    for (answer, words) in [
        (reply(400, json!({ "detail": "not now" })), "not now"),
        (reply(201, json!(false)), "it answered no"),
        (wrong_state("STARTING"), "get_session"),
    ] {
        let result = show(online(), answer, online()).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(words), "{result}");
    }
    let lost = show(online(), empty(201).set_delay(NEVER), online()).await;
    assert_eq!(code(&lost), "outcome-unknown");
}
