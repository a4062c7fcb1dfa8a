//! Accounts from environment variables: errors and exit codes.

use whatsapp_guard::backend::specs;

use crate::app::{SECRET, command::run};

/// Arguments, environment, and the expected part of the error.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn invalid_usage_and_configuration_exit_with_2() {
    let secret = SECRET;
    let both = [
        ("WAHA_BASE_URL", "http://localhost:1"),
        ("GREENAPI_ID_INSTANCE", "1"),
    ];
    let cases: &[Case<'_>] = &[
        (&["nonsense"], &[], "unrecognized subcommand"),
        (&["serve", "--backend", "telegram"], &[], "invalid value"),
        (
            &["serve"],
            &both,
            "choose one with --backend waha or --backend green-api",
        ),
        (&["serve", "--backend", "waha"], &[], "`WAHA_BASE_URL`"),
        (&["serve"], &[("WAHA_API_KEY", secret)], "`WAHA_BASE_URL`"),
        (
            &["serve"],
            &[("GREENAPI_API_TOKEN", secret)],
            "`GREENAPI_ID_INSTANCE`",
        ),
        (
            &["serve"],
            &[("GREENAPI_ID_INSTANCE", "1101")],
            "`GREENAPI_API_TOKEN`",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", secret)],
            "`WAHA_BASE_URL` is not a URL",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", "http://user:s3cretT0ken4711@host")],
            "without user, password",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", "ftp://host")],
            "http:// or https://",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL", "http://h"), ("WAHA_SESSION", "../x")],
            "`WAHA_SESSION`",
        ),
        (
            &["serve"],
            &[("WAHA_BASE_URL_FILE", "/nowhere/url")],
            "`WAHA_BASE_URL_FILE` names a file",
        ),
        (
            &["serve"],
            &[
                ("GREENAPI_ID_INSTANCE", "1"),
                ("GREENAPI_API_TOKEN", secret),
                ("GREENAPI_API_URL", "http://example.org"),
            ],
            "https://",
        ),
        (
            &["serve"],
            &[
                ("GREENAPI_ID_INSTANCE", "1"),
                ("GREENAPI_API_TOKEN", secret),
                ("GREENAPI_MEDIA_URL", "http://example.org"),
            ],
            "`GREENAPI_MEDIA_URL` has to start with https://",
        ),
        (
            &["serve"],
            &[
                ("GREENAPI_ID_INSTANCE", "1/../2"),
                ("GREENAPI_API_TOKEN", secret),
            ],
            "`GREENAPI_ID_INSTANCE`",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_TIMEOUT", "never")],
            "`WHATSAPP_GUARD_TIMEOUT`",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_OUTBOX", "outbox")],
            "`WHATSAPP_GUARD_OUTBOX` takes the whole path",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_OUTBOX", "/nowhere/outbox")],
            "`WHATSAPP_GUARD_OUTBOX` names no folder",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_INBOX", "inbox")],
            "`WHATSAPP_GUARD_INBOX` takes the whole path",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_INBOX", "/nowhere/inbox")],
            "`WHATSAPP_GUARD_INBOX` names no folder",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_MAX_MEDIA_BYTES", "0")],
            "`WHATSAPP_GUARD_MAX_MEDIA_BYTES` takes bytes from 1 to 33554432",
        ),
        (
            &["serve"],
            &[("WHATSAPP_GUARD_MAX_RESULT_BYTES", "100")],
            "`WHATSAPP_GUARD_MAX_RESULT_BYTES` takes bytes from 8192 to 1048576",
        ),
    ];
    for (arguments, environment, wanted) in cases {
        let ran = run(arguments, environment);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{environment:?}: {}",
            ran.err
        );
        assert!(ran.err.contains(wanted), "{environment:?}: {}", ran.err);
        assert!(!ran.err.contains(SECRET), "{environment:?}: {}", ran.err);
    }
}

/// The whole of standard error.
fn error(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let ran = run(arguments, environment);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    ran.err
}

#[test]
fn a_missing_value_names_the_variable_that_selected_the_back_end() {
    let set =
        "Set it, or set `GREENAPI_API_TOKEN_FILE` to the path of a file that holds the value.";
    let id = ("GREENAPI_ID_INSTANCE", "1101");
    assert_eq!(
        error(&["serve"], &[id]),
        format!(
            "error: `GREENAPI_API_TOKEN` is not set, but `GREENAPI_ID_INSTANCE` is, which selects the back end green-api. {set}\n"
        )
    );
    assert_eq!(
        error(&["serve", "--backend", "green-api"], &[id]),
        format!(
            "error: `GREENAPI_API_TOKEN` is not set, and --backend green-api needs it. {set}\n"
        )
    );
    assert_eq!(
        error(&["doctor"], &[("WAHA_API_KEY_FILE", "/dev/null")]),
        "error: `WAHA_BASE_URL` is not set, but `WAHA_API_KEY_FILE` is, which selects the back end waha. \
         Set it, or set `WAHA_BASE_URL_FILE` to the path of a file that holds the value.\n"
    );
}

#[test]
fn several_back_ends_are_named_with_the_variables_that_select_them() {
    let both = [
        ("WAHA_BASE_URL", "http://localhost:1"),
        ("GREENAPI_ID_INSTANCE_FILE", "/dev/null"),
    ];
    assert_eq!(
        error(&["serve"], &both),
        "error: `WAHA_BASE_URL` and `GREENAPI_ID_INSTANCE_FILE` are set, and each selects a back end; \
         choose one with --backend waha or --backend green-api\n"
    );
}

/// Every variable that selects or configures something, and those that clap reads.
#[test]
fn an_empty_variable_counts_as_unset() {
    let own = [
        "ACCOUNT",
        "APPROVAL_KEY",
        "AUDIT",
        "GRANT",
        "HTTP",
        "INBOX",
        "LOG",
        "MAX_MEDIA_BYTES",
        "MAX_RESULT_BYTES",
        "OUTBOX",
        "POLICY",
        "STATE",
        "STATE_PASSWORD",
        "TIMEOUT",
    ];
    let own = own.map(|name| format!("WHATSAPP_GUARD_{name}"));
    let keys = specs().iter().flat_map(|spec| spec.keys);
    let keys = keys.map(|key| key.variable.to_owned());
    let all: Vec<String> = own.into_iter().chain(keys).collect();
    let all = all
        .iter()
        .flat_map(|name| [name.clone(), format!("{name}_FILE")]);
    let names: Vec<String> = all.collect();
    let empty: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), " ")).collect();
    let nothing: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    for command in [
        &["doctor"][..],
        &["serve"],
        &["check"],
        &["limits"],
        &["explain", "get_session"],
    ] {
        let unset = run(command, &[]);
        for environment in [&nothing, &empty] {
            let ran = run(command, environment);
            assert_eq!(
                (ran.code, ran.out, ran.err),
                (unset.code, unset.out.clone(), unset.err.clone()),
                "{command:?}"
            );
        }
    }
}
