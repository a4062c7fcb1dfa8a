//! A file from a web address: what was approved is what is sent.

use std::sync::Arc;

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{Client, PersonAnswer, Server, ToolReply};
use crate::{
    audit::Audit,
    backend::{self, Backend},
    clock::Clock,
    config::Config,
    gate::Gate,
    ledger::Ledger,
    media::tests::loopback_rules,
    policy::Policy,
};

const POLICY: &str = "version = \"1\"\ndefault = \"allow\"\n[confirmation]\nenabled = true\nmin_answer_ms = 0\n\
                      [tools.send_media]\naction = \"confirm\"\n";

/// A sandbox that fetches files from this machine.
async fn linked() -> (Client, Box<dyn Backend>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::read(None, backend::specs(), &|_: &str| None).unwrap();
    config.media = loopback_rules();
    let backend = backend::open(&config).unwrap();
    let (clock, _hand) = Clock::manual();
    let audit = Arc::new(Audit::new(Some(folder.path().join("a")), clock.clone()).unwrap());
    let (tools, authority) = backend.toolset();
    let policy = Policy::from_toml(backend::specs(), "policy.toml", POLICY).unwrap();
    let ledger = Ledger::in_memory(clock.clone());
    let gate = Gate::new(authority, policy, &clock, audit.clone(), ledger).unwrap();
    let client = Client::connect(Server::new(tools, gate, audit), |_| {});
    call(&client, "open_session", json!({}), None)
        .await
        .unwrap();
    assert!(backend.scan());
    (client, backend, folder)
}

async fn call(
    client: &Client,
    tool: &'static str,
    arguments: Value,
    answer: Option<&PersonAnswer>,
) -> std::io::Result<ToolReply> {
    let arguments = arguments.as_object().cloned().unwrap();
    client.call(tool, arguments, answer).await
}

async fn serve(mock: &MockServer, content: &str) {
    mock.reset().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(content))
        .mount(mock)
        .await;
}

#[tokio::test]
async fn an_address_that_serves_another_file_after_the_question_sends_nothing() {
    let mock = MockServer::start().await;
    let (client, _backend, _folder) = linked().await;
    serve(&mock, "approved").await;
    let address = mock.uri().replace("127.0.0.1", "here.example");
    let message =
        json!({ "chat": "15552220001@c.us", "media": { "url": format!("{address}/a.txt") } });
    let asked = call(&client, "send_media", message.clone(), None).await;
    let ToolReply::Question {
        message: question,
        state,
    } = asked.unwrap()
    else {
        panic!("no question");
    };
    assert!(question.contains("a.txt, 8 bytes"), "{question}");
    let yes = PersonAnswer { state, yes: true };
    serve(&mock, "swapped!").await;
    let refused = call(&client, "send_media", message.clone(), Some(&yes)).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("other content of the file"), "{refused}");
    serve(&mock, "approved").await;
    let sent = call(&client, "send_media", message, Some(&yes)).await;
    assert!(
        matches!(
            sent,
            Ok(ToolReply::Result {
                is_error: false,
                ..
            })
        ),
        "{sent:?}"
    );
}
