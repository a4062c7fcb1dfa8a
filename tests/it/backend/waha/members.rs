//! Changes among the members of groups, told for each person.

use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate, matchers::body_json};

use super::*;
use crate::app::{self, code, text};

pub(super) const PLACE: &str = "/api/default/groups/120363025246125486@g.us";
pub(super) const V2: &str = "/api/default/groups/120363025246125486@g.us/participants/v2";
const ME: &str = "15550001111@c.us";
pub(super) const ANNA: &str = "15552223333@c.us";
pub(super) const BEN: &str = "15557778888@c.us";

/// The members by `participants/v2`, with these roles beside this account.
pub(super) fn v2(others: &[(&str, &str)]) -> ResponseTemplate {
    let mut members = vec![json!({ "id": ME, "role": "superadmin" })];
    members.extend(
        others
            .iter()
            .map(|(id, role)| json!({ "id": id, "role": role })),
    );
    reply(200, json!(members))
}

/// What NOWEB answers about one person.
fn status(jid: &str, status: &str) -> ResponseTemplate {
    reply(
        201,
        json!([{ "status": status, "jid": jid, "content": { "tag": "participant", "attrs": { "jid": jid } } }]),
    )
}

struct World {
    tool: &'static str,
    verb: &'static str,
    members: Vec<ResponseTemplate>,
    answer: ResponseTemplate,
}

impl World {
    /// Changes `people`, of whom `sent` are expected in the one request.
    async fn change(self, people: Value, sent: &[&str], settles: bool) -> Value {
        let mock = MockServer::start().await;
        sessions(&mock, [session("WORKING")]).await;
        get(V2)
            .respond_with(answers(self.members))
            .mount(&mock)
            .await;
        get(PLACE)
            .respond_with(reply(200, json!({ "id": GROUP, "subject": "Family" })))
            .mount(&mock)
            .await;
        let body: Vec<_> = sent.iter().map(|id| json!({ "id": id })).collect();
        request("POST", &format!("{PLACE}/{}", self.verb))
            .and(body_json(json!({ "participants": body })))
            .respond_with(self.answer)
            .expect(u64::from(!sent.is_empty()))
            .mount(&mock)
            .await;
        let arguments = json!({ "group": GROUP, "people": people });
        if settles {
            call(&mock, self.tool, arguments).await
        } else {
            impatient(&mock, self.tool, arguments).await
        }
    }
}

fn adding(members: impl Into<Vec<ResponseTemplate>>, answer: ResponseTemplate) -> World {
    World {
        tool: "add_group_members",
        verb: "participants/add",
        members: members.into(),
        answer,
    }
}

fn people(result: &Value) -> &Value {
    let people = &result["structuredContent"]["people"];
    assert!(people.is_array(), "no people: {result}");
    people
}

pub(super) fn outcome(result: &Value) -> &str {
    people(result)[0]["outcome"].as_str().unwrap()
}

#[tokio::test]
async fn each_change_is_sent_once_and_looked_at() {
    let plain = || v2(&[(ANNA, "participant")]);
    let admin = || v2(&[(ANNA, "admin")]);
    for (tool, verb, before, after) in [
        ("add_group_members", "participants/add", v2(&[]), plain()),
        (
            "remove_group_members",
            "participants/remove",
            plain(),
            v2(&[]),
        ),
        ("promote_group_admin", "admin/promote", plain(), admin()),
        ("demote_group_admin", "admin/demote", admin(), plain()),
    ] {
        // Removing is briefed first, and nobody sees the change at once.
        let mut members = vec![before.clone(); 3];
        members.push(after);
        for answer in [status(ANNA, "200"), empty(200), reply(200, json!([]))] {
            let members = members.clone();
            let world = World {
                tool,
                verb,
                members,
                answer,
            };
            let result = world.change(json!([ANNA]), &[ANNA], true).await;
            assert_eq!(
                result["structuredContent"],
                json!({ "group": GROUP, "people": [{ "person": ANNA, "outcome": "done" }], "verified": true }),
                "{tool}"
            );
            assert_eq!(result["isError"], false);
        }
        let world = World {
            tool,
            verb,
            members: vec![before],
            answer: status(ANNA, "200"),
        };
        let result = world.change(json!([ANNA]), &[ANNA], false).await;
        assert_eq!(outcome(&result), "not_shown", "{tool}");
        assert_eq!(result["isError"], true);
        assert_eq!(result["structuredContent"]["verified"], false);
    }
}

