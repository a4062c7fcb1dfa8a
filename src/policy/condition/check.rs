//! Whether a condition makes sense for an argument of a tool.

use regex::Regex;

use super::{
    At, Operand, Operator, Problem,
    operator::Each,
    shape::{Kind, Shape},
    test,
    values::{person, spellings},
};
use crate::text::nearest;

/// Holds a condition against one tool's argument.
pub(super) fn fits(
    shape: &Shape<'_>,
    operator: Operator,
    value: &Operand,
    each: Option<Each>,
) -> Result<(), Problem<At>> {
    if each.is_some() && (operator == Operator::Exists || !shape.is_list()) {
        let message = match operator {
            Operator::Exists => "`exists` asks for the argument as a whole".to_owned(),
            _ => format!("`{}` is no list", shape.path),
        };
        return Err(Problem::new(
            At::Each,
            "bad-each",
            message,
            "leave `each` out",
        ));
    }
    if operator == Operator::Exists {
        return Ok(());
    }
    // Of several kinds, one has to fit; the others are in doubt and do not hold.
    let mut first = None;
    for kind in &shape.kinds {
        let found = match kind {
            Kind::List(entries) => entries
                .iter()
                .map(|entry| fits_kind(shape, entry, operator, value, true, each))
                .reduce(|kept, next| kept.or(next))
                .unwrap_or(Ok(())),
            kind => fits_kind(shape, kind, operator, value, false, each),
        };
        match found {
            Ok(()) => return Ok(()),
            Err(problem) => first = first.or(Some(problem)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// Whether the operator can look at an argument, or at a list's entry, of this kind.
fn fits_kind(
    shape: &Shape<'_>,
    kind: &Kind<'_>,
    operator: Operator,
    value: &Operand,
    entry: bool,
    each: Option<Each>,
) -> Result<(), Problem<At>> {
    let member = entry && each.is_none() && operator == Operator::Contains;
    let hint = match kind {
        Kind::Any => return Ok(()),
        Kind::List(_) => Some("use `exists`".to_owned()),
        Kind::Parts(parts) => Some(parts_of(shape, parts, entry)),
        _ if member => None,
        kind => cannot(kind, operator).map(str::to_owned),
    };
    let what = kind.words();
    let whose = if entry { "an entry of " } else { "" };
    if let Some(hint) = hint {
        let message = format!(
            "{whose}`{}` is {what}, which `{}` cannot look at",
            shape.path,
            operator.name()
        );
        return Err(Problem::new(At::Op, "bad-operator", message, hint));
    }
    let values = match (operator, value) {
        (Operator::In | Operator::NotIn, Operand::List(values)) => values.as_slice(),
        // Told where the value is read.
        (Operator::In | Operator::NotIn, _) => &[],
        (_, value) => std::slice::from_ref(value),
    };
    let exact = member
        || matches!(
            operator,
            Operator::Eq | Operator::Neq | Operator::In | Operator::NotIn
        );
    let form = match kind {
        Kind::Text {
            pattern: Some(pattern),
            ..
        } if exact => test::compile(pattern).ok(),
        _ => None,
    };
    for value in values {
        match (kind, value) {
            (Kind::Text { words, .. }, Operand::Text(text)) if exact => {
                can_be(&shape.path, words, form.as_ref(), text)?;
                if operator.forbids() && person(text).is_some_and(|person| person.is_hidden()) {
                    return Err(hidden(text));
                }
            }
            (Kind::Flag, Operand::Boolean(false)) if !shape.required => {
                return Err(unsure(shape, operator));
            }
            (Kind::Text { .. }, Operand::Text(_))
            | (Kind::Whole | Kind::Number, Operand::Integer(_))
            | (Kind::Number, Operand::Float(_))
            | (Kind::Flag, Operand::Boolean(_)) => {}
            (_, value) => {
                let is = kind_of(value);
                let message = format!("{whose}`{}` is {what}, and this is {is}", shape.path);
                let hint = format!("write {what}");
                return Err(Problem::new(At::Value, "bad-value", message, hint));
            }
        }
    }
    Ok(())
}

/// Why an operator has no use for a value of this kind, if it has none.
const fn cannot(kind: &Kind<'_>, operator: Operator) -> Option<&'static str> {
    match (operator, kind) {
        (
            Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte,
            Kind::Text { .. } | Kind::Flag,
        ) => Some("it compares numbers; use eq, neq, in or not_in"),
        (Operator::Matches | Operator::NotMatches, Kind::Whole | Kind::Number | Kind::Flag) => {
            Some("it looks at text; use eq, neq, in or not_in")
        }
        (Operator::Contains, Kind::Whole | Kind::Number | Kind::Flag) => {
            Some("it looks at text and at lists; use eq or in")
        }
        _ => None,
    }
}

fn parts_of(shape: &Shape<'_>, parts: &[String], entry: bool) -> String {
    if entry || parts.is_empty() {
        return "use `exists`".to_owned();
    }
    let names: Vec<String> = parts
        .iter()
        .map(|part| format!("`{}.{part}`", shape.path))
        .collect();
    format!("name a part of it: {}", names.join(", "))
}

/// Refuses a word that the argument never is.
fn can_be(
    path: &str,
    words: &[&str],
    pattern: Option<&Regex>,
    text: &str,
) -> Result<(), Problem<At>> {
    let never = |hint: String| {
        let text: String = text.chars().take(60).collect();
        let message = format!("`{path}` is never `{text}`");
        Err(Problem::new(At::Value, "bad-value", message, hint))
    };
    if !words.is_empty() && !words.contains(&text) {
        return never(match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of: {}", words.join(", ")),
        });
    }
    if let Some(regex) = pattern
        && !spellings(text).iter().any(|text| regex.is_match(text))
    {
        return never(format!("it is of the form `{regex}`"));
    }
    Ok(())
}

/// A flag that is left out may mean either, and one that is `false` may be left out on the way.
fn unsure(shape: &Shape<'_>, operator: Operator) -> Problem<At> {
    let instead = match operator {
        Operator::Eq | Operator::In => "`neq` true",
        _ => "`eq` true",
    };
    Problem::new(
        At::Value,
        "unsure-flag",
        format!(
            "`{}` may be left out, and then it is not false for certain",
            shape.path
        ),
        format!("write {instead}, and `exists` where it has to be given"),
    )
}

/// Somebody who is forbidden by a hidden identity is still reached by number.
fn hidden(text: &str) -> Problem<At> {
    Problem::new(
        At::Value,
        "hidden-identity",
        format!("the person behind `{text}` can be reached by number as well"),
        "name people in `recipients`, where both are looked at",
    )
}

pub(super) const fn kind_of(value: &Operand) -> &'static str {
    match value {
        Operand::Text(_) => "text",
        Operand::Integer(_) => "a whole number",
        Operand::Float(_) => "a number with a fraction",
        Operand::Boolean(_) => "true or false",
        Operand::List(_) => "a list",
    }
}
