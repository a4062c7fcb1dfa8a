//! Tokens that are not good, and what is said of them.

use super::*;

#[tokio::test]
async fn each_claim_has_to_be_right() {
    let issuer = Issuer::start().await;
    let site = Site::start(&issuer.policy()).await;
    site.hand.advance(Duration::from_secs(1000));
    let (issued, audience) = (
        "the token is of another issuer",
        "the token is for another audience",
    );
    let form = "this is no access token in the form of a JWT";
    let bound = "the token is bound to a key, and this server takes bearer tokens only";
    for (claim, value, reason) in [
        ("iss", json!("https://id.example.com"), issued),
        ("iss", json!(format!("{}/", issuer.server.uri())), issued),
        ("aud", json!("https://wg.example.com"), audience),
        ("aud", json!(["a", "https://wg.example.com/mcp/"]), audience),
        ("aud", json!([]), audience),
        ("exp", json!(970), "the token has expired"),
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
        let found = knock(&site, &issuer.signs(&claims)).await;
        assert_eq!(found, invalid(reason), "{claim}: {value}");
    }
    // None of them was worth a look at the keys.
    assert_eq!(issuer.asked().await, 0);
    for (claim, value) in [
        ("aud", json!(["other", AUDIENCE])),
        ("exp", json!(970.5)),
        ("nbf", json!(1030)),
    ] {
        let mut claims = issuer.claims("anna", "wg:family");
        claims[claim] = value.clone();
        let (status, _) = knock(&site, &issuer.signs(&claims)).await;
        assert_eq!(status, StatusCode::OK, "{claim}: {value}");
    }
}

#[tokio::test]
async fn only_a_signature_of_the_issuer_will_do() {
    let issuer = Issuer::start().await;
    let site = Site::start(&issuer.policy()).await;
    let claims = issuer.claims("anna", "wg:family");
    let (algorithm, form, wrong) = (
        "the token is signed in a way that this server does not take",
        "this is no access token in the form of a JWT",
        "the signature of the token is wrong",
    );
    let key = "the key of the token is not among those of its issuer";
    let head = |alg: &str| json!({ "alg": alg, "kid": "one", "typ": "at+jwt" });
    let good = issuer.token("anna", "wg:family");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let public = issuer.key.public("one")["x"].as_str().unwrap().to_owned();
    let shared = Key::Shared(public.into_bytes());
    let unsigned = |alg: &str| {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        format!("{}.{}.", part(&head(alg)), part(&claims))
    };
    let other = issuer.signs(&issuer.claims("anna", "wg:read"));
    let (other, _) = other.rsplit_once('.').unwrap();
    let stranger = Key::ed25519(9);
    for (token, reason) in [
        (unsigned("none"), algorithm),
        (unsigned("None"), algorithm),
        (unsigned("EdDSA"), wrong),
        (shared.token(&head("HS256"), &claims), algorithm),
        (shared.token(&head("EdDSA"), &claims), wrong),
        (stranger.token(&head("EdDSA"), &claims), wrong),
        // The key is there, and is none of that kind.
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
            "the token is not known, or is over",
        ),
        (format!("{signed}.*"), form),
    ] {
        assert_eq!(knock(&site, &token).await, invalid(reason), "{token}");
    }
    assert_eq!(knock(&site, &good).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_request_without_a_token_is_told_where_to_get_one() {
    let issuer = Issuer::start().await;
    let site = Site::start(&issuer.policy()).await;
    let good = issuer.token("anna", "wg:family");
    let client = client();
    let long = "x".repeat(8193);
    for (request, status, challenge) in [
        (
            client.post(&site.url),
            StatusCode::UNAUTHORIZED,
            format!("Bearer realm=\"whatsapp-guard\", {WHERE}"),
        ),
        (
            // A token has no business in an address.
            client.post(format!("{}?access_token={good}", site.url)),
            StatusCode::UNAUTHORIZED,
            format!("Bearer realm=\"whatsapp-guard\", {WHERE}"),
        ),
        (
            client.post(&site.url).bearer_auth(long),
            StatusCode::BAD_REQUEST,
            format!("Bearer realm=\"whatsapp-guard\", error=\"invalid_request\", {WHERE}"),
        ),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["www-authenticate"], challenge.as_str());
    }
    assert_eq!(issuer.asked().await, 0);
}

#[tokio::test]
async fn what_is_refused_is_counted_by_reason() {
    let issuer = Issuer::start().await;
    let site = Site::start(&issuer.policy()).await;
    let mut claims = issuer.claims("anna", "wg:family");
    knock(&site, &issuer.signs(&claims)).await;
    knock(&site, &issuer.token("anna", "openid")).await;
    claims["aud"] = json!("other");
    knock(&site, &issuer.signs(&claims)).await;
    knock(&site, &issuer.signs(&claims)).await;
    let text = site.server.metrics();
    for line in [
        "whatsapp_guard_turned_away_total{reason=\"audience\"} 2\n",
        "whatsapp_guard_turned_away_total{reason=\"scope\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert_eq!(text.matches("turned_away_total{").count(), 2, "{text}");
}
