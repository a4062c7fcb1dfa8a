//! `doctor`: findings and exit codes.

use serde_json::{Value, json};

use crate::app::{SECRET, command::run};

#[test]
fn doctor_says_what_is_wrong() {
    let ran = run(
        &["doctor"],
        &[
            ("WAHA_BASE_URL", "http://127.0.0.1:9"),
            ("WAHA_API_KEY", SECRET),
        ],
    );
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("no  WAHA could not be reached at http://127.0.0.1:9"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains(SECRET) && ran.err.is_empty());
    let ran = run(&["doctor", "--json"], &[]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["ok"]), (1, &json!(false)));
    assert_eq!(report["findings"][0]["found"], "back end: sandbox");
}