#[tokio::test]
async fn what_is_so_already_is_not_sent() {
    for (tool, role, expected) in [
        ("add_group_members", Some("participant"), "already_so"),
        ("remove_group_members", None, "already_so"),
        ("promote_group_admin", Some("admin"), "already_so"),
        ("demote_group_admin", Some("participant"), "already_so"),
        ("promote_group_admin", None, "not_sent"),
        ("demote_group_admin", None, "not_sent"),
    ] {
        let others: Vec<_> = role.iter().map(|role| (ANNA, *role)).collect();
        let members = vec![v2(&others)];
        let world = World {
            tool,
            verb: "participants/add",
            members,
            answer: empty(201),
        };
        let result = world.change(json!([ANNA]), &[], true).await;
        assert_eq!(outcome(&result), expected, "{tool}");
        assert_eq!(result["isError"], expected == "not_sent", "{tool}");
    }
}

#[tokio::test]
async fn every_person_has_an_outcome() {
    let after = v2(&[(ANNA, "participant"), (BEN, "participant")]);
    let answer = reply(
        201,
        json!([
            { "status": "200", "jid": "15557778888@s.whatsapp.net" },
            { "status": "403", "jid": "15550000003@c.us", "content": [] },
            { "status": "777", "jid": "15550000004@c.us" },
        ]),
    );
    let others = ["15550000003@c.us", "15550000004@c.us"];
    let asked = json!([ANNA, BEN, others[0], others[1]]);
    let world = adding([v2(&[(ANNA, "participant")]), after], answer);
    let result = world
        .change(asked, &[BEN, others[0], others[1]], true)
        .await;
    let told: Vec<_> = people(&result)
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["outcome"].clone())
        .collect();
    assert_eq!(told, ["already_so", "done", "refused", "refused"]);
    assert!(
        people(&result)[2]["reason"]
            .as_str()
            .unwrap()
            .contains("can only be invited")
    );
    assert!(
        people(&result)[3]["reason"]
            .as_str()
            .unwrap()
            .contains("status 777")
    );
    assert_eq!(result["isError"], true);
    assert!(text(&result).contains("so for 2 of 4 people"), "{result}");
}

#[tokio::test]
async fn other_engines_are_understood() {
    let invited = json!({ ANNA: { "code": 403, "message": "private", "isInviteV4Sent": true } });
    let full =
        json!([{ "JID": "88@lid", "PhoneNumber": "15552223333@s.whatsapp.net", "Error": 419 }]);
    let by_hidden_id = json!([{ "JID": "88@lid", "Error": 404 }]);
    for (answer, expected) in [
        (invited, "invited"),
        (full, "refused"),
        (by_hidden_id, "refused"),
        (json!(false), "refused"),
    ] {
        let world = adding([v2(&[])], reply(200, answer));
        let result = world.change(json!([ANNA]), &[ANNA], true).await;
        assert_eq!(outcome(&result), expected);
        assert_eq!(result["isError"], expected == "refused");
    }
}

#[tokio::test]
async fn another_identity_in_the_answer_is_recognised() {
    let answer = reply(201, json!([{ "status": "200", "jid": "88@lid" }]));
    let world = adding([v2(&[]), v2(&[("88@lid", "participant")])], answer);
    let result = world.change(json!([ANNA]), &[ANNA], true).await;
    assert_eq!(outcome(&result), "done");
}

#[tokio::test]
async fn a_person_who_may_be_somebody_hidden_is_not_told_as_done() {
    let hidden = v2(&[("88@lid", "participant")]);
    let world = adding([hidden], empty(201));
    let result = world.change(json!([ANNA]), &[ANNA], false).await;
    assert_eq!(outcome(&result), "unknown", "{result}");
}

