//! Answers of a real WAHA 2026.4.1 (NOWEB), played back in their order.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use serde_json::{Value, json};
use url::Url;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

const EXCHANGES: &str = include_str!("../fixtures/recorded/waha-2026.4.1-noweb.jsonl");

/// The arguments in an address that select what is answered; pages may have another size.
const SELECTORS: [&str; 5] = ["ids", "offset", "contactId", "code", "phone"];

/// A server that answers each request as WAHA did: the first time with its first answer, and
/// from the last one on with that.
pub async fn waha() -> MockServer {
    let mut answers: HashMap<String, VecDeque<ResponseTemplate>> = HashMap::new();
    for line in EXCHANGES.lines() {
        let one: Value = serde_json::from_str(line).unwrap();
        let path = one["path"].as_str().unwrap();
        let url = Url::parse(&format!("http://waha{path}")).unwrap();
        let key = key(one["method"].as_str().unwrap(), &url, &one["request"]);
        let status = u16::try_from(one["status"].as_u64().unwrap()).unwrap();
        let answer = ResponseTemplate::new(status);
        let answer = match &one["body"] {
            Value::String(text) => answer.set_body_string(text),
            body => answer.set_body_json(body),
        };
        answers.entry(key).or_default().push_back(answer);
    }
    let answers = Mutex::new(answers);
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(move |request: &Request| {
            let body = request.body_json().unwrap_or_default();
            let key = key(request.method.as_str(), &request.url, &body);
            let mut answers = answers.lock().unwrap();
            match answers.get_mut(&key) {
                Some(left) if left.len() > 1 => left.pop_front().unwrap(),
                Some(left) => left[0].clone(),
                None => {
                    ResponseTemplate::new(404).set_body_json(json!({ "message": "not recorded" }))
                }
            }
        })
        .mount(&mock)
        .await;
    mock
}

/// What an answer depends on.
fn key(method: &str, url: &Url, body: &Value) -> String {
    let selected = |name: &&str| url.query_pairs().find(|(key, _)| key == name);
    let selected: Vec<_> = SELECTORS.iter().filter_map(selected).collect();
    let path = url.path().replace("%40", "@");
    format!("{method} {path} {selected:?} {}", body["chatId"])
}
