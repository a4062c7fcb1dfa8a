//! `recipients.new`: who is a stranger, and what lifts a refusal.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use crate::app::{
    self,
    gate::{GateFixture, open},
    working_waha::{answer_the_rest, send},
};

const DENY: &str = "[recipients]\nnew = { action = \"deny\" }\n";

/// An API that sends, and lists the chats of these people.
async fn api(people: &Arc<Mutex<Vec<String>>>) -> MockServer {
    let mock = MockServer::start().await;
    let chats = people.clone();
    Mock::given(method("GET"))
        .and(path("/api/default/chats/overview"))
        .respond_with(move |request: &Request| {
            let mut pairs = request.url.query_pairs();
            let from = pairs.find(|(key, _)| key == "offset").unwrap().1;
            let from: usize = from.parse().unwrap();
            let people = chats.lock().unwrap();
            let page = people.iter().skip(from).take(100);
            let page: Vec<Value> = page
                .map(|number| json!({ "id": format!("{number}@c.us"), "name": "x" }))
                .collect();
            ResponseTemplate::new(200).set_body_json(page)
        })
        .mount(&mock)
        .await;
    answer_the_rest(&mock).await;
    mock
}

/// How often a part of the list of chats was requested.
async fn parts(mock: &MockServer) -> usize {
    let requests = mock.received_requests().await.unwrap();
    let of_list = |one: &&Request| one.url.path() == "/api/default/chats/overview";
    requests.iter().filter(of_list).count()
}

#[tokio::test]
async fn who_wrote_or_was_written_to_on_the_phone_is_no_stranger() {
    let people: Vec<String> = (0..150).map(|one| format!("1555000{one:04}")).collect();
    let people = Arc::new(Mutex::new(people));
    let mock = api(&people).await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let server = app::waha(&mock).policy(&open(DENY)).ledger(ledger.clone());
    let mut app = server.start().await;
    assert_eq!(send(&mut app, "+15550000149", "one").await, "sent");
    assert_eq!(parts(&mock).await, 3, "the whole list once");
    assert_eq!(send(&mut app, "+15552220001", "one").await, "recipient-new");
    // The operator sends the first message on the phone, as the refusal says.
    people.lock().unwrap().insert(0, "15552220001".to_owned());
    assert_eq!(send(&mut app, "+15552220001", "two").await, "recipient-new");
    assert_eq!(parts(&mock).await, 3);
    app.hand.advance(Duration::from_secs(60));
    // Nobody looks anything up for people who are known.
    assert_eq!(send(&mut app, "+15550000148", "two").await, "sent");
    assert_eq!(parts(&mock).await, 3);
    assert_eq!(send(&mut app, "+15552220001", "three").await, "sent");
    assert_eq!(parts(&mock).await, 4, "the newest chats suffice");
    drop(app);
    // So it is after a restart.
    people.lock().unwrap().insert(0, "551187654321".to_owned());
    let server = app::waha(&mock).policy(&open(DENY)).ledger(ledger);
    let mut app = server.start().await;
    assert_eq!(send(&mut app, "+5511987654321", "one").await, "sent");
    assert_eq!(send(&mut app, "+15552220002", "one").await, "recipient-new");
    assert_eq!(parts(&mock).await, 5);
}

#[test]
fn whoever_is_listed_is_no_stranger() {
    let rules = "[recipients]\nallow = [\"+15552220001\", \"@team\", \"group:*\", \"group:Us\"]\n\
                 unlisted = \"allow\"\nnew = { action = \"deny\", max = 1, window = \"day\" }\n\
                 [lists]\nteam = [\"+5511987654321\", \"777@lid\"]\n";
    let gate = GateFixture::new(&open(rules));
    gate.groups(&[
        ("us", "120363000000000001@g.us"),
        ("Them", "120363000000000002@g.us"),
    ]);
    let says = |chat: &str| gate.verdict("send_message", &json!({ "chat": chat, "text": "hi" }));
    for (chat, verdict) in [
        ("+15552220001", "allowed"),
        ("551187654321", "allowed"),
        ("777@lid", "allowed"),
        ("120363000000000001@g.us", "allowed"),
        // A pattern names nobody.
        ("120363000000000002@g.us", "recipient-new"),
        ("+15552220002", "recipient-new"),
    ] {
        assert_eq!(says(chat), verdict, "{chat}");
    }
}
