//! Authentication: tokens, `Host`, `Origin` and bounds.

use super::*;

fn list() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })
}

#[tokio::test]
async fn requests_without_a_valid_token_are_rejected() {
    let site = HttpServer::start(&two()).await;
    let client = client();
    let asks = || client.post(&site.url).json(&list());
    let cases = [
        (
            asks(),
            StatusCode::UNAUTHORIZED,
            "Bearer realm=\"whatsapp-guard\"",
        ),
        (
            asks().header("authorization", "Bearer"),
            StatusCode::BAD_REQUEST,
            "Bearer realm=\"whatsapp-guard\", error=\"invalid_request\"",
        ),
        (
            asks().header("authorization", "Basic YTpi"),
            StatusCode::UNAUTHORIZED,
            "Bearer realm=\"whatsapp-guard\"",
        ),
        (
            asks()
                .bearer_auth(ALICE)
                .header("authorization", "Bearer x"),
            StatusCode::BAD_REQUEST,
            "Bearer realm=\"whatsapp-guard\", error=\"invalid_request\"",
        ),
        (
            asks().bearer_auth("wg_mallory"),
            StatusCode::UNAUTHORIZED,
            "Bearer realm=\"whatsapp-guard\", error=\"invalid_token\"",
        ),
        (
            client
                .post(format!("{}?access_token={ALICE}", site.url))
                .json(&list()),
            StatusCode::UNAUTHORIZED,
            "Bearer realm=\"whatsapp-guard\"",
        ),
    ];
    for (request, status, challenge) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["www-authenticate"], challenge);
    }
    assert!(site.audit().is_empty());
}

#[tokio::test]
async fn a_foreign_origin_is_rejected_before_the_token_is_checked() {
    let site = HttpServer::start(&two()).await;
    for (name, value) in [("origin", "https://evil.example"), ("host", "evil.example")] {
        for token in [ALICE, "wg_mallory"] {
            let request = site.post(token, None, &list()).header(name, value);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}");
        }
    }
    // Each of several headers counts, whatever their order.
    let (own, foreign) = ("http://localhost:5173", "https://evil.example");
    for (first, second) in [(own, foreign), (foreign, own)] {
        let request = site.post(ALICE, None, &list());
        let request = request.header("origin", first).header("origin", second);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{first}");
    }
    let request = site.post(ALICE, None, &list());
    let response = request.header("origin", own).send().await;
    assert_ne!(response.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_is_invalid_after_its_expiry_and_without_its_grant() {
    let site = HttpServer::start(&two()).await;
    let status = |(status, _): (StatusCode, Value)| status;
    let asks = |token| site.modern(token, "tools/list", json!({}), None);
    assert_eq!(status(asks(BOB).await), StatusCode::OK);
    site.hand.advance(Duration::from_secs(24 * 3600));
    assert_eq!(status(asks(BOB).await), StatusCode::UNAUTHORIZED);
    assert_eq!(status(asks(ALICE).await), StatusCode::OK);
    let without = "version = \"1\"\n[grants.alice]\n";
    site.server
        .replace(Policy::from_toml(specs(), "policy.toml", without).unwrap());
    assert_eq!(status(asks(ALICE).await), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn large_headers_and_other_paths_are_rejected() {
    let site = HttpServer::start(&two()).await;
    let client = client();
    let elsewhere = site.url.replace("/mcp", "/");
    let asks = |request: reqwest::RequestBuilder| request.bearer_auth(ALICE).send();
    let response = asks(client.get(&elsewhere)).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    // Without a token, a missing path looks like any other.
    let response = client.get(&elsewhere).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let many = asks(client.get(&site.url).header("x-much", "x".repeat(40_000)));
    assert_eq!(
        many.await.unwrap().status(),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
}
