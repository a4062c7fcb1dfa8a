//! `[accounts]` in a policy: what can be used, and what is said of the rest.

use std::fs;

use whatsapp_guard::{
    backend::specs,
    policy::{Files, Policy},
};

const SECRET: &str = "s3cretT0ken4711";

const TWO: &str = r#"version = "1"
[accounts.work]
backend = "waha"
url = "https://waha.example.com"
api_key_file = "/run/secrets/waha"
[accounts.home]
backend = "green-api"
id_instance = "7103000000"
api_token_env = "HOME_TOKEN"
"#;

/// Each problem as `line:code`, and all that is said.
fn problems(text: &str) -> (Vec<String>, String) {
    let wrong = Policy::from_toml(specs(), "policy.toml", text).unwrap_err();
    let found = wrong.errors().map(|error| error.to_string());
    let short = found.map(|error| {
        let line = error.split(':').nth(1).unwrap().to_owned();
        let code = error.rsplit('(').next().unwrap().trim_end_matches(')');
        format!("{line}:{code}")
    });
    (short.collect(), wrong.to_string())
}

fn one(account: &str) -> (Vec<String>, String) {
    problems(&format!("version = \"1\"\n[accounts.work]\n{account}\n"))
}

#[test]
fn accounts_are_read_without_their_secrets() {
    let policy = Policy::from_toml(specs(), "policy.toml", TWO).unwrap();
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
    let names: Vec<_> = policy.accounts().keys().collect();
    assert_eq!(names, ["home", "work"]);
    for grant in ["local", ""] {
        assert!(policy.may_use(grant, "work") && policy.may_use(grant, "home"));
    }
    assert!(!policy.may_use("alice", "work"));
    let json = r#"{ "version": "1", "accounts": { "a": { "backend": "sandbox" }, "b": { "backend": "sandbox" } },
        "grants": { "alice": { "accounts": ["b"] } } }"#;
    let policy = Policy::from_json(specs(), "policy.json", json).unwrap();
    assert!(policy.may_use("alice", "b") && !policy.may_use("alice", "a"));
}

#[test]
fn a_grant_has_to_say_which_of_several_it_may_use() {
    let (found, said) = problems(&format!("{TWO}[grants.alice]\n"));
    assert_eq!(found, ["10:missing-key"]);
    assert!(said.contains("accounts = [\"home\", \"work\"]"), "{said}");
    let (found, _) = problems(&format!("{TWO}[grants.local]\n"));
    assert_eq!(found, ["10:missing-key"]);
    let (found, said) = problems(&format!("{TWO}[grants.alice]\naccounts = [\"wrok\"]\n"));
    assert_eq!(found, ["11:unknown-account"]);
    let (_, other) = problems(&format!("{TWO}[grants.alice]\naccounts = [\"zzzzzz\"]\n"));
    assert!(other.contains("accounts are home, work"), "{other}");
    assert!(said.contains("did you mean `work`?"), "{said}");
    for none in ["[]", "\"work\"", "[1]"] {
        let (found, _) = problems(&format!("{TWO}[grants.alice]\naccounts = {none}\n"));
        assert_eq!(found, ["11:bad-value"], "{none}");
    }
    // One account alone leaves nothing open.
    let one = "version = \"1\"\naccounts.work.backend = \"sandbox\"\n[grants.alice]\n";
    let policy = Policy::from_toml(specs(), "policy.toml", one).unwrap();
    assert!(policy.may_use("alice", "work"));
    let (found, said) = problems("version = \"1\"\n[grants.alice]\naccounts = [\"work\"]\n");
    assert_eq!(found, ["3:unknown-account"]);
    assert!(said.contains("has no [accounts]"), "{said}");
}

#[test]
fn the_same_account_twice_is_refused() {
    for (first, second) in [
        (
            "backend = \"waha\"\nurl = \"http://localhost:3000\"",
            "backend = \"waha\"\nurl = \"http://127.0.0.1:3000/\"\nsession = \"default\"",
        ),
        (
            "backend = \"waha\"\nurl = \"https://EXAMPLE.com/a\"\nsession = \"s\"",
            "backend = \"waha\"\nurl = \"https://example.com/a/\"\nsession = \"s\"",
        ),
        (
            "backend = \"green-api\"\nid_instance = \"71\"\napi_token_env = \"A\"",
            "backend = \"green-api\"\nid_instance = \"071\"\napi_token_env = \"B\"\napi_url = \"https://other.example.com\"",
        ),
    ] {
        let text = format!("version = \"1\"\n[accounts.a]\n{first}\n[accounts.b]\n{second}\n");
        let (found, said) = problems(&text);
        assert!(
            found.len() == 1 && found[0].ends_with(":same-account"),
            "{found:?}"
        );
        assert!(said.contains("`b` and `a` are the same account"), "{said}");
    }
    let apart = "version = \"1\"\n[accounts]\na = { backend = \"waha\", url = \"http://h\", session = \"x\" }\n\
                 b = { backend = \"waha\", url = \"http://h\", session = \"y\" }\nc = { backend = \"sandbox\" }\nd = { backend = \"sandbox\" }\n";
    assert_eq!(
        Policy::from_toml(specs(), "policy.toml", apart)
            .unwrap()
            .accounts()
            .len(),
        4
    );
}

