//! What is sent without an answer is not sent again, whatever it is.

use std::time::Duration;

use whatsapp_guard::{config::Timeouts, op};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::app::{self, ServerBuilder, code};

/// The tools of which a repeated call is not sent again.
pub fn sends() -> Vec<&'static str> {
    let sends = op::catalogue().iter().filter(|entry| {
        let facts = (entry.facts)(app::sample(entry, "3EB0AA"));
        facts.unwrap().content.is_some()
    });
    sends.map(|entry| entry.name).collect()
}

/// How often a tool's request was made when no answer ever came; `None` where the back
/// end does not have the tool.
async fn requests(
    tool: &str,
    setup: impl Fn(&MockServer, Timeouts) -> ServerBuilder,
) -> Option<usize> {
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
        .map(app::arguments)?;
    let result = app.call(tool, arguments.clone()).await;
    assert_eq!(code(&result), "outcome-unknown", "{tool}: {result}");
    // Nor when the agent asks again.
    let result = app.call(tool, arguments).await;
    assert_eq!(result["structuredContent"]["repeated"], true, "{tool}");
    let made = mock.received_requests().await.unwrap();
    let sends = made.iter().filter(|one| one.method.as_str() == "POST");
    Some(sends.count())
}

#[tokio::test]
async fn a_send_without_an_answer_is_made_once() {
    let sends = sends();
    assert!(sends.len() > 6, "{sends:?}");
    for tool in sends {
        assert_eq!(requests(tool, app::waha_with).await, Some(1), "{tool}");
        let made = requests(tool, app::green_api_with).await;
        assert!(made.is_none_or(|made| made == 1), "{tool}");
    }
}
