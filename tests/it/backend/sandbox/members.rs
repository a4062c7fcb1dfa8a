//! The sandbox's members: done, then read.

use serde_json::{Value, json};

use crate::app::{self, Person, TestServer, code, text};

const FAMILY: &str = "120363000000000001@g.us";
const FLATMATES: &str = "120363000000000002@g.us";

async fn roles(app: &mut TestServer, group: &str) -> Vec<(String, String)> {
    let result = app
        .call("list_group_members", json!({ "group": group }))
        .await;
    let members = result["structuredContent"]["members"].as_array().unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    members
        .iter()
        .map(|one| (word(&one["person"]), word(&one["role"])))
        .collect()
}

fn outcomes(result: &Value) -> Vec<&str> {
    let people = result["structuredContent"]["people"].as_array();
    let people = people.unwrap_or_else(|| panic!("no people: {result}"));
    people
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn what_is_done_shows_in_the_list() {
    let mut app = app::sandbox().linked().await;
    let result = app
        .call(
            "add_group_members",
            json!({ "group": FAMILY, "people": ["+1 555 222 0009", "15552220001@c.us"] }),
        )
        .await;
    assert_eq!(outcomes(&result), ["done", "already_so"], "{result}");
    assert_eq!(result["structuredContent"]["verified"], true);
    let new = |role: &str| ("15552220009@c.us".to_owned(), role.to_owned());
    assert!(roles(&mut app, FAMILY).await.contains(&new("member")));

    let one = json!({ "group": FAMILY, "people": ["15552220009@c.us"] });
    let result = app.call("promote_group_admin", one.clone()).await;
    assert_eq!(outcomes(&result), ["done"], "{result}");
    assert!(roles(&mut app, FAMILY).await.contains(&new("admin")));

    let result = app.call("demote_group_admin", one.clone()).await;
    assert_eq!(outcomes(&result), ["done"], "{result}");
    assert!(roles(&mut app, FAMILY).await.contains(&new("member")));

    let result = app.call("remove_group_members", one).await;
    assert_eq!(outcomes(&result), ["done"], "{result}");
    assert_eq!(roles(&mut app, FAMILY).await.len(), 3);
    assert_eq!(app.questions.len(), 1, "only removing is asked about");
}

#[tokio::test]
async fn the_question_names_everybody() {
    let mut app = app::sandbox().person(Person::Declines).linked().await;
    let many: Vec<_> = (0..20).map(|n| format!("155522200{n:02}@c.us")).collect();
    let arguments = json!({ "group": FAMILY, "people": many });
    let result = app.call("remove_group_members", arguments).await;
    assert_eq!(code(&result), "declined");
    let question = app::shown(&app.questions[0]);
    for said in [
        "“Family”",
        "It has 3 members.",
        "15552220001@c.us, ",
        "15552220019@c.us (not a member).",
    ] {
        assert!(question.contains(said), "{said}: {question}");
    }
    for person in many {
        assert_eq!(question.matches(&person).count(), 2, "{question}");
    }
}

#[tokio::test]
async fn who_is_no_administrator_is_refused() {
    let mut app = app::sandbox().linked().await;
    let result = app
        .call(
            "add_group_members",
            json!({ "group": FLATMATES, "people": ["15552220009@c.us"] }),
        )
        .await;
    assert_eq!(code(&result), "backend-refused");
    assert!(text(&result).contains("forbidden"), "{result}");
}

#[tokio::test]
async fn a_new_group_has_its_people() {
    let mut app = app::sandbox().linked().await;
    let result = app
        .call(
            "create_group",
            json!({ "name": " Hiking ", "people": ["15552220003@c.us", "+15552220003"] }),
        )
        .await;
    assert_eq!(outcomes(&result), ["done"], "{result}");
    assert_eq!(result["structuredContent"]["verified"], true);
    let group = result["structuredContent"]["group"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        roles(&mut app, &group).await,
        [
            ("15550001111@c.us".into(), "creator".into()),
            ("15552220003@c.us".into(), "member".into())
        ]
    );
    let listed = app.call("list_groups", json!({})).await;
    assert!(text(&listed).contains("“Hiking”"), "{listed}");
}

#[tokio::test]
async fn too_many_too_few_and_nameless_are_told() {
    let mut app = app::sandbox().linked().await;
    let many: Vec<_> = (0..21).map(|n| format!("155522200{n:02}@c.us")).collect();
    for (tool, arguments, said) in [
        (
            "add_group_members",
            json!({ "group": FAMILY, "people": [] }),
            "an array of 1 to 20 items",
        ),
        (
            "add_group_members",
            json!({ "group": FAMILY, "people": many }),
            "an array of 1 to 20 items",
        ),
        (
            "create_group",
            json!({ "name": " ", "people": ["15552220003@c.us"] }),
            "text of 1 to 100 characters",
        ),
        (
            "create_group",
            json!({ "name": "x".repeat(101), "people": ["15552220003@c.us"] }),
            "not text of 101 characters",
        ),
        (
            "promote_group_admin",
            json!({ "group": FAMILY, "people": [FAMILY] }),
            "is a group id, not a person id",
        ),
    ] {
        let result = app.call(tool, arguments).await;
        assert_eq!(code(&result), "bad-arguments");
        assert!(text(&result).contains(said), "{result}");
    }
}
