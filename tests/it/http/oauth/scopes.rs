//! The scopes of a valid token, and the grant that they belong to.

use super::*;

#[tokio::test]
async fn a_scope_selects_its_grant() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let mut listed = issuer.claims("anna", "");
    listed["scp"] = json!(["openid", "wg:home"]);
    for (token, refused) in [
        (issuer.token("anna", "wg:family"), false),
        (issuer.token("anna", "openid wg:home wg:family"), false),
        (issuer.sign(&listed), false),
        (issuer.token("carl", "profile wg:read"), true),
    ] {
        let session = site.open(&token).await;
        let result = site.call(&token, &session, "open_session", json!({})).await;
        assert_eq!(result["isError"], refused, "{result}");
    }
    let audit = site.audit();
    let callers: Vec<_> = audit.iter().map(|line| line["caller"].clone()).collect();
    assert_eq!(callers, ["family", "family", "family", "reader"]);
    assert_eq!(audit[3]["code"], "denied-by-rule");
}

#[tokio::test]
async fn a_token_without_a_scope_of_one_grant_is_forbidden() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let forbidden = |reason: &str| {
        let challenge = format!(
            "Bearer realm=\"whatsapp-guard\", error=\"insufficient_scope\", error_description=\"{reason}\", {CHALLENGE_END}"
        );
        (StatusCode::FORBIDDEN, challenge)
    };
    let none =
        forbidden("no scope of the token belongs to a grant; request the scopes of one grant");
    for scope in ["", "openid", "wg", "wg:family,wg:home", "WG:FAMILY"] {
        assert_eq!(try_token(&site, &issuer.token("anna", scope)).await, none);
    }
    let mut without = issuer.claims("anna", "");
    without.as_object_mut().unwrap().remove("scope");
    assert_eq!(try_token(&site, &issuer.sign(&without)).await, none);
    let both = issuer.token("anna", "wg:read wg:family");
    let several = forbidden(
        "the scopes of the token belong to several grants; request the scopes of one grant",
    );
    assert_eq!(try_token(&site, &both).await, several);
    assert!(site.audit().is_empty());
}

#[tokio::test]
async fn tokens_of_grants_stay_valid() {
    let issuer = Issuer::start().await;
    let own = hex(&auth::digest(ALICE));
    let policy = format!(
        "{}[grants.alice]\ntoken_sha256 = \"{own}\"\n",
        issuer.policy()
    );
    let site = HttpServer::start(&policy).await;
    assert_eq!(try_token(&site, ALICE).await.0, StatusCode::OK);
    assert_eq!(issuer.request_count().await, 0);
    let good = issuer.token("anna", "wg:family");
    assert_eq!(try_token(&site, &good).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_session_belongs_to_one_subject() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let anna = issuer.token("anna", "wg:family");
    let session = site.open(&anna).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let status = async |token: &str| {
        let request = site.post(token, Some(&session), &list);
        request.send().await.unwrap().status()
    };
    assert_eq!(status(&anna).await, StatusCode::OK);
    for other in [
        issuer.token("bert", "wg:family"),
        issuer.token("anna", "wg:read"),
    ] {
        assert_eq!(status(&other).await, StatusCode::NOT_FOUND);
    }
    // Another token of the same subject is valid for it.
    let mut later = issuer.claims("anna", "wg:home");
    later["exp"] = json!(7200);
    site.hand.advance(Duration::from_secs(1800));
    assert_eq!(status(&anna).await, StatusCode::OK);
    site.hand.advance(Duration::from_secs(1831));
    assert_eq!(status(&anna).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&issuer.sign(&later)).await, StatusCode::OK);
}

#[tokio::test]
async fn a_new_policy_applies_from_the_next_request_on() {
    let issuer = Issuer::start().await;
    let site = HttpServer::start(&issuer.policy()).await;
    let put = |text: &str| {
        site.server.replace(app::policy(text));
    };
    let anna = issuer.token("anna", "wg:family");
    assert_eq!(try_token(&site, &anna).await.0, StatusCode::OK);
    put(&issuer.policy().replace("wg:family", "wg:other"));
    assert_eq!(try_token(&site, &anna).await.0, StatusCode::FORBIDDEN);
    put(&issuer
        .policy()
        .replace("[oauth]", "[oauth]\nalgorithms = [\"RS256\", \"ES256\"]"));
    assert_eq!(try_token(&site, &anna).await.0, StatusCode::UNAUTHORIZED);
    put("version = \"1\"\n[grants.family]\n");
    let unknown = "Bearer realm=\"whatsapp-guard\", error=\"invalid_token\"";
    let found = try_token(&site, &anna).await;
    assert_eq!(found, (StatusCode::UNAUTHORIZED, unknown.to_owned()));
    put(&issuer.policy());
    assert_eq!(try_token(&site, &anna).await.0, StatusCode::OK);
    // Keys of one issuer do not verify tokens of another.
    let other = Issuer::start().await;
    put(&other.policy());
    assert_eq!(try_token(&site, &anna).await.0, StatusCode::UNAUTHORIZED);
    let anna = other.token("anna", "wg:family");
    assert_eq!(try_token(&site, &anna).await.0, StatusCode::OK);
    assert_eq!(other.request_count().await, 1);
}
