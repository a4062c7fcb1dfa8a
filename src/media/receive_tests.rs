//! Received files, in memory and in the inbox.

use std::{collections::BTreeSet, fs, path::Path};

use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{receive::FileReceiver, tests::unguarded, *};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
const MANY: usize = 3 * 1024 * 1024;

fn with_inbox(folder: &Path) -> MediaRules {
    MediaRules::default().with_inbox(Some(folder.to_owned()))
}

/// Receives a file of this size in chunks, declared as this type.
async fn receive_bytes(
    start: &[u8],
    size: usize,
    declared: &str,
    rules: &MediaRules,
) -> Result<IncomingFile, ReceiveError> {
    let mut all = start.to_vec();
    all.resize(size, b'x');
    let mut receiver = FileReceiver::new(Some(declared), rules);
    for chunk in all.chunks(60_000) {
        receiver.push(chunk).await?;
    }
    receiver.finish().await
}

fn file_names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn path(received: &IncomingFile) -> &Path {
    match &received.content {
        FileContent::Saved(path) => path,
        FileContent::Inline(_) => panic!("the file is not saved"),
    }
}

#[tokio::test]
async fn small_files_are_inline() {
    let folder = tempfile::tempdir().unwrap();
    for (start, size, declared, mime) in [
        (PNG, 1024 * 1024, "text/csv", "image/png"),
        (
            b"OggS".as_slice(),
            256 * 1024,
            "audio/ogg; codecs=opus",
            "audio/ogg",
        ),
        (b"a,b", 256 * 1024, "text/csv", "text/csv"),
        // Declared as a picture, but not one.
        (b"a,b", 3, "image/png", "application/octet-stream"),
    ] {
        let received = receive_bytes(start, size, declared, &with_inbox(folder.path())).await;
        let received = received.unwrap();
        assert_eq!((received.mime.as_str(), received.size), (mime, size as u64));
        assert!(matches!(received.content, FileContent::Inline(bytes) if bytes.len() == size));
    }
    assert!(file_names(folder.path()).is_empty());
}

#[tokio::test]
async fn large_files_are_saved_once_and_for_the_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let rules = with_inbox(folder.path());
    let received = receive_bytes(PNG, MANY, "image/png", &rules).await.unwrap();
    let wanted = format!("whatsapp-{}.png", &received.sha256[..24]);
    assert_eq!(path(&received), folder.path().join(&wanted));
    assert_eq!(received.size, MANY as u64);
    let saved = fs::read(path(&received)).unwrap();
    assert_eq!(hex(&Sha256::digest(&saved)), received.sha256);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path(&received)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The same content is the same file. One byte over the limit is saved.
    let again = receive_bytes(PNG, MANY, "image/png", &rules).await.unwrap();
    assert_eq!(again, received);
    let other = receive_bytes(b"a,b", 256 * 1024 + 1, "text/html", &rules).await;
    assert!(path(&other.unwrap()).extension().unwrap() == "bin");
    assert_eq!(file_names(folder.path()).len(), 2);
}

#[tokio::test]
async fn the_sender_does_not_influence_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    fs::create_dir(&inbox).unwrap();
    for declared in [
        "../../etc/passwd",
        "text/../../x",
        "a/b/c",
        "text/\0",
        "",
        "image/..",
    ] {
        let received = receive_bytes(b"a,b", MANY, declared, &with_inbox(&inbox)).await;
        let received = received.unwrap();
        assert_eq!(path(&received).parent(), Some(inbox.as_path()));
        assert_eq!(path(&received).extension().unwrap(), "bin", "{declared}");
    }
    assert_eq!(file_names(folder.path()).len(), 1);
    assert_eq!(file_names(&inbox).len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn no_file_is_overwritten_and_no_link_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let rules = with_inbox(folder.path());
    let saved = receive_bytes(PNG, MANY, "image/png", &rules).await.unwrap();
    let (saved, elsewhere) = (path(&saved).to_owned(), folder.path().join("elsewhere"));
    let content = fs::read(&saved).unwrap();
    for what in ["another", "link", "dangling", "folder"] {
        let _ = fs::remove_file(&saved);
        match what {
            "another" => fs::write(&saved, "mine").unwrap(),
            "link" => {
                fs::write(&elsewhere, &content).unwrap();
                symlink(&elsewhere, &saved).unwrap();
            }
            "dangling" => {
                fs::remove_file(&elsewhere).unwrap();
                symlink(&elsewhere, &saved).unwrap();
            }
            _ => fs::create_dir(&saved).unwrap(),
        }
        let error = receive_bytes(PNG, MANY, "image/png", &rules)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("nothing is overwritten"));
        assert_eq!(elsewhere.exists(), what == "link", "{what}");
        if what == "another" {
            assert_eq!(fs::read(&saved).unwrap(), b"mine");
        }
    }
    assert_eq!(file_names(folder.path()).len(), 1);
}

