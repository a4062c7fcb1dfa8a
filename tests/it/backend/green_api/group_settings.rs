//! A group's name and permissions, and its invite link.

use super::*;

async fn change(mock: &MockServer, name: &str, body: Value, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address(name)))
        .and(body_json(body))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

/// A group with these fields: first before the change, then after it.
async fn seen(mock: &MockServer, after: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address("getGroupData")))
        .respond_with(json_body(with_me()))
        .up_to_n_times(1)
        .expect(1)
        .mount(mock)
        .await;
    group_data(mock, after).await;
}

fn with(name: &str, value: Value) -> Value {
    let mut group = with_me();
    group[name] = value;
    group
}

async fn rename(answer: ResponseTemplate, after: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    seen(&mock, after).await;
    let body = json!({ "groupId": GROUP, "groupName": "New" });
    change(&mock, "updateGroupName", body, answer).await;
    let arguments = json!({ "group": GROUP, "name": "New" });
    call(&mock, "set_group_subject", arguments).await
}

#[tokio::test]
async fn a_new_name_is_looked_at() {
    let yes = || json_body(json!({ "updateGroupName": true }));
    let new = || json_body(with("subject", json!("New")));
    for (answer, after, expected, failed) in [
        (yes(), new(), "changed", false),
        (ResponseTemplate::new(504), new(), "changed", false),
        (yes(), json_body(with_me()), "unchanged", true),
        (yes(), refused(500, "oops"), "accepted", false),
        (
            ResponseTemplate::new(504),
            json_body(with_me()),
            "unknown",
            true,
        ),
    ] {
        let result = rename(answer, after).await;
        assert_eq!(outcome(&result), expected);
        assert_eq!(
            result["structuredContent"]["verified"],
            expected == "changed"
        );
        assert_eq!(result["isError"], failed, "{expected}");
    }
}

#[tokio::test]
async fn a_no_is_a_refusal() {
    for answer in [
        json_body(json!({ "updateGroupName": false })),
        json_body(json!("failed to update group name")),
        refused(400, "Validation failed"),
    ] {
        let result = rename(answer, json_body(with_me())).await;
        assert_eq!(code(&result), "backend-refused");
    }
    let result = rename(refused(500, "oops"), json_body(with_me())).await;
    assert_eq!(code(&result), "outcome-unknown");
    let result = rename(ResponseTemplate::new(200), json_body(with_me())).await;
    assert_eq!(outcome(&result), "unknown");
}

async fn permissions(body: Value, chosen: Value, answer: Value, after: Value) -> Value {
    let mock = MockServer::start().await;
    seen(&mock, json_body(after)).await;
    change(&mock, "updateGroupSettings", body, json_body(answer)).await;
    call(&mock, "set_group_permissions", chosen).await
}

#[tokio::test]
async fn both_permissions_go_in_one_request() {
    let send = "allowParticipantsSendMessages";
    let edit = "allowParticipantsEditGroupSettings";
    let yes = json!({ "updateGroupSettings": true, "reason": null });
    let body = json!({ "groupId": GROUP, send: false, edit: true });
    let chosen = json!({ "group": GROUP, "send_messages": "admins", "edit_info": "all" });
    let mut after = with(send, json!(false));
    after[edit] = json!(true);
    let result = permissions(body.clone(), chosen.clone(), yes.clone(), after.clone()).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "send_messages": "changed", "edit_info": "changed", "verified": true, "group": GROUP })
    );
    after[edit] = json!(false);
    let result = permissions(body.clone(), chosen.clone(), yes.clone(), after).await;
    let told = &result["structuredContent"];
    assert_eq!(
        (&told["send_messages"], &told["edit_info"]),
        (&json!("changed"), &json!("unchanged"))
    );
    let only = json!({ "groupId": GROUP, edit: false });
    let admins = json!({ "group": GROUP, "edit_info": "admins" });
    let result = permissions(only, admins, yes, with_me()).await;
    let told = &result["structuredContent"];
    assert_eq!(told["edit_info"], "accepted");
    assert_eq!(
        (told.get("send_messages"), &result["isError"]),
        (None, &json!(false))
    );
    let no = json!({ "updateGroupSettings": false, "reason": "not an admin" });
    let result = permissions(body, chosen, no, with_me()).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(reason(&result).contains("not an admin"), "{result}");
}

#[tokio::test]
async fn an_invite_link_is_told_to_administrators() {
    let link = "https://chat.whatsapp.com/ABCDEF123456";
    let mock = MockServer::start().await;
    group_data(&mock, json_body(with("groupInviteLink", json!(link)))).await;
    let result = call(&mock, "get_group_invite", json!({ "group": GROUP })).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "link": link, "group": GROUP })
    );
    for group in [with_me(), with("groupInviteLink", json!(null))] {
        let mock = MockServer::start().await;
        group_data(&mock, json_body(group)).await;
        let result = call(&mock, "get_group_invite", json!({ "group": GROUP })).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(next(&result).contains("administrator"), "{result}");
    }
}
