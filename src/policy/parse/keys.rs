//! The table of policy keys. The reader, its hints and the check of the docs use it.

use crate::config::BackendSpecs;

/// The keys of a file besides those of a layer.
pub(super) const FILE: [&str; 9] = [
    "version",
    "include",
    "lists",
    "accounts",
    "confirmation",
    "health",
    "mode",
    "grants",
    "oauth",
];
/// The keys of a layer: of a file, and of a grant.
pub(super) const LAYER: [&str; 9] = [
    "default",
    "hide",
    "toolsets",
    "risk",
    "tools",
    "recipients",
    "read",
    "hours",
    "flow",
];
/// The keys of a grant besides those of a layer.
pub(super) const GRANT: [&str; 4] = ["token_sha256", "expires", "scopes", "accounts"];
pub(super) const OAUTH: [&str; 4] = ["issuer", "audience", "jwks_uri", "algorithms"];
pub(super) const RULE: [&str; 7] = [
    "action",
    "reason",
    "limits",
    "rate_limit",
    "when",
    "pace",
    "examples",
];
pub(super) const LIMIT: [&str; 5] = ["counter", "window", "max", "burst", "scope"];
pub(super) const WHEN: [&str; 5] = ["arg", "op", "value", "each", "reason"];
pub(super) const PACE: [&str; 2] = ["min", "max"];
pub(super) const EXAMPLES: [&str; 3] = ["allows", "confirms", "refuses"];
pub(super) const RECIPIENTS: [&str; 5] = ["allow", "deny", "unlisted", "new", "answers"];
pub(super) const ANSWERS: [&str; 1] = ["within"];
pub(super) const NEW: [&str; 3] = ["action", "max", "window"];
pub(super) const READ: [&str; 4] = ["chats", "others", "hide", "budget"];
pub(super) const CHATS: [&str; 2] = ["allow", "deny"];
pub(super) const BUDGET: [&str; 3] = ["messages", "window", "scope"];
pub(super) const HOURS: [&str; 5] = ["quiet", "zone", "days", "applies_to", "action"];
pub(super) const FLOW: [&str; 2] = ["cross_chat", "window"];
pub(super) const HEALTH: [&str; 3] = ["pause_on", "failures", "cooldown"];
/// The keys of `health.failures` and `confirmation.prompts`.
pub(super) const RATE: [&str; 2] = ["max", "window"];
pub(super) const MODE: [&str; 2] = ["value", "read_only"];
pub(super) const CONFIRMATION: [&str; 4] = ["enabled", "expires", "min_answer_ms", "prompts"];

/// Every table with its keys. A class of tools has the keys of a tool, `rate_limit` those of
/// a limit, and a grant also those of a layer.
const TABLES: [(&str, &[&str]); 26] = [
    ("lists", &["NAME"]),
    ("accounts", &["NAME"]),
    ("accounts.NAME", &["backend"]),
    ("risk", &["CLASS"]),
    ("tools", &["NAME"]),
    ("tools.NAME", &RULE),
    ("tools.NAME.limits", &LIMIT),
    ("tools.NAME.when", &WHEN),
    ("tools.NAME.pace", &PACE),
    ("tools.NAME.examples", &EXAMPLES),
    ("recipients", &RECIPIENTS),
    ("recipients.new", &NEW),
    ("recipients.answers", &ANSWERS),
    ("read", &READ),
    ("read.chats", &CHATS),
    ("read.budget", &BUDGET),
    ("hours", &HOURS),
    ("flow", &FLOW),
    ("health", &HEALTH),
    ("health.failures", &RATE),
    ("mode", &MODE),
    ("grants", &["NAME"]),
    ("grants.NAME", &GRANT),
    ("oauth", &OAUTH),
    ("confirmation", &CONFIRMATION),
    ("confirmation.prompts", &RATE),
];

/// The keys of an account: its back end, and what one of the back ends takes.
pub(super) fn account(backends: BackendSpecs) -> Vec<&'static str> {
    let mut keys = vec!["backend"];
    for key in backends.iter().flat_map(|spec| spec.account_keys()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Every key, by its dotted path; `NAME` and `CLASS` are the writer's own.
pub fn keys(backends: BackendSpecs) -> impl Iterator<Item = String> {
    let top = FILE.into_iter().chain(LAYER).map(str::to_owned);
    let below = TABLES
        .into_iter()
        .flat_map(|(table, keys)| keys.iter().map(move |key| format!("{table}.{key}")));
    let accounts = account(backends).into_iter().skip(1);
    let accounts = accounts.map(|key| format!("accounts.NAME.{key}"));
    top.chain(below).chain(accounts)
}
