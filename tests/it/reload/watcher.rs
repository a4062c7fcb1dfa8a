//! A policy file that changes while the real program runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    app::process::{ServerProcess, serve},
    app::{BOTH, Era},
};

const ALLOW: &str = "version = \"1\"\ndefault = \"allow\"\n";
const HIDE: &str = "version = \"1\"\ndefault = \"allow\"\nhide = [\"get_session\"]\n";
const BAD: &str = "version = \"1\"\ndefault = \"allow\"\nhide = [\"get_sesion\"]\n";
const IN_FORCE: &str = "changed, and in force from now on";
const REJECTED: &str = "is NOT in force";

/// A program that follows this file.
fn following(file: &Path, home: &TempDir) -> ServerProcess {
    let mut command = serve(home.path());
    command.arg("--policy").arg(file);
    ServerProcess::start(command, Era::Legacy)
}

/// A file of a folder of its own, and a program that follows it.
fn started(text: &str) -> (ServerProcess, PathBuf, TempDir) {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("config")).unwrap();
    let file = home.path().join("config/policy.toml");
    fs::write(&file, text).unwrap();
    let mut running = following(&file, &home);
    settled(&mut running);
    (running, file, home)
}

/// Waits until the program follows its file.
fn settled(running: &mut ServerProcess) {
    hang_up(running);
    running.stderr_until("unchanged, and in force");
}

fn hang_up(running: &ServerProcess) {
    running.signal(Signal::HUP);
}

/// As editors write: another file takes the name.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

#[test]
fn a_file_that_is_written_or_replaced_is_in_force() {
    let (mut running, file, _home) = started(ALLOW);
    assert_eq!(running.outcome("get_session", json!({})), "done");
    replace(&file, HIDE);
    let said = running.stderr_until(IN_FORCE);
    assert_eq!(said.lines().count(), 1, "{said}");
    running.notification("notifications/tools/list_changed");
    running.notification("notifications/resources/list_changed");
    assert_eq!(running.outcome("get_session", json!({})), "hidden");
    assert!(!running.listed().contains(&"get_session".to_owned()));
    fs::write(&file, ALLOW).unwrap();
    running.stderr_until(IN_FORCE);
    running.notification("notifications/tools/list_changed");
    assert_eq!(running.outcome("get_session", json!({})), "done");
    assert_eq!(running.finish(), "");
}

#[test]
fn a_bad_file_is_not_in_force_and_that_is_said() {
    let (mut running, file, _home) = started(HIDE);
    let before = running.policy();
    replace(&file, BAD);
    let said = running.stderr_until("did you mean");
    assert!(said.contains(REJECTED), "{said}");
    assert!(said.contains("hide = [\"get_sesion\"]"), "{said}");
    assert_eq!(running.outcome("get_session", json!({})), "hidden");
    let policy = running.policy();
    assert!(
        policy.contains("The policy files were changed at "),
        "{policy}"
    );
    assert!(
        policy.contains("policy.toml:3:9: there is no tool `get_sesion` (unknown-tool)"),
        "{policy}"
    );
    assert!(!policy.contains("hide ="), "no content: {policy}");
    // The same again is not said again, unless somebody asks.
    replace(&file, BAD);
    hang_up(&running);
    running.stderr_until(REJECTED);
    replace(&file, HIDE);
    let said = running.stderr_until("matches the policy in force again");
    assert!(!said.contains(REJECTED), "{said}");
    assert_eq!(running.policy(), before);
    assert!(
        running.notifications.is_empty(),
        "{:?}",
        running.notifications
    );
}

#[test]
fn a_file_that_vanishes_leaves_what_was_in_force() {
    let (mut running, file, home) = started(HIDE);
    fs::remove_file(&file).unwrap();
    running.stderr_until("cannot be read");
    assert_eq!(running.outcome("get_session", json!({})), "hidden");
    fs::remove_dir(file.parent().unwrap()).unwrap();
    hang_up(&running);
    running.stderr_until("cannot be read");
    // With the folder that it is in, and another one of that name.
    let other = home.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("policy.toml"), ALLOW).unwrap();
    fs::rename(other, file.parent().unwrap()).unwrap();
    running.stderr_until(IN_FORCE);
    assert_eq!(running.outcome("get_session", json!({})), "done");
    replace(&file, HIDE);
    running.stderr_until(IN_FORCE);
}

#[cfg(unix)]
#[test]
fn a_change_of_the_mode_alone_is_noticed() {
    use std::os::unix::fs::PermissionsExt;

    let (mut running, file, _home) = started(ALLOW);
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o666);
    running.stderr_until("others may write it");
    mode(0o644);
    running.stderr_until("matches the policy in force again");
}

