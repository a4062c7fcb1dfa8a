//! `serve --http` and `grant` as operators meet them.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use serde_json::Value;
use whatsapp_guard::http::auth::digest;

use crate::app::command::{program, run};

#[test]
fn it_is_open_to_others_only_with_a_token_and_tls() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let digest = "0".repeat(64);
    let text = format!("version = \"1\"\n[grants.alice]\ntoken_sha256 = \"{digest}\"\n");
    std::fs::write(&policy, text).unwrap();
    let policy = policy.to_str().unwrap();
    let issued = folder.path().join("issued.toml");
    let text = "version = \"1\"\n[oauth]\nissuer = \"https://id.example.com\"\naudience = \"https://wg.example.com/mcp\"\n[grants.alice]\nscopes = [\"wg\"]\n";
    std::fs::write(&issued, text).unwrap();
    let issued = issued.to_str().unwrap();
    let all = ["serve", "--http", "0.0.0.0:0"];
    for (more, said) in [
        (&["--no-auth"][..], "--no-auth is for this machine alone"),
        (&[], "no grant has a token"),
        (&["--behind-proxy"], "no grant has a token"),
        (
            &["--policy", policy],
            "give --tls-cert and --tls-key, or --behind-proxy",
        ),
        (
            &["--policy", issued],
            "give --tls-cert and --tls-key, or --behind-proxy",
        ),
        (
            &["--policy", policy, "--allow-host", "a b", "--behind-proxy"],
            "`a b` is no host",
        ),
        (
            &[
                "--policy",
                policy,
                "--tls-cert",
                "/nowhere",
                "--tls-key",
                "/nowhere",
            ],
            "`/nowhere`",
        ),
    ] {
        let ran = run(&[&all[..], more].concat(), &[]);
        assert_eq!(ran.code, 2, "{more:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{more:?}: {}", ran.err);
    }
    let ran = run(&["serve", "--no-auth"], &[]);
    assert_eq!(ran.code, 2);
}

/// A server that runs, and what it says until the line that has `last` in it.
fn serving(arguments: &[&str], last: &str) -> (Child, Vec<String>) {
    let (mut command, _home) = program();
    let mut child = command
        .args(["serve", "--backend", "sandbox", "--http", "127.0.0.1:0"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    for line in &mut lines {
        said.push(line.unwrap());
        if said.last().unwrap().contains(last) {
            break;
        }
    }
    // Whatever it says later has somewhere to go.
    std::thread::spawn(move || lines.for_each(drop));
    (child, said)
}

#[cfg(unix)]
#[test]
fn a_token_is_made_and_the_server_ends_when_told_to() {
    let (mut child, said) = serving(&[], "token");
    assert!(said[0].starts_with("serving http://127.0.0.1:"), "{said:?}");
    assert!(said[1].starts_with("token for this run: wg_"), "{said:?}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn without_a_token_only_where_it_is_wanted() {
    let (mut child, said) = serving(&["--no-auth", "--status", "127.0.0.1:0"], "status at");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.iter().all(|line| !line.contains("token")), "{said:?}");
}

#[test]
fn with_an_authorization_server_no_token_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = "version = \"1\"\n[oauth]\nissuer = \"https://id.example.com\"\naudience = \"https://wg.example.com/mcp\"\n[grants.alice]\nscopes = [\"wg\"]\n";
    std::fs::write(&policy, text).unwrap();
    let more = ["--policy", policy.to_str().unwrap()];
    let (mut child, said) = serving(
        &[&more[..], &["--status", "127.0.0.1:0"]].concat(),
        "status at",
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.iter().all(|line| !line.contains("token")), "{said:?}");
}

#[test]
fn a_grant_is_made_and_listed() {
    let ran = run(&["grant", "new", "alice", "--days", "30", "--json"], &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let made: Value = serde_json::from_str(&ran.out).unwrap();
    let hex: String = digest(made["token"].as_str().unwrap())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(made["token_sha256"], hex);
    let plain = run(&["grant", "new", "bob"], &[]);
    let block: String = plain
        .out
        .lines()
        .skip_while(|line| !line.contains("[grants.bob]"))
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let text = format!(
        "version = \"1\"\n{block}[oauth]\nissuer = \"https://id.example.com\"\naudience = \"https://wg.example.com/mcp\"\n[grants.alice]\ntoken_sha256 = \"{hex}\"\nexpires = {}\n[grants.carol]\nscopes = [\"a\", \"b\"]\n[grants.dave]\ntoken_sha256 = \"{hex}\"\nexpires = \"2020-01-01T00:00:00Z\"\n",
        made["expires"]
    );
    std::fs::write(&policy, text).unwrap();
    let listed = run(
        &["grant", "list", "--policy", policy.to_str().unwrap()],
        &[],
    );
    assert_eq!(listed.code, 0, "{}", listed.err);
    let until = made["expires"].as_str().unwrap();
    assert_eq!(
        listed.out,
        format!(
            "alice: good, until {until}\nbob: good\ncarol: no token; by scope: a b\ndave: over, until 2020-01-01T00:00:00Z\n"
        )
    );
    assert_eq!(run(&["grant", "new", "a b"], &[]).code, 2);
}
