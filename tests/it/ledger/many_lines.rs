//! A report reads a few lines of each series, however many there are.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use whatsapp_guard::{
    clock::Clock,
    ledger::{Count, DAY, Ledger, Request, Window},
};

use crate::app::wait;

/// How many times more lines there are the second time.
const MORE: u32 = 30;

/// How many times longer a report may take then; it would take [`MORE`] times longer if it
/// read them.
const MAX_RATIO: f64 = 5.0;

const HOUR: Duration = Duration::from_secs(3600);

/// Chats with a series of their own.
const CHATS: u32 = 20;

/// How long a report takes at best with this many lines of the last day, and what it says
/// of the account.
fn report(lines: u32) -> (Duration, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let ledger = Ledger::at(path.clone(), Clock::real());
    let count = |key: &str| Count {
        counter: "sends".to_owned(),
        key: key.to_owned(),
        amount: 1,
        max: u32::MAX,
        window: DAY,
        longest_window: DAY,
    };
    let chats = (0..CHATS).map(|chat| count(&format!("chat:{chat}")));
    let counts = chats.chain([count("account:")]).collect();
    let request = Request {
        counts,
        ..Request::default()
    };
    wait(ledger.admit(request)).unwrap();
    let conn = Connection::open(&path).unwrap();
    let series: i64 = conn
        .query_row("SELECT count(*) FROM series", [], |row| row.get(0))
        .unwrap();
    // As many for each series, evenly over an hour.
    conn.execute_batch(&format!(
        "DELETE FROM hit;
         INSERT INTO hit (series, at, n, amount, total)
         WITH RECURSIVE line(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM line WHERE n < {lines} / {series})
         SELECT id, (SELECT now FROM time) - 3600000000000 + n * 1000, n, 1, n FROM series, line;"
    ))
    .unwrap();
    let windows = [HOUR, 2 * HOUR, DAY].map(|length| Window {
        counter: "sends".to_owned(),
        length,
    });
    let mut fastest = Duration::MAX;
    let mut used = 0;
    for _ in 0..9 {
        let start = Instant::now();
        let usages = wait(ledger.usages(windows.to_vec())).unwrap();
        fastest = fastest.min(start.elapsed());
        used = usages.iter().map(|one| one.used(DAY)).max().unwrap();
    }
    (fastest, used)
}

#[test]
fn a_report_takes_no_longer_for_more_lines() {
    let lines = 100 * (CHATS + 1);
    let (few, _) = report(lines);
    let (many, used) = report(MORE * lines);
    assert_eq!(used, u64::from(MORE * 100));
    let ratio = many.as_secs_f64() / few.as_secs_f64();
    assert!(ratio < MAX_RATIO, "{few:?} and {many:?}");
}
