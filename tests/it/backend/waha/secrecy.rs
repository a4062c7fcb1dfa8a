//! The key is in no answer, whatever an API says.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::*;
use crate::app::{code, text};

const ANN: &str = "15552223333@c.us";
const LIST: &str = "/api/default/chats/15552223333@c.us/messages";

/// The key, its halves and its encodings, each with what is left of it.
fn spellings() -> Vec<String> {
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (first, last) = (&SECRET[..8], &SECRET[SECRET.len() - 8..]);
    let mut spellings = vec![
        SECRET.to_owned(),
        SECRET.to_uppercase(),
        SECRET.to_lowercase(),
        first.to_owned(),
        last.to_uppercase(),
        percent(SECRET),
        SECRET.replacen('c', "%63", 1),
    ];
    for before in ["", "a", "ab"] {
        spellings.push(STANDARD.encode(format!("{before}{SECRET}")));
        spellings.push(URL_SAFE_NO_PAD.encode(format!("{before}{SECRET}?>")));
        spellings.push(STANDARD.encode(format!("{before}{first}, {last}")));
    }
    spellings
}

/// Whether something of the key is left in an answer.
fn reveals(answer: &str, spelling: &str) -> bool {
    let answer = answer.to_lowercase();
    let spelling = spelling.to_lowercase();
    // Edges of base64 depend on what stands beside the key.
    let inner = match spelling.get(3..spelling.len() - 4) {
        Some(inner) if inner.len() >= 8 => inner,
        _ => &spelling,
    };
    answer.contains(&SECRET.to_lowercase()) || answer.contains(inner)
}

#[tokio::test]
async fn no_answer_and_no_resource_has_the_key_in_any_spelling() {
    let mock = MockServer::start().await;
    get(SESSION)
        .respond_with(session("WORKING"))
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).start().await;
    for spelling in spellings() {
        mock.reset().await;
        get(SESSION)
            .respond_with(session("WORKING"))
            .mount(&mock)
            .await;
        let message = json!({
            "id": format!("false_{ANN}_A"), "timestamp": 1_700_000_000, "from": ANN,
            "body": format!("ü {spelling} ü"), "_data": { "notifyName": spelling },
        });
        get(LIST)
            .respond_with(reply(200, json!([message])))
            .mount(&mock)
            .await;
        get("/api/default/groups/120363025246125486@g.us")
            .respond_with(refused(422, &format!("no {spelling} here")))
            .mount(&mock)
            .await;
        let read = app.call("list_messages", json!({ "chat": ANN })).await;
        assert_eq!(read["isError"], false, "{read}");
        let uri = format!("whatsapp://chat/{ANN}/messages");
        let resource = app.request("resources/read", json!({ "uri": uri })).await;
        assert!(resource["result"].is_object(), "{resource}");
        let failed = app.call("get_group", json!({ "group": GROUP })).await;
        assert_eq!(code(&failed), "backend-refused", "{failed}");
        for answer in [read, resource, failed] {
            let answer = answer.to_string();
            assert!(!reveals(&answer, &spelling), "{spelling}: {answer}");
            assert!(answer.contains("[secret]"), "{spelling}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_question_has_no_key_either() {
    let mock = MockServer::start().await;
    sessions(&mock, [session("WORKING")]).await;
    let group = json!({ "id": GROUP, "subject": SECRET, "participants": [] });
    get(&format!("{GROUPS}/{GROUP}"))
        .respond_with(reply(200, group))
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).start().await;
    app.set_person(app::Person::Declines);
    app.call("leave_group", json!({ "group": GROUP })).await;
    let question = app.questions[0].to_string();
    assert!(question.contains("[secret]"), "{question}");
    assert!(!question.contains(SECRET), "{question}");
}

#[tokio::test]
async fn the_bytes_of_a_file_are_left_as_they_are() {
    let mock = MockServer::start().await;
    let file = format!("{{\"key\": \"{SECRET}\"}}");
    let id = format!("false_{ANN}_A");
    let media = json!({
        "url": "http://h/api/files/default/a.json", "mimetype": "text/plain", "filename": SECRET,
    });
    let message =
        json!({ "id": id, "timestamp": 1, "from": ANN, "hasMedia": true, "media": media });
    get(&format!("{LIST}/{id}"))
        .respond_with(reply(200, message))
        .mount(&mock)
        .await;
    Mock::given(path("/api/files/default/a.json"))
        .respond_with(empty(200).set_body_string(&file))
        .mount(&mock)
        .await;
    let result = call(
        &mock,
        "download_media",
        json!({ "chat": ANN, "message": id }),
    )
    .await;
    let blob = &result["content"][1]["resource"]["blob"];
    assert_eq!(*blob, STANDARD.encode(&file), "{result}");
    assert_eq!(result["structuredContent"]["file_name"], "[secret]");
    assert!(!text(&result).contains(SECRET), "{result}");
}