#[tokio::test]
async fn a_refusal_stands_unless_the_members_show_the_change() {
    for answer in [refused(500, "forbidden"), refused(400, "bad")] {
        let world = adding([v2(&[])], answer);
        let result = world.change(json!([ANNA]), &[ANNA], false).await;
        assert_eq!(code(&result), "backend-refused");
    }
    let world = adding(
        [v2(&[]), v2(&[(ANNA, "participant")])],
        refused(500, "timed out"),
    );
    let result = world.change(json!([ANNA]), &[ANNA], true).await;
    assert_eq!(outcome(&result), "done");
}

#[tokio::test]
async fn without_an_answer_the_members_decide() {
    let late = || empty(201).set_delay(NEVER);
    for (after, expected) in [
        (v2(&[(ANNA, "participant")]), "done"),
        (v2(&[]), "unknown"),
        (refused(500, "oops"), "unknown"),
    ] {
        let mock = MockServer::start().await;
        sessions(&mock, [session("WORKING")]).await;
        get(V2)
            .respond_with(answers([v2(&[]), after]))
            .mount(&mock)
            .await;
        get(PLACE)
            .respond_with(refused(500, "oops"))
            .mount(&mock)
            .await;
        request("POST", &format!("{PLACE}/participants/add"))
            .respond_with(late())
            .expect(1)
            .mount(&mock)
            .await;
        let timeouts = Timeouts {
            answer: Duration::from_millis(300),
            ..app::timeouts()
        };
        let mut app = app::waha_with(&mock, timeouts).start().await;
        let result = app
            .call(
                "add_group_members",
                json!({ "group": GROUP, "people": [ANNA] }),
            )
            .await;
        assert_eq!(outcome(&result), expected);
    }
}

#[tokio::test]
async fn the_own_account_is_not_removed() {
    let members = vec![v2(&[(ANNA, "participant")])];
    let world = World {
        tool: "remove_group_members",
        verb: "participants/remove",
        members,
        answer: empty(201),
    };
    let result = world.change(json!([ME]), &[], true).await;
    assert_eq!(outcome(&result), "not_sent");
    assert!(text(&result).contains("leave_group"), "{result}");
}

#[tokio::test]
async fn nothing_is_sent_when_the_members_cannot_be_read() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    get(V2).respond_with(empty(200)).mount(&mock).await;
    get(PLACE).respond_with(empty(200)).mount(&mock).await;
    no_post(&mock).await;
    let arguments = json!({ "group": GROUP, "people": [ANNA] });
    let result = call(&mock, "add_group_members", arguments).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("it knows no group"), "{result}");
}

/// The engine knows this pair of identities.
pub(super) async fn pair(mock: &MockServer, asked: &str) {
    get(&format!("/api/default/lids/{asked}"))
        .respond_with(reply(200, json!({ "lid": "88@lid", "pn": ANNA })))
        .expect(1..)
        .mount(mock)
        .await;
}

#[tokio::test]
async fn somebody_under_another_identity_is_found() {
    for (asked, listed, place) in [
        (ANNA, "88@lid", format!("pn/{ANNA}")),
        ("88@lid", ANNA, "88@lid".to_owned()),
    ] {
        let mock = MockServer::start().await;
        sessions(
            &mock,
            [signed_in("WORKING", json!({ "id": ME, "lid": "77@lid" }))],
        )
        .await;
        let here = reply(200, json!([{ "id": listed, "role": "participant" }]));
        let there = reply(200, json!([{ "id": listed, "role": "admin" }]));
        get(V2)
            .respond_with(answers([here, there]))
            .mount(&mock)
            .await;
        pair(&mock, &place).await;
        request("POST", &format!("{PLACE}/admin/promote"))
            .and(body_json(json!({ "participants": [{ "id": asked }] })))
            .respond_with(empty(201))
            .expect(1)
            .mount(&mock)
            .await;
        let arguments = json!({ "group": GROUP, "people": [asked] });
        let result = call(&mock, "promote_group_admin", arguments).await;
        assert_eq!(outcome(&result), "done", "{result}");
    }
}
