//! Checks that a condition makes sense for an argument of a tool.

use regex::Regex;
use serde_json::Value;

use super::{
    Operator, Problem,
    argument::{Argument, ArgumentKind},
    operator::Each,
    predicate,
    values::{person, shown, spellings},
};
use crate::{policy::document::shorten, text::nearest};

/// Checks operator, value and `each` of a condition for one tool's argument.
pub(super) fn fits(
    argument: &Argument<'_>,
    operator: Operator,
    value: &Value,
    each: Option<Each>,
) -> Result<(), Problem> {
    if each.is_some() && (operator == Operator::Exists || !argument.is_list()) {
        let message = match operator {
            Operator::Exists => {
                "each has no use with `exists`, which tests the argument as a whole".to_owned()
            }
            _ => format!("each is for lists, and `{}` is not a list", argument.path),
        };
        return Err(Problem::new("each", "bad-each", message, "remove `each`"));
    }
    if operator == Operator::Exists {
        return Ok(());
    }
    // One of several types has to fit; values of the others are in doubt and do not hold.
    let mut first = None;
    for kind in &argument.kinds {
        let found = match kind {
            ArgumentKind::List(entries) => entries
                .iter()
                .map(|entry| fits_kind(argument, entry, operator, value, true, each))
                .reduce(|kept, next| kept.or(next))
                .unwrap_or(Ok(())),
            kind => fits_kind(argument, kind, operator, value, false, each),
        };
        match found {
            Ok(()) => return Ok(()),
            Err(problem) => first = first.or(Some(problem)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// Checks the condition for a type of the argument, or of its entries.
fn fits_kind(
    argument: &Argument<'_>,
    kind: &ArgumentKind<'_>,
    operator: Operator,
    value: &Value,
    entry: bool,
    each: Option<Each>,
) -> Result<(), Problem> {
    let member = entry && each.is_none() && operator == Operator::Contains;
    let hint = match kind {
        ArgumentKind::Any => return Ok(()),
        ArgumentKind::List(_) => Some("use `exists`".to_owned()),
        ArgumentKind::Parts(parts) => Some(parts_of(argument, parts, entry)),
        _ if member => None,
        kind => cannot(kind, operator).map(str::to_owned),
    };
    let what = kind.words();
    let whose = if entry { "an entry of " } else { "" };
    if let Some(hint) = hint {
        let message = format!(
            "{whose}`{}` is {what}, which `{}` cannot compare",
            argument.path,
            operator.name()
        );
        return Err(Problem::new("op", "bad-operator", message, hint));
    }
    let values = match (operator, value) {
        (Operator::In | Operator::NotIn, Value::Array(values)) => values.as_slice(),
        // `Predicate::new` reports this.
        (Operator::In | Operator::NotIn, _) => &[],
        (operator, _) if !operator.takes_value() => &[],
        (_, value) => std::slice::from_ref(value),
    };
    let exact = member
        || matches!(
            operator,
            Operator::Eq | Operator::Neq | Operator::In | Operator::NotIn
        );
    let form = match kind {
        ArgumentKind::Text {
            pattern: Some(pattern),
            ..
        } if exact => predicate::compile(pattern).ok(),
        _ => None,
    };
    for value in values {
        match (kind, value) {
            (ArgumentKind::Text { words, .. }, Value::String(text)) if exact => {
                can_be(&argument.path, words, form.as_ref(), text)?;
                if operator.forbids() && person(text).is_some_and(|person| person.is_hidden()) {
                    return Err(hidden(text));
                }
            }
            (ArgumentKind::Flag, Value::Bool(false)) if !argument.required => {
                return Err(unsure(argument, operator));
            }
            (ArgumentKind::Text { .. }, Value::String(_))
            | (ArgumentKind::Number, Value::Number(_))
            | (ArgumentKind::Flag, Value::Bool(_)) => {}
            (ArgumentKind::Whole, Value::Number(number)) if !number.is_f64() => {}
            (_, value) => {
                let (path, got) = (&argument.path, shown(value));
                let message = format!("value must be {what}, as {whose}`{path}` is, got {got}");
                let hint = format!("write {what}");
                return Err(Problem::new("value", "bad-value", message, hint));
            }
        }
    }
    Ok(())
}

/// Why an operator cannot compare values of this type; `None` if it can.
const fn cannot(kind: &ArgumentKind<'_>, operator: Operator) -> Option<&'static str> {
    match (operator, kind) {
        (
            Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte,
            ArgumentKind::Text { .. } | ArgumentKind::Flag,
        ) => Some("it compares numbers; use eq, neq, in or not_in"),
        (
            Operator::Matches | Operator::NotMatches | Operator::HasLink | Operator::HasNoLink,
            ArgumentKind::Whole | ArgumentKind::Number | ArgumentKind::Flag,
        ) => Some("it tests text; use eq, neq, in or not_in"),
        (Operator::Contains, ArgumentKind::Whole | ArgumentKind::Number | ArgumentKind::Flag) => {
            Some("it tests text and lists; use eq or in")
        }
        _ => None,
    }
}

fn parts_of(argument: &Argument<'_>, parts: &[String], entry: bool) -> String {
    if entry || parts.is_empty() {
        return "use `exists`".to_owned();
    }
    let names: Vec<String> = parts
        .iter()
        .map(|part| format!("`{}.{part}`", argument.path))
        .collect();
    format!("name a field of it: {}", names.join(", "))
}

/// Refuses a text that the argument can never be.
fn can_be(path: &str, words: &[&str], pattern: Option<&Regex>, text: &str) -> Result<(), Problem> {
    let never = |hint: String| {
        let message = format!("value: `{path}` is never \"{}\"", shorten(text));
        Err(Problem::new("value", "bad-value", message, hint))
    };
    if !words.is_empty() && !words.contains(&text) {
        return never(match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", words.join(", ")),
        });
    }
    if let Some(regex) = pattern
        && !spellings(text).iter().any(|text| regex.is_match(text))
    {
        return never(format!("it has the form `{regex}`"));
    }
    Ok(())
}

/// An optional flag that is omitted may mean either, and `false` may be sent as omitted.
fn unsure(argument: &Argument<'_>, operator: Operator) -> Problem {
    let instead = match operator {
        Operator::Eq | Operator::In => "`neq` true",
        _ => "`eq` true",
    };
    Problem::new(
        "value",
        "unsure-flag",
        format!(
            "value: `{}` may be omitted, and then it is not certainly false",
            argument.path
        ),
        format!("write {instead}, and add `exists` if it has to be given"),
    )
}

/// A person who is forbidden by hidden id can still be reached by number.
fn hidden(text: &str) -> Problem {
    Problem::new(
        "value",
        "hidden-identity",
        format!("value: the person behind `{text}` can also be reached by number"),
        "name people in `recipients`, which knows both",
    )
}
