//! The limit of the process on the size of its files stops changes, not the server.
#![cfg(target_os = "linux")]

use std::{fs, process::Command};

use serde_json::json;

use crate::app::{
    Era,
    process::{ServerProcess, serve},
};

/// The limit on a file, in KiB.
const LIMIT_KIB: u64 = 1024;

#[test]
fn a_limit_on_files_is_like_a_full_disk() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("whatsapp-guard");
    fs::create_dir(&state).unwrap();
    let audit = state.join("audit.jsonl");
    for (room, refused) in [(2 * LIMIT_KIB / 3 * 1024, false), (100, true), (0, true)] {
        // Without content on the disk.
        let file = fs::File::create(&audit).unwrap();
        file.set_len(LIMIT_KIB * 1024 - room).unwrap();
        let program = serve(home.path());
        let mut limited = Command::new("bash");
        limited
            .arg("-c")
            .arg(format!("ulimit -f {LIMIT_KIB} && exec \"$0\" \"$@\""))
            .arg(program.get_program())
            .args(program.get_args())
            .env_clear()
            .envs(
                program
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let mut running = ServerProcess::start(limited, Era::Modern);
        let outcome = running.outcome("open_session", json!({}));
        let expected = if refused { "audit-unavailable" } else { "done" };
        assert_eq!(outcome, expected, "with room for {room} bytes");
        assert_eq!(running.outcome("get_session", json!({})), "done");
        running.hang_up();
        assert_eq!(running.wait(), Some(0), "with room for {room} bytes");
    }
}
