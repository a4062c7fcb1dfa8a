//! Looking at groups.

use super::*;

#[tokio::test]
async fn groups_are_found_among_the_contacts() {
    let mock = MockServer::start().await;
    let contacts = json!([
        { "id": "15552223333@c.us", "name": "Ann", "type": "user" },
        { "id": "120363000000000002@g.us", "name": "", "contactName": "Two\u{202e}", "type": "group" },
        { "id": "120363000000000001@g.us", "name": "One", "type": "group" },
        { "id": "odd", "name": "Odd", "type": "group" },
        { "id": null, "type": "group" },
        17,
    ]);
    get(&mock, "getContacts", json_body(contacts)).await;
    let result = call(&mock, "list_groups", json!({ "limit": 10 })).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "total": 2,
            "groups": [
                { "name": "One", "group": "120363000000000001@g.us" },
                { "name": "Two\\u{202e}", "group": "120363000000000002@g.us" },
            ],
        })
    );
}

#[tokio::test]
async fn what_is_no_list_is_not_an_empty_list() {
    for answer in [
        ResponseTemplate::new(200),
        json_body(json!({ "groups": [] })),
        ResponseTemplate::new(200).set_body_string("x".repeat(10 << 20)),
    ] {
        let mock = MockServer::start().await;
        get(&mock, "getContacts", answer).await;
        let result = call(&mock, "list_groups", json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

#[tokio::test]
async fn an_instance_without_an_account_is_told() {
    for status in [200, 400] {
        let mock = MockServer::start().await;
        get(
            &mock,
            "getContacts",
            refused(status, "instance account not authorized"),
        )
        .await;
        let result = call(&mock, "list_groups", json!({})).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(next(&result).contains("open_session"), "{result}");
    }
}

#[tokio::test]
async fn a_quota_is_told_without_anybodys_number() {
    for (body, said) in [
        (
            json!({ "invokeStatus": {
                "method": "getContacts", "used": 100, "total": 100,
                "status": "QUOTE_EXCEEDED", "description": "Only for 15552223333@c.us",
            } }),
            "getContacts is used up (100 of 100)",
        ),
        (
            json!({ "correspondentsStatus": {
                "method": "correspondents", "used": 3, "total": 3,
                "status": "CORRESPONDENTS_QUOTE_EXCEEDED", "description": "15552223333@c.us",
            } }),
            "correspondents is used up (3 of 3)",
        ),
        (
            json!({ "message": "only 15552223333@c.us" }),
            "a monthly quota is used up",
        ),
    ] {
        let mock = MockServer::start().await;
        let answer = ResponseTemplate::new(466).set_body_json(body);
        get(&mock, "getContacts", answer).await;
        let result = call(&mock, "list_groups", json!({})).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains(said), "{result}");
        assert!(!result.to_string().contains("15552223333"), "{result}");
    }
}

#[tokio::test]
async fn a_group_is_told() {
    let mock = MockServer::start().await;
    group_data(&mock, json_body(with_me())).await;
    settings(&mock).await;
    let result = get_group(&mock).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "name": "Team", "group": GROUP, "members": 2, "admins": 1,
            "my_role": "member", "created_at": "2020-09-13T12:26:40Z",
        })
    );
}

#[tokio::test]
async fn the_own_role_is_told_where_it_can_be() {
    let hidden = group(json!([{ "id": "77@lid" }]));
    let admin = group(json!([{ "id": "77@lid", "lid": OWN, "isAdmin": true }]));
    for (group, role) in [
        (without_me(), Some("not_member")),
        (admin, Some("admin")),
        (hidden, None),
        (group(json!([])), None),
        (group(json!(null)), None),
    ] {
        let mock = MockServer::start().await;
        group_data(&mock, json_body(group)).await;
        settings(&mock).await;
        let result = get_group(&mock).await;
        assert_eq!(result["structuredContent"]["my_role"].as_str(), role);
        assert_ne!(result["structuredContent"]["members"], 0);
    }
}

#[tokio::test]
async fn a_group_stands_without_the_own_id() {
    let mock = MockServer::start().await;
    group_data(&mock, json_body(with_me())).await;
    let result = get_group(&mock).await;
    assert_eq!(result["structuredContent"]["members"], 2);
    assert_eq!(result["structuredContent"].get("my_role"), None);
}

#[tokio::test]
async fn what_is_no_group_is_refused() {
    for answer in [
        ResponseTemplate::new(200),
        json_body(json!(false)),
        json_body(json!("failed to get group data")),
        ResponseTemplate::new(200).set_body_string("no data"),
        refused(404, "item-not-found"),
    ] {
        let mock = MockServer::start().await;
        group_data(&mock, answer).await;
        let result = get_group(&mock).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains("knows no group"), "{result}");
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_message_and_nothing_else() {
    let mock = MockServer::start().await;
    let answer = refused(
        400,
        &format!("Validation failed. Details: '{SECRET}' is odd"),
    );
    group_data(&mock, answer).await;
    let result = get_group(&mock).await;
    assert_eq!(
        reason(&result),
        "GREEN-API refused: Validation failed. Details: '[secret]' is odd"
    );
    assert!(!result.to_string().contains("waInstance"), "{result}");
}
