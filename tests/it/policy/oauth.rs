//! What a policy says of an authorization server: what is read, and what is wrong.

use std::fs;

use whatsapp_guard::policy::{Algorithm, Diagnostics, Policy};

const GOOD: &str = "version = \"1\"\n[oauth]\nissuer = \"https://id.example.com/a\"\naudience = \"https://wg.example.com/mcp\"\n[grants.alice]\nscopes = [\"wg:a\", \"wg:b\"]\n[grants.bob]\nscopes = [\"wg:c\"]\n";

fn read(text: &str) -> Result<Policy, Diagnostics> {
    Policy::from_toml("policy.toml", text)
}

/// The code and the words of the only problem.
fn problem(text: &str) -> String {
    let wrong = read(text).expect_err(text).to_string();
    assert_eq!(wrong.matches("error").count(), 1, "{wrong}");
    wrong
}

#[test]
fn it_is_read() {
    let policy = read(GOOD).unwrap();
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
    let oauth = policy.oauth().unwrap();
    assert_eq!(oauth.issuer.text, "https://id.example.com/a");
    assert_eq!(oauth.audience.text, "https://wg.example.com/mcp");
    assert_eq!(oauth.jwks_uri, None);
    assert_eq!(oauth.algorithms.len(), Algorithm::NAMES.len());
    assert_eq!(oauth.rule.to_string(), "policy.toml:2:2 (oauth)");
    assert_eq!(policy.scopes_of("alice"), ["wg:a", "wg:b"]);
    assert_eq!(policy.scopes_of("carol").len(), 0);
    let leads = |scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        policy.grants_of_scopes(&scopes).join(" ")
    };
    assert_eq!(leads(&["wg:b", "openid", "wg:a"]), "alice");
    assert_eq!(leads(&["wg:c", "wg:a"]), "alice bob");
    assert_eq!(leads(&["", "wg"]), "");
}

#[test]
fn an_address_is_safe_to_call_and_to_show() {
    let with = |address: &str| GOOD.replace("https://id.example.com/a", address);
    for good in [
        "https://id.example.com",
        "https://id.example.com:8443/a/b/",
        "http://localhost:8080",
        "http://127.0.0.1/a",
        "http://[::1]:1",
    ] {
        let policy = read(&with(good)).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(policy.oauth().unwrap().issuer.text, good);
    }
    for bad in [
        "http://id.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "file:///etc/passwd",
        "id.example.com",
        "https://",
        "https://user@id.example.com",
        "https://:secret@id.example.com",
        "https://id.example.com/#a",
        "https://id.example.com/?a=b",
        "https://id.example.com/a b",
        "https://id.example.com/\\t",
        "https://id.example.com/\\\"",
        "https://id.exämple.com",
    ] {
        let wrong = problem(&with(bad));
        assert!(wrong.contains("bad-value"), "{bad}: {wrong}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    let with = |line: &str| GOOD.replace("[oauth]", &format!("[oauth]\n{line}"));
    for (text, said) in [
        (
            GOOD.replace("issuer = \"https://id.example.com/a\"\n", ""),
            "oauth needs `issuer`",
        ),
        (
            GOOD.replace("audience = \"https://wg.example.com/mcp\"\n", ""),
            "oauth needs `audience`",
        ),
        (with("algorithms = [\"HS256\"]"), "EdDSA, got \"HS256\""),
        (with("algorithms = [\"none\"]"), "EdDSA, got \"none\""),
        (with("algorithms = []"), "at least one algorithm"),
        (with("jwks_uri = \"http://id.example.com\""), "bad-value"),
        (with("secret = \"x\""), "oauth has no key `secret`"),
        (GOOD.replace("wg:c", "wg:a"), "scope-twice"),
        (
            GOOD.replace("wg:c", "wg c"),
            "must be 1 to 128 ASCII characters",
        ),
        (
            GOOD.replace("wg:c", "wg\\\"c"),
            "must be 1 to 128 ASCII characters",
        ),
        (
            GOOD.replace("wg:c", ""),
            "must be 1 to 128 ASCII characters",
        ),
        (GOOD.replace("[\"wg:c\"]", "\"wg:c\""), "a list of scopes"),
    ] {
        let wrong = problem(&text);
        assert!(wrong.contains(said), "{said} is not in\n{wrong}");
    }
}

#[test]
fn a_grant_has_at_most_32_scopes_of_128_letters() {
    let scopes = |count: usize, length: usize| {
        let all = (0..count).map(|one| format!("\"{one:0length$}\""));
        let all = all.collect::<Vec<_>>().join(", ");
        GOOD.replace("[\"wg:a\", \"wg:b\"]", &format!("[{all}]"))
    };
    read(&scopes(32, 128)).unwrap();
    for count in [33, 34] {
        let said = problem(&scopes(count, 9));
        assert!(said.contains("at most 32 scopes"), "{said}");
    }
    for length in [129, 130] {
        let said = problem(&scopes(1, length));
        assert!(said.contains("must be 1 to 128 ASCII characters"), "{said}");
    }
}

#[test]
fn what_is_there_for_nothing_is_told() {
    let (_, grants) = GOOD.split_once("[grants.alice]").unwrap();
    for (text, said) in [
        (
            format!("version = \"1\"\n[grants.alice]{grants}"),
            "the policy has no [oauth]",
        ),
        (
            GOOD.replace("[grants.alice]\nscopes = [\"wg:a\", \"wg:b\"]\n", "")
                .replace("scopes = [\"wg:c\"]", ""),
            "no grant has `scopes`",
        ),
    ] {
        let warnings = read(&text).unwrap().warnings.to_string();
        assert!(warnings.contains(said), "{warnings}");
        assert!(warnings.contains("rule-without-effect"), "{warnings}");
    }
}

#[test]
fn files_agree_on_one_server_and_on_whose_a_scope_is() {
    let folder = tempfile::tempdir().unwrap();
    let load = |first: &str, second: &str| {
        let first = first.replacen("\n", "\ninclude = [\"more.toml\"]\n", 1);
        fs::write(folder.path().join("policy.toml"), first).unwrap();
        fs::write(folder.path().join("more.toml"), second).unwrap();
        Policy::load(&folder.path().join("policy.toml"))
    };
    let rest = "version = \"1\"\n[grants.alice]\nscopes = [\"wg:a\", \"wg:d\"]\n";
    let policy = load(GOOD, rest).unwrap();
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
    assert!(policy.scopes().contains("wg:d"));
    // It may stand in any file.
    let policy = load("version = \"1\"\n", GOOD).unwrap();
    assert!(policy.oauth().is_some());
    let wrong = load(GOOD, &rest.replace("alice", "carol")).unwrap_err();
    assert!(wrong.to_string().contains("scope-twice"), "{wrong}");
    let (server, _) = GOOD.split_once("[grants.alice]").unwrap();
    let wrong = load(GOOD, server).unwrap_err();
    assert!(wrong.to_string().contains("oauth-twice"), "{wrong}");
}

#[test]
fn the_policy_of_the_guide_loads_without_a_warning() {
    let guide = include_str!("../../../docs/oauth.md");
    let (_, text) = guide.split_once("```toml\n").unwrap();
    let (text, _) = text.split_once("```").unwrap();
    let policy = read(text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(policy.warnings.is_empty(), "{}", policy.warnings);
    assert!(policy.oauth().is_some());
}
