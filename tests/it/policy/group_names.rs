//! Groups by name: how names are compared, and what is known when.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{
    self,
    command::run,
    working_waha::{answer_the_rest, send},
};

const FAMILY: &str = "120363000000000001@g.us";
const OTHER: &str = "120363000000000002@g.us";

fn rules(rule: &str, name: &str) -> String {
    format!("version = \"1\"\ndefault = \"allow\"\n[recipients]\n{rule} = [\"group:{name}\"]\n")
}

/// An API that sends, and lists groups with these answers, one after the other; the last
/// one stays.
async fn api(lists: Vec<ResponseTemplate>) -> MockServer {
    let mock = MockServer::start().await;
    let last = lists.len().saturating_sub(1);
    for (index, list) in lists.into_iter().enumerate() {
        let listed = Mock::given(method("GET"))
            .and(path("/api/default/groups"))
            .respond_with(list);
        match index == last {
            true => listed.mount(&mock).await,
            false => listed.up_to_n_times(1).mount(&mock).await,
        }
    }
    answer_the_rest(&mock).await;
    mock
}

fn list(groups: &[(&str, &str)]) -> ResponseTemplate {
    let groups = groups.iter();
    let groups = groups.map(|(id, name)| json!({ "id": id, "subject": name }));
    ResponseTemplate::new(200).set_body_json(groups.collect::<Value>())
}

#[tokio::test]
async fn names_are_compared_as_people_read_them() {
    for (written, called) in [
        ("❤️ Family", "❤\u{fe0f} Family"),
        ("❤️ Family", " \u{202a}❤ FAMILY\u{200b}"),
        ("Café Größe", "CAFE\u{301} GRÖSSE"),
    ] {
        let groups = list(&[(FAMILY, called), (OTHER, "Work")]);
        let mock = api(vec![groups]).await;
        let mut app = app::waha(&mock)
            .policy(&rules("deny", written))
            .start()
            .await;
        assert_eq!(
            send(&mut app, FAMILY, "hi").await,
            "recipient-denied",
            "{called:?}"
        );
        assert_eq!(send(&mut app, OTHER, "hi").await, "sent", "{called:?}");
        app.server.replace(app::policy(&rules("allow", written)));
        assert_eq!(send(&mut app, FAMILY, "ho").await, "sent", "{called:?}");
        assert_eq!(
            send(&mut app, OTHER, "ho").await,
            "recipient-unlisted",
            "{called:?}"
        );
    }
    // Two that read the same are not the only one of their name.
    let mock = api(vec![list(&[(FAMILY, "Team"), (OTHER, "te\u{ad}am")])]).await;
    let mut app = app::waha(&mock)
        .policy(&rules("allow", "Team"))
        .start()
        .await;
    assert_eq!(send(&mut app, FAMILY, "hi").await, "recipient-unlisted");
}

#[tokio::test]
async fn an_empty_list_of_groups_is_no_knowledge() {
    let bodiless = ResponseTemplate::new(200);
    let not_working = ResponseTemplate::new(422).set_body_json(json!({
        "error": "Session status is not as expected.", "status": "STARTING", "expected": ["WORKING"],
    }));
    for first in [list(&[]), bodiless, not_working, list(&[(OTHER, "Work")])] {
        let mock = api(vec![first, list(&[(OTHER, "Work"), (FAMILY, "Family")])]).await;
        let mut app = app::waha(&mock)
            .policy(&rules("deny", "Family"))
            .start()
            .await;
        assert_eq!(send(&mut app, FAMILY, "one").await, "recipient-denied");
        app.hand.advance(Duration::from_secs(60));
        assert_eq!(send(&mut app, OTHER, "two").await, "sent");
        assert_eq!(send(&mut app, FAMILY, "two").await, "recipient-denied");
    }
}

#[tokio::test]
async fn what_groups_are_called_is_looked_up_again() {
    let failing = ResponseTemplate::new(500);
    let mock = api(vec![
        list(&[(FAMILY, "Family"), (OTHER, "Work")]),
        list(&[(FAMILY, "Folks"), (OTHER, "Family")]),
        failing,
    ])
    .await;
    let mut app = app::waha(&mock)
        .policy(&rules("deny", "Family"))
        .start()
        .await;
    let minute = Duration::from_secs(60);
    assert_eq!(send(&mut app, FAMILY, "one").await, "recipient-denied");
    assert_eq!(send(&mut app, OTHER, "one").await, "sent");
    app.hand.advance(9 * minute);
    assert_eq!(send(&mut app, OTHER, "two").await, "sent");
    app.hand.advance(minute);
    assert_eq!(send(&mut app, FAMILY, "three").await, "sent");
    assert_eq!(send(&mut app, OTHER, "three").await, "recipient-denied");
    // What is old and cannot be looked up again is not known.
    app.hand.advance(10 * minute);
    assert_eq!(send(&mut app, FAMILY, "four").await, "recipient-denied");
}

#[tokio::test]
async fn a_name_that_matches_no_group_is_a_warning() {
    let mock = api(vec![list(&[(FAMILY, "FAMILY")])]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let text = "version = \"1\"\n[recipients]\nallow = [\"group:Family\", \"group:Fmaily\"]\ndeny = [\"777@lid\"]\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let address = mock.uri();
    let variables = [("WAHA_BASE_URL", &*address), ("WAHA_API_KEY", "x")];
    for command in [["check", "--live"], ["doctor", "--json"]] {
        let arguments = [&command[..], &["--policy", file]].concat();
        let ran = run(&arguments, &variables);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let warned = [
            "called `Fmaily`",
            "policy.toml:3:26",
            "who is behind `777@lid`",
            "policy.toml:4:9",
        ];
        for part in warned {
            assert!(ran.out.contains(part), "{part}: {}{}", ran.out, ran.err);
        }
        assert!(!ran.out.contains("called `Family`"), "{}", ran.out);
    }
    let strict = ["check", "--live", "--deny-warnings", "--policy", file];
    assert_eq!(run(&strict, &variables).code, 2);
}
