//! Conditions on arguments.

use serde_json::{Map, Value};

use super::{
    draft::{ImportedCondition, ImportedRule},
    pattern::translate,
    read::{Importer, below},
    rule::InterceptRule,
};
use crate::policy::{Condition, MAX_PATTERN_BYTES, MAX_TEXT_BYTES, MAX_VALUES, document::Node};

/// The operators: the name in the source, ours, and ours for the opposite.
const OPERATORS: [(&str, &str, &str); 13] = [
    ("eq", "eq", "neq"),
    ("neq", "neq", "eq"),
    ("in", "in", "not_in"),
    ("not_in", "not_in", "in"),
    ("lt", "lt", "gte"),
    ("lte", "lte", "gt"),
    ("gt", "gt", "lte"),
    ("gte", "gte", "lt"),
    ("regex", "matches", "not_matches"),
    ("matches", "matches", "not_matches"),
    ("not_matches", "not_matches", "matches"),
    ("contains", "contains", WITHOUT),
    ("exists", "exists", "exists"),
];

/// The opposite of `contains`, which becomes a pattern.
const WITHOUT: &str = "not_contains";

/// The keys for the text of a refusal.
const REASONS: [&str; 3] = ["on_deny", "reason", "message"];

impl Importer<'_> {
    /// A list of conditions, as PolicyLayer writes them.
    pub(super) fn conditions(
        &mut self,
        node: &Node,
        path: &str,
        deny: bool,
        rule: &mut ImportedRule,
    ) {
        for (index, item) in self.items(node, path, rule).iter().enumerate() {
            let reason = REASONS.iter().find_map(|key| item.get(key)?.text());
            let from = self.line_of(item.span.start);
            let path = format!("{path}[{index}]");
            self.argument(item, &path, from, reason.map(str::to_owned), deny, rule);
        }
    }

    /// A condition of Intercept: on an argument or on a counter.
    pub(super) fn condition(
        &mut self,
        node: &Node,
        path: &str,
        within: &InterceptRule<'_>,
        rule: &mut ImportedRule,
    ) {
        let counter = node
            .get("path")
            .and_then(Node::text)
            .and_then(|path| path.strip_prefix("state."));
        match counter {
            Some(counter) => self.counter_condition(node, counter, path, within, rule),
            None => {
                let (from, reason) = (within.from.clone(), within.reason.clone());
                self.argument(node, path, from, reason, false, rule);
            }
        }
    }

    fn argument(
        &mut self,
        node: &Node,
        path: &str,
        from: String,
        reason: Option<String>,
        deny: bool,
        rule: &mut ImportedRule,
    ) {
        let at = node.span.start;
        let Some(fields) = node.fields() else {
            return self.refuse(rule, at, path, "a condition must be a table");
        };
        let known = ["path", "op", "value", "name", "description"];
        let unknown = fields.iter().find(|field| {
            let key = &*field.key;
            !known.contains(&key) && !REASONS.contains(&key)
        });
        if let Some(field) = unknown {
            let (start, path) = (field.key_span.start, below(path, field));
            return self.refuse(rule, start, &path, "this key is not supported");
        }
        let arg = node
            .get("path")
            .and_then(Node::text)
            .and_then(|path| path.strip_prefix("args."));
        let Some(arg) = arg else {
            let why = "a condition must be about `args.…` or a counter";
            return self.refuse(rule, at, path, why);
        };
        let op = node.get("op").and_then(Node::text);
        let Some((_, same, opposite)) = OPERATORS.iter().find(|(name, ..)| Some(*name) == op)
        else {
            return self.refuse(rule, at, path, "this operator is not supported");
        };
        let op = if deny { opposite } else { same };
        let value = match node.get("value").map(Node::json) {
            Some(Value::Bool(given)) if *op == "exists" => Value::Bool(given != deny),
            Some(Value::String(text)) if matches!(*same, "matches" | "not_matches") => {
                match translate(&text) {
                    Some(text) => Value::String(text),
                    None => {
                        let why = "this regular expression has no equal here";
                        return self.refuse(rule, at, path, why);
                    }
                }
            }
            Some(value) => value,
            None => Value::Null,
        };
        rule.when.push(ImportedCondition {
            from,
            start: at,
            key: path.to_owned(),
            arg: arg.to_owned(),
            op,
            value,
            reason,
            required: !deny && *op != "exists",
        });
    }

    /// Keeps the conditions that fit a tool; the rule refuses if it loses one.
    pub(super) fn fit(&mut self, tool: &'static str, mut rule: ImportedRule) -> ImportedRule {
        let schema = self
            .tools
            .get(tool)
            .map(|tool| tool.schemas().input.clone());
        let arguments = schema
            .as_ref()
            .and_then(|schema| schema.get("properties")?.as_object());
        let required = |arg: &str| {
            let names = schema
                .as_ref()
                .and_then(|schema| schema.get("required")?.as_array());
            names.is_some_and(|names| names.iter().any(|name| name == arg))
        };
        for mut when in std::mem::take(&mut rule.when) {
            let Some(argument) = arguments.and_then(|arguments| arguments.get(&when.arg)) else {
                let names: Vec<_> = arguments
                    .iter()
                    .flat_map(|arguments| arguments.keys().map(String::as_str))
                    .collect();
                let why = match names.as_slice() {
                    [] => format!("our `{tool}` has no arguments"),
                    names => format!("our `{tool}` has only the arguments {}", names.join(", ")),
                };
                self.refuse(&mut rule, when.start, &when.key, &why);
                continue;
            };
            let fits = bounded(&when)
                && can_be(argument, required(&when.arg), &mut when)
                && is_taken(tool, schema.as_deref(), &when);
            if !fits {
                let why = format!(
                    "`{}` of our `{tool}` cannot be compared like this",
                    when.arg
                );
                self.refuse(&mut rule, when.start, &when.key, &why);
                continue;
            }
            if when.required && !required(&when.arg) {
                // In these formats, an omitted argument meets no condition.
                rule.when.push(ImportedCondition {
                    op: "exists",
                    value: Value::Bool(true),
                    ..when.clone()
                });
            }
            rule.when.push(when);
        }
        rule
    }
}

