//! Values that show the effect of a condition, to compare two policies.

use serde_json::{Map, Value, json};

use super::{Condition, argument::Argument, predicate::Predicate, values::Number};

/// The most values that are tried for one condition.
const MAX_VALUES: usize = 500;

impl Condition {
    /// Equal for conditions that are equal.
    pub(in crate::policy) const fn identity(&self) -> u64 {
        self.identity
    }

    /// The path of its argument.
    pub(in crate::policy) fn path(&self) -> &[Box<str>] {
        &self.path
    }

    /// Whether `borders` shows everything that it does.
    pub(in crate::policy) fn is_plain(&self) -> bool {
        match &self.predicate {
            Predicate::Exists(_) | Predicate::Order(..) => true,
            Predicate::Same(values) => values.each().count() <= MAX_VALUES,
            Predicate::Matches(_) | Predicate::Link | Predicate::Contains(..) => false,
        }
    }

    /// Values at its border and next to it.
    pub(in crate::policy) fn borders(&self) -> Vec<Value> {
        let found: Vec<Value> = match &self.predicate {
            Predicate::Exists(_) => Vec::new(),
            Predicate::Order(number, _) => number.around(),
            Predicate::Same(values) => values.each().take(MAX_VALUES).flat_map(beside).collect(),
            Predicate::Matches(_) => Vec::new(),
            Predicate::Link => vec![json!("see https://example.com/page"), json!("so it is")],
            Predicate::Contains(part, values) => {
                let part = part
                    .iter()
                    .map(|(text, _)| json!(format!("so {text} it is")));
                part.chain(values.each()).collect()
            }
        };
        if !self.list {
            return found;
        }
        let pairs = found.windows(2).map(|pair| json!(pair));
        let single = found.iter().map(|one| json!([one]));
        single.chain(pairs).collect()
    }

    /// A value that a tool accepts for the argument, and whether the argument is optional.
    pub(in crate::policy) fn any_value(
        &self,
        tool: &str,
        schema: &Map<String, Value>,
    ) -> (Value, bool) {
        let Ok(argument) = Argument::at(&self.path, tool, schema) else {
            return (json!("x"), true);
        };
        let value = argument
            .kinds
            .first()
            .map_or(json!("x"), |kind| kind.sample());
        (value, !argument.required)
    }
}

fn beside(value: Value) -> Vec<Value> {
    match &value {
        Value::Bool(flag) => vec![json!(*flag), json!(!flag)],
        Value::Number(_) => match Number::of(&value) {
            Some(number) => number.around(),
            None => vec![value],
        },
        _ => vec![value],
    }
}
