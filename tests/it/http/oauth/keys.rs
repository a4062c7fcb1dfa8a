//! The issuer's keys: discovery, caching and algorithms.

use super::*;
use wiremock::{
    Mock, ResponseTemplate,
    matchers::{method, path},
};

const UNKNOWN: &str = "no single key of the issuer matches the token";

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[tokio::test]
async fn each_algorithm_is_verified() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let all = [
        ("EdDSA", Key::ed25519(2)),
        ("ES256", Key::ecdsa("P-256")),
        ("ES384", Key::ecdsa("P-384")),
        ("RS256", Key::rsa("RS256")),
        ("RS384", Key::rsa("RS384")),
        ("RS512", Key::rsa("RS512")),
        ("PS256", Key::rsa("PS256")),
        ("PS384", Key::rsa("PS384")),
        ("PS512", Key::rsa("PS512")),
    ];
    let public: Vec<Value> = all.iter().map(|(name, key)| key.public(name)).collect();
    issuer.publish(&public).await;
    let claims = issuer.claims("anna", "wg:family");
    for (name, key) in &all {
        let token = key.token(&json!({ "alg": name, "kid": name }), &claims);
        assert_eq!(try_token(&site, &token).await.0, StatusCode::OK, "{name}");
        // The same signature is invalid for another algorithm.
        let other = if *name == "RS256" { "PS256" } else { "RS256" };
        let token = key.token(&json!({ "alg": other, "kid": name }), &claims);
        let (status, _) = try_token(&site, &token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name} as {other}");
    }
    assert_eq!(issuer.request_count().await, 1);
}

#[tokio::test]
async fn a_key_is_used_only_as_its_set_declares() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let key = Key::rsa("RS256");
    let claims = issuer.claims("anna", "wg:family");
    let token = key.token(&json!({ "alg": "RS256", "kid": "k" }), &claims);
    let without_kid = key.token(&json!({ "alg": "RS256" }), &claims);
    let with = |name: &str, value: Value| {
        let mut public = key.public("k");
        public[name] = value;
        public
    };
    let (good, refused) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    let second = Key::ed25519(3).public("second");
    for (keys, with_kid, bare) in [
        (vec![with("use", json!("enc"))], refused, refused),
        (vec![with("alg", json!("RSA-OAEP"))], refused, refused),
        (vec![with("alg", json!("RS512"))], refused, refused),
        (vec![with("key_ops", json!(["encrypt"]))], refused, refused),
        (vec![with("kid", json!("other"))], refused, good),
        (vec![with("alg", json!("RS256")), second], good, good),
        (
            vec![json!({ "kty": "oct", "k": "AA" }), key.public("k")],
            good,
            good,
        ),
        // Without a `kid`, both keys match.
        (vec![key.public("k"), key.public("l")], good, refused),
        (vec![key.public("k"), key.public("k")], refused, refused),
    ] {
        issuer.publish(&keys).await;
        site.hand.advance(minutes(10));
        assert_eq!(try_token(&site, &token).await.0, with_kid, "{keys:?}");
        assert_eq!(try_token(&site, &without_kid).await.0, bare, "{keys:?}");
        assert_eq!(issuer.request_count().await, 1);
        site.hand.set_wall(jiff::Timestamp::UNIX_EPOCH);
    }
}

#[tokio::test]
async fn keys_can_be_rotated() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let old = issuer.token("anna", "wg:family");
    let next = Key::ed25519(2);
    let claims = issuer.claims("anna", "wg:family");
    let new = next.token(&json!({ "alg": "EdDSA", "kid": "two" }), &claims);
    for _ in 0..3 {
        assert_eq!(try_token(&site, &old).await.0, StatusCode::OK);
    }
    assert_eq!(issuer.request_count().await, 1);
    issuer
        .publish(&[next.public("two"), issuer.key.public("one")])
        .await;
    // Not sooner than a minute after the last fetch.
    for later in [0, 59] {
        site.hand.advance(Duration::from_secs(later));
        assert_eq!(try_token(&site, &new).await, invalid(UNKNOWN));
        assert_eq!(issuer.request_count().await, 0);
    }
    site.hand.advance(Duration::from_secs(1));
    assert_eq!(try_token(&site, &new).await.0, StatusCode::OK);
    assert_eq!(try_token(&site, &old).await.0, StatusCode::OK);
    assert_eq!(issuer.request_count().await, 1);
    // A removed key is valid until the next fetch.
    issuer.publish(&[next.public("two")]).await;
    assert_eq!(try_token(&site, &old).await.0, StatusCode::OK);
    site.hand.advance(minutes(10));
    assert_eq!(try_token(&site, &new).await.0, StatusCode::OK);
    assert_eq!(try_token(&site, &old).await, invalid(UNKNOWN));
    // Unknown keys cause at most one fetch a minute.
    for kid in 0..20 {
        let head = json!({ "alg": "EdDSA", "kid": format!("made up {kid}") });
        let (status, _) = try_token(&site, &next.token(&head, &claims)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(issuer.request_count().await, 1);
}

#[tokio::test]
async fn cache_control_sets_how_long_keys_are_cached() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let keys = json!({ "keys": [issuer.key.public("one")] });
    let answer = ResponseTemplate::new(200).set_body_json(keys);
    let answer = answer.insert_header("cache-control", "public, max-age=1800");
    issuer.respond_with(answer).await;
    let token = issuer.token("anna", "wg:family");
    for (later, asked) in [(0, 1), (29, 1), (1, 2)] {
        site.hand.advance(minutes(later));
        assert_eq!(try_token(&site, &token).await.0, StatusCode::OK);
        assert_eq!(issuer.request_count().await, asked);
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_respond_is_503_and_not_401() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let token = issuer.token("anna", "wg:family");
    let key = issuer.key.public("one");
    let large = json!({ "keys": [key], "more": "x".repeat(256 * 1024) });
    let elsewhere = format!("{}/elsewhere", issuer.server.uri());
    for answer in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({ "key": [] })),
        ResponseTemplate::new(200).set_body_json(large),
        ResponseTemplate::new(302).insert_header("location", elsewhere.as_str()),
    ] {
        issuer.respond_with(answer).await;
        for _ in 0..3 {
            let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
            let response = site.post(&token, None, &list).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()["retry-after"], "10");
            assert!(response.headers().get("www-authenticate").is_none());
        }
        assert_eq!(issuer.request_count().await, 1);
        site.hand.advance(Duration::from_secs(10));
    }
    issuer.publish(&[key]).await;
    assert_eq!(try_token(&site, &token).await.0, StatusCode::OK);
}

