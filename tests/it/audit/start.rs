//! What a server refuses and warns of at its start.
#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::json;

use crate::app::{
    Era, OPEN,
    process::{ServerProcess, serve},
};

/// The exit code and standard error of a server that should not start.
fn refused(mut command: Command) -> (Option<i32>, String) {
    let ended = command.stdin(Stdio::null()).output().unwrap();
    (
        ended.status.code(),
        String::from_utf8(ended.stderr).unwrap(),
    )
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn an_audit_that_is_no_regular_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let socket = home.path().join("socket");
    let _socket = UnixListener::bind(&socket).unwrap();
    let streams = home.path().join("stderr.txt");
    for (audit, kind) in [
        (pipe.as_path(), "a named pipe"),
        (&socket, "a socket"),
        (home.path(), "a folder"),
        (Path::new("/dev/null"), "a device"),
        (Path::new("/dev/stdout"), "a named pipe"),
    ] {
        let mut command = serve(home.path());
        command.arg("--audit").arg(audit);
        let (code, text) = refused(command);
        assert_eq!(code, Some(2), "{}: {text}", audit.display());
        assert!(text.contains(kind) && text.contains("--audit"), "{text}");
    }
    let mut command = serve(home.path());
    command.arg("--audit").arg(&streams);
    let ended = command
        .stdin(Stdio::null())
        .stderr(fs::File::create(&streams).unwrap())
        .status()
        .unwrap();
    let text = fs::read_to_string(&streams).unwrap();
    assert_eq!(ended.code(), Some(2), "{text}");
    assert!(text.contains("a standard stream"), "{text}");
}

#[test]
fn a_policy_that_others_may_change_or_replace_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let policy = folder.join("policy.toml");
    fs::write(&policy, OPEN).unwrap();
    let start = || {
        let mut command = serve(home.path());
        command.arg("--policy").arg(&policy);
        refused(command)
    };
    for (file, folder_mode, admitted) in [
        (0o644, 0o755, true),
        (0o664, 0o775, true),
        (0o666, 0o755, false),
        (0o644, 0o777, false),
        (0o644, 0o1777, true),
    ] {
        mode(&policy, file);
        mode(&folder, folder_mode);
        let (code, text) = start();
        assert_eq!(code, Some(if admitted { 0 } else { 2 }), "{text}");
        assert_eq!(text.contains("chmod o-w"), !admitted, "{text}");
    }
}

#[test]
fn a_link_to_the_policy_that_others_may_replace_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let [shared, own] = ["shared", "own"].map(|name| home.path().join(name));
    fs::create_dir(&shared).unwrap();
    fs::create_dir(&own).unwrap();
    fs::write(own.join("policy.toml"), OPEN).unwrap();
    symlink(own.join("policy.toml"), shared.join("policy.toml")).unwrap();
    mode(&own, 0o755);
    for (folder_mode, code) in [(0o777, 2), (0o755, 0)] {
        mode(&shared, folder_mode);
        let mut command = serve(home.path());
        command.arg("--policy").arg(shared.join("policy.toml"));
        let (ended, text) = refused(command);
        assert_eq!(ended, Some(code), "{text}");
        assert_eq!(text.contains("chmod o-w"), code == 2, "{text}");
    }
}

#[test]
fn a_policy_that_others_may_change_does_not_come_into_force() {
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("policy.toml");
    fs::write(&policy, OPEN).unwrap();
    let mut command = serve(home.path());
    command.arg("--policy").arg(&policy);
    let mut running = ServerProcess::start(command, Era::Modern);
    let new = home.path().join("new.toml");
    fs::write(&new, "version = \"1\"\n").unwrap();
    mode(&new, 0o666);
    fs::rename(&new, &policy).unwrap();
    let text = running.stderr_until("others may write it");
    assert!(text.contains("NOT in force"), "{text}");
    assert_eq!(running.outcome("get_session", json!({})), "done");
    running.finish();
}

#[test]
fn state_that_somebody_else_may_write_is_warned_of() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("whatsapp-guard");
    fs::create_dir(&state).unwrap();
    let audit = state.join("audit.jsonl");
    fs::write(&audit, "").unwrap();
    mode(&audit, 0o620);
    mode(&state, 0o777);
    let (code, text) = refused(serve(home.path()));
    assert_eq!(code, Some(0), "{text}");
    for warned in [
        "others may write it (mode 777)",
        "its group may write it (mode 620)",
    ] {
        assert!(text.contains(warned), "{text}");
    }
}

#[test]
fn sighup_ends_no_server() {
    let home = tempfile::tempdir().unwrap();
    let mut running = ServerProcess::start(serve(home.path()), Era::Modern);
    running.signal(Signal::HUP);
    assert_eq!(running.outcome("get_session", json!({})), "done");
    assert_eq!(running.finish(), "");
}

/// Whether a process has a file open.
#[cfg(target_os = "linux")]
fn has_open(process: u32, file: &Path) -> bool {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let mut open = open.flatten().flat_map(|one| fs::read_link(one.path()));
    open.any(|one| one == file)
}

#[cfg(target_os = "linux")]
#[test]
fn sighup_opens_the_audit_anew() {
    let home = tempfile::tempdir().unwrap();
    let audit = home.path().join("whatsapp-guard/audit.jsonl");
    let mut running = ServerProcess::start(serve(home.path()), Era::Modern);
    assert_eq!(running.outcome("get_session", json!({})), "done");
    assert!(has_open(running.id(), &audit));
    running.signal(Signal::HUP);
    let until = Instant::now() + Duration::from_secs(20);
    while has_open(running.id(), &audit) {
        assert!(Instant::now() < until, "it stays open");
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(running.outcome("get_session", json!({})), "done");
    assert!(has_open(running.id(), &audit));
    running.finish();
}
