//! The keys of `recipients`, `read`, `hours`, `flow`, `health`, `mode` and `confirmation`.

use super::{
    Key,
    Takes::{Count, Duration, Flag, Size, States, Table, Text, Texts, UpTo, Word, WordList},
    Words, fields,
    rule::{ACTIONS, SCOPES},
};
use crate::{
    media::{CONTENT_TYPES, MediaOrigin},
    op::Risk,
    policy::{hours::WEEKDAYS, layer::HoursScope},
};

/// The longest time that an answer may have to take, in milliseconds.
pub(in crate::policy::parse) const MAX_MIN_ANSWER_MS: u64 = 10_000;

pub(super) const CLASSES: Words = || Risk::ALL.map(Risk::name).to_vec();
/// The largest `media.max_bytes`.
pub(in crate::policy::parse) const MAX_FILE_BYTES: u64 = 1_000_000_000;

const HOURS_SCOPES: Words = || HoursScope::ALL.map(HoursScope::name).to_vec();
const SOURCES: Words = || MediaOrigin::ALL.map(MediaOrigin::name).to_vec();
const TYPES: Words = || {
    let families = ["application/*", "audio/*", "image/*", "video/*"];
    families.into_iter().chain(CONTENT_TYPES).collect()
};
const OTHERS: Words = || vec!["show", "hide"];
const DAYS: Words = || WEEKDAYS.map(|(name, _)| name).to_vec();

pub(in crate::policy::parse) const RECIPIENTS: [Key; 5] = [
    Key::new("allow", Texts, "Who may be reached."),
    Key::new(
        "deny",
        Texts,
        "Who may not be reached, whatever else the policy says.",
    ),
    Key::new(
        "unlisted",
        Word(ACTIONS),
        "The action for recipients that are in neither list.",
    ),
    Key::new(
        "new",
        Table(fields("new_recipients", &NEW)),
        "First-time recipients: people and groups that this account has never written to.",
    ),
    Key::new(
        "answers",
        Table(fields("answers", &ANSWERS)),
        "Answers only: who is reached has to have written to this account lately.",
    ),
];

pub(in crate::policy::parse) const ANSWERS: [Key; 1] =
    [Key::new("within", Duration, "How long a message counts.").required()];

pub(in crate::policy::parse) const NEW: [Key; 3] = [
    Key::new("action", Word(ACTIONS), "The action for a first message.").or("\"allow\""),
    Key::new(
        "max",
        Count,
        "How many first-time recipients are allowed in a window, for the whole account.",
    ),
    Key::new("window", Duration, "The length of the window."),
];

pub(in crate::policy::parse) const READ: [Key; 4] = [
    Key::new(
        "chats",
        Table(fields("chats", &CHATS)),
        "The chats whose messages may be read.",
    ),
    Key::new(
        "others",
        Word(OTHERS),
        "What becomes of the chats that `read.chats` does not allow.",
    )
    .or("\"show\""),
    Key::new(
        "hide",
        Texts,
        "Chats and people that do not exist for the agent, neither as members nor as authors.",
    ),
    Key::new(
        "budget",
        Table(fields("budget", &BUDGET)),
        "How many messages may be returned.",
    ),
];

pub(in crate::policy::parse) const CHATS: [Key; 2] = [
    Key::new(
        "allow",
        Texts,
        "Chats that may be read; all others may not.",
    ),
    Key::new(
        "deny",
        Texts,
        "Chats that may not be read, whatever else the policy says.",
    ),
];

pub(in crate::policy::parse) const BUDGET: [Key; 3] = [
    Key::new(
        "messages",
        Count,
        "How many messages are allowed in a window.",
    )
    .required(),
    Key::new("window", Duration, "The length of the window.").required(),
    Key::new("scope", Word(SCOPES), "Whose reading counts together.").or("\"grant\""),
];

pub(in crate::policy::parse) const MEDIA: [Key; 3] = [
    Key::new(
        "types",
        WordList(TYPES),
        "The types that may be sent, by the content of the file: `image/*` is every image.",
    ),
    Key::new(
        "max_bytes",
        Size,
        "The largest file that may be sent, in bytes.",
    ),
    Key::new("sources", WordList(SOURCES), "Where files may come from."),
];

pub(in crate::policy::parse) const HOURS: [Key; 5] = [
    Key::new(
        "quiet",
        Text,
        "From when to when, over midnight too; `00:00-24:00` is all day.",
    )
    .required(),
    Key::new(
        "zone",
        Text,
        "The time zone by its IANA name; the machine's own is not used.",
    )
    .required(),
    Key::new(
        "days",
        WordList(DAYS),
        "The days of the week on which the hours begin: hours from 22:00 on Saturday to 07:00 belong to `sat`.",
    ),
    Key::new(
        "applies_to",
        WordList(HOURS_SCOPES),
        "The classes of tools that the hours apply to; `first_time` is any call that reaches a first-time recipient.",
    )
    .or("[\"write\", \"execute\", \"destructive\"]"),
    Key::new(
        "action",
        Word(ACTIONS),
        "What happens to a call in these hours.",
    )
    .or("\"deny\""),
];

pub(in crate::policy::parse) const FLOW: [Key; 2] = [
    Key::new(
        "cross_chat",
        Word(ACTIONS),
        "What happens to a call that could pass on what was read in one chat to somebody else.",
    )
    .or("\"allow\""),
    Key::new(
        "window",
        Duration,
        "How long what was read counts, from the last time on.",
    )
    .or("\"hour\""),
];

pub(in crate::policy::parse) const HEALTH: [Key; 3] = [
    Key::new("pause_on", States, "States of the account that pause it.").or("[]"),
    Key::new(
        "failures",
        Table(fields("failures", &RATE)),
        "How many changes may fail in a window before the account is paused.",
    ),
    Key::new("cooldown", Duration, "How long the account is paused.").or("\"1h\""),
];

/// The keys of `health.failures` and `confirmation.prompts`.
pub(in crate::policy::parse) const RATE: [Key; 2] = [
    Key::new("max", Count, "How many there may be in a window.").required(),
    Key::new("window", Duration, "The length of the window.").required(),
];

pub(in crate::policy::parse) const MODE: [Key; 2] = [
    Key::new(
        "value",
        Word(|| vec!["enforce", "shadow"]),
        "`enforce`, or `shadow` to try a policy out.",
    )
    .or("\"enforce\""),
    Key::new(
        "read_only",
        Flag,
        "Whether only reading is allowed, whatever the rules say.",
    )
    .or("false"),
];

pub(in crate::policy::parse) const CONFIRMATION: [Key; 4] = [
    Key::new(
        "enabled",
        Flag,
        "Whether irreversible tools are offered to clients that can ask a person; each call of one is then asked about.",
    )
    .or("false"),
    Key::new("expires", Duration, "How long a person has to answer.").or("\"5m\""),
    Key::new(
        "min_answer_ms",
        UpTo(MAX_MIN_ANSWER_MS),
        "Milliseconds that an answer takes at least.",
    )
    .or("400"),
    Key::new(
        "prompts",
        Table(fields("prompts", &RATE)),
        "How many questions a caller may have asked.",
    ),
];