#[tokio::test]
async fn stale_keys_are_used_for_an_hour_without_their_issuer() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let mut claims = issuer.claims("anna", "wg:family");
    claims["exp"] = json!(100_000);
    let token = issuer.sign(&claims);
    let unknown = issuer
        .key
        .token(&json!({ "alg": "EdDSA", "kid": "two" }), &claims);
    assert_eq!(try_token(&site, &token).await.0, StatusCode::OK);
    issuer.respond_with(ResponseTemplate::new(503)).await;
    for later in [10, 30, 29] {
        site.hand.advance(minutes(later));
        assert_eq!(try_token(&site, &token).await.0, StatusCode::OK);
        // The issuer may have a new key.
        let (status, _) = try_token(&site, &unknown).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(issuer.request_count().await, 3);
    site.hand.advance(minutes(1));
    let (status, _) = try_token(&site, &token).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    issuer.publish(&[issuer.key.public("one")]).await;
    site.hand.advance(Duration::from_secs(10));
    assert_eq!(try_token(&site, &token).await.0, StatusCode::OK);
}

#[tokio::test]
async fn concurrent_requests_cause_one_fetch() {
    let issuer = Issuer::start().await;
    let keys = json!({ "keys": [issuer.key.public("one")] });
    let answer = ResponseTemplate::new(200).set_body_json(keys);
    issuer
        .respond_with(answer.set_delay(Duration::from_millis(200)))
        .await;
    let site = Arc::new(HttpServer::start(&issuer.policy()).await);
    let token = issuer.token("anna", "wg:family");
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (site, token) = (site.clone(), token.clone());
        all.spawn(async move { try_token(&site, &token).await.0 });
    }
    for status in all.join_all().await {
        assert_eq!(status, StatusCode::OK);
    }
    assert_eq!(issuer.request_count().await, 1);
}

#[tokio::test]
async fn the_issuers_metadata_names_its_keys() {
    let issuer = Issuer::start().await;
    let own = issuer.server.uri();
    let keys = json!({ "keys": [issuer.key.public("one")] });
    let (realm, token) = (format!("{own}/realm"), |name: &str| {
        let mut claims = issuer.claims("anna", "wg:family");
        claims["iss"] = json!(name);
        issuer.sign(&claims)
    });
    let metadata_of = |issuer: &str, keys: &str| json!({ "issuer": issuer, "jwks_uri": keys });
    let (ok, down) = (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE);
    let at = format!("{own}/certs");
    for (name, place, metadata, status) in [
        (
            &own,
            "/.well-known/oauth-authorization-server",
            metadata_of(&own, &at),
            ok,
        ),
        (
            &own,
            "/.well-known/openid-configuration",
            metadata_of(&own, &at),
            ok,
        ),
        (
            &realm,
            "/.well-known/oauth-authorization-server/realm",
            metadata_of(&realm, &at),
            ok,
        ),
        (
            &realm,
            "/.well-known/openid-configuration/realm",
            metadata_of(&realm, &at),
            ok,
        ),
        (
            &realm,
            "/realm/.well-known/openid-configuration",
            metadata_of(&realm, &at),
            ok,
        ),
        // Metadata of another issuer, and keys at a URL without TLS.
        (
            &own,
            "/.well-known/oauth-authorization-server",
            metadata_of(&realm, &at),
            down,
        ),
        (
            &own,
            "/.well-known/oauth-authorization-server",
            metadata_of(&own, "http://id.example.com/certs"),
            down,
        ),
        (
            &own,
            "/.well-known/oauth-authorization-server",
            json!({ "issuer": own }),
            down,
        ),
        (&own, "/.well-known/elsewhere", metadata_of(&own, &at), down),
    ] {
        issuer.server.reset().await;
        for (place, body) in [(place, &metadata), ("/certs", &keys)] {
            let answer = ResponseTemplate::new(200).set_body_json(body);
            let asked = Mock::given(method("GET")).and(path(place));
            asked.respond_with(answer).mount(&issuer.server).await;
        }
        let policy = issuer.policy();
        let policy = policy.replace(&format!("jwks_uri = \"{own}/jwks\"\n"), "");
        let policy = policy.replace(
            &format!("issuer = \"{own}\""),
            &format!("issuer = \"{name}\""),
        );
        let site = HttpServer::start(&policy).await;
        assert_eq!(
            try_token(&site, &token(name)).await.0,
            status,
            "{metadata} at {place}"
        );
    }
}
