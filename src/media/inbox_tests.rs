//! What is taken in from outside, and what may come of it on disk.

use std::{collections::BTreeSet, fs, path::Path};

use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{inbox::Incoming, *};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
const MANY: usize = 3 * 1024 * 1024;

fn saving_in(folder: &Path) -> MediaRules {
    MediaRules::default().saving_in(Some(folder.to_owned()))
}

/// A file of this size, in chunks, told to be of this type.
async fn take(
    start: &[u8],
    size: usize,
    declared: &str,
    rules: &MediaRules,
) -> Result<Received, ReceiveError> {
    let mut all = start.to_vec();
    all.resize(size, b'x');
    let mut intake = Incoming::new(Some(declared), rules);
    for chunk in all.chunks(60_000) {
        intake.take(chunk).await?;
    }
    intake.finish().await
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn path(received: &Received) -> &Path {
    match &received.kept {
        Kept::Saved(path) => path,
        Kept::Here(_) => panic!("it is not saved"),
    }
}

#[tokio::test]
async fn what_is_small_is_handed_over() {
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
        // It claims to be a picture, and is none.
        (b"a,b", 3, "image/png", "application/octet-stream"),
    ] {
        let received = take(start, size, declared, &saving_in(folder.path())).await;
        let received = received.unwrap();
        assert_eq!((received.mime.as_str(), received.size), (mime, size as u64));
        assert!(matches!(received.kept, Kept::Here(bytes) if bytes.len() == size));
    }
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn what_is_large_is_saved_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let rules = saving_in(folder.path());
    let received = take(PNG, MANY, "image/png", &rules).await.unwrap();
    let wanted = format!("whatsapp-{}.png", &received.sha256[..24]);
    assert_eq!(path(&received), folder.path().join(&wanted));
    assert_eq!(received.size, MANY as u64);
    let saved = fs::read(path(&received)).unwrap();
    assert_eq!(hexadecimal(&Sha256::digest(&saved)), received.sha256);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path(&received)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The same again is the same file; a limit is crossed by one byte.
    let again = take(PNG, MANY, "image/png", &rules).await.unwrap();
    assert_eq!(again, received);
    let other = take(b"a,b", 256 * 1024 + 1, "text/html", &rules).await;
    assert!(path(&other.unwrap()).extension().unwrap() == "bin");
    assert_eq!(names(folder.path()).len(), 2);
}

#[tokio::test]
async fn the_sender_has_no_say_in_the_name() {
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
        let received = take(b"a,b", MANY, declared, &saving_in(&inbox)).await;
        let received = received.unwrap();
        assert_eq!(path(&received).parent(), Some(inbox.as_path()));
        assert_eq!(path(&received).extension().unwrap(), "bin", "{declared}");
    }
    assert_eq!(names(folder.path()).len(), 1);
    assert_eq!(names(&inbox).len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_overwritten_and_no_link_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let rules = saving_in(folder.path());
    let saved = take(PNG, MANY, "image/png", &rules).await.unwrap();
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
        let error = take(PNG, MANY, "image/png", &rules).await.unwrap_err();
        assert!(error.to_string().contains("nothing is overwritten"));
        assert_eq!(elsewhere.exists(), what == "link", "{what}");
        if what == "another" {
            assert_eq!(fs::read(&saved).unwrap(), b"mine");
        }
    }
    assert_eq!(names(folder.path()).len(), 1);
}

#[tokio::test]
async fn what_does_not_come_whole_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rules = saving_in(folder.path());
    let mut intake = Incoming::new(None, &rules);
    intake.take(&vec![b'x'; MANY]).await.unwrap();
    assert_eq!(names(folder.path()).len(), 1);
    drop(intake);
    assert!(names(folder.path()).is_empty());
    let huge = take(b"", 64 * 1024 * 1024 + 1, "text/csv", &rules).await;
    assert_eq!(huge, Err(ReceiveError::TooLarge(64 * 1024 * 1024)));
    assert!(names(folder.path()).is_empty());
    let empty = take(b"", 0, "text/csv", &rules).await;
    assert_eq!(empty, Err(ReceiveError::Empty));
}

#[tokio::test]
async fn without_a_place_large_files_are_refused() {
    let closed = MediaRules::default();
    let refused = take(b"", 256 * 1024 + 1, "text/csv", &closed).await;
    assert_eq!(refused, Err(ReceiveError::NoInbox(256 * 1024)));
    let refused = take(PNG, 1024 * 1024 + 1, "image/png", &closed).await;
    let error = refused.unwrap_err();
    assert_eq!(error, ReceiveError::NoInbox(1024 * 1024));
    assert!(error.next().contains("WHATSAPP_GUARD_INBOX"));
    let gone = saving_in(Path::new("/nowhere/inbox"));
    let refused = take(b"", MANY, "text/csv", &gone).await;
    assert_eq!(
        refused,
        Err(ReceiveError::Unsaved("the folder is not there"))
    );
}

/// Loopback stands in for the public internet.
fn near() -> MediaRules {
    let mut rules = MediaRules::default();
    rules.net.scheme = "http";
    rules.net.may_call = |address| address.is_loopback();
    rules
}

#[tokio::test]
async fn a_file_that_an_api_names_is_fetched_through_the_same_guard() {
    let mock = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(PNG, "text/html");
    Mock::given(any()).respond_with(answer).mount(&mock).await;
    let response = request(&mock.uri(), &near()).await.unwrap();
    let received = receive(response, None, &near()).await.unwrap();
    assert_eq!(received.kept, Kept::Here(PNG.to_vec()));
    assert_eq!(received.mime, "image/png");
    for (url, rules) in [
        (mock.uri().replace("http:", "https:"), MediaRules::default()),
        ("https://169.254.169.254/".into(), MediaRules::default()),
    ] {
        let refused = request(&url, &rules).await.unwrap_err();
        assert_eq!(refused, LoadError::NotPublic, "{url}");
    }
    assert_eq!(mock.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_host_that_says_no_is_told_by_its_status() {
    for status in [403, 404, 410] {
        let mock = MockServer::start().await;
        let answer = ResponseTemplate::new(status);
        Mock::given(any()).respond_with(answer).mount(&mock).await;
        let refused = request(&mock.uri(), &near()).await.unwrap_err();
        assert_eq!(refused, LoadError::Answered(status));
    }
}
