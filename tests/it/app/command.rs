//! Runs the program to its end: exit code, standard output and standard error.

use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The program in an empty environment, with a home folder of its own.
pub fn program() -> (Command, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_whatsapp-guard"));
    command
        .env_clear()
        .env("XDG_STATE_HOME", home.path())
        .env("HOME", home.path());
    (command, home)
}

pub struct CommandOutput {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> CommandOutput {
    let (mut command, home) = program();
    run_with(
        command.envs(environment.iter().copied()),
        home.path(),
        arguments,
    )
}

/// Runs the program in a folder with these files, so that messages have short paths.
pub fn run_with_files(files: &[(&str, &str)], arguments: &[&str]) -> CommandOutput {
    let (mut command, home) = program();
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    run_with(&mut command, home.path(), arguments)
}

fn run_with(command: &mut Command, folder: &std::path::Path, arguments: &[&str]) -> CommandOutput {
    let output = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    CommandOutput {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
