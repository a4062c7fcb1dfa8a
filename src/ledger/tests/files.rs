use std::path::Path;

use rusqlite::Connection;

use super::*;

fn refused(ledger: &BlockingLedger) -> String {
    let request = request(&[count(1, 100, HOUR)]);
    let error = ledger.admit(&request).unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with("the ledger `"), "{shown}");
    error.code().to_owned()
}

fn at(path: &Path) -> BlockingLedger {
    super::at(path, &Clock::manual().0)
}

#[test]
fn nothing_is_made_before_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/ledger");
    let ledger = at(&path);
    assert_eq!(ledger.0.path(), Some(path.as_path()));
    assert!(!folder.path().join("a").exists());
    assert!(passes(&ledger, &[count(1, 1, HOUR)]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("a")), 0o700);
        assert_eq!(mode(&folder.path().join("a/b")), 0o700);
        for name in ["ledger", "ledger-wal", "ledger-shm"] {
            assert_eq!(mode(&folder.path().join("a/b").join(name)), 0o600);
        }
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refused(&at(folder.path())), "ledger-not-a-file");
    fs::write(folder.path().join("file"), "").unwrap();
    let below = folder.path().join("file/ledger");
    assert_eq!(refused(&at(&below)), "ledger-unavailable");
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        assert_eq!(refused(&at(&link)), "ledger-not-a-file");
        assert!(!folder.path().join("elsewhere").exists());
        assert_eq!(refused(&at(Path::new("/dev/full"))), "ledger-not-a-file");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_nobody_can_write_to_is_refused() {
    let path = Path::new("/proc/self/ledger");
    assert_eq!(refused(&at(path)), "ledger-unavailable");
}

#[test]
fn other_databases_and_later_formats_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (a)").unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(refused(&at(&path)), "ledger-foreign");
    assert_eq!(fs::read(&path).unwrap(), before);

    let mut fixture = Fixture::new();
    assert!(passes(&fixture.ledger, &[count(1, 1, HOUR)]));
    fixture.ledger = in_memory(&fixture.clock);
    let newer = Connection::open(fixture.path()).unwrap();
    newer.pragma_update(None, "user_version", 2).unwrap();
    drop(newer);
    assert_eq!(refused(&at(&fixture.path())), "ledger-newer");
}

#[test]
fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    fs::write(&path, [7; 5000]).unwrap();
    assert_eq!(refused(&at(&path)), "ledger-corrupt");

    let mut fixture = Fixture::new();
    for key in 0..300 {
        let counts = [Count {
            key: key.to_string(),
            ..count(1, 100, HOUR)
        }];
        assert!(passes(&fixture.ledger, &counts));
    }
    fixture.ledger = in_memory(&fixture.clock);
    let mut bytes = fs::read(fixture.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3000].fill(0x5a);
    fs::write(fixture.path(), bytes).unwrap();
    assert_eq!(refused(&at(&fixture.path())), "ledger-corrupt");
}

#[test]
fn a_full_disk_refuses_and_room_lets_on() {
    let fixture = Fixture::new();
    assert!(passes(&fixture.ledger, &[count(1, 100_000, HOUR)]));
    let pages = |number: i64| {
        fixture.ledger.with_store(move |store| {
            let conn = &store.conn;
            Ok(conn.pragma_update_and_check(None, "max_page_count", number, |_| Ok(()))?)
        });
    };
    pages(1);
    let people = (0..900).map(|number| format!("person {number}"));
    let request = Request {
        counts: vec![count(1, 100_000, HOUR)],
        people: people.collect(),
        newcomers: Vec::new(),
        claim: None,
        turn: None,
    };
    let error = fixture.ledger.admit(&request).unwrap_err();
    assert_eq!(error.code(), "ledger-disk-full");
    assert!(!fixture.ledger.is_known("person 0").unwrap());
    assert_eq!(fixture.ledger.usages().unwrap()[0].used(HOUR), 1);
    pages(1_000_000);
    assert!(fixture.ledger.admit(&request).is_ok());
    assert!(fixture.ledger.is_known("person 899").unwrap());
}

#[test]
fn a_file_that_may_only_be_read_refuses() {
    let fixture = Fixture::new();
    assert!(passes(&fixture.ledger, &[count(1, 100, HOUR)]));
    let only = |on: bool| {
        fixture
            .ledger
            .with_store(move |store| Ok(store.conn.pragma_update(None, "query_only", on)?));
    };
    only(true);
    assert_eq!(refused(&fixture.ledger), "ledger-unavailable");
    assert!(fixture.ledger.pause(HOUR, "a yellow card").is_err());
    only(false);
    assert!(passes(&fixture.ledger, &[count(1, 100, HOUR)]));
}

#[cfg(unix)]
#[test]
fn a_file_that_was_exchanged_is_refused() {
    for name in ["ledger", "ledger-wal"] {
        let fixture = Fixture::new();
        assert!(passes(&fixture.ledger, &[count(1, 1, HOUR)]));
        let path = fixture.folder.path().join(name);
        let aside = fixture.folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        assert_eq!(refused(&fixture.ledger), "ledger-replaced");
        assert!(fixture.ledger.is_known("Ann").is_err());
        fs::copy(&aside, &path).unwrap();
        assert_eq!(refused(&fixture.ledger), "ledger-replaced");
        fs::rename(&aside, &path).unwrap();
        assert!(!passes(&fixture.ledger, &[count(1, 1, HOUR)]));
    }
}

#[test]
fn who_holds_it_for_too_long_is_not_waited_for() {
    let fixture = Fixture::new();
    assert!(passes(&fixture.ledger, &[count(1, 100, HOUR)]));
    let holder = Connection::open(fixture.path()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refused(&fixture.ledger), "ledger-busy");
    assert_eq!(refused(&at(&fixture.path())), "ledger-busy");
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(passes(&fixture.ledger, &[count(1, 100, HOUR)]));
}
