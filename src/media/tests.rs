//! Media that is loaded, and media that is refused.

use std::{io, net::IpAddr};

use super::{public_ip::is_public, *};
use crate::shares::Shares;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

/// Loads with as much room as there may ever be.
async fn load(source: &MediaSource, rules: &MediaRules) -> Result<Media, LoadError> {
    let mut room = Shares::new(1 << 30).take("tests", 0).unwrap();
    super::load(source, rules, &mut room, &unguarded).await
}

/// Nothing stops the request.
pub(super) fn unguarded(request: Request) -> Request {
    request
}

pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";

pub(super) fn url(url: &str) -> MediaSource {
    MediaSource {
        url: Some(url.into()),
        ..MediaSource::default()
    }
}

pub(super) fn path(path: &str) -> MediaSource {
    MediaSource {
        path: Some(path.into()),
        ..MediaSource::default()
    }
}

pub(super) fn base64(text: &str, mime: &str) -> MediaSource {
    MediaSource {
        base64: Some(text.into()),
        mime: Some(mime.into()),
        ..MediaSource::default()
    }
}

/// Rules with a fake DNS; nothing uses the network.
fn fake_dns() -> MediaRules {
    let mut rules = MediaRules::default();
    rules.network.lookup = |host, _| {
        Box::pin(async move {
            match dns_records(&host) {
                [] => Err(io::ErrorKind::NotFound.into()),
                found => Ok(found.iter().map(|text| text.parse().unwrap()).collect()),
            }
        })
    };
    rules
}

fn dns_records(host: &str) -> &'static [&'static str] {
    match host {
        "localhost" => &["127.0.0.1", "::1"],
        "mixed.example" => &["93.184.215.14", "10.0.0.7"],
        "mapped.example" => &["::ffff:93.184.215.14"],
        "here.example" => &["127.0.0.1"],
        _ => &[],
    }
}

/// The same rules, but for loopback addresses over http.
pub(crate) fn loopback_rules() -> MediaRules {
    let mut rules = fake_dns();
    rules.network.scheme = "http";
    rules.network.is_allowed = |address| address.is_loopback();
    rules.max_bytes = 64;
    rules
}

#[test]
fn private_and_special_addresses_are_not_public() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert!(!is_public(address), "{address}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.0.1",
        "172.32.0.1",
        "223.255.255.254",
        "2606:4700::1111",
        "2a00:1450::1",
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert!(is_public(address), "{address}");
    }
}

#[tokio::test]
async fn hosts_that_are_not_public_are_never_contacted() {
    for text in [
        "https://127.0.0.1/a.png",
        "https://2130706433/a.png",
        "https://0x7f000001/a.png",
        "https://0177.0.0.1/a.png",
        "https://127.1:8443/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:127.0.0.1]/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/a.png",
        "https://LOCALHOST/a.png",
        "https://mixed.example/a.png",
        "https://mapped.example/a.png",
    ] {
        let loaded = load(&url(text), &fake_dns()).await;
        assert_eq!(loaded, Err(LoadError::NotPublic), "{text}");
    }
    for text in [
        "http://93.184.215.14/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://user@here.example/a.png",
        "https://:pw@here.example/a.png",
        "a.png",
    ] {
        let loaded = load(&url(text), &fake_dns()).await;
        assert!(matches!(loaded, Err(LoadError::InvalidSource(_))), "{text}");
    }
    let loaded = load(&url("https://nobody.example/"), &fake_dns()).await;
    assert_eq!(loaded, Err(LoadError::Fetch("its host has no address")));
}

async fn load_response(answer: ResponseTemplate) -> Result<Media, LoadError> {
    let mock = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer)
        .expect(1)
        .mount(&mock)
        .await;
    let port = mock.address().port();
    let text = format!("http://here.example:{port}/folder/cat.png?key=1");
    load(&url(&text), &loopback_rules()).await
}

#[tokio::test]
async fn a_public_file_is_downloaded_once() {
    let answer = ResponseTemplate::new(200).set_body_raw(PNG, "text/html; charset=utf-8");
    let media = load_response(answer).await.unwrap();
    assert_eq!(
        (media.bytes.as_slice(), media.mime.as_str()),
        (PNG, "image/png")
    );
    assert_eq!(
        (media.file_name.as_str(), media.family()),
        ("cat.png", Family::Image)
    );
    assert_eq!(media.sha256.len(), 64);
}

#[tokio::test]
async fn unexpected_responses_are_errors() {
    let to = "http://here.example/other.png";
    let moved = ResponseTemplate::new(302).insert_header("Location", to);
    for (answer, wanted) in [
        (moved, "redirect"),
        (ResponseTemplate::new(404), "404"),
        (ResponseTemplate::new(206).set_body_bytes(PNG), "206"),
        (ResponseTemplate::new(200), "empty"),
        (
            ResponseTemplate::new(200).set_body_bytes([0; 65]),
            "64 bytes",
        ),
        (
            ResponseTemplate::new(200)
                .insert_header("Content-Encoding", "gzip")
                .set_body_bytes(PNG),
            "compressed",
        ),
    ] {
        let error = load_response(answer).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        assert!(!error.contains("here.example"), "{error}");
    }
}

#[tokio::test]
async fn a_slow_host_times_out() {
    let mock = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    Mock::given(any()).respond_with(slow).mount(&mock).await;
    let mut rules = loopback_rules();
    rules.timeout = Duration::from_millis(100);
    let text = format!("http://here.example:{}/", mock.address().port());
    let error = load(&url(&text), &rules).await.unwrap_err();
    assert!(matches!(
        error,
        LoadError::TimedOut(_) | LoadError::Fetch(_)
    ));
}

