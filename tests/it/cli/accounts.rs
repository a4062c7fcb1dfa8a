//! Several accounts from the command line, and in the running program.

use std::{fs, path::Path};

use serde_json::{Value, json};
use wiremock::MockServer;

use crate::{
    app::command::{run, run_with_files},
    app::process::{ServerProcess, serve},
    app::{BOTH, Era},
};

const SANDBOXES: &str = r#"version = "1"
default = "allow"
[accounts.work]
backend = "sandbox"
[accounts.home]
backend = "sandbox"
[grants.alice]
accounts = ["home"]
"#;

fn error(arguments: &[&str], policy: &str) -> String {
    let ran = run_with_files(&[("policy.toml", policy)], arguments);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    ran.err
}

#[test]
fn a_command_is_about_one_account() {
    let policy = ["--policy", "policy.toml"];
    for command in [
        &["doctor"][..],
        &["limits"],
        &["limits", "reset", "sends"],
        &["explain", "get_session"],
    ] {
        let with = |more: &[&str]| error(&[command, &policy, more].concat(), SANDBOXES);
        let said = with(&[]);
        assert_eq!(
            said,
            "error: policy.toml has several accounts; choose one with --account: home, work\n"
        );
        assert!(with(&["--account", "wrok"]).contains("did you mean `work`?"));
        assert!(with(&["--account", "elsewhere"]).contains("its accounts: home, work"));
        let said = with(&["--account", "work", "--backend", "waha"]);
        assert!(said.contains("remove --backend"), "{said}");
        let said = error(
            &[command, &policy, &["--account", "work"]].concat(),
            "version = \"1\"\n",
        );
        assert!(said.contains("policy.toml has no [accounts]"), "{said}");
    }
    let explain = |grant: &str, account: &str| {
        let arguments = [
            "explain",
            "get_session",
            "--policy",
            "policy.toml",
            "--as",
            grant,
            "--account",
            account,
        ];
        run_with_files(&[("policy.toml", SANDBOXES)], &arguments)
    };
    assert_eq!(explain("alice", "home").code, 0);
    let ran = explain("alice", "work");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("`[grants.alice]` may not use the account `work`"),
        "{}",
        ran.err
    );
    let files = [("policy.toml", SANDBOXES)];
    let ran = run_with_files(
        &files,
        &["limits", "--policy", "policy.toml", "--account", "work"],
    );
    assert!(ran.out.starts_with("account: work\n"), "{}", ran.out);
    let arguments = ["doctor", "--policy", "policy.toml", "--account", "home"];
    let ran = run_with_files(&files, &arguments);
    assert!(
        ran.out.contains("account: home; back end: sandbox"),
        "{}{}",
        ran.out,
        ran.err
    );
    let arguments = ["check", "--policy", "policy.toml", "--as", "alice"];
    let ran = run_with_files(&files, &arguments);
    let words = "accounts     home (sandbox)\n";
    assert!(ran.out.contains(words), "{}{}", ran.out, ran.err);
    let one = SANDBOXES.replace("[accounts.work]\nbackend = \"sandbox\"\n", "");
    let ran = run_with_files(
        &[("policy.toml", &one)],
        &["limits", "--policy", "policy.toml"],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains("account: "), "{}", ran.out);
}

#[test]
fn serve_takes_all_accounts_or_one() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    fs::write(&file, SANDBOXES).unwrap();
    let start = |more: &[&str], era: Era| {
        let mut command = serve(home.path());
        command.arg("--policy").arg(&file).args(more);
        ServerProcess::start(command, era)
    };
    for era in BOTH {
        let mut all = start(&[], era);
        assert_eq!(all.outcome("get_session", json!({})), "bad-arguments");
        assert_eq!(
            all.outcome("get_session", json!({ "account": "work" })),
            "done"
        );
        let mut one = start(&["--account", "work"], era);
        assert_eq!(one.outcome("get_session", json!({})), "done");
        let mut alice = start(&["--grant", "alice"], era);
        assert_eq!(alice.outcome("get_session", json!({})), "done");
    }
    let path = file.to_str().unwrap();
    let ran = run(
        &[
            "serve",
            "--policy",
            path,
            "--grant",
            "alice",
            "--account",
            "work",
        ],
        &[],
    );
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("`[grants.alice]` may not use work"),
        "{}",
        ran.err
    );
    let ran = run(
        &["serve", "--policy", path],
        &[("WAHA_BASE_URL", "http://localhost:3000")],
    );
    assert_eq!(ran.code, 0);
    assert!(
        ran.err.contains("warning:")
            && ran
                .err
                .contains("the back end in the environment is not used"),
        "{}",
        ran.err
    );
}

#[test]
fn what_was_read_in_one_account_does_not_leave_through_another() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    let rules = SANDBOXES.replace(
        "[accounts.work]",
        "flow = { cross_chat = \"deny\" }\n[accounts.work]",
    );
    fs::write(&file, rules).unwrap();
    for era in BOTH {
        let mut command = serve(home.path());
        command.arg("--policy").arg(&file);
        let mut running = ServerProcess::start(command, era);
        let read = json!({ "account": "work", "chat": "15552220001@c.us" });
        // What it answers does not matter: it could have been read.
        running.call("list_messages", read);
        let send = |account: &str| json!({ "account": account, "chat": "15552220003@c.us", "text": account });
        for account in ["work", "home"] {
            assert_eq!(running.outcome("send_message", send(account)), "cross-chat");
        }
    }
}

