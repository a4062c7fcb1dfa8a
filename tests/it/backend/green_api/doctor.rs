//! What `doctor` is told.

use super::*;

#[tokio::test]
async fn the_state_is_told_in_plain_words() {
    for (word, ok) in [("authorized", true), ("yellowCard", false)] {
        let mock = MockServer::start().await;
        state(&mock, word).await;
        let app = app::green_api(&mock).start().await;
        let findings = app.backend.examine().await;
        assert_eq!(findings.len(), 2);
        assert!(findings[0].ok && findings[1].ok == ok, "{findings:?}");
        assert!(!format!("{findings:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn a_wrong_token_is_told() {
    let mock = MockServer::start().await;
    get(&mock, "getStateInstance", ResponseTemplate::new(401)).await;
    let app = app::green_api(&mock).start().await;
    let findings = app.backend.examine().await;
    assert_eq!(findings.len(), 1);
    assert!(!findings[0].ok);
    assert!(
        findings[0]
            .next
            .as_ref()
            .unwrap()
            .contains("GREENAPI_API_TOKEN")
    );
}
