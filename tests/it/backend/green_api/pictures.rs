//! Pictures of the account and of groups; the rest of a profile is not offered.

use super::*;

/// The first bytes of a JPEG and of a PNG.
const JPEG: &str = "/9j/4A==";
const PNG: &str = "iVBORw0KGgo=";

fn settings_with(avatar: &str) -> ResponseTemplate {
    json_body(json!({ "phone": "15550001111", "avatar": avatar, "stateInstance": "authorized" }))
}

fn yes(method: &str) -> ResponseTemplate {
    json_body(json!({ method: true, "urlAvatar": "https://pps.example.org/2.jpg", "reason": null }))
}

fn no(method: &str) -> ResponseTemplate {
    json_body(json!({ method: false, "urlAvatar": null, "reason": "Timed Out" }))
}

async fn takes(mock: &MockServer, name: &str, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address(name)))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

/// The form that was sent to a method, as text.
async fn form(mock: &MockServer, name: &str) -> String {
    let requests = mock.received_requests().await.unwrap();
    let sent = requests
        .iter()
        .find(|one| one.url.path() == address(name))
        .unwrap();
    let kind = sent.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    String::from_utf8_lossy(&sent.body).into_owned()
}

const FILE: &str = "name=\"file\"; filename=\"file.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";

async fn update(mock: &MockServer, before: &str, after: &str, answer: ResponseTemplate) -> Value {
    get_once(mock, "getWaSettings", settings_with(before)).await;
    get(mock, "getWaSettings", settings_with(after)).await;
    takes(mock, "setProfilePicture", answer).await;
    let arguments = json!({ "picture": { "base64": JPEG } });
    call(mock, "update_profile", arguments).await
}

#[tokio::test]
async fn the_account_s_picture_is_looked_at() {
    let (first, second) = (
        "https://pps.example.org/1.jpg?oe=1",
        "https://pps.example.org/2.jpg",
    );
    for (before, after, answer, outcome, failed) in [
        (first, second, yes("setProfilePicture"), "changed", false),
        ("", second, yes("setProfilePicture"), "changed", false),
        (first, second, ResponseTemplate::new(504), "changed", false),
        (first, first, yes("setProfilePicture"), "accepted", false),
        (first, first, ResponseTemplate::new(504), "unknown", true),
    ] {
        let mock = MockServer::start().await;
        let result = update(&mock, before, after, answer).await;
        let told = &result["structuredContent"];
        assert_eq!(told["picture"], outcome, "{result}");
        assert_eq!(told["verified"], outcome == "changed");
        assert_eq!(result["isError"], failed);
        let form = form(&mock, "setProfilePicture").await;
        assert!(form.contains(FILE), "{form}");
    }
}

#[tokio::test]
async fn a_no_to_the_account_s_picture_is_a_refusal() {
    for (answer, said) in [
        (no("setProfilePicture"), "Timed Out"),
        (refused(400, "Unsupported media type"), "Unsupported"),
    ] {
        let mock = MockServer::start().await;
        let result = update(&mock, "", "", answer).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains(said), "{result}");
    }
}

#[tokio::test]
async fn what_it_cannot_change_is_refused_before_anything_is_sent() {
    let mock = MockServer::start().await;
    for arguments in [
        json!({ "name": "Robin" }),
        json!({ "about": "Busy" }),
        json!({ "name": "Robin", "picture": { "base64": JPEG } }),
    ] {
        let result = call(&mock, "update_profile", arguments).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains("nothing was sent"), "{result}");
        assert!(next(&result).contains("`picture` alone"), "{result}");
    }
    let png = json!({ "base64": PNG });
    let group = json!({ "group": GROUP, "picture": png });
    for (tool, arguments) in [
        ("update_profile", json!({ "picture": png })),
        ("set_group_picture", group),
    ] {
        let result = call(&mock, tool, arguments).await;
        assert_eq!(code(&result), "media-refused");
        assert!(reason(&result).contains("not JPEG"), "{result}");
    }
    assert!(mock.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_signed_in_has_no_picture_to_change() {
    let mock = MockServer::start().await;
    let settings = json!({ "phone": "", "avatar": "", "stateInstance": "notAuthorized" });
    get(&mock, "getWaSettings", json_body(settings)).await;
    let result = call(
        &mock,
        "update_profile",
        json!({ "picture": { "base64": JPEG } }),
    )
    .await;
    assert_eq!(code(&result), "backend-refused");
    assert!(next(&result).contains("open_session"), "{result}");
}

async fn set(before: Value, after: ResponseTemplate, answer: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    group_data(&mock, json_body(with_me())).await;
    Mock::given(method("POST"))
        .and(path(address("getAvatar")))
        .and(body_json(json!({ "chatId": GROUP })))
        .respond_with(json_body(before))
        .up_to_n_times(1)
        .expect(1)
        .mount(&mock)
        .await;
    Mock::given(method("POST"))
        .and(path(address("getAvatar")))
        .respond_with(after)
        .mount(&mock)
        .await;
    takes(&mock, "setGroupPicture", answer).await;
    let arguments = json!({ "group": GROUP, "picture": { "base64": JPEG } });
    let result = call(&mock, "set_group_picture", arguments).await;
    let form = form(&mock, "setGroupPicture").await;
    let group = format!("name=\"groupId\"\r\n\r\n{GROUP}\r\n");
    assert!(form.contains(FILE) && form.contains(&group), "{form}");
    result
}

#[tokio::test]
async fn a_group_s_picture_is_looked_at() {
    let none = json!({ "urlAvatar": "", "available": false });
    let at = |url: &str| json!({ "urlAvatar": url, "available": true });
    let (first, second) = (
        at("https://pps.example.org/1.jpg?a"),
        at("https://pps.example.org/2.jpg"),
    );
    let boom = || refused(500, "oops");
    for (before, after, answer, outcome, failed) in [
        (
            &none,
            json_body(first.clone()),
            yes("setGroupPicture"),
            "changed",
            false,
        ),
        (
            &first,
            json_body(second.clone()),
            yes("setGroupPicture"),
            "changed",
            false,
        ),
        (
            &first,
            json_body(first.clone()),
            yes("setGroupPicture"),
            "accepted",
            false,
        ),
        (&first, boom(), yes("setGroupPicture"), "accepted", false),
        (
            &json!({}),
            json_body(second),
            yes("setGroupPicture"),
            "accepted",
            false,
        ),
        (
            &first,
            json_body(first.clone()),
            ResponseTemplate::new(504),
            "unknown",
            true,
        ),
    ] {
        let result = set(before.clone(), after, answer).await;
        assert_eq!(super::outcome(&result), outcome, "{result}");
        assert_eq!(
            result["structuredContent"]["verified"],
            outcome == "changed"
        );
        assert_eq!(result["isError"], failed, "{outcome}");
    }
    let result = set(none.clone(), json_body(none), no("setGroupPicture")).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(reason(&result).contains("Timed Out"), "{result}");
}