#[test]
fn other_accounts_wait_for_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("policy.toml");
    for era in BOTH {
        fs::write(&file, SANDBOXES).unwrap();
        let mut command = serve(home.path());
        command.arg("--policy").arg(&file);
        let mut running = ServerProcess::start(command, era);
        let work = json!({ "account": "work" });
        assert_eq!(running.outcome("get_session", work.clone()), "done");
        let more = "[accounts.more]\nbackend = \"sandbox\"\n";
        let hides = SANDBOXES.replace(
            "[accounts.work]",
            "[tools.get_session]\naction = \"deny\"\n[accounts.work]",
        );
        fs::write(&file, format!("{hides}{more}")).unwrap();
        let said = running.stderr_until("restart the server");
        assert!(
            said.contains("is NOT in force") && said.contains("accounts-changed"),
            "{said}"
        );
        assert!(running.policy().contains("(accounts-changed)"));
        assert_eq!(running.outcome("get_session", work.clone()), "done");
        fs::write(&file, &hides).unwrap();
        running.stderr_until("in force from now on");
        for account in ["work", "home"] {
            let outcome = running.outcome("get_session", json!({ "account": account }));
            assert_eq!(outcome, "denied-by-rule", "{account}");
        }
    }
}

/// The ledgers below a folder.
fn ledgers(folder: &Path) -> usize {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.join("ledger.sqlite").exists())
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_read_and_each_account_has_a_ledger() {
    let (work, shop) = (MockServer::start().await, MockServer::start().await);
    let home = tempfile::tempdir().unwrap();
    let (file, key, state) = (
        home.path().join("policy.toml"),
        home.path().join("key"),
        home.path().join("state"),
    );
    fs::write(&key, "the-key-of-work\n").unwrap();
    let text = format!(
        "version = \"1\"\ndefault = \"allow\"\n[tools.open_session]\nlimits = [{{ counter = \"opens\", max = 5, window = \"day\" }}]\n\
         [accounts.work]\nbackend = \"waha\"\nurl = \"{}\"\napi_key_file = \"{}\"\n\
         [accounts.shop]\nbackend = \"waha\"\nurl = \"{}\"\napi_key_env = \"SHOP_KEY\"\n",
        work.uri(),
        key.display(),
        shop.uri()
    );
    fs::write(&file, text).unwrap();
    let mut command = serve(home.path());
    command
        .arg("--policy")
        .arg(&file)
        .arg("--state")
        .arg(&state);
    command
        .env("SHOP_KEY", "the-key-of-shop")
        .env("WAHA_API_KEY", "nobodys");
    let mut running = ServerProcess::start(command, Era::Legacy);
    assert!(!state.exists(), "nothing is opened before the first call");
    running.call("open_session", json!({ "account": "shop" }));
    assert_eq!(ledgers(&state), 1);
    assert!(work.received_requests().await.unwrap().is_empty());
    running.call("open_session", json!({ "account": "work" }));
    assert_eq!(ledgers(&state), 2);
    for (mock, key) in [(&work, "the-key-of-work"), (&shop, "the-key-of-shop")] {
        let asked = mock.received_requests().await.unwrap();
        assert!(!asked.is_empty());
        assert!(
            asked.iter().all(|one| one.headers["x-api-key"] == key),
            "{key}"
        );
    }
    running.finish();
    let (path, state) = (file.to_str().unwrap(), state.to_str().unwrap());
    let ran = run(
        &[
            "limits",
            "--json",
            "--policy",
            path,
            "--state",
            state,
            "--account",
            "work",
        ],
        &[],
    );
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&told["account"], &told["counters"][0]["used"]),
        (&json!("work"), &json!(1)),
        "{told}"
    );
    // A secret that is not there stops the start, and is not looked for elsewhere.
    let ran = run(&["serve", "--policy", path], &[("WAHA_API_KEY", "nobodys")]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("`accounts.shop.api_key_env` names `SHOP_KEY`, which is not set"),
        "{}",
        ran.err
    );
    fs::remove_file(&key).unwrap();
    let ran = run(&["serve", "--policy", path, "--account", "work"], &[]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("`accounts.work.api_key_file` names a file that cannot be read"),
        "{}",
        ran.err
    );
}

#[test]
fn a_new_grant_can_be_tied_at_once() {
    let ran = run(
        &[
            "grant",
            "new",
            "carol",
            "--account",
            "work",
            "--account",
            "home",
        ],
        &[],
    );
    assert!(
        ran.out.ends_with("    accounts = [\"work\", \"home\"]\n"),
        "{}",
        ran.out
    );
    assert_eq!(
        run(&["grant", "new", "carol", "--account", "a\"b"], &[]).code,
        2
    );
}

#[test]
fn all_names_of_this_machine_are_one_account() {
    let account = |url: &str| {
        let lookup = |name: &str| match name {
            "WAHA_BASE_URL" => Some(url.to_owned()),
            _ => None,
        };
        let config =
            whatsapp_guard::config::Config::read(None, whatsapp_guard::backend::specs(), &lookup);
        config.unwrap().account().unwrap()
    };
    let one = account("http://localhost:3000");
    for same in [
        "http://127.0.0.1:3000/",
        "http://[::1]:3000",
        "http://LOCALHOST:3000",
    ] {
        assert_eq!(account(same), one, "{same}");
    }
    for other in ["http://localhost:3001", "http://192.168.0.1:3000"] {
        assert_ne!(account(other), one, "{other}");
    }
}
