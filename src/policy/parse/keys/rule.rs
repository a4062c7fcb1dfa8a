//! The keys of a rule for tools, and of what is in one.

use super::{
    Key,
    Takes::{Calls, Count, Duration, Operand, Table, Tables, Text, Texts, Word},
    Words, fields, like,
};
use crate::policy::{Action, Operator, Scope, parse::reader::CONFIRM_IF_ENABLED};

pub(super) const ACTIONS: Words = || {
    let mut words = Action::ALL.map(Action::name).to_vec();
    words.push(CONFIRM_IF_ENABLED);
    words
};
pub(super) const SCOPES: Words = || Scope::ALL.map(Scope::name).to_vec();
const OPERATORS: Words = || Operator::NAMES.map(|(name, _)| name).to_vec();

pub(in crate::policy::parse) const RULE: [Key; 8] = [
    Key::new(
        "except",
        Texts,
        "Tools that the rule is not for; other rules still are.",
    )
    .or("[]"),
    Key::new("action", Word(ACTIONS), "What the rule does."),
    Key::new(
        "reason",
        Text,
        "Shown to the agent in a refusal, and to the person in a question.",
    ),
    Key::new(
        "limits",
        Tables(fields("limit", &LIMIT)),
        "How often the tool may be called.",
    ),
    Key::new(
        "rate_limit",
        Table(like("limit", &LIMIT)),
        "One limit, the short form.",
    ),
    Key::new(
        "when",
        Tables(fields("condition", &WHEN)),
        "Conditions on the arguments.",
    ),
    Key::new(
        "pace",
        Table(fields("pace", &PACE)),
        "Random delay between consecutive calls of all tools that have `pace`.",
    ),
    Key::new(
        "examples",
        Table(fields("examples", &EXAMPLES)),
        "Calls that are checked when the policy is loaded.",
    ),
];

/// The key of a rule in `rules`, besides those of a rule.
pub(in crate::policy::parse) const RULES: [Key; 1] =
    [Key::new("tools", Texts, "The tools that the rule is for.").required()];

pub(in crate::policy::parse) const LIMIT: [Key; 5] = [
    Key::new(
        "counter",
        Text,
        "A name: limits of one name count together, over tools and files.",
    ),
    Key::new("window", Duration, "The length of the window.").required(),
    Key::new("max", Count, "How many calls are allowed in a window.").required(),
    Key::new(
        "burst",
        Count,
        "How many calls are allowed at once, in windows below an hour.",
    ),
    Key::new("scope", Word(SCOPES), "Whose calls count together.").or("\"grant\""),
];

pub(in crate::policy::parse) const WHEN: [Key; 5] = [
    Key::new(
        "arg",
        Text,
        "The argument, by its name or a dotted path into it.",
    )
    .required(),
    Key::new(
        "op",
        Word(OPERATORS),
        "How the argument is compared with the value.",
    )
    .required(),
    Key::new(
        "value",
        Operand,
        "What the argument is compared with, of its own type; a list for `in` and `not_in`, true or false for `exists`, none for `has_link` and `has_no_link`.",
    ),
    Key::new(
        "each",
        Word(|| vec!["any", "all"]),
        "For arguments that are lists: whether `all` entries have to match or `any` one.",
    ),
    Key::new("reason", Text, "Shown where this condition refuses."),
];

pub(in crate::policy::parse) const PACE: [Key; 2] = [
    Key::new("min", Duration, "The shortest delay.").required(),
    Key::new("max", Duration, "The longest delay.").required(),
];

pub(in crate::policy::parse) const EXAMPLES: [Key; 3] = [
    Key::new(
        "allows",
        Calls,
        "Arguments of calls that have to be allowed.",
    ),
    Key::new(
        "confirms",
        Calls,
        "Arguments of calls that a person has to be asked about.",
    ),
    Key::new(
        "refuses",
        Calls,
        "Arguments of calls that have to be refused.",
    ),
];