#[test]
fn what_is_included_is_followed_too() {
    let (mut running, file, _home) = started(ALLOW);
    let folder = file.parent().unwrap();
    let including = format!("include = [\"base/more.toml\"]\n{ALLOW}");
    // A file that is not there yet.
    replace(&file, &including);
    running.stderr_until(REJECTED);
    fs::create_dir(folder.join("base")).unwrap();
    fs::write(folder.join("base/more.toml"), BAD).unwrap();
    running.stderr_until("get_sesion");
    fs::write(folder.join("base/more.toml"), HIDE).unwrap();
    running.stderr_until(IN_FORCE);
    assert_eq!(running.outcome("get_session", json!({})), "hidden");
    replace(&folder.join("base/more.toml"), ALLOW);
    running.stderr_until(IN_FORCE);
    assert_eq!(running.outcome("get_session", json!({})), "done");
    // What is no longer included is no longer followed.
    replace(&file, ALLOW);
    running.stderr_until(IN_FORCE);
    replace(&folder.join("base/more.toml"), BAD);
    settled(&mut running);
    assert_eq!(running.finish(), "");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_an_included_file_does_not_end_the_following() {
    let (mut running, file, _home) = started(ALLOW);
    let folder = file.parent().unwrap();
    let pipe = folder.join("more.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    replace(&file, &format!("include = [\"more.toml\"]\n{ALLOW}"));
    let said = running.stderr_until("not a regular file");
    assert!(said.contains(REJECTED), "{said}");
    replace(&pipe, HIDE);
    running.stderr_until(IN_FORCE);
    assert_eq!(running.outcome("get_session", json!({})), "hidden");
}

#[cfg(unix)]
#[test]
fn links_that_are_turned_are_followed() {
    use std::os::unix::fs::symlink;

    let home = tempfile::tempdir().unwrap();
    let place = |name: &str| home.path().join(name);
    for (folder, text) in [("one", ALLOW), ("two", HIDE)] {
        fs::create_dir(place(folder)).unwrap();
        fs::write(place(folder).join("policy.toml"), text).unwrap();
    }
    fs::create_dir(place("config")).unwrap();
    symlink("../one", place("config/data")).unwrap();
    symlink("data/policy.toml", place("config/policy.toml")).unwrap();
    let mut running = following(&place("config/policy.toml"), &home);
    settled(&mut running);
    symlink("../two", place("config/new")).unwrap();
    fs::rename(place("config/new"), place("config/data")).unwrap();
    running.stderr_until(IN_FORCE);
    assert_eq!(running.outcome("get_session", json!({})), "hidden");
    fs::write(place("two/policy.toml"), ALLOW).unwrap();
    running.stderr_until(IN_FORCE);
    assert_eq!(running.outcome("get_session", json!({})), "done");
}

#[test]
fn warnings_are_said_at_the_start_and_with_each_change() {
    let odd = format!("{ALLOW}[lists]\nteam = [\"+15551230000\"]\n");
    let (running, file, home) = started(&odd);
    drop(running);
    let mut running = following(&file, &home);
    running.stderr_until("team");
    settled(&mut running);
    replace(&file, &format!("{odd}# more\n"));
    let said = running.stderr_until("team");
    assert!(said.contains(IN_FORCE), "{said}");
}

#[test]
fn other_files_of_the_folder_change_nothing() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, ALLOW).unwrap();
    let mut command = serve(home.path());
    command.arg("--policy").arg(&file);
    let audit = home.path().join("audit.jsonl");
    command.arg("--audit").arg(&audit);
    let mut running = ServerProcess::start(command, Era::Legacy);
    settled(&mut running);
    for number in 0..50 {
        running.call("get_session", json!({}));
        fs::write(home.path().join("noise"), number.to_string()).unwrap();
    }
    settled(&mut running);
    assert_eq!(running.finish(), "");
}

/// How often the thread that watches the files has waited for something.
#[cfg(target_os = "linux")]
fn waits_of_the_watcher(running: &ServerProcess) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", running.id())).unwrap();
    let files = tasks.map(|task| task.unwrap().path());
    let watcher = files
        .map(|task| fs::read_to_string(task.join("status")).unwrap())
        .find(|status| status.starts_with("Name:\twatch\n"));
    let waits = watcher.unwrap();
    let waits = waits.lines().find(|line| line.starts_with("voluntary"));
    let count = waits.and_then(|line| line.split_whitespace().last());
    count.unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_of_an_audit_beside_the_policy_wakes_nobody() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, ALLOW).unwrap();
    let mut command = serve(home.path());
    command.arg("--policy").arg(&file);
    command.arg("--audit").arg(home.path().join("audit.jsonl"));
    let mut running = ServerProcess::start(command, Era::Legacy);
    settled(&mut running);
    running.call("get_session", json!({}));
    let before = waits_of_the_watcher(&running);
    for _ in 0..40 {
        running.call("get_session", json!({}));
    }
    let after = waits_of_the_watcher(&running);
    // The system may interrupt it now and then; each line would wake it.
    assert!(after - before < 20, "{before} {after}");
    replace(&file, HIDE);
    running.stderr_until(IN_FORCE);
    assert!(waits_of_the_watcher(&running) > after);
}

#[test]
fn a_listener_of_the_newer_era_is_told_what_it_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, ALLOW).unwrap();
    let mut command = serve(home.path());
    command.arg("--policy").arg(&file);
    let mut running = ServerProcess::start(command, Era::Modern);
    running.listed();
    settled(&mut running);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let id = running.begin("subscriptions/listen", wanted);
    let told = running.notification("notifications/subscriptions/acknowledged");
    assert_eq!(told["params"]["notifications"]["toolsListChanged"], true);
    replace(&file, HIDE);
    let told = running.notification("notifications/tools/list_changed");
    let meta = &told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    assert_eq!(*meta, json!(id), "{told}");
    running.stderr_until(IN_FORCE);
    assert!(!running.listed().contains(&"get_session".to_owned()));
    assert!(
        running.notifications.is_empty(),
        "{:?}",
        running.notifications
    );
    assert_eq!(running.finish(), "");
}

#[test]
fn a_policy_that_changes_before_the_session_is_in_force_with_it() {
    for era in BOTH {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("policy.toml");
        let odd = format!("{ALLOW}[lists]\nteam = [\"+15551230000\"]\n");
        fs::write(&file, odd).unwrap();
        let mut command = serve(home.path());
        command.arg("--policy").arg(&file);
        let mut running = ServerProcess::spawn(command, era);
        // It has read the file when it warns of it.
        running.stderr_until("team");
        replace(&file, HIDE);
        running.open();
        running.listed();
        running.stderr_until(IN_FORCE);
        assert_eq!(running.outcome("get_session", json!({})), "hidden");
    }
}
