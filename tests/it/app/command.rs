//! Runs the program to its end: exit code, standard output and standard error.

use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The program without anything from this environment that it would read.
pub fn program() -> (Command, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_whatsapp-guard"));
    command
        .env_clear()
        .env("XDG_STATE_HOME", home.path())
        .env("HOME", home.path());
    (command, home)
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let (mut command, home) = program();
    run_with(
        command.envs(environment.iter().copied()),
        home.path(),
        arguments,
    )
}

/// Runs it in a folder that holds these files, which its messages then name shortly.
pub fn run_with_files(files: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let (mut command, home) = program();
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    run_with(&mut command, home.path(), arguments)
}

fn run_with(command: &mut Command, folder: &std::path::Path, arguments: &[&str]) -> Ran {
    let output = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
