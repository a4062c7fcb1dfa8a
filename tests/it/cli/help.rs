//! `--help` of each command, and shell completions.

use crate::app::command::run;

#[test]
fn the_help_reads_like_this() {
    for command in [
        &[][..],
        &["serve"],
        &["demo"],
        &["check"],
        &["explain"],
        &["test"],
        &["diff"],
        &["limits"],
        &["limits", "reset"],
        &["init"],
        &["schema"],
        &["import"],
        &["panic"],
        &["grant"],
        &["tools"],
        &["doctor"],
        &["completions"],
    ] {
        let ran = run(&[command, &["--help"]].concat(), &[]);
        assert_eq!(ran.code, 0);
        let name = [&["help"], command].concat().join("_");
        insta::with_settings!({
            snapshot_path => "snapshots/help", prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_snapshot!(name, ran.out) });
    }
}

#[test]
fn completions_are_there_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell], &[]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("whatsapp-guard"), "{shell}");
    }
}
