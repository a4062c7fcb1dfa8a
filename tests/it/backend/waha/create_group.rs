//! Making groups.

use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate, matchers::body_json};

use super::{
    members::{ANNA, V2, outcome, pair, v2},
    *,
};
use crate::app::code;

/// `create_group` with this answer, where the new group has these members.
async fn create(answer: ResponseTemplate, after: ResponseTemplate, settles: bool) -> Value {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    request("POST", GROUPS)
        .and(body_json(
            json!({ "name": "Hiking", "participants": [{ "id": ANNA }] }),
        ))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    get(V2).respond_with(after).mount(&mock).await;
    let arguments = json!({ "name": "Hiking", "people": ["+1 555 222 3333"] });
    if settles {
        call(&mock, "create_group", arguments).await
    } else {
        impatient(&mock, "create_group", arguments).await
    }
}

#[tokio::test]
async fn a_group_is_made_on_every_engine() {
    for answer in [
        json!({ "id": GROUP, "subject": "Hiking" }),
        json!({ "JID": GROUP, "Name": "Hiking" }),
        json!({ "title": "Hiking", "gid": { "_serialized": GROUP } }),
    ] {
        let result = create(reply(201, answer), v2(&[(ANNA, "participant")]), true).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "group": GROUP, "people": [{ "person": ANNA, "outcome": "done" }], "verified": true })
        );
    }
}

#[tokio::test]
async fn a_group_that_was_perhaps_made_is_told_so() {
    let made = || reply(201, json!({ "id": GROUP }));
    for (answer, after, expected) in [
        (made(), v2(&[]), "not_shown"),
        (made(), refused(500, "oops"), "unknown"),
        (empty(201), v2(&[]), "unknown"),
    ] {
        let result = create(answer, after, false).await;
        assert_eq!(outcome(&result), expected);
        assert_eq!(result["isError"], true);
    }
    let result = create(refused(500, "rate-overlimit"), v2(&[]), false).await;
    assert_eq!(code(&result), "backend-refused");
}

#[tokio::test]
async fn a_new_group_of_hidden_ids_is_looked_into() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    request("POST", GROUPS)
        .respond_with(reply(201, json!({ "id": GROUP })))
        .expect(1)
        .mount(&mock)
        .await;
    let hidden = json!([{ "id": "77@lid", "role": "superadmin" }, { "id": "88@lid" }]);
    get(V2).respond_with(reply(200, hidden)).mount(&mock).await;
    pair(&mock, &format!("pn/{ANNA}")).await;
    let arguments = json!({ "name": "Hiking", "people": [ANNA] });
    let result = call(&mock, "create_group", arguments).await;
    assert_eq!(outcome(&result), "done", "{result}");
}

#[tokio::test]
async fn a_group_is_not_created_twice_whatever_the_order_of_its_people() {
    const BOB: &str = "15557778888@c.us";
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    request("POST", GROUPS)
        .respond_with(empty(504))
        .expect(2)
        .mount(&mock)
        .await;
    pair(&mock, "88@lid").await;
    let mut app = app::waha(&mock).start().await;
    let first = json!({ "name": "Hiking", "people": [ANNA, BOB] });
    let result = app.call("create_group", first).await;
    assert_eq!(outcome(&result), "unknown", "{result}");
    for people in [json!([BOB, "+1 555 222 3333"]), json!([BOB, "88@lid"])] {
        let arguments = json!({ "name": " Hiking ", "people": people });
        let again = app.call("create_group", arguments).await;
        assert_eq!(again["structuredContent"]["repeated"], true, "{again}");
    }
    let twice = json!({ "name": "Hiking", "people": [BOB, ANNA], "allow_repeat": true });
    let result = app.call("create_group", twice).await;
    assert!(result["structuredContent"]["repeated"].is_null());
}