/// Whether an argument can be compared like this. The opposite of `contains` becomes a
/// pattern.
fn can_be(argument: &Value, required: bool, when: &mut ImportedCondition) -> bool {
    let kind = match argument.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ => "",
    };
    match (when.op, kind, &when.value) {
        ("exists", _, Value::Bool(_)) => true,
        // An omitted flag may mean either.
        ("eq" | "neq", "boolean", Value::Bool(false)) => required,
        ("in" | "not_in", "boolean", _) => false,
        ("eq" | "neq", _, value) => like(kind, value) && known(argument, value),
        ("in" | "not_in", _, Value::Array(items)) => items
            .iter()
            .all(|item| like(kind, item) && known(argument, item)),
        ("lt" | "lte" | "gt" | "gte", "integer" | "number", value) => like(kind, value),
        ("matches" | "not_matches" | "contains", "string", Value::String(_)) => true,
        ("contains", "array", value) => {
            let items = argument.pointer("/items/type").and_then(Value::as_str);
            like(items.unwrap_or_default(), value)
        }
        (WITHOUT, "string", Value::String(text)) => {
            let pattern = regex::escape(text);
            (when.op, when.value) = ("not_matches", Value::String(pattern));
            true
        }
        _ => false,
    }
}

/// Whether the reader of our policies takes the condition.
fn is_taken(tool: &str, schema: Option<&Map<String, Value>>, when: &ImportedCondition) -> bool {
    let schemas: Vec<_> = schema.map(|schema| (tool, schema)).into_iter().collect();
    Condition::new(&when.arg, when.op, &when.value, None, &schemas).is_ok()
}

/// Whether an argument that takes certain words takes this one.
fn known(argument: &Value, value: &Value) -> bool {
    match (argument.get("enum").and_then(Value::as_array), value) {
        (Some(words), Value::String(text)) => words.iter().any(|word| word == text),
        _ => true,
    }
}

/// Whether the value is not empty and not longer than our conditions allow.
fn bounded(when: &ImportedCondition) -> bool {
    let short = |value: &Value| match value {
        Value::String(text) => text.len() <= MAX_TEXT_BYTES,
        _ => true,
    };
    match (when.op, &when.value) {
        ("in" | "not_in", Value::Array(items)) => {
            (1..=MAX_VALUES).contains(&items.len()) && items.iter().all(short)
        }
        ("matches" | "not_matches", Value::String(text)) => {
            (1..=MAX_PATTERN_BYTES).contains(&text.len())
        }
        ("contains", Value::String(text)) => !text.is_empty() && short(&when.value),
        (WITHOUT, Value::String(text)) => (1..=MAX_PATTERN_BYTES / 2).contains(&text.len()),
        (_, value) => short(value),
    }
}

/// Whether a value has the type of an argument.
fn like(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => true,
        ("integer", Value::Number(number)) => !number.is_f64(),
        ("number", Value::Number(_)) => true,
        _ => false,
    }
}
