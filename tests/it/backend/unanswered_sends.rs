//! What is sent without an answer is not sent again, whatever it is.

use std::time::Duration;

use whatsapp_guard::config::Timeouts;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::app::{self, Setup, code};

const SENDS: [&str; 7] = [
    "send_message",
    "send_media",
    "send_voice",
    "send_location",
    "send_contact",
    "send_poll",
    "forward_message",
];

/// How often a tool's request was made when no answer ever came.
async fn requests(tool: &str, setup: impl Fn(&MockServer, Timeouts) -> Setup) -> usize {
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))
        .mount(&mock)
        .await;
    let timeouts = Timeouts {
        answer: Duration::from_millis(150),
        ..app::timeouts()
    };
    let mut app = setup(&mock, timeouts).start().await;
    let arguments = app
        .backend
        .tools()
        .tools()
        .find(|known| known.name == tool)
        .map(app::arguments)
        .unwrap();
    let result = app.call(tool, arguments.clone()).await;
    assert_eq!(code(&result), "outcome-unknown", "{tool}: {result}");
    // Nor when the agent asks again.
    let result = app.call(tool, arguments).await;
    assert_eq!(result["structuredContent"]["repeated"], true, "{tool}");
    let made = mock.received_requests().await.unwrap();
    let sends = made.iter().filter(|one| one.method.as_str() == "POST");
    sends.count()
}

#[tokio::test]
async fn a_send_without_an_answer_is_made_once() {
    for tool in SENDS {
        assert_eq!(requests(tool, app::waha_with).await, 1, "{tool}");
        assert_eq!(requests(tool, app::green_api_with).await, 1, "{tool}");
    }
}
