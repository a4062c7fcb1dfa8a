//! Members of groups, one person a call.

use super::*;

const ANNA: &str = "15552223333@c.us";
const BEN: &str = "15557778888@c.us";

fn person(id: &str, admin: bool) -> Value {
    json!({ "id": id, "isAdmin": admin, "isSuperAdmin": false })
}

/// The group with this account and these others.
fn with(others: &[(&str, bool)]) -> ResponseTemplate {
    let mut members = vec![person(OWN, true)];
    members.extend(others.iter().map(|(id, admin)| person(id, *admin)));
    json_body(group(json!(members)))
}

/// The group looks like `before` so many times, then like `after`.
async fn looks(mock: &MockServer, before: ResponseTemplate, times: u64, after: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address("getGroupData")))
        .and(body_json(json!({ "groupId": GROUP })))
        .respond_with(before)
        .up_to_n_times(times)
        .mount(mock)
        .await;
    group_data(mock, after).await;
}

/// One person's change is answered so, and sent so many times.
async fn change(mock: &MockServer, name: &str, id: &str, answer: ResponseTemplate, times: u64) {
    Mock::given(method("POST"))
        .and(path(address(name)))
        .and(body_json(
            json!({ "groupId": GROUP, "participantChatId": id }),
        ))
        .respond_with(answer)
        .expect(times)
        .mount(mock)
        .await;
}

async fn run(mock: &MockServer, tool: &str, people: Value) -> Value {
    call(mock, tool, json!({ "group": GROUP, "people": people })).await
}

fn outcomes(result: &Value) -> Vec<&str> {
    let people = result["structuredContent"]["people"].as_array();
    let people = people.unwrap_or_else(|| panic!("no people: {result}"));
    people
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect()
}

fn yes(key: &str) -> ResponseTemplate {
    json_body(json!({ key: true }))
}

#[tokio::test]
async fn members_are_listed() {
    let mock = MockServer::start().await;
    let members = json!([
        { "id": ANNA, "lid": "88@lid", "isAdmin": true, "isSuperAdmin": true },
        { "id": OWN, "isAdmin": true, "isSuperAdmin": false },
        { "id": "99@lid", "isAdmin": false, "isSuperAdmin": false },
    ]);
    group_data(&mock, json_body(group(members))).await;
    let result = call(&mock, "list_group_members", json!({ "group": GROUP })).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "group": GROUP, "total": 3,
            "members": [
                { "person": OWN, "role": "admin" },
                { "person": ANNA, "hidden_id": "88@lid", "role": "creator" },
                { "person": "99@lid", "role": "member" },
            ],
        })
    );
}

#[tokio::test]
async fn a_group_that_is_not_told_of_is_no_empty_list() {
    for (answer, expected) in [
        (json_body(json!(false)), "backend-refused"),
        (refused(404, "item-not-found"), "backend-refused"),
        (json_body(group(json!([]))), "backend-unreadable"),
    ] {
        let mock = MockServer::start().await;
        group_data(&mock, answer).await;
        let result = call(&mock, "list_group_members", json!({ "group": GROUP })).await;
        assert_eq!(code(&result), expected);
    }
}

#[tokio::test]
async fn each_change_is_sent_once_and_looked_at() {
    for (tool, name, key, before, after) in [
        (
            "add_group_members",
            "addGroupParticipant",
            "addParticipant",
            with(&[]),
            with(&[(ANNA, false)]),
        ),
        (
            "remove_group_members",
            "removeGroupParticipant",
            "removeParticipant",
            with(&[(ANNA, false)]),
            with(&[]),
        ),
        (
            "promote_group_admin",
            "setGroupAdmin",
            "setGroupAdmin",
            with(&[(ANNA, false)]),
            with(&[(ANNA, true)]),
        ),
        (
            "demote_group_admin",
            "removeAdmin",
            "removeAdmin",
            with(&[(ANNA, true)]),
            with(&[(ANNA, false)]),
        ),
    ] {
        let mock = MockServer::start().await;
        settings(&mock).await;
        let briefed = if tool == "remove_group_members" { 2 } else { 1 };
        looks(&mock, before.clone(), briefed, after).await;
        change(&mock, name, ANNA, yes(key), 1).await;
        let result = run(&mock, tool, json!([ANNA])).await;
        assert_eq!(
            result["structuredContent"],
            json!({ "group": GROUP, "people": [{ "person": ANNA, "outcome": "done" }], "verified": true }),
            "{tool}"
        );

        let mock = MockServer::start().await;
        settings(&mock).await;
        group_data(&mock, before).await;
        change(&mock, name, ANNA, yes(key), 1).await;
        let result = run(&mock, tool, json!([ANNA])).await;
        assert_eq!(outcomes(&result), ["not_shown"], "{tool}");
        assert_eq!(result["isError"], true);
    }
}

