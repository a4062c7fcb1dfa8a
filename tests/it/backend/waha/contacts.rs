//! People: the list, one of them, a number, and blocking.

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, header, method, path, query_param},
};

use super::*;
use crate::app::{code, text};

const ALL: &str = "/api/contacts/all";
const ONE: &str = "/api/contacts";
const PERSON: &str = "15552223333@c.us";

async fn list(answer: ResponseTemplate, arguments: Value) -> Value {
    let mock = MockServer::start().await;
    get(ALL)
        .and(query_param("session", "default"))
        .and(query_param("sortBy", "id"))
        .and(query_param("sortOrder", "asc"))
        .and(query_param("limit", "5000"))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    call(&mock, "list_contacts", arguments).await
}

#[tokio::test]
async fn every_engine_lists_people() {
    let ann = || json!({ "contacts": [{ "name": "Ann", "push_name": "ann ✨", "person": PERSON }], "total": 1 });
    for (what, body, expected) in [
        (
            "NOWEB",
            json!([{ "id": PERSON, "name": "Ann", "pushname": "ann ✨" }]),
            ann(),
        ),
        (
            "WEBJS",
            json!([{ "id": { "server": "c.us", "_serialized": PERSON }, "shortName": "Ann", "name": null, "pushname": "ann ✨", "isGroup": false }]),
            ann(),
        ),
        (
            "GOWS",
            json!([{ "JID": "15552223333@s.whatsapp.net", "FullName": "Ann", "FirstName": "A", "PushName": "ann ✨" }]),
            ann(),
        ),
        (
            "an object by id",
            json!({ PERSON: { "id": PERSON, "name": "Ann", "notify": "ann ✨" } }),
            ann(),
        ),
        (
            "no groups, channels and lists, and nobody twice",
            json!([
                17,
                { "id": "120363025246125486@g.us", "name": "Group" },
                { "id": "1@newsletter" }, { "id": "status@broadcast" }, { "id": null },
                { "id": PERSON, "name": "Ann", "pushname": "ann ✨" },
                { "id": "15552223333@s.whatsapp.net", "name": "Ann", "pushname": "ann ✨" },
            ]),
            ann(),
        ),
        (
            "nobody but groups",
            json!([{ "id": "120363025246125486@g.us" }]),
            json!({ "contacts": [], "total": 0 }),
        ),
        ("nobody", json!([]), json!({ "contacts": [], "total": 0 })),
        (
            "no name, and a hidden one",
            json!([{ "id": "77@lid", "name": " " }, { "id": PERSON, "name": "a\u{202e}b" }]),
            json!({ "contacts": [{ "name": "a\\u{202e}b", "person": PERSON }, { "person": "77@lid" }], "total": 2 }),
        ),
    ] {
        let result = list(reply(200, body), json!({})).await;
        assert_eq!(result["structuredContent"], expected, "{what}");
    }
    let result = list(empty(200), json!({})).await;
    assert_eq!(result["structuredContent"]["total"], 0);
}

