//! Whether two conditions can hold together.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{Condition, Operator, predicate::Predicate};

impl Condition {
    /// Whether no single value can meet both conditions.
    pub fn contradicts(&self, other: &Self) -> bool {
        // Different entries of a list may meet them.
        let single = |one: &Self| !one.list && one.each.is_none();
        if self.path != other.path || !single(self) || !single(other) {
            return false;
        }
        self.leaves_nothing_for(other) || other.leaves_nothing_for(self)
    }

    fn leaves_nothing_for(&self, other: &Self) -> bool {
        match &self.predicate {
            Predicate::Exists(false) => !other.may_hold(&Value::Object(Map::new())),
            Predicate::Link => {
                matches!(other.predicate, Predicate::Link) && self.operator != other.operator
            }
            Predicate::Same(values) if !self.operator.forbids() => {
                let mut values = values.each();
                values.all(|value| !other.may_hold(&self.placed(value)))
            }
            Predicate::Order(high, _) if self.is_upper() => match &other.predicate {
                Predicate::Order(low, _) if other.is_lower() => match low.than(*high) {
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

    /// Arguments with this value at the condition's path.
    pub(in crate::policy) fn placed(&self, value: Value) -> Value {
        self.path.iter().rev().fold(value, |inner, name| {
            Value::Object(Map::from_iter([(name.to_string(), inner)]))
        })
    }
}
