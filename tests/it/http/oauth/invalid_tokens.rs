//! Invalid tokens, and the reason in the challenge.

use super::*;

#[tokio::test]
async fn each_claim_is_validated() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    site.hand.advance(Duration::from_secs(1000));
    let (issued, audience) = (
        "the token is from another issuer",
        "the token is for another audience",
    );
    let form = "the token is not an access token in JWT format";
    let bound = "the token is bound to a client key; request a plain bearer token";
    for (claim, value, reason) in [
        ("iss", json!("https://id.example.com"), issued),
        ("iss", json!(format!("{}/", issuer.server.uri())), issued),
        ("aud", json!("https://wg.example.com"), audience),
        ("aud", json!(["a", "https://wg.example.com/mcp/"]), audience),
        ("aud", json!([]), audience),
        (
            "exp",
            json!(970),
            "the token has expired; request a new one",
        ),
        ("nbf", json!(1031), "the token is not valid yet"),
        ("cnf", json!({ "jkt": "x" }), bound),
        ("sub", json!(""), form),
        ("sub", Value::Null, form),
        ("exp", Value::Null, form),
        ("exp", json!("3600"), form),
        ("nbf", json!("0"), form),
        ("aud", Value::Null, form),
    ] {
        let mut claims = issuer.claims("anna", "wg:family");
        claims[claim] = value.clone();
        let found = try_token(&site, &issuer.sign(&claims)).await;
        assert_eq!(found, invalid(reason), "{claim}: {value}");
    }
    // None of them caused a fetch of the keys.
    assert_eq!(issuer.request_count().await, 0);
    for (claim, value) in [
        ("aud", json!(["other", AUDIENCE])),
        ("exp", json!(970.5)),
        ("nbf", json!(1030)),
    ] {
        let mut claims = issuer.claims("anna", "wg:family");
        claims[claim] = value.clone();
        let (status, _) = try_token(&site, &issuer.sign(&claims)).await;
        assert_eq!(status, StatusCode::OK, "{claim}: {value}");
    }
}

#[tokio::test]
async fn only_a_signature_of_the_issuer_is_valid() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let claims = issuer.claims("anna", "wg:family");
    let (algorithm, form, wrong) = (
        "the signature algorithm of the token is not accepted",
        "the token is not an access token in JWT format",
        "the signature of the token is wrong",
    );
    let key = "no single key of the issuer matches the token";
    let head = |alg: &str| json!({ "alg": alg, "kid": "one", "typ": "at+jwt" });
    let good = issuer.token("anna", "wg:family");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let public = issuer.key.public("one")["x"].as_str().unwrap().to_owned();
    let shared = Key::Shared(public.into_bytes());
    let unsigned = |alg: &str| {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        format!("{}.{}.", part(&head(alg)), part(&claims))
    };
    let other = issuer.sign(&issuer.claims("anna", "wg:read"));
    let (other, _) = other.rsplit_once('.').unwrap();
    let stranger = Key::ed25519(9);
    for (token, reason) in [
        (unsigned("none"), algorithm),
        (unsigned("None"), algorithm),
        (unsigned("EdDSA"), wrong),
        (shared.token(&head("HS256"), &claims), algorithm),
        (shared.token(&head("EdDSA"), &claims), wrong),
        (stranger.token(&head("EdDSA"), &claims), wrong),
        // The issuer has the key, but it is of another type.
        (issuer.key.token(&head("ES256"), &claims), key),
        (issuer.key.token(&head("RS256"), &claims), key),
        (format!("{other}.{signature}"), wrong),
        (format!("{signed}.{}", encode(&[0; 64])), wrong),
        (
            issuer
                .key
                .token(&json!({ "alg": "EdDSA", "kid": "two" }), &claims),
            key,
        ),
        (
            issuer.key.token(
                &json!({ "alg": "EdDSA", "kid": "one", "typ": "dpop+jwt" }),
                &claims,
            ),
            form,
        ),
        (
            issuer.key.token(
                &json!({ "alg": "EdDSA", "kid": "one", "crit": ["b64"], "b64": false }),
                &claims,
            ),
            form,
        ),
        (format!("{good}.{signature}"), form),
        (signed.to_owned(), form),
        (
            "wg_mallory".to_owned(),
            "the token is unknown or has expired; ask the operator for a new one",
        ),
        (format!("{signed}.*"), form),
    ] {
        assert_eq!(try_token(&site, &token).await, invalid(reason), "{token}");
    }
    assert_eq!(try_token(&site, &good).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_challenge_names_where_to_get_a_token() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let good = issuer.token("anna", "wg:family");
    let client = client();
    let long = "x".repeat(8193);
    for (request, status, challenge) in [
        (
            client.post(&site.url),
            StatusCode::UNAUTHORIZED,
            format!("Bearer realm=\"whatsapp-guard\", {CHALLENGE_END}"),
        ),
        (
            // A token in the URL does not count.
            client.post(format!("{}?access_token={good}", site.url)),
            StatusCode::UNAUTHORIZED,
            format!("Bearer realm=\"whatsapp-guard\", {CHALLENGE_END}"),
        ),
        (
            client.post(&site.url).bearer_auth(long),
            StatusCode::BAD_REQUEST,
            format!(
                "Bearer realm=\"whatsapp-guard\", error=\"invalid_request\", error_description=\"the Authorization header is malformed; send one header Authorization: Bearer TOKEN\", {CHALLENGE_END}"
            ),
        ),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["www-authenticate"], challenge.as_str());
    }
    assert_eq!(issuer.request_count().await, 0);
}

#[tokio::test]
async fn rejections_are_counted_by_reason() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let mut claims = issuer.claims("anna", "wg:family");
    try_token(&site, &issuer.sign(&claims)).await;
    try_token(&site, &issuer.token("anna", "openid")).await;
    claims["aud"] = json!("other");
    try_token(&site, &issuer.sign(&claims)).await;
    try_token(&site, &issuer.sign(&claims)).await;
    let text = site.server.metrics().await;
    for line in [
        "whatsapp_guard_turned_away_total{reason=\"audience\"} 2\n",
        "whatsapp_guard_turned_away_total{reason=\"scope\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert_eq!(text.matches("turned_away_total{").count(), 2, "{text}");
}