#[tokio::test]
async fn what_is_no_list_is_not_taken_for_nobody() {
    for body in [
        json!(null),
        json!("contacts"),
        json!({ "error": "later" }),
        json!([{ "contact": PERSON }]),
    ] {
        let result = list(reply(200, body), json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

#[tokio::test]
async fn people_are_found_by_name_and_number_and_paged() {
    let all = json!([
        { "id": "15552220003@c.us", "name": "Zoë Miller" },
        { "id": "15552220001@c.us", "name": "Ann" },
        { "id": "15552220002@c.us", "pushname": "MILLER" },
        { "id": "4915112345678@c.us", "name": "Bo" },
    ]);
    for (arguments, ids, total, more) in [
        (
            json!({ "query": "miller" }),
            vec!["15552220002@c.us", "15552220003@c.us"],
            2,
            None,
        ),
        (
            json!({ "query": "miller", "limit": 1 }),
            vec!["15552220002@c.us"],
            2,
            Some("15552220002@c.us"),
        ),
        (
            json!({ "query": "miller", "limit": 1, "cursor": "15552220002@c.us" }),
            vec!["15552220003@c.us"],
            2,
            None,
        ),
        (
            json!({ "query": "+49 151 12345678" }),
            vec!["4915112345678@c.us"],
            1,
            None,
        ),
        (json!({ "query": "zOË" }), vec!["15552220003@c.us"], 1, None),
        (json!({ "query": "nobody" }), vec![], 0, None),
        (
            json!({ "query": " ", "limit": 1 }),
            vec!["15552220001@c.us"],
            4,
            Some("15552220001@c.us"),
        ),
    ] {
        let result = list(reply(200, all.clone()), arguments.clone()).await;
        let page = &result["structuredContent"];
        let found: Vec<_> = page["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["person"].as_str().unwrap())
            .collect();
        assert_eq!(found, ids, "{arguments}");
        assert_eq!(page["total"], total, "{arguments}");
        assert_eq!(page["next_cursor"].as_str(), more, "{arguments}");
    }
}

#[tokio::test]
async fn a_list_that_was_cut_says_so() {
    let all: Vec<_> = (0..5000)
        .map(|n| json!({ "id": format!("1555{n:07}@c.us") }))
        .collect();
    let result = list(reply(200, json!(all)), json!({ "limit": 1 })).await;
    assert_eq!(result["structuredContent"]["incomplete"], true);
    assert!(text(&result).contains("more contacts than could be looked through"));
}

/// WAHA with this contact, about text and other id.
async fn contact(
    person: &str,
    one: ResponseTemplate,
    about: ResponseTemplate,
    lid: ResponseTemplate,
) -> Value {
    let mock = MockServer::start().await;
    get(ONE)
        .and(query_param("contactId", person))
        .and(query_param("session", "default"))
        .respond_with(one)
        .expect(1)
        .mount(&mock)
        .await;
    get("/api/contacts/about")
        .and(query_param("contactId", person))
        .and(query_param("session", "default"))
        .respond_with(about)
        .mount(&mock)
        .await;
    let lids = match person.ends_with("@lid") {
        true => format!("/api/default/lids/{person}"),
        false => format!("/api/default/lids/pn/{}", person.trim_end_matches("@c.us")),
    };
    get(&lids).respond_with(lid).mount(&mock).await;
    call(&mock, "get_contact", json!({ "person": person })).await
}

#[tokio::test]
async fn a_person_is_told_with_both_ids() {
    let ann = || {
        reply(
            200,
            json!({ "id": PERSON, "name": "Ann", "pushname": "ann", "isMyContact": true, "isBlocked": false }),
        )
    };
    let pair = || reply(200, json!({ "lid": "77@lid", "pn": PERSON }));
    let about = || reply(200, json!({ "about": "Busy" }));
    let result = contact(PERSON, ann(), about(), pair()).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "name": "Ann", "push_name": "ann", "person": PERSON, "phone_id": PERSON,
            "hidden_id": "77@lid", "about": "Busy", "saved": true, "blocked": false,
        })
    );
    assert_eq!(
        text(&result),
        "“Ann” (“ann”) 15552223333@c.us, also 77@lid, in the address book\nabout: “Busy”"
    );
    let result = contact("77@lid", ann(), about(), pair()).await;
    assert_eq!(result["structuredContent"]["phone_id"], PERSON);
    assert_eq!(result["structuredContent"]["hidden_id"], "77@lid");
}

#[tokio::test]
async fn what_cannot_be_read_of_a_person_is_left_out() {
    let bare = json!({ "person": PERSON, "phone_id": PERSON });
    for (about, lid) in [
        (
            refused(422, "The method is not implemented by the engine."),
            reply(200, json!({ "lid": null, "pn": PERSON })),
        ),
        (
            refused(501, "Not implemented"),
            refused(404, "Cannot GET /api/default/lids/pn/15552223333"),
        ),
        (reply(200, json!({ "about": null })), empty(200)),
        (empty(200), reply(200, json!({ "lid": PERSON, "pn": 7 }))),
    ] {
        let one = reply(200, json!({ "id": PERSON, "name": null }));
        let result = contact(PERSON, one, about, lid).await;
        assert_eq!(result["structuredContent"], bare);
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn a_person_nobody_knows_is_refused_in_words() {
    for answer in [empty(200), reply(200, json!(null))] {
        let result = contact(PERSON, answer, empty(200), empty(200)).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(
            text(&result).contains("knows no contact 15552223333@c.us"),
            "{result}"
        );
        assert!(text(&result).contains("list_contacts"), "{result}");
    }
    let result = contact(PERSON, reply(200, json!([])), empty(200), empty(200)).await;
    assert_eq!(code(&result), "backend-unreadable");
    let result = contact(PERSON, wrong_state("STARTING"), empty(200), empty(200)).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("get_session"), "{result}");
}

#[tokio::test]
async fn a_number_is_checked() {
    for (answer, expected) in [
        (
            json!({ "numberExists": true, "chatId": PERSON }),
            json!({ "exists": true, "person": PERSON }),
        ),
        (
            json!({ "numberExists": true, "chatId": "77@lid", "pn": PERSON }),
            json!({ "exists": true, "person": "77@lid" }),
        ),
        (
            json!({ "numberExists": true, "chatId": { "_serialized": PERSON } }),
            json!({ "exists": true, "person": PERSON }),
        ),
        (json!({ "numberExists": true }), json!({ "exists": true })),
        (json!({ "numberExists": false }), json!({ "exists": false })),
        (
            json!({ "numberExists": false, "chatId": PERSON }),
            json!({ "exists": false }),
        ),
    ] {
        let mock = MockServer::start().await;
        get("/api/contacts/check-exists")
            .and(query_param("phone", "15552223333"))
            .and(query_param("session", "default"))
            .respond_with(reply(200, answer))
            .expect(1)
            .mount(&mock)
            .await;
        let result = call(
            &mock,
            "check_number",
            json!({ "number": "+1 555 222-3333" }),
        )
        .await;
        assert_eq!(result["structuredContent"], expected);
    }
}

#[tokio::test]
async fn an_answer_about_no_number_is_not_a_no() {
    for answer in [empty(200), reply(200, json!({})), reply(200, json!(false))] {
        let mock = MockServer::start().await;
        get("/api/contacts/check-exists")
            .respond_with(answer)
            .mount(&mock)
            .await;
        let result = call(&mock, "check_number", json!({ "number": "15552223333" })).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

/// Blocks or unblocks a person; the change is sent once.
async fn set_blocked(verb: &str, answer: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/api/contacts/{verb}")))
        .and(header("X-Api-Key", SECRET))
        .and(body_json(
            json!({ "contactId": PERSON, "session": "default" }),
        ))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    impatient(
        &mock,
        &format!("{verb}_contact"),
        json!({ "person": PERSON }),
    )
    .await
}

#[tokio::test]
async fn blocking_is_accepted_and_not_called_verified() {
    for verb in ["block", "unblock"] {
        for answer in [empty(201), reply(201, json!(true)), reply(200, json!({}))] {
            let result = set_blocked(verb, answer).await;
            assert_eq!(
                result["structuredContent"],
                json!({ "outcome": format!("{verb}_accepted"), "verified": false, "person": PERSON })
            );
            assert_eq!(result["isError"], false);
        }
    }
}

#[tokio::test]
async fn blocking_is_verified_where_a_look_shows_it() {
    for (verb, told, verified) in [
        ("block", json!({ "isBlocked": true }), true),
        ("unblock", json!({ "isBlocked": false }), true),
        ("block", json!({ "isBlocked": false }), false),
        ("block", json!({ "id": PERSON }), false),
    ] {
        let mock = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path(format!("/api/contacts/{verb}")))
            .respond_with(empty(201))
            .expect(1)
            .mount(&mock)
            .await;
        Mock::given(method("GET"))
            .and(path("/api/contacts"))
            .and(query_param("contactId", PERSON))
            .respond_with(reply(200, told))
            .mount(&mock)
            .await;
        let tool = format!("{verb}_contact");
        let result = call(&mock, &tool, json!({ "person": PERSON })).await;
        assert_eq!(result["structuredContent"]["verified"], verified, "{verb}");
        assert_eq!(result["isError"], false);
    }
}

#[tokio::test]
async fn blocking_that_was_refused_is_told() {
    for (answer, words) in [
        (
            refused(422, "The method is not implemented by the engine."),
            "not implemented by the engine",
        ),
        (refused(501, "Not implemented"), "another engine"),
        (reply(200, json!(false)), "it answered no"),
        (wrong_state("SCAN_QR_CODE"), "open_session"),
    ] {
        let result = set_blocked("block", answer).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(text(&result).contains(words), "{result}");
    }
    for (answer, words) in [
        (refused(500, "boom"), "boom"),
        (empty(201).set_delay(NEVER), "no answer came"),
    ] {
        let result = set_blocked("unblock", answer).await;
        assert_eq!(code(&result), "outcome-unknown");
        assert!(text(&result).contains(words), "{result}");
    }
}
