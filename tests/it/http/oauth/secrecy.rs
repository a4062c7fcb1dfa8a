//! A token is used for authentication only.

use std::{
    io::{self, Write},
    sync::Mutex,
};

use super::*;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn tokens_reach_no_log_audit_metric_or_back_end() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    // While there is only one subscriber, a place in the code that another test's thread
    // reaches first counts as one that nobody listens to.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let ours = Targets::new().with_target("whatsapp_guard", tracing::Level::TRACE);
    let _guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(lines).with(ours));
    let api = wiremock::MockServer::start().await;
    let issuer = Issuer::start().await;
    let site = HttpServer::with(app::waha_config(&api), &issuer.policy()).await;
    let anna = issuer.token("anna-the-first", "wg:family");
    let session = site.open(&anna).await;
    let logged = async {
        while !String::from_utf8_lossy(&log.0.lock().unwrap()).contains("answered") {
            // A place in the code that another test's thread reached just before the
            // subscribers were there still counts as one that nobody listens to.
            tracing::callsite::rebuild_interest_cache();
            site.call(&anna, &session, "get_session", json!({})).await;
        }
    };
    timeout(PATIENCE, logged).await.expect("it is logged");
    site.call(&anna, &session, "open_session", json!({})).await;
    let mut claims = issuer.claims("anna-the-first", "wg:family");
    claims["exp"] = json!(0);
    site.hand.advance(Duration::from_secs(60));
    let late = issuer.sign(&claims);
    try_token(&site, &late).await;
    // Each part of a token is secret, except for the header that all share.
    let parts = anna.split('.').chain(late.split('.'));
    let mut secrets: Vec<&str> = parts.filter(|part| !anna.starts_with(part)).collect();
    secrets.push("anna-the-first");
    let mut places = vec![format!("{:?}", site.audit()), site.server.metrics().await];
    for server in [&api, &issuer.server] {
        for request in server.received_requests().await.unwrap() {
            assert!(request.headers.get("authorization").is_none());
            places.push(format!(
                "{request:?} {:?}",
                String::from_utf8_lossy(&request.body)
            ));
        }
    }
    assert!(places.len() > 3, "{places:?}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    places.push(log);
    for place in places {
        for secret in &secrets {
            assert!(!place.contains(secret), "{secret} is in {place}");
        }
    }
}
