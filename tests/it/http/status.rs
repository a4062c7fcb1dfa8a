//! Health, readiness and metrics.

use super::*;
use whatsapp_guard::http::status;

/// The status and the text at a path of the status address.
pub(super) async fn probe(server: &Server, path: &str) -> (StatusCode, String) {
    probe_with(server, path, &[]).await
}

/// The same for a request with these headers.
async fn probe_with(server: &Server, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let url = format!("http://{}{path}", listener.address().unwrap());
    let stop = CancellationToken::new();
    let router = status::router(server.clone(), Origins::loopback());
    let serving = tokio::spawn(listener.serve(router, stop.clone()));
    let mut request = client().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let found = (response.status(), response.text().await.unwrap());
    stop.cancel();
    serving.await.unwrap();
    found
}

#[tokio::test]
async fn a_server_is_healthy_and_ready() {
    let site = HttpServer::start(&two()).await;
    assert_eq!(probe(&site.server, "/healthz").await.0, StatusCode::OK);
    assert_eq!(probe(&site.server, "/readyz").await.0, StatusCode::OK);
    // The address for agents does not serve it.
    let elsewhere = site.url.replace("/mcp", "/metrics");
    let asked = client().get(elsewhere).bearer_auth(ALICE).send().await;
    assert_eq!(asked.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_web_page_cannot_read_the_status() {
    let site = HttpServer::start(&two()).await;
    for (name, value, expected) in [
        ("host", "evil.example", StatusCode::FORBIDDEN),
        ("host", "127.0.0.1.nip.io:9090", StatusCode::FORBIDDEN),
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        // A probe names the address of a container.
        ("host", "10.0.0.7:9090", StatusCode::OK),
        ("host", "[fd00::7]:9090", StatusCode::OK),
        ("host", "localhost", StatusCode::OK),
    ] {
        for path in ["/metrics", "/healthz", "/readyz"] {
            let (status, _) = probe_with(&site.server, path, &[(name, value)]).await;
            assert_eq!(status, expected, "{path} {name}: {value}");
        }
    }
}

#[tokio::test]
async fn a_server_without_its_back_end_is_not_ready() {
    let gone = wiremock::MockServer::start().await;
    let site = HttpServer::with(app::waha_config(&gone), &two()).await;
    drop(gone);
    let (status, text) = probe(&site.server, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(text, "the back end does not answer");
    assert_eq!(probe(&site.server, "/healthz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn metrics_have_calls_and_limits_but_no_ids_or_texts() {
    let policy = format!(
        "{}[tools.send_message]\nlimits = [{{ max = 4, window = \"hour\", scope = \"chat\" }}, {{ max = 2, window = \"minute\" }}, {{ max = 8, window = \"day\" }}]\n\
         [tools.list_groups]\nlimits = [{{ max = 5, window = \"hour\" }}]\n",
        two()
    );
    let site = HttpServer::start(&policy).await;
    let session = site.open(ALICE).await;
    let to = json!({ "chat": "+1 555 000 1234", "text": "a secret" });
    site.call(ALICE, &session, "send_message", to).await;
    let bob = site.open(BOB).await;
    site.call(BOB, &bob, "open_session", json!({})).await;
    let (_, text) = probe(&site.server, "/metrics").await;
    for line in [
        "whatsapp_guard_calls_total{tool=\"open_session\",verdict=\"refused\",code=\"denied-by-rule\"} 1",
        "whatsapp_guard_limit_headroom_ratio{counter=\"tools.send_message/chat/3600s\"} 0.75",
        "whatsapp_guard_limit_headroom_ratio{counter=\"tools.send_message/grant/60s\"} 0.5",
        "whatsapp_guard_limit_headroom_ratio{counter=\"tools.send_message/grant/86400s\"} 0.875",
        "whatsapp_guard_limit_headroom_ratio{counter=\"tools.list_groups/grant/3600s\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("whatsapp_guard_backend_seconds_count{tool=\"send_message\""));
    for hidden in ["1234", "secret", "alice", "bob"] {
        assert!(!text.contains(hidden), "{hidden} is in\n{text}");
    }
}

#[tokio::test]
async fn metrics_count_questions() {
    let site = HttpServer::start(&two()).await;
    let call = site.ask_modern(ALICE).await;
    for decision in ["no", "yes"] {
        site.answer_modern(ALICE, &call, decision).await;
    }
    let (_, text) = probe(&site.server, "/metrics").await;
    for line in [
        "whatsapp_guard_questions_total{answer=\"asked\"} 1",
        "whatsapp_guard_questions_total{answer=\"declined\"} 1",
        "code=\"approval-used\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
