//! Leaving a group.

use super::*;

/// A member of a group that shows `after` once the account was asked to leave.
async fn member(answer: ResponseTemplate, after: ResponseTemplate) -> MockServer {
    let mock = MockServer::start().await;
    settings(&mock).await;
    group_data_before(&mock, json_body(with_me())).await;
    group_data(&mock, after).await;
    leave(&mock, answer, 1).await;
    mock
}

fn yes() -> ResponseTemplate {
    json_body(json!({ "leaveGroup": true }))
}

#[tokio::test]
async fn both_forms_of_yes_are_looked_at() {
    for key in ["leaveGroup", "removeAdmin"] {
        let answer = json_body(json!({ key: true }));
        let mock = member(answer, json_body(without_me())).await;
        let mut app = app::green_api(&mock).start().await;
        let result = call_in(&mut app, "leave_group", json!({ "group": GROUP })).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "outcome": "left", "verified": true, "group": GROUP })
        );
        let question = app::shown(&app.questions[0]);
        assert!(
            question.contains("Team") && question.contains("2 members"),
            "{question}"
        );
    }
}

#[tokio::test]
async fn a_group_that_is_no_longer_told_of_is_left() {
    for after in [
        json_body(json!(false)),
        ResponseTemplate::new(200),
        refused(404, "item-not-found"),
        refused(400, "failed"),
        refused(500, "oops"),
    ] {
        let mock = member(yes(), after).await;
        assert_eq!(outcome(&leave_group(&mock).await), "left");
    }
}

#[tokio::test]
async fn what_tells_nothing_of_the_group_leaves_it_unknown() {
    for after in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(429),
        ResponseTemplate::new(466),
        ResponseTemplate::new(502),
        refused(400, "instance in starting process try later"),
        refused(500, "rate-overlimit"),
        ResponseTemplate::new(200).set_body_string("x".repeat(10 << 20)),
        json_body(group(json!([{ "id": "77@lid" }]))),
    ] {
        let mock = member(yes(), after).await;
        let result = leave_group(&mock).await;
        assert_eq!(outcome(&result), "unknown");
        assert_eq!(result["isError"], true);
    }
}

#[tokio::test]
async fn a_membership_that_stays_is_told() {
    let mock = member(yes(), json_body(with_me())).await;
    let result = leave_group(&mock).await;
    assert_eq!(outcome(&result), "still_member");
    assert_eq!(result["structuredContent"]["verified"], false);
    assert_eq!(result["isError"], true);
}

#[tokio::test]
async fn a_no_at_200_is_a_refusal() {
    for (answer, said) in [
        (json_body(json!({ "leaveGroup": false })), "answered no"),
        (json_body(json!(false)), "answered no"),
        (
            json_body(json!({ "leaveGroup": false, "reason": "Timed Out" })),
            "Timed Out",
        ),
        (
            ResponseTemplate::new(200).set_body_string("failed to leave the group"),
            "failed to leave the group",
        ),
    ] {
        let mock = member(answer, json_body(with_me())).await;
        let result = leave_group(&mock).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn a_no_is_not_believed_when_the_membership_is_gone() {
    let answer = json_body(json!({ "leaveGroup": false }));
    let mock = member(answer, json_body(without_me())).await;
    assert_eq!(outcome(&leave_group(&mock).await), "left");
}

#[tokio::test]
async fn a_refusal_stands() {
    for (answer, said) in [
        (
            refused(400, "Validation failed. Details: 'groupId'"),
            "Validation failed",
        ),
        (ResponseTemplate::new(429), "Too Many Requests"),
    ] {
        let mock = member(answer, json_body(with_me())).await;
        // A clear refusal is not looked at: the mock for it may stay unused.
        let result = leave_group(&mock).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn an_answer_that_may_follow_a_leave_is_no_refusal() {
    let mock = member(refused(500, "oops"), json_body(with_me())).await;
    let result = leave_group(&mock).await;
    assert_eq!(code(&result), "outcome-unknown");
    assert!(reason(&result).contains("oops"), "{result}");
    for answer in [json_body(json!({})), ResponseTemplate::new(200)] {
        let mock = member(answer, json_body(with_me())).await;
        assert_eq!(outcome(&leave_group(&mock).await), "unknown");
    }
}

#[tokio::test]
async fn without_an_answer_the_membership_decides() {
    for (after, expected) in [
        (json_body(without_me()), "left"),
        (json_body(json!(false)), "left"),
        (json_body(with_me()), "unknown"),
        (refused(500, "oops"), "unknown"),
    ] {
        let mock = member(ResponseTemplate::new(499), after).await;
        assert_eq!(outcome(&leave_group(&mock).await), expected);
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_looked_into() {
    let late = yes().set_delay(Duration::from_secs(30));
    let mock = member(late, json_body(without_me())).await;
    let mut short = timeouts();
    short.answer = Duration::from_millis(200);
    let mut app = app::green_api_with(&mock, short).start().await;
    let result = call_in(&mut app, "leave_group", json!({ "group": GROUP })).await;
    assert_eq!(outcome(&result), "left");
}

#[tokio::test]
async fn a_network_that_is_gone_shows_nothing() {
    let late = json_body(without_me()).set_delay(Duration::from_secs(30));
    let mock = member(yes(), late).await;
    let mut short = timeouts();
    short.answer = Duration::from_millis(200);
    let mut app = app::green_api_with(&mock, short).start().await;
    let result = call_in(&mut app, "leave_group", json!({ "group": GROUP })).await;
    assert_eq!(outcome(&result), "unknown");
}

#[tokio::test]
async fn who_is_no_member_leaves_nothing() {
    for before in [
        json_body(without_me()),
        json_body(json!(false)),
        ResponseTemplate::new(200).set_body_string("no data"),
        refused(404, "item-not-found"),
    ] {
        let mock = MockServer::start().await;
        settings(&mock).await;
        group_data(&mock, before).await;
        leave(&mock, yes(), 0).await;
        let result = leave_group(&mock).await;
        assert_eq!(outcome(&result), "was_not_member");
        assert_ne!(result["isError"], true);
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_membership_cannot_be_looked_at() {
    for before in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(429),
        refused(400, "instance is starting or not authorized"),
        refused(500, "oops"),
    ] {
        let mock = MockServer::start().await;
        settings(&mock).await;
        group_data(&mock, before).await;
        leave(&mock, yes(), 0).await;
        assert_eq!(code(&leave_group(&mock).await), "backend-refused");
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_own_id_is_not_known() {
    let mock = MockServer::start().await;
    get(&mock, "getSettings", ResponseTemplate::new(500)).await;
    group_data(&mock, json_body(with_me())).await;
    leave(&mock, yes(), 0).await;
    assert_eq!(code(&leave_group(&mock).await), "backend-refused");
}
