//! Accounts from environment variables: errors and exit codes.

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
