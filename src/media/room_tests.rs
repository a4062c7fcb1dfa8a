//! Files are loaded only into memory that is free for them.

use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{
    LoadError, MediaRules, load,
    tests::{PNG, base64, loopback_rules, path, unguarded, url},
};
use crate::shares::Shares;

#[tokio::test]
async fn what_has_no_room_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.png"), PNG).unwrap();
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_bytes(PNG))
        .mount(&mock)
        .await;
    let rules = MediaRules {
        outbox: Some(folder.path().to_owned()),
        ..loopback_rules()
    };
    let address = mock.uri().replace("127.0.0.1", "here.example");
    let picture = base64("iVBORw0KGgo=", "image/png");
    for source in [url(&address), path("a.png"), picture] {
        let shares = Shares::new(PNG.len() + 10);
        let mut room = shares.take("one", 0).unwrap();
        let loaded = load(&source, &rules, &mut room, &unguarded).await;
        assert!(loaded.is_ok(), "{loaded:?}");
        let mut other = shares.take("other", 0).unwrap();
        let loaded = load(&source, &rules, &mut other, &unguarded).await;
        assert_eq!(loaded, Err(LoadError::NoRoom));
        drop(room);
        assert!(load(&source, &rules, &mut other, &unguarded).await.is_ok());
    }
}
