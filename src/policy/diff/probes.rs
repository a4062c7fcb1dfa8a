//! Calls on both sides of each border of the conditions.

use serde_json::{Map, Value};

use super::Pair;
use crate::{
    op::{self, Entry},
    policy::{Condition, tool_rules::Conditional},
};

/// The most calls that are tried for a tool.
const MAX_CALLS: usize = 4000;

/// The longest example that is shown, in characters.
const MAX_SHOWN: usize = 100;

impl Pair<'_> {
    /// The calls to try, and whether they are complete.
    pub(super) fn calls(
        self,
        entry: &Entry,
        old: &[&Conditional],
        new: &[&Conditional],
    ) -> (Vec<Value>, bool) {
        let schemas = (entry.schemas)();
        let mut calls: Vec<Value> = vec![Value::Object(Map::new())];
        let samples = || {
            let both = self.old.samples.iter().chain(&self.new.samples);
            both.filter(|facts| facts.tool == entry.name)
        };
        let all = || {
            old.iter()
                .chain(new)
                .flat_map(|rule| &rule.when)
                .map(|when| &when.condition)
        };
        let mut paths: Vec<&[Box<str>]> = all().map(Condition::path).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut complete = true;
        for path in paths {
            let here: Vec<&Condition> = all().filter(|one| one.path() == path).collect();
            // The examples of the policy show what a pattern is about.
            let mut values: Vec<Value> = samples()
                .filter_map(|facts| at(&facts.arguments, path).cloned())
                .collect();
            for condition in &here {
                let (any, optional) = condition.any_value(entry.name, &schemas.input);
                let usual = [Some(any), optional.then_some(Value::Null)];
                // `null` stands for an omitted argument.
                for value in usual.into_iter().flatten().chain(condition.borders()) {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
            }
            let with = |call: &Value| {
                let placed = values.iter().map(|value| put(call, path, value));
                placed.collect::<Vec<_>>()
            };
            let mut more: Vec<Value> = calls.iter().flat_map(with).collect();
            complete &= more.len() <= MAX_CALLS;
            more.truncate(MAX_CALLS);
            calls = more;
        }
        (calls, complete)
    }
}

/// The value at a path.
fn at<'v>(call: &'v Value, path: &[Box<str>]) -> Option<&'v Value> {
    path.iter().try_fold(call, |inner, name| inner.get(&**name))
}

/// The arguments with a value at a path.
fn put(call: &Value, path: &[Box<str>], value: &Value) -> Value {
    let Some((name, rest)) = path.split_first() else {
        return value.clone();
    };
    let mut fields = call.as_object().cloned().unwrap_or_default();
    let inner = fields.get(&**name).cloned().unwrap_or_default();
    fields.insert(name.to_string(), put(&inner, rest, value));
    Value::Object(fields)
}

/// Arguments for people; `None` if there are none.
pub(super) fn short(arguments: &Value) -> Option<String> {
    let mut arguments = arguments.clone();
    if let Value::Object(fields) = &mut arguments {
        fields.retain(|_, value| !value.is_null());
        if fields.is_empty() {
            return None;
        }
    }
    let text = op::Untrusted::new(&arguments.to_string()).to_string();
    let cut: String = text.chars().take(MAX_SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    Some(format!("{cut}{more}"))
}
