//! Whether two conditions can hold together.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Condition, Operator, test::Test};

impl Condition {
    /// Whether no single value fulfils both for certain.
    pub fn contradicts(&self, other: &Self) -> bool {
        // Of a list, different entries may fulfil them.
        let single = |one: &Self| !one.list && one.each.is_none();
        if self.path != other.path || !single(self) || !single(other) {
            return false;
        }
        self.leaves_nothing_for(other) || other.leaves_nothing_for(self)
    }

    fn leaves_nothing_for(&self, other: &Self) -> bool {
        match &self.test {
            Test::Exists(false) => !other.may_hold(&Value::Object(Map::new())),
            Test::Same(values) if !self.operator.forbids() => {
                let mut values = values.each();
                values.all(|value| !other.may_hold(&self.placed(value)))
            }
            Test::Order(high, _) if self.is_upper() => match &other.test {
                Test::Order(low, _) if other.is_lower() => match low.than(*high) {
                    Some(Ordering::Greater) => true,
                    Some(Ordering::Equal) => {
                        self.operator == Operator::Lt || other.operator == Operator::Gt
                    }
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    fn is_upper(&self) -> bool {
        matches!(self.operator, Operator::Lt | Operator::Lte)
    }

    fn is_lower(&self) -> bool {
        matches!(self.operator, Operator::Gt | Operator::Gte)
    }

    /// Arguments that have this value where the condition looks.
    pub(in crate::policy) fn placed(&self, value: Value) -> Value {
        self.path.iter().rev().fold(value, |inner, name| {
            Value::Object(Map::from_iter([(name.to_string(), inner)]))
        })
    }
}