#[test]
fn what_is_wrong_with_an_account_is_told_where_it_stands() {
    for (account, wanted) in [
        ("url = \"http://h\"", "2:missing-key"),
        ("backend = \"wahaa\"", "3:bad-value"),
        ("backend = \"waha\"", "2:missing-key"),
        ("backend = \"waha\"\nurl = \"ftp://h\"", "4:bad-value"),
        ("backend = \"waha\"\nurl = \"\"", "4:bad-value"),
        ("backend = \"waha\"\nurl = 7", "4:bad-value"),
        (
            "backend = \"waha\"\nurl = \"http://h\"\nsession = \"a b\"",
            "5:bad-value",
        ),
        (
            "backend = \"waha\"\nurl = \"http://h\"\nid_instance = \"7\"",
            "5:unknown-key",
        ),
        (
            "backend = \"waha\"\nurl = \"http://h\"\napi_key_file = \"key\"",
            "5:bad-value",
        ),
        (
            "backend = \"waha\"\nurl = \"http://h\"\napi_key_env = \"key\"",
            "5:bad-value",
        ),
        (
            "backend = \"waha\"\nurl = \"http://h\"\napi_key_env = \"K\"\napi_key_file = \"/k\"",
            "5:bad-value",
        ),
        (
            "backend = \"green-api\"\nid_instance = \"7\"",
            "2:missing-key",
        ),
        (
            "backend = \"green-api\"\napi_token_env = \"T\"",
            "2:missing-key",
        ),
        (
            "backend = \"green-api\"\nid_instance = \"x\"\napi_token_env = \"T\"",
            "4:bad-value",
        ),
        (
            "backend = \"green-api\"\nid_instance = \"7\"\napi_token_env = \"T\"\napi_url = \"http://h\"",
            "6:bad-value",
        ),
        ("backend = \"sandbox\"\nurl = \"http://h\"", "4:unknown-key"),
        (
            "backend = \"sandbox\"\nurll = \"http://h\"",
            "4:unknown-key",
        ),
    ] {
        let (found, said) = one(account);
        assert_eq!(found, [wanted], "{account}\n{said}");
    }
    for (text, wanted) in [
        ("accounts = 7", "bad-value"),
        ("accounts = {}", "bad-value"),
        ("accounts.work = 7", "bad-value"),
        ("accounts.\"a b\".backend = \"sandbox\"", "bad-value"),
        ("accounts.\"\".backend = \"sandbox\"", "bad-value"),
    ] {
        let (found, said) = problems(&format!("version = \"1\"\n{text}\n"));
        assert_eq!(found, [format!("2:{wanted}")], "{text}\n{said}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    let waha = "backend = \"waha\"\nurl = \"http://h\"\n";
    for key in [
        "api_key",
        "api_token",
        "token",
        "password",
        "API-KEY",
        "secret",
    ] {
        let (found, said) = one(&format!("{waha}{key} = \"{SECRET}\""));
        assert!(
            found.contains(&"5:secret-in-file".to_owned()),
            "{key}: {found:?}"
        );
        assert!(
            said.contains("api_key_file") && !said.contains(SECRET),
            "{said}"
        );
    }
    // Nor where it stands in a wrong place.
    for account in [
        format!("{waha}api_key_file = \"{SECRET}\""),
        format!("{waha}api_key_env = \"{SECRET}\""),
        format!("{waha}api_key_file = {{ is = \"{SECRET}\" }}"),
        format!("{waha}api_kye = \"{SECRET}\""),
        format!("{waha}api_kye = '''\n{SECRET}\n'''"),
        format!("backend = \"waha\"\nurl = \"http://me:{SECRET}@h\""),
        format!("backend = \"waha\"\nurl = \"http://h?key={SECRET}\""),
        format!("backend = \"sandbox\"\napi_token_env = \"{SECRET}\""),
    ] {
        let (_, said) = one(&account);
        assert!(!said.contains(SECRET), "{said}");
        assert!(said.contains("***"), "{said}");
    }
    let (_, said) = problems(&format!(
        "version = \"1\"\n[accounts]\nwork = \"{SECRET}\"\n"
    ));
    assert!(!said.contains(SECRET), "{said}");
    for misplaced in [
        format!("api_key = \"{SECRET}\""),
        format!("confirmation.token = \"{SECRET}\""),
        format!("[waha]\nWAHA-API-KEY = \"{SECRET}\""),
        format!("[[waha]]\nwaha = [{{ password = \"{SECRET}\" }}]"),
    ] {
        let (_, said) = problems(&format!("version = \"1\"\n{misplaced}\n"));
        assert!(!said.contains(SECRET), "{said}");
        assert!(said.contains("unknown-key"), "{said}");
    }
    let json = format!(
        r#"{{ "version": "1", "accounts": {{ "a": {{ "backend": "waha", "url": "http://h", "api_key": "{SECRET}" }} }} }}"#
    );
    let wrong = Policy::from_json(specs(), "policy.json", &json).unwrap_err();
    assert!(wrong.to_string().contains("secret-in-file"));
    assert!(!wrong.to_string().contains(SECRET), "{wrong}");
}

#[test]
fn what_is_no_secret_is_shown() {
    let waha = "backend = \"waha\"\nurl = \"http://h\"\n";
    for (account, shown) in [
        ("backend = \"whaa\"".to_owned(), "\"whaa\""),
        (format!("{waha}session = \"a b\""), "\"a b\""),
        (
            "backend = \"waha\"\nurl = \"ftp://h\"".to_owned(),
            "\"ftp://h\"",
        ),
        (
            "backend = \"green-api\"\nid_instance = \"x y\"\napi_token_env = \"T\"".to_owned(),
            "\"x y\"",
        ),
        (format!("{waha}api_kye_file = \"/run/key\""), "\"/run/key\""),
    ] {
        let (_, said) = one(&account);
        assert!(said.contains(shown) && !said.contains("***"), "{said}");
    }
    // A secret may begin like a path.
    for key in ["api_key", "api_kye"] {
        let (_, said) = one(&format!("{waha}{key} = \"/{SECRET}\""));
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[test]
fn a_policy_has_at_most_32_accounts() {
    let accounts = |count: usize| {
        let all = (0..count).map(|one| format!("[accounts.a{one}]\nbackend = \"sandbox\"\n"));
        format!("version = \"1\"\n{}", all.collect::<String>())
    };
    for count in [1, 32] {
        Policy::from_toml(specs(), "policy.toml", &accounts(count)).unwrap();
    }
    for text in [
        accounts(33),
        accounts(34),
        "version = \"1\"\n[accounts]\n".to_owned(),
    ] {
        let (found, said) = problems(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(said.contains("has 1 to 32"), "{said}");
    }
}

#[test]
fn an_included_file_ties_and_names_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("policy.toml");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "policy.toml",
        &format!(
            "include = [\"more.toml\"]\n{TWO}[grants.alice]\naccounts = [\"work\", \"home\"]\n"
        ),
    );
    write(
        "more.toml",
        "version = \"1\"\n[grants.alice]\naccounts = [\"home\"]\n",
    );
    let policy = Policy::load(specs(), &first).unwrap();
    assert!(policy.may_use("alice", "home") && !policy.may_use("alice", "work"));
    write(
        "more.toml",
        "version = \"1\"\n[grants.alice]\nhide = [\"send_message\"]\n[grants.bob]\n",
    );
    let wrong = Policy::load(specs(), &first).unwrap_err().to_string();
    assert!(wrong.contains("`grants.bob` needs `accounts`"), "{wrong}");
    assert!(!wrong.contains("grants.alice"), "{wrong}");
    write(
        "more.toml",
        "version = \"1\"\n[accounts.more]\nbackend = \"sandbox\"\n",
    );
    let wrong = Policy::load(specs(), &first).unwrap_err();
    let found: Vec<_> = wrong.errors().map(|error| error.to_string()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("more.toml:2:") && found[0].ends_with("(misplaced-accounts)"),
        "{found:?}"
    );
}

#[test]
fn a_running_server_keeps_its_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let again = |text: &str, policy: &Policy| {
        fs::write(&file, text).unwrap();
        Files::read(&file).check_for(specs(), policy.accounts())
    };
    let policy = Policy::from_toml(specs(), "policy.toml", TWO).unwrap();
    again(TWO, &policy).unwrap();
    again(
        &format!("{TWO}[grants.alice]\naccounts = [\"home\"]\n"),
        &policy,
    )
    .unwrap();
    for other in [
        TWO.replace("https://waha.example.com", "https://other.example.com"),
        TWO.replace("/run/secrets/waha", "/run/secrets/other"),
        TWO.replace("[accounts.home]", "[accounts.house]"),
        format!("{TWO}[accounts.more]\nbackend = \"sandbox\"\n"),
        "version = \"1\"\n".to_owned(),
    ] {
        let wrong = again(&other, &policy).unwrap_err();
        let found: Vec<_> = wrong.errors().map(|error| error.to_string()).collect();
        assert!(
            found.len() == 1 && found[0].ends_with("(accounts-changed)"),
            "{found:?}"
        );
        assert!(wrong.to_string().contains("restart the server"), "{wrong}");
        let line = if other.contains("[accounts") { 2 } else { 1 };
        let place = format!("policy.toml:{line}:");
        assert!(found[0].contains(&place), "{found:?}");
    }
    let without = Policy::from_toml(specs(), "policy.toml", "version = \"1\"\n").unwrap();
    assert!(again(TWO, &without).is_err());
}
