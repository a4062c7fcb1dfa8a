//! Values that show what a condition does.

use serde_json::{Map, Value, json};

use super::{Condition, shape::Shape, test::Test};

/// The most values that are tried for one condition.
const MOST: usize = 500;

impl Condition {
    /// The same for conditions that say the same.
    pub(in crate::policy) const fn identity(&self) -> u64 {
        self.identity
    }

    /// Where it looks.
    pub(in crate::policy) fn path(&self) -> &[Box<str>] {
        &self.path
    }

    /// Whether values at its border and beside it show all that it does.
    pub(in crate::policy) fn is_plain(&self) -> bool {
        match &self.test {
            Test::Exists(_) | Test::Order(..) => true,
            Test::Same(values) => values.each().count() <= MOST,
            Test::Matches(_) | Test::Contains(..) => false,
        }
    }

    /// Values at its border and beside it.
    pub(in crate::policy) fn borders(&self) -> Vec<Value> {
        let found: Vec<Value> = match &self.test {
            Test::Exists(_) => Vec::new(),
            Test::Order(number, _) => number.around(),
            Test::Same(values) => values.each().take(MOST).flat_map(beside).collect(),
            Test::Matches(_) => Vec::new(),
            Test::Contains(part, values) => {
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

    /// A value of the kind that a tool takes where the condition looks, and whether it
    /// may be left out.
    pub(in crate::policy) fn any_value(
        &self,
        tool: &str,
        schema: &Map<String, Value>,
    ) -> (Value, bool) {
        let Ok(shape) = Shape::at(&self.path, tool, schema) else {
            return (json!("x"), true);
        };
        let value = shape.kinds.first().map_or(json!("x"), |kind| kind.sample());
        (value, !shape.required)
    }
}

fn beside(value: Value) -> Vec<Value> {
    match &value {
        Value::Bool(flag) => vec![json!(*flag), json!(!flag)],
        Value::Number(_) => match super::values::Number::of(&value) {
            Some(number) => number.around(),
            None => vec![value],
        },
        _ => vec![value],
    }
}
