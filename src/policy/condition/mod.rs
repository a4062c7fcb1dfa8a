//! What a call's arguments must be like for the call to be let through.
//!
//! A condition is a requirement, so whatever is in doubt does not hold:
//!
//! * Arguments are looked at as they are sent: ids and numbers in their one spelling,
//!   defaults filled in.
//! * An argument that is left out, or an empty list, is absent. `exists = false` holds
//!   for it, and so do `neq`, `not_in` and `not_matches`, which forbid a value that is
//!   not there. Nothing else does: `lte` does not, since nobody knows what the API
//!   would take instead.
//! * Of a list every entry has to fit, unless `each = "any"` asks for one that does;
//!   that one has to be there.
//! * Text is looked at twice: as it is, and in its plain form, without hidden
//!   characters and with compatible letters made one. Where the two differ in what
//!   they say, neither an operator nor its opposite holds.

mod against;
mod check;
mod operator;
mod plain;
mod probe;
mod shape;
mod test;
mod values;
mod words;

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::Problem;
use operator::Each;
pub use operator::Operator;
use shape::Shape;
use test::Test;

/// A value that an argument is held against, as policy files write it.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// Several of them.
    List(Vec<Self>),
}

/// Which part of a condition is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// The argument's path.
    Path,
    /// The operator.
    Op,
    /// The value.
    Value,
    /// Which entries of a list.
    Each,
}

/// Something that is required of an argument.
#[derive(Debug, Clone)]
pub struct Condition {
    path: Box<[Box<str>]>,
    operator: Operator,
    each: Option<Each>,
    /// Whether the argument is a list for some tool.
    list: bool,
    /// The value, for people.
    value: Box<str>,
    /// The same for conditions that say the same.
    identity: u64,
    test: Test,
}

/// What is at a path.
enum Found<'a> {
    Absent,
    One(&'a Value),
    Many(&'a [Value]),
    /// Parts were looked for in what has none.
    Odd,
}

impl Condition {
    /// Reads a condition and holds it against the input schema of each tool that it is for.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn new(
        path: &str,
        op: &str,
        value: Operand,
        each: Option<&str>,
        schemas: &[(&str, &Map<String, Value>)],
    ) -> Result<Self, Vec<Problem<At>>> {
        let mut problems = Vec::new();
        let mut keep = |found: Result<(), Problem<At>>| {
            if let Err(problem) = found {
                problems.push(problem);
            }
        };
        let (operator, each) = (Operator::read(op), Each::read(each));
        let path = shape::read_path(path);
        let mut list = false;
        let mut test = None;
        if let Ok(path) = &path {
            for (tool, schema) in schemas {
                match Shape::at(path, tool, schema) {
                    Ok(shape) => {
                        list |= shape.is_list();
                        if let Ok(operator) = operator {
                            keep(check::fits(
                                &shape,
                                operator,
                                &value,
                                each.as_ref().ok().copied().flatten(),
                            ));
                        }
                    }
                    Err(problem) => keep(Err(problem)),
                }
            }
        }
        if let Ok(operator) = operator {
            match Test::new(operator, &value) {
                Ok(ready) => test = Some(ready),
                Err(problem) => keep(Err(problem)),
            }
        }
        let each = each.map_err(|problem| keep(Err(problem)));
        let operator = operator.map_err(|problem| keep(Err(problem)));
        let path = path.map_err(|problem| keep(Err(problem)));
        match (path, operator, each, test) {
            (Ok(path), Ok(operator), Ok(each), Some(test)) if problems.is_empty() => Ok(Self {
                identity: identity(&path, operator, each, &value),
                path,
                operator,
                each,
                list,
                value: words::of(&value).into(),
                test,
            }),
            _ => Err(first_of_each_part(problems)),
        }
    }

    /// Whether a call's parsed arguments fulfil it for certain.
    pub fn holds(&self, arguments: &Value) -> bool {
        self.is_met(arguments, false)
    }

    /// Whether they may fulfil it: what refuses has to look at it this way round.
    pub fn may_hold(&self, arguments: &Value) -> bool {
        self.is_met(arguments, true)
    }

    fn is_met(&self, arguments: &Value, in_doubt: bool) -> bool {
        let found = self.find(arguments);
        if let Test::Exists(wanted) = self.test {
            return match found {
                Found::Absent => !wanted,
                Found::One(_) | Found::Many(_) => wanted,
                Found::Odd => in_doubt,
            };
        }
        let forbids = self.operator.forbids();
        let fits = |value: &Value| match self.test.says(value) {
            Some(found) => found != forbids,
            None => in_doubt,
        };
        match (found, self.each) {
            (Found::Odd, _) => in_doubt,
            (Found::Absent, Some(Each::Any)) => false,
            (Found::Absent, _) => forbids,
            (Found::One(value), _) => fits(value),
            (Found::Many(entries), None) if self.operator == Operator::Contains => entries
                .iter()
                .any(|entry| self.test.is_entry(entry, in_doubt)),
            (Found::Many(entries), Some(Each::Any)) => entries.iter().any(fits),
            (Found::Many(entries), _) => entries.iter().all(fits),
        }
    }

    /// What it asks for.
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    fn find<'a>(&self, arguments: &'a Value) -> Found<'a> {
        let mut value = arguments;
        for name in &self.path {
            value = match value {
                Value::Object(fields) => match fields.get(&**name) {
                    Some(value) => value,
                    None => return Found::Absent,
                },
                Value::Null => return Found::Absent,
                _ => return Found::Odd,
            };
        }
        match value {
            Value::Null => Found::Absent,
            Value::Array(entries) if entries.is_empty() => Found::Absent,
            Value::Array(entries) => Found::Many(entries),
            value => Found::One(value),
        }
    }
}

fn identity(path: &[Box<str>], operator: Operator, each: Option<Each>, value: &Operand) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("{operator:?} {each:?} {value:?}").hash(&mut hasher);
    hasher.finish()
}

/// The first problem with each part: what is wrong for one tool is mostly wrong for
/// the others in the same way.
fn first_of_each_part(problems: Vec<Problem<At>>) -> Vec<Problem<At>> {
    let mut kept: Vec<Problem<At>> = Vec::new();
    for problem in problems {
        if kept.iter().all(|known| known.at != problem.at) {
            kept.push(problem);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
