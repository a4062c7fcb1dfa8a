//! The keys of a file, of a layer, of a grant and of an account.

use super::{
    Key, TableKeys, TableNames,
    Takes::{
        Account, Digest, Named, OneOrMore, Table, Tables, Text, Texts, Version, Word, WordList,
    },
    Words, fields, like,
    rule::{ACTIONS, RULE, RULES},
    sections::{CLASSES, CONFIRMATION, FLOW, HEALTH, HOURS, MEDIA, MODE, READ, RECIPIENTS},
};
use crate::{
    op::{self, Topic},
    policy::Algorithm,
};

const TOOLS: Words = || op::catalogue().iter().map(|tool| tool.name).collect();
const TOPICS: Words = || Topic::ALL.map(Topic::name).to_vec();
const ALGORITHMS: Words = || Algorithm::NAMES.map(|(name, _)| name).to_vec();

/// The keys of a file besides those of a layer.
pub(in crate::policy::parse) const FILE: [Key; 9] = [
    Key::new("version", Version, "The version of this format.").required(),
    Key::new(
        "include",
        Texts,
        "Further policy files to apply as well; they can only restrict.",
    ),
    Key::new(
        "lists",
        Named(&LIST, TableNames::Any),
        "Lists of people, groups and channels, to be used as `\"@name\"` in `recipients` and `read.chats`.",
    ),
    Key::new(
        "accounts",
        Named(&ONE_ACCOUNT, TableNames::Any),
        "The accounts that one server serves, instead of the one from the environment.",
    ),
    Key::new(
        "confirmation",
        Table(fields("confirmation", &CONFIRMATION)),
        "How a person is asked to approve a call.",
    ),
    Key::new(
        "health",
        Table(fields("health", &HEALTH)),
        "When the account is paused.",
    ),
    Key::new(
        "mode",
        Table(fields("mode", &MODE)),
        "Whether the policy is enforced.",
    ),
    Key::new(
        "grants",
        Named(&ONE_GRANT, TableNames::Any),
        "Further rules for single callers.",
    ),
    Key::new(
        "oauth",
        Table(fields("oauth", &OAUTH)),
        "The authorization server whose tokens are accepted over HTTP.",
    ),
];

const LIST: Key = Key::new(
    "NAME",
    Texts,
    "One list: numbers, ids, `\"group:Name\"`, `\"contact:Name\"`; no patterns and no other lists, 100,000 entries at most.",
);

const ONE_ACCOUNT: Key = Key::new(
    "NAME",
    Account,
    "An account, by the name that agents know it by: 1 to 32 letters, digits, `_` or `-`.",
);

const ONE_GRANT: Key = Key::new(
    "NAME",
    Table(TableKeys {
        name: "grant",
        keys: &GRANT,
        more: &LAYER,
    }),
    "Rules for one caller; they can only restrict.",
);

/// What an account takes. Its back end decides which of these keys it has.
pub(super) const ACCOUNT: [Key; 10] = [
    Key::new("backend", Text, "The API of the account."),
    Key::new("url", Text, "WAHA: the address of the server."),
    Key::new("session", Text, "WAHA: the name of the session.").or("\"default\""),
    Key::new("api_key_file", Text, "WAHA: the file that holds the key."),
    Key::new(
        "api_key_env",
        Text,
        "WAHA: the environment variable that holds the key.",
    ),
    Key::new("id_instance", Text, "GREEN-API: the instance."),
    Key::new("api_url", Text, "GREEN-API: the address of the API."),
    Key::new(
        "media_url",
        Text,
        "GREEN-API: the address that files are sent to.",
    ),
    Key::new(
        "api_token_file",
        Text,
        "GREEN-API: the file that holds the token.",
    ),
    Key::new(
        "api_token_env",
        Text,
        "GREEN-API: the environment variable that holds the token.",
    ),
];

/// The keys of a layer: of a file, and of a grant.
pub(in crate::policy::parse) const LAYER: [Key; 11] = [
    Key::new(
        "default",
        Word(ACTIONS),
        "The action for tools that no rule allows.",
    ),
    Key::new(
        "hide",
        Texts,
        "Tools that the agent cannot see; calls of them are refused.",
    )
    .or("[]"),
    Key::new(
        "toolsets",
        WordList(TOPICS),
        "The groups of tools that are offered, by topic; all others are hidden.",
    ),
    Key::new(
        "risk",
        Named(&CLASS, TableNames::Only(CLASSES)),
        "Rules for classes of tools.",
    ),
    Key::new(
        "tools",
        Named(&TOOL, TableNames::Known(TOOLS)),
        "Rules for single tools.",
    ),
    Key::new(
        "rules",
        Tables(TableKeys {
            name: "rule_for_several",
            keys: &RULES,
            more: &RULE,
        }),
        "Rules for several tools.",
    ),
    Key::new(
        "recipients",
        Table(fields("recipients", &RECIPIENTS)),
        "Who may be reached: who gets something, or notices what is done.",
    ),
    Key::new(
        "read",
        Table(fields("read", &READ)),
        "What may be read, and how much.",
    ),
    Key::new(
        "media",
        Table(fields("media", &MEDIA)),
        "Which files may be sent.",
    ),
    Key::new(
        "hours",
        OneOrMore(fields("hours", &HOURS)),
        "Quiet hours, in which less is allowed.",
    ),
    Key::new(
        "flow",
        Table(fields("flow", &FLOW)),
        "Where what was read may be sent.",
    ),
];

const CLASS: Key = Key::new(
    "CLASS",
    OneOrMore(like("rule", &RULE)),
    "Rules for all tools of a class.",
);

const TOOL: Key = Key::new(
    "NAME",
    OneOrMore(fields("rule", &RULE)),
    "Rules for one tool, in addition to those of its class.",
);

/// The keys of a grant besides those of a layer.
pub(in crate::policy::parse) const GRANT: [Key; 4] = [
    Key::new(
        "token_sha256",
        Digest,
        "The SHA-256 digest of the token that identifies this caller over HTTP.",
    ),
    Key::new("expires", Text, "When the token of `token_sha256` expires."),
    Key::new(
        "scopes",
        Texts,
        "The scopes that identify this caller over HTTP, in tokens of the authorization server of `oauth`.",
    ),
    Key::new("accounts", Texts, "The accounts that this caller may use."),
];

pub(in crate::policy::parse) const OAUTH: [Key; 4] = [
    Key::new("issuer", Text, "Who issues the tokens, exactly as they say it (`iss`).").required(),
    Key::new(
        "audience",
        Text,
        "Whom the tokens are for, exactly as they say it (`aud`): the address at which clients reach this server.",
    )
    .required(),
    Key::new("jwks_uri", Text, "The address of the issuer's keys."),
    Key::new(
        "algorithms",
        WordList(ALGORITHMS),
        "The signature algorithms that are accepted.",
    ),
];
