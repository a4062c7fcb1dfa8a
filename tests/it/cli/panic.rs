//! `panic`: the switch, and what it holds when the file is odd.

use std::{fs, path::Path};

use serde_json::{Value, json};
use whatsapp_guard::{kill_switch::Switch, ledger::SwitchState};

use crate::app::{
    command::{CommandOutput, program, run},
    wait,
};

fn panic(directory: &Path, arguments: &[&str]) -> CommandOutput {
    let state = directory.to_str().unwrap();
    run(&[&["panic", "--state", state], arguments].concat(), &[])
}

#[test]
fn it_goes_on_and_off() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("deep/state");
    let switch = Switch::at(&directory);
    assert_eq!(wait(switch.state()), SwitchState::Off);
    for (arguments, state, said) in [
        (&["--status"][..], SwitchState::Off, "panic is off"),
        (&["--off"], SwitchState::Off, "panic is off"),
        (&[], SwitchState::ReadsOnly, "only reads are allowed"),
        (&[], SwitchState::ReadsOnly, "only reads are allowed"),
        (&["--all"], SwitchState::Everything, "nothing is allowed"),
        // A second cry does not loosen the first.
        (&[], SwitchState::Everything, "nothing is allowed"),
        (&["--status"], SwitchState::Everything, "panic --off"),
        (&["--off"], SwitchState::Off, "the policy decides"),
    ] {
        let ran = panic(&directory, arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.out.contains(said), "{arguments:?}: {}", ran.out);
        assert_eq!(wait(switch.state()), state, "{arguments:?}");
    }
    let left: Vec<_> = fs::read_dir(&directory).unwrap().collect();
    let [Ok(lock)] = left.as_slice() else {
        panic!("only the lock stays: {left:?}")
    };
    assert_eq!(lock.file_name(), "panic.lock");
}

#[test]
fn it_says_so_where_a_change_is_still_being_sent() {
    let home = tempfile::tempdir().unwrap();
    let held = fs::File::create(home.path().join("panic.lock")).unwrap();
    held.lock_shared().unwrap();
    let ran = panic(home.path(), &["--all"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("end the servers"), "{}", ran.err);
    let switch = Switch::at(home.path());
    assert_eq!(fs::read_to_string(switch.location()).unwrap(), "all\n");
    drop(held);
    assert_eq!(panic(home.path(), &["--all"]).code, 0);
}

#[test]
fn a_script_is_told_in_json() {
    let home = tempfile::tempdir().unwrap();
    let ran = panic(home.path(), &["--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let file = home.path().join("panic");
    assert_eq!(report, json!({ "panic": "reads", "file": file }));
    assert_eq!(fs::read_to_string(file).unwrap(), "reads\n");
    let ran = panic(home.path(), &["--status", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), report);
}

#[test]
fn the_directory_is_that_of_the_state() {
    let (mut command, home) = program();
    assert!(command.arg("panic").output().unwrap().status.success());
    let below = home.path().join("whatsapp-guard");
    assert_eq!(wait(Switch::at(&below).state()), SwitchState::ReadsOnly);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(below.clone()), mode(below.join("panic"))),
            (0o700, 0o600)
        );
    }
    let other = home.path().join("other");
    let environment = [("WHATSAPP_GUARD_STATE", other.to_str().unwrap())];
    assert_eq!(run(&["panic", "--all"], &environment).code, 0);
    assert_eq!(wait(Switch::at(&other).state()), SwitchState::Everything);
    let environment = [("XDG_STATE_HOME", "relative"), ("HOME", "")];
    let ran = run(&["panic"], &environment);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--state"), "{}", ran.err);
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    for arguments in [
        ["--off", "--all"],
        ["--off", "--status"],
        ["--status", "--all"],
    ] {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(panic(home.path(), &arguments).code, 2, "{arguments:?}");
        assert_eq!(wait(Switch::at(home.path()).state()), SwitchState::Off);
    }
}

#[test]
fn what_cannot_be_understood_is_the_strictest() {
    let home = tempfile::tempdir().unwrap();
    let (switch, file) = (Switch::at(home.path()), home.path().join("panic"));
    let long = "reads".to_owned() + &" ".repeat(100) + "no";
    for (text, state) in [
        ("reads", SwitchState::ReadsOnly),
        (" reads\r\n", SwitchState::ReadsOnly),
        ("all\n", SwitchState::Everything),
        ("", SwitchState::Everything),
        ("off", SwitchState::Everything),
        ("READS", SwitchState::Everything),
        ("reads all", SwitchState::Everything),
        ("\u{0}", SwitchState::Everything),
    ] {
        fs::write(&file, text).unwrap();
        assert_eq!(wait(switch.state()), state, "{text:?}");
    }
    fs::write(&file, long).unwrap();
    assert_eq!(
        wait(switch.state()),
        SwitchState::Everything,
        "only a short file is understood"
    );
    wait(switch.set(SwitchState::Off)).unwrap();
    assert_eq!(wait(switch.state()), SwitchState::Off);
    fs::create_dir(&file).unwrap();
    assert_eq!(wait(switch.state()), SwitchState::Everything);
    for arguments in [&["--off"][..], &["--all"]] {
        let ran = panic(home.path(), arguments);
        assert_eq!(ran.code, 1, "{}", ran.out);
        assert!(ran.err.contains("end the servers"), "{}", ran.err);
    }
    // The state directory is no directory.
    fs::write(home.path().join("file"), "").unwrap();
    let below = Switch::at(&home.path().join("file"));
    assert_eq!(wait(below.state()), SwitchState::Everything);
    assert!(wait(below.set(SwitchState::ReadsOnly)).is_err());
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_the_strictest_too() {
    let home = tempfile::tempdir().unwrap();
    let (switch, file) = (Switch::at(home.path()), home.path().join("panic"));
    std::os::unix::fs::symlink("/nowhere/at/all", &file).unwrap();
    assert_eq!(wait(switch.state()), SwitchState::Everything);
    wait(switch.set(SwitchState::Everything)).unwrap();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "all\n",
        "the link itself is replaced"
    );
    wait(switch.set(SwitchState::Off)).unwrap();
    let done = std::process::Command::new("mkfifo")
        .arg(&file)
        .status()
        .unwrap();
    assert!(done.success());
    assert_eq!(wait(switch.state()), SwitchState::Everything);
}

#[test]
fn whoever_looks_while_it_is_put_sees_one_or_the_other() {
    let home = tempfile::tempdir().unwrap();
    let switch = Switch::at(home.path());
    wait(switch.set(SwitchState::ReadsOnly)).unwrap();
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| (0..20_000).all(|_| wait(switch.state()) != SwitchState::Off));
        for _ in 0..50 {
            wait(switch.set(SwitchState::Everything)).unwrap();
            wait(switch.set(SwitchState::ReadsOnly)).unwrap();
        }
        assert!(looking.join().unwrap(), "it was off for a moment");
    });
}

#[test]
fn serve_keeps_its_audit_in_the_state_directory() {
    let (mut command, home) = program();
    let state = home.path().join("state");
    let mut child = command
        .args(["serve", "--state", state.to_str().unwrap()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "get_session", "arguments": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "x", "version": "1" },
        } } });
    std::io::Write::write_all(
        child.stdin.as_mut().unwrap(),
        format!("{call}\n").as_bytes(),
    )
    .unwrap();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(state.join("audit.jsonl").exists());
    assert!(!home.path().join("whatsapp-guard").exists());
}
