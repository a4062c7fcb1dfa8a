//! WAHA: every request, and every answer of the reference.

use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

use crate::app::{self, SECRET, text};

#[tokio::test]
async fn a_working_session_is_told() {
    let mock = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/sessions/default"))
        .and(header("X-Api-Key", SECRET))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "name": "default", "status": "WORKING", "config": {},
            "me": { "id": "15550001111@c.us", "pushName": "Tester" },
            "engine": { "engine": "NOWEB" },
        })))
        .expect(1)
        .mount(&mock)
        .await;
    let mut app = app::waha(&mock).start().await;
    let result = app.call("get_session", json!({})).await;
    assert_eq!(
        result["structuredContent"],
        json!({ "state": "working", "reported": "WORKING", "account": "15550001111@c.us", "account_name": "Tester" })
    );
    assert_eq!(
        text(&result),
        "the session is linked and working (reported as WORKING); signed in as “Tester”, 15550001111@c.us"
    );
}
