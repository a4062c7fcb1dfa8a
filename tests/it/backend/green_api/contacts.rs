//! People: the list, one of them, and a number.

use super::*;

const PERSON: &str = "15552223333@c.us";

#[tokio::test]
async fn people_are_told_apart_from_groups() {
    let mock = MockServer::start().await;
    let contacts = json!([
        { "id": "15552223334@c.us", "name": "bo", "contactName": "", "type": "user" },
        { "id": PERSON, "name": "ann", "contactName": "Ann\u{202e}", "type": "user" },
        { "id": "120363000000000001@g.us", "name": "One", "type": "group" },
        { "id": null }, 17,
    ]);
    get(&mock, "getContacts", json_body(contacts)).await;
    let result = call(&mock, "list_contacts", json!({})).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "total": 2,
            "contacts": [
                { "name": "Ann\\u{202e}", "push_name": "ann", "person": PERSON },
                { "push_name": "bo", "person": "15552223334@c.us" },
            ],
        })
    );
    let result = call(&mock, "list_contacts", json!({ "query": "BO" })).await;
    assert_eq!(result["structuredContent"]["total"], 1);
}

#[tokio::test]
async fn what_is_no_list_is_not_nobody() {
    for answer in [ResponseTemplate::new(200), json_body(json!({}))] {
        let mock = MockServer::start().await;
        get(&mock, "getContacts", answer).await;
        let result = call(&mock, "list_contacts", json!({})).await;
        assert_eq!(code(&result), "backend-unreadable");
    }
}

async fn post(mock: &MockServer, name: &str, arguments: Value, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(address(name)))
        .and(body_json(arguments))
        .respond_with(answer)
        .expect(1)
        .mount(mock)
        .await;
}

async fn get_contact(answer: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    post(&mock, "getContactInfo", json!({ "chatId": PERSON }), answer).await;
    call(&mock, "get_contact", json!({ "person": "+1 555 222 3333" })).await
}

#[tokio::test]
async fn a_person_is_told() {
    let info = json!({
        "avatar": "https://pps.example/a.jpg", "name": "ann", "contactName": "Ann", "email": "",
        "category": "", "description": "Busy", "products": [], "chatId": PERSON,
    });
    let result = get_contact(json_body(info)).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "name": "Ann", "push_name": "ann", "person": PERSON, "phone_id": PERSON, "about": "Busy",
        })
    );
    let result = get_contact(json_body(json!({ "name": "", "description": null }))).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "person": PERSON, "phone_id": PERSON })
    );
}

#[tokio::test]
async fn a_person_nobody_knows_is_refused_in_words() {
    for answer in [ResponseTemplate::new(200), json_body(json!(null))] {
        let result = get_contact(answer).await;
        assert_eq!(code(&result), "backend-refused");
        assert!(reason(&result).contains("knows no contact"), "{result}");
    }
    let result = get_contact(refused(469, "User get contact info limit reached")).await;
    assert!(reason(&result).contains("limit reached"), "{result}");
}

async fn check(answer: ResponseTemplate) -> Value {
    let mock = MockServer::start().await;
    let arguments = json!({ "phoneNumber": 15_552_223_333_u64 });
    post(&mock, "checkWhatsapp", arguments, answer).await;
    call(
        &mock,
        "check_number",
        json!({ "number": "+1 (555) 222-3333" }),
    )
    .await
}

#[tokio::test]
async fn a_number_is_checked() {
    let result = check(json_body(json!({ "existsWhatsapp": true }))).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "exists": true, "person": PERSON })
    );
    let result = check(json_body(json!({ "existsWhatsapp": false }))).await;
    assert_eq!(result["structuredContent"], json!({ "exists": false }));
}

#[tokio::test]
async fn an_answer_about_no_number_is_not_a_no() {
    for answer in [ResponseTemplate::new(200), json_body(json!({}))] {
        assert_eq!(code(&check(answer).await), "backend-unreadable");
    }
    let quota = json!({ "invokeStatus": { "method": "checkwhatsapp", "used": 100, "total": 100 } });
    let result = check(ResponseTemplate::new(466).set_body_json(quota)).await;
    assert_eq!(code(&result), "backend-refused");
    assert!(reason(&result).contains("(100 of 100)"), "{result}");
}

#[tokio::test]
async fn what_it_cannot_do_is_not_offered() {
    let mock = MockServer::start().await;
    let listed = app::green_api(&mock).start().await.listed().await;
    for tool in [
        "block_contact",
        "unblock_contact",
        "get_presence",
        "set_presence",
    ] {
        assert!(!listed.iter().any(|name| name == tool), "{tool}");
    }
}