#[tokio::test]
async fn every_person_has_an_outcome() {
    let mock = MockServer::start().await;
    let after = with(&[(ANNA, false), (BEN, true)]);
    looks(&mock, with(&[(ANNA, false), (BEN, false)]), 1, after).await;
    change(&mock, "setGroupAdmin", BEN, yes("setGroupAdmin"), 1).await;
    let no = json_body(json!({ "setGroupAdmin": false, "error": "participant not found" }));
    change(&mock, "setGroupAdmin", ANNA, no, 1).await;
    change(
        &mock,
        "setGroupAdmin",
        "15550000003@c.us",
        yes("setGroupAdmin"),
        0,
    )
    .await;
    let asked = json!([BEN, ANNA, "15550000003@c.us", OWN]);
    let result = run(&mock, "promote_group_admin", asked).await;
    assert_eq!(
        outcomes(&result),
        ["done", "refused", "not_sent", "already_so"]
    );
    assert_eq!(
        result["structuredContent"]["people"][1]["reason"],
        "participant not found"
    );
    assert_eq!(result["isError"], true);
}

#[tokio::test]
async fn a_no_at_200_is_told_with_its_reason() {
    for (answer, said) in [
        (
            json_body(json!({ "addParticipant": false })),
            "may lack the right",
        ),
        (
            ResponseTemplate::new(200).set_body_string("failed to add"),
            "failed to add",
        ),
        (refused(400, "Validation failed"), "Validation failed"),
    ] {
        let mock = MockServer::start().await;
        group_data(&mock, with(&[])).await;
        change(&mock, "addGroupParticipant", ANNA, answer, 1).await;
        let result = run(&mock, "add_group_members", json!([ANNA])).await;
        assert_eq!(outcomes(&result), ["refused"]);
        let reason = result["structuredContent"]["people"][0]["reason"]
            .as_str()
            .unwrap();
        assert!(reason.contains(said), "{result}");
    }
}

#[tokio::test]
async fn a_no_is_not_believed_when_the_members_show_a_yes() {
    let mock = MockServer::start().await;
    looks(&mock, with(&[]), 1, with(&[(ANNA, false)])).await;
    let no = json_body(json!({ "addParticipant": false }));
    change(&mock, "addGroupParticipant", ANNA, no, 1).await;
    let result = run(&mock, "add_group_members", json!([ANNA])).await;
    assert_eq!(outcomes(&result), ["done"]);
}

#[tokio::test]
async fn what_stands_in_the_way_of_all_ends_the_row() {
    for (first, expected) in [
        (yes("addParticipant"), ["done", "refused"]),
        (ResponseTemplate::new(499), ["unknown", "not_sent"]),
    ] {
        let mock = MockServer::start().await;
        let lost = expected[0] == "unknown";
        let after = if lost {
            with(&[])
        } else {
            with(&[(ANNA, false)])
        };
        looks(&mock, with(&[]), 1, after).await;
        change(&mock, "addGroupParticipant", ANNA, first, 1).await;
        let limited = ResponseTemplate::new(429);
        change(&mock, "addGroupParticipant", BEN, limited, u64::from(!lost)).await;
        let result = run(&mock, "add_group_members", json!([ANNA, BEN])).await;
        assert_eq!(outcomes(&result), expected);
    }
}

#[tokio::test]
async fn a_refusal_at_once_is_a_refusal() {
    for answer in [
        ResponseTemplate::new(429),
        ResponseTemplate::new(401),
        refused(400, "instance is starting or not authorized"),
        refused(500, "rate-overlimit"),
    ] {
        let mock = MockServer::start().await;
        group_data(&mock, with(&[])).await;
        change(&mock, "addGroupParticipant", ANNA, answer, 1).await;
        change(&mock, "addGroupParticipant", BEN, yes("addParticipant"), 0).await;
        let result = run(&mock, "add_group_members", json!([ANNA, BEN])).await;
        assert_eq!(code(&result), "backend-refused");
    }
}

