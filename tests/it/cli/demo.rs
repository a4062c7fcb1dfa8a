//! `demo`: the story it shows, and the question before it uses a real account.

use crate::app::command::run;

#[test]
fn the_demo_goes_as_told() {
    for (answer, wanted) in [
        ("accept", "the account has left the group"),
        ("decline", "the account is still a member"),
    ] {
        let ran = run(&["demo", "--answer", answer], &[]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(wanted), "{}", ran.out);
        assert!(!ran.out.contains("unexpected:"), "{}", ran.out);
        assert!(!ran.out.contains('\u{1b}'), "colours without a terminal");
    }
    let ran = run(&["demo"], &[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("n (no terminal; --answer sets another answer)"),
        "{}",
        ran.out
    );
}

#[test]
fn the_demo_asks_before_it_touches_a_real_account() {
    let ran = run(
        &["demo", "--backend", "waha"],
        &[("WAHA_BASE_URL", "http://127.0.0.1:9")],
    );
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("real WhatsApp account"), "{}", ran.out);
}
