//! The protected resource metadata, which needs no token.

use super::*;

async fn get(site: &HttpServer, path: &str) -> (StatusCode, Value) {
    let url = site.url.replace("/mcp", path);
    let response = client().get(url).send().await.unwrap();
    (response.status(), last(response).await)
}

#[tokio::test]
async fn it_is_served_without_a_token() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let wanted = json!({
        "resource": AUDIENCE,
        "authorization_servers": [issuer.server.uri()],
        "scopes_supported": ["wg:family", "wg:home", "wg:read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "whatsapp-guard",
    });
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    ] {
        let url = site.url.replace("/mcp", path);
        let response = client().get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(last(response).await, wanted, "{path}");
    }
    for path in [
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-protected-resources",
        "/.well-known/oauth-authorization-server",
    ] {
        assert_eq!(get(&site, path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    let url = site
        .url
        .replace("/mcp", "/.well-known/oauth-protected-resource");
    let posted = client().post(&url).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::UNAUTHORIZED);
    // A foreign web origin cannot read it.
    let foreign = client().get(&url).header("origin", "https://evil.example");
    let foreign = foreign.send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert_eq!(issuer.request_count().await, 0);
}

#[tokio::test]
async fn its_path_depends_on_the_audience() {
    let issuer = Issuer::start().await;
    for (audience, path) in [
        ("https://wg.example.com", ""),
        ("https://wg.example.com/", ""),
        ("https://wg.example.com:8443/a/mcp", "/a/mcp"),
    ] {
        let policy = issuer.policy().replace(AUDIENCE, audience);
        let site = HttpServer::start(&policy).await;
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let (status, document) = get(&site, &path).await;
        assert_eq!(
            (status, &document["resource"]),
            (StatusCode::OK, &json!(audience))
        );
        let origin = url::Url::parse(audience).unwrap().origin();
        let address = format!("{}{path}", origin.ascii_serialization());
        let (_, challenge) = try_token(&site, "nobody").await;
        let end = format!("resource_metadata=\"{address}\"");
        assert!(challenge.ends_with(&end), "{challenge}");
    }
}

#[tokio::test]
async fn it_needs_an_authorization_server_in_the_policy() {
    let site = HttpServer::start(&two()).await;
    let path = "/.well-known/oauth-protected-resource";
    assert_eq!(get(&site, path).await.0, StatusCode::UNAUTHORIZED);
}