#[tokio::test]
async fn incomplete_files_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let rules = with_inbox(folder.path());
    let mut receiver = FileReceiver::new(None, &rules);
    receiver.push(&vec![b'x'; MANY]).await.unwrap();
    assert_eq!(file_names(folder.path()).len(), 1);
    drop(receiver);
    assert!(file_names(folder.path()).is_empty());
    let huge = receive_bytes(b"", 64 * 1024 * 1024 + 1, "text/csv", &rules).await;
    assert_eq!(huge, Err(ReceiveError::TooLarge(64 * 1024 * 1024)));
    assert!(file_names(folder.path()).is_empty());
    let empty = receive_bytes(b"", 0, "text/csv", &rules).await;
    assert_eq!(empty, Err(ReceiveError::Empty));
}

#[tokio::test]
async fn large_files_without_an_inbox_are_refused() {
    let closed = MediaRules::default();
    let refused = receive_bytes(b"", 256 * 1024 + 1, "text/csv", &closed).await;
    assert_eq!(refused, Err(ReceiveError::NoInbox(256 * 1024)));
    let refused = receive_bytes(PNG, 1024 * 1024 + 1, "image/png", &closed).await;
    let error = refused.unwrap_err();
    assert_eq!(error, ReceiveError::NoInbox(1024 * 1024));
    assert!(error.remedy().contains("WHATSAPP_GUARD_INBOX"));
    let gone = with_inbox(Path::new("/nowhere/inbox"));
    let refused = receive_bytes(b"", MANY, "text/csv", &gone).await;
    assert_eq!(
        refused,
        Err(ReceiveError::NotSaved("the folder does not exist"))
    );
}

/// Rules for loopback addresses over http instead of the public internet.
fn loopback_rules() -> MediaRules {
    let mut rules = MediaRules::default();
    rules.network.scheme = "http";
    rules.network.is_allowed = |address| address.is_loopback();
    rules
}

#[tokio::test]
async fn a_url_from_an_api_must_be_public_too() {
    let mock = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(PNG, "text/html");
    Mock::given(any()).respond_with(answer).mount(&mock).await;
    let response = open_public_url(&mock.uri(), &loopback_rules(), &unguarded)
        .await
        .unwrap();
    let received = receive(response, None, &loopback_rules()).await.unwrap();
    assert_eq!(received.content, FileContent::Inline(PNG.to_vec()));
    assert_eq!(received.mime, "image/png");
    for (url, rules) in [
        (mock.uri().replace("http:", "https:"), MediaRules::default()),
        ("https://169.254.169.254/".into(), MediaRules::default()),
    ] {
        let refused = open_public_url(&url, &rules, &unguarded).await.unwrap_err();
        assert_eq!(refused, LoadError::NotPublic, "{url}");
    }
    assert_eq!(mock.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_status_is_reported() {
    for status in [403, 404, 410] {
        let mock = MockServer::start().await;
        let answer = ResponseTemplate::new(status);
        Mock::given(any()).respond_with(answer).mount(&mock).await;
        let refused = open_public_url(&mock.uri(), &loopback_rules(), &unguarded)
            .await
            .unwrap_err();
        assert_eq!(refused, LoadError::Status(status));
    }
}