#[tokio::test]
async fn base64_is_bounded_and_its_type_detected() {
    let rules = MediaRules::new(None, 16);
    let loaded = |text: &'static str, mime: &'static str| {
        let rules = rules.clone();
        async move { load(&base64(text, mime), &rules).await }
    };
    let media = loaded("iVBORw0KGgo=", "text/plain").await.unwrap();
    assert_eq!(
        (media.mime.as_str(), media.file_name.as_str()),
        ("image/png", "file.png")
    );
    let media = loaded("aGVsbG8=", "text/csv").await.unwrap();
    assert_eq!(
        (media.mime.as_str(), media.family()),
        ("text/csv", Family::Other)
    );
    // Declared as a picture, but not one.
    let media = loaded("aGVsbG8=", "image/png").await.unwrap();
    assert_eq!(media.mime, "application/octet-stream");
    assert_eq!(loaded("", "text/csv").await, Err(LoadError::Empty));
    let large = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(
        loaded(large, "text/csv").await,
        Err(LoadError::TooLarge(16))
    );
    for (text, mime) in [("no base64", "text/csv"), ("aGVsbG8=", "text/csv\r\nX: y")] {
        let loaded = loaded(text, mime).await;
        assert!(matches!(loaded, Err(LoadError::InvalidSource(_))), "{text}");
    }
}

#[test]
fn exactly_one_source_is_accepted() {
    let both = MediaSource {
        path: Some("a".into()),
        ..url("https://here.example")
    };
    let stray = MediaSource {
        mime: Some("image/png".into()),
        ..path("a")
    };
    let bare = MediaSource {
        base64: Some("aGVsbG8=".into()),
        ..MediaSource::default()
    };
    for source in [MediaSource::default(), both, stray, bare] {
        assert!(source.check().is_err(), "{source:?}");
    }
    assert_eq!(path("a").check(), Ok(()));
}

#[cfg(unix)]
#[tokio::test]
async fn only_regular_files_in_the_outbox_are_read() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let outbox = folder.path().join("outbox");
    std::fs::create_dir_all(outbox.join("sub")).unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    std::fs::write(outbox.join("sub/cat.png"), PNG).unwrap();
    std::fs::write(outbox.join("large"), [0; 65]).unwrap();
    std::fs::write(outbox.join("empty"), []).unwrap();
    std::fs::hard_link(folder.path().join("secret"), outbox.join("linked")).unwrap();
    symlink("sub/cat.png", outbox.join("inside")).unwrap();
    symlink("../secret", outbox.join("outside")).unwrap();
    symlink(folder.path(), outbox.join("up")).unwrap();
    symlink("/dev/zero", outbox.join("zero")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(outbox.join("pipe"))
        .status();
    assert!(made.unwrap().success());
    let rules = MediaRules::new(Some(outbox.clone()), 64);
    for name in ["sub/cat.png", "./sub/cat.png", "inside"] {
        let media = load(&path(name), &rules).await.unwrap();
        assert_eq!(
            (media.bytes.as_slice(), media.mime.as_str()),
            (PNG, "image/png")
        );
    }
    let absolute = outbox.join("sub/cat.png");
    for name in [
        "../secret",
        "sub/../../secret",
        "outside",
        "linked",
        "up/secret",
        "up/outbox/large/..",
        "zero",
        "pipe",
        "sub",
        ".",
        "",
        "nothing",
        "a\0b",
        absolute.to_str().unwrap(),
    ] {
        let error = load(&path(name), &rules).await.unwrap_err();
        assert!(matches!(error, LoadError::File(_)), "{name}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let large = load(&path("large"), &rules).await;
    assert_eq!(large, Err(LoadError::TooLarge(64)));
    assert_eq!(load(&path("empty"), &rules).await, Err(LoadError::Empty));
    let closed = load(&path("sub/cat.png"), &MediaRules::default()).await;
    assert_eq!(closed, Err(LoadError::NoOutbox));
}

#[test]
fn file_names_are_plain() {
    for name in ["cat.png", "Zeugnis März (2).pdf"] {
        assert!(is_file_name(name), "{name}");
    }
    for name in [
        "",
        ".ssh",
        "a/b",
        "a\\b",
        "a\nb",
        "a\u{202e}gnp.exe",
        "a:b",
        "x.",
    ] {
        assert!(!is_file_name(name), "{name:?}");
    }
    assert!(!is_file_name(&"x".repeat(121)));
}

#[tokio::test]
async fn the_extension_matches_the_detected_type() {
    let media = load(&base64("iVBORw0KGgo=", "image/png"), &loopback_rules()).await;
    for (name, wanted) in [
        ("cat", "cat.png"),
        ("cat.PNG", "cat.PNG"),
        ("cat.exe", "cat.exe.png"),
    ] {
        let named = Media {
            file_name: name.into(),
            ..media.clone().unwrap()
        };
        assert_eq!(named.typed_name(), wanted);
    }
}

#[tokio::test]
async fn a_body_without_content_length_is_bounded() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("http://{}/endless", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut peer, _) = listener.accept().await.unwrap();
        let _ = peer.read(&mut [0; 4096]).await;
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while peer.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let loaded = load(&url(&text), &loopback_rules()).await;
    assert_eq!(loaded, Err(LoadError::TooLarge(64)));
}