#[tokio::test]
async fn the_own_account_is_not_removed() {
    let mock = MockServer::start().await;
    settings(&mock).await;
    group_data(&mock, with(&[(ANNA, false)])).await;
    change(
        &mock,
        "removeGroupParticipant",
        OWN,
        yes("removeParticipant"),
        0,
    )
    .await;
    let mut app = app::green_api(&mock).start().await;
    let arguments = json!({ "group": GROUP, "people": [OWN] });
    let result = call_in(&mut app, "remove_group_members", arguments).await;
    assert_eq!(outcomes(&result), ["not_sent"]);
    let question = app::shown(&app.questions[0]);
    assert!(
        question.contains("Team") && question.contains("2 members"),
        "{question}"
    );
}

async fn create(answer: ResponseTemplate, after: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    group_data(&mock, after).await;
    Mock::given(method("POST"))
        .and(path(address("createGroup")))
        .and(body_json(
            json!({ "groupName": "Hiking", "chatIds": [ANNA] }),
        ))
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    call(
        &mock,
        "create_group",
        json!({ "name": "Hiking", "people": [ANNA] }),
    )
    .await
}

#[tokio::test]
async fn a_group_is_made_and_looked_at() {
    let made = || {
        json_body(
            json!({ "created": true, "chatId": GROUP, "groupInviteLink": "https://chat.whatsapp.com/x" }),
        )
    };
    let result = create(made(), with(&[(ANNA, false)])).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "group": GROUP, "people": [{ "person": ANNA, "outcome": "done" }], "verified": true })
    );
    for (answer, after, expected) in [
        (made(), with(&[]), "not_shown"),
        (made(), refused(500, "oops"), "unknown"),
        (json_body(json!({ "created": true })), with(&[]), "unknown"),
        (ResponseTemplate::new(502), with(&[]), "unknown"),
    ] {
        let result = create(answer, after).await;
        assert_eq!(outcomes(&result), [expected]);
        assert_eq!(result["isError"], true);
    }
}

#[tokio::test]
async fn a_group_that_is_not_made_is_a_refusal() {
    for answer in [
        json_body(json!({ "created": false })),
        refused(400, "Validation failed. Details: 'chatIds'"),
        refused(500, "rate overlimit"),
    ] {
        let result = create(answer, with(&[])).await;
        assert_eq!(code(&result), "backend-refused");
    }
}

#[tokio::test]
async fn a_call_taken_back_sends_nothing_more() {
    let mock = MockServer::start().await;
    looks(&mock, with(&[]), 1, with(&[(ANNA, false)])).await;
    let slow = yes("addParticipant").set_delay(Duration::from_millis(400));
    change(&mock, "addGroupParticipant", ANNA, slow, 1).await;
    change(&mock, "addGroupParticipant", BEN, yes("addParticipant"), 0).await;
    let mut app = app::green_api(&mock).start().await;
    let arguments = json!({ "group": GROUP, "people": [ANNA, BEN] });
    let params = json!({ "name": "add_group_members", "arguments": arguments });
    let id = app.begin("tools/call", params).await;
    let start = std::time::Instant::now();
    while mock.received_requests().await.unwrap().len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(6), "nothing was sent");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let note = json!({ "requestId": id });
    app.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": note }))
        .await;
    while app.audit().is_empty() {
        assert!(
            start.elapsed() < Duration::from_secs(6),
            "nothing in the audit"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let outcome = app.audit()[0]["outcome"].clone();
    assert_ne!(outcome, "cancelled", "one person was added");
}

#[tokio::test]
async fn a_stricter_policy_stops_it_between_two_people_and_the_answer_says_so() {
    let mock = MockServer::start().await;
    looks(&mock, with(&[]), 1, with(&[(ANNA, false)])).await;
    let slow = yes("addParticipant").set_delay(Duration::from_millis(400));
    change(&mock, "addGroupParticipant", ANNA, slow, 1).await;
    change(&mock, "addGroupParticipant", BEN, yes("addParticipant"), 0).await;
    let mut app = app::green_api(&mock).start().await;
    let arguments = json!({ "group": GROUP, "people": [ANNA, BEN] });
    let params = json!({ "name": "add_group_members", "arguments": arguments });
    let id = app.begin("tools/call", params).await;
    while mock.received_requests().await.unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let denied = format!(
        "{}[tools.add_group_members]\naction = \"deny\"\n",
        app::OPEN
    );
    app.server.replace(app::policy(&denied));
    let result = app.end(id).await["result"].clone();
    assert_eq!(outcomes(&result), ["done", "not_sent"]);
    let reason = &result["structuredContent"]["people"][1]["reason"];
    let reason = reason.as_str().unwrap();
    assert!(reason.contains("(denied-by-rule)"), "{reason}");
}
