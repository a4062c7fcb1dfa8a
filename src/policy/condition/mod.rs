//! Conditions on the arguments of a call.
//!
//! A condition is a requirement: in doubt it does not hold.
//!
//! * It tests arguments as they are sent: ids and numbers in canonical form, with defaults.
//! * An omitted argument or an empty list is absent. `exists = false`, `neq`, `not_in`,
//!   `not_matches` and `has_no_link` hold for it. No other operator does: `lte` does not, since the API's own
//!   default is unknown.
//! * Every entry of a list has to fit, or with `each = "any"` at least one. In rules that
//!   confirm or deny, one is enough unless `each = "all"`.
//! * Text is tested as it is and in its plain form, without hidden characters and with
//!   compatible letters unified. If the results differ, neither an operator nor its
//!   opposite holds.

mod argument;
mod check;
mod contradiction;
mod display;
mod link;
mod operator;
mod plain;
mod predicate;
mod probe;
mod similar;
mod values;

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::Problem;
use argument::Argument;
use operator::Each;
pub use operator::Operator;
use predicate::Predicate;
pub(crate) use predicate::{MAX_PATTERN_BYTES, MAX_VALUES};
pub(crate) use values::MAX_TEXT_BYTES;

/// A condition on an argument.
#[derive(Debug, Clone)]
pub struct Condition {
    path: Box<[Box<str>]>,
    operator: Operator,
    each: Option<Each>,
    /// Which entries of a list have to fit where `each` is omitted.
    unsaid: Each,
    /// Whether the argument is a list for some tool.
    list: bool,
    /// The value, for people.
    value: Box<str>,
    /// Equal for conditions that are equal.
    identity: u64,
    predicate: Predicate,
}

/// The value at a path.
enum ArgumentValue<'a> {
    Absent,
    One(&'a Value),
    Many(&'a [Value]),
    /// The path leads through a value that is no object.
    NoObject,
}

impl Condition {
    /// Makes a condition and checks it with the input schema of each tool that it is for. The
    /// value is `null` for an operator that takes none.
    ///
    /// # Errors
    /// All mistakes, at most one for each key.
    pub fn new(
        path: &str,
        op: &str,
        value: &Value,
        each: Option<&str>,
        schemas: &[(&str, &Map<String, Value>)],
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut keep = |found: Result<(), Problem>| {
            if let Err(problem) = found {
                problems.push(problem);
            }
        };
        let (operator, each) = (Operator::read(op), Each::read(each));
        let path = argument::read_path(path);
        let mut list = false;
        let mut predicate = None;
        if let Ok(path) = &path {
            for (tool, schema) in schemas {
                match Argument::at(path, tool, schema) {
                    Ok(argument) => {
                        list |= argument.is_list();
                        if let Ok(operator) = operator {
                            let each = each.as_ref().ok().copied().flatten();
                            keep(check::fits(&argument, operator, value, each));
                        }
                    }
                    Err(problem) => keep(Err(problem)),
                }
            }
        }
        if let Ok(operator) = operator {
            match Predicate::new(operator, value) {
                Ok(ready) => predicate = Some(ready),
                Err(problem) => keep(Err(problem)),
            }
        }
        let each = each.map_err(|problem| keep(Err(problem)));
        let operator = operator.map_err(|problem| keep(Err(problem)));
        let path = path.map_err(|problem| keep(Err(problem)));
        match (path, operator, each, predicate) {
            (Ok(path), Ok(operator), Ok(each), Some(predicate)) if problems.is_empty() => {
                Ok(Self {
                    identity: identity(&path, operator, each, value),
                    path,
                    operator,
                    each,
                    unsaid: Each::All,
                    list,
                    value: display::value(value).into(),
                    predicate,
                })
            }
            _ => Err(first_of_each_key(problems)),
        }
    }

    /// The same condition of a rule that confirms or denies: one entry of a list is enough,
    /// unless `each` says otherwise.
    #[must_use]
    pub(super) fn restricting(mut self) -> Self {
        self.unsaid = Each::Any;
        self
    }

    /// Whether a call's arguments certainly meet it.
    pub fn holds(&self, arguments: &Value) -> bool {
        self.is_met(arguments, false)
    }

    /// Whether they may meet it, which decides for rules that confirm or deny.
    pub fn may_hold(&self, arguments: &Value) -> bool {
        self.is_met(arguments, true)
    }

    fn is_met(&self, arguments: &Value, in_doubt: bool) -> bool {
        let found = self.find(arguments);
        if let Predicate::Exists(wanted) = self.predicate {
            return match found {
                ArgumentValue::Absent => !wanted,
                ArgumentValue::One(_) | ArgumentValue::Many(_) => wanted,
                ArgumentValue::NoObject => in_doubt,
            };
        }
        let forbids = self.operator.forbids();
        let fits = |value: &Value| match self.predicate.test(value) {
            Some(found) => found != forbids,
            None => in_doubt,
        };
        match (found, self.each) {
            (ArgumentValue::NoObject, _) => in_doubt,
            (ArgumentValue::Absent, Some(Each::Any)) => false,
            (ArgumentValue::Absent, _) => forbids,
            (ArgumentValue::One(value), _) => fits(value),
            (ArgumentValue::Many(entries), None) if self.operator == Operator::Contains => entries
                .iter()
                .any(|entry| self.predicate.is_entry(entry, in_doubt)),
            (ArgumentValue::Many(entries), each) => match each.unwrap_or(self.unsaid) {
                Each::Any => entries.iter().any(fits),
                Each::All => entries.iter().all(fits),
            },
        }
    }

    /// The operator.
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    fn find<'a>(&self, arguments: &'a Value) -> ArgumentValue<'a> {
        let mut value = arguments;
        for name in &self.path {
            value = match value {
                Value::Object(fields) => match fields.get(&**name) {
                    Some(value) => value,
                    None => return ArgumentValue::Absent,
                },
                Value::Null => return ArgumentValue::Absent,
                _ => return ArgumentValue::NoObject,
            };
        }
        match value {
            Value::Null => ArgumentValue::Absent,
            Value::Array(entries) if entries.is_empty() => ArgumentValue::Absent,
            Value::Array(entries) => ArgumentValue::Many(entries),
            value => ArgumentValue::One(value),
        }
    }
}

fn identity(path: &[Box<str>], operator: Operator, each: Option<Each>, value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("{operator:?} {each:?} {value:?}").hash(&mut hasher);
    hasher.finish()
}

/// The first problem with each key: other tools mostly have the same one.
fn first_of_each_key(problems: Vec<Problem>) -> Vec<Problem> {
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems {
        if kept.iter().all(|known| known.key != problem.key) {
            kept.push(problem);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
