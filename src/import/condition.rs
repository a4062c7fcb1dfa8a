//! Conditions on arguments.

use serde_json::Value as Json;

use super::{
    draft::{Rule, Value, When},
    read::{Reader, below},
    rule::Within,
    tree::{Kind, Node},
};

/// Their names of an operator, ours, and ours for the opposite.
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

/// The opposite of `contains`, which only a pattern can say.
const WITHOUT: &str = "not_contains";

/// The longest pattern, text and list that our conditions take.
const LONGEST_PATTERN: usize = 1_000;
const LONGEST_TEXT: usize = 10_000;
const LONGEST_LIST: usize = 10_000;

/// How the words of a condition's refusal are called.
const REASONS: [&str; 3] = ["on_deny", "reason", "message"];

impl Reader<'_> {
    /// A list of conditions, as PolicyLayer writes them.
    pub(super) fn conditions(&mut self, node: &Node, path: &str, deny: bool, rule: &mut Rule) {
        let Some(items) = node.items() else {
            return self.refuse(rule, node.at, path, "this has to be a list of conditions");
        };
        for (index, item) in items.iter().enumerate() {
            let reason = REASONS.iter().find_map(|key| item.get(key)?.text());
            let from = item.at.to_string();
            let path = format!("{path}[{index}]");
            self.argument(item, &path, from, reason.map(str::to_owned), deny, rule);
        }
    }

    /// A condition of Intercept: on an argument or on a counter.
    pub(super) fn condition(
        &mut self,
        node: &Node,
        path: &str,
        within: &Within<'_>,
        rule: &mut Rule,
    ) {
        let counter = node
            .get("path")
            .and_then(Node::text)
            .and_then(|path| path.strip_prefix("state."));
        match counter {
            Some(counter) => self.counted(node, counter, path, within, rule),
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
        rule: &mut Rule,
    ) {
        let Some(fields) = node.fields() else {
            return self.refuse(rule, node.at, path, "a condition has to be a table");
        };
        let known = ["path", "op", "value", "name", "description"];
        let odd = fields.iter().find(|(key, _)| {
            let name = key.name.as_str();
            !known.contains(&name) && !REASONS.contains(&name)
        });
        if let Some((key, _)) = odd {
            return self.refuse(rule, key.at, &below(path, key), "this key is not known");
        }
        let arg = node
            .get("path")
            .and_then(Node::text)
            .and_then(|path| path.strip_prefix("args."));
        let Some(arg) = arg else {
            let why = "a condition looks at `args.…` or at a counter";
            return self.refuse(rule, node.at, path, why);
        };
        let op = node.get("op").and_then(Node::text);
        let Some((_, same, opposite)) = OPERATORS.iter().find(|(name, ..)| Some(*name) == op)
        else {
            return self.refuse(rule, node.at, path, "this operator is not known");
        };
        let op = if deny { opposite } else { same };
        let value = match node.get("value").and_then(value) {
            Some(Value::Boolean(there)) if *op == "exists" => Some(Value::Boolean(there != deny)),
            value => value,
        };
        let Some(value) = value else {
            return self.refuse(
                rule,
                node.at,
                path,
                "it is compared with nothing that is known",
            );
        };
        rule.when.push(When {
            from,
            at: node.at,
            key: path.to_owned(),
            arg: arg.to_owned(),
            op,
            value,
            reason,
            needed: !deny && *op != "exists",
        });
    }

    /// Keeps the conditions that one of our tools can have.
    pub(super) fn fit(&mut self, tool: &'static str, mut rule: Rule) -> Rule {
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
                self.refuse(&mut rule, when.at, &when.key, &why);
                continue;
            };
            if !bounded(&when) || !can_be(argument, required(&when.arg), &mut when) {
                let why = format!("`{}` of our `{tool}` cannot be compared so", when.arg);
                self.refuse(&mut rule, when.at, &when.key, &why);
                continue;
            }
            if when.needed && !required(&when.arg) {
                // There, an argument that is left out passes no condition.
                rule.when.push(When {
                    op: "exists",
                    value: Value::Boolean(true),
                    ..when.clone()
                });
            }
            rule.when.push(when);
        }
        rule
    }
}

/// Whether an argument can be compared like this; the opposite of `contains` is made a
/// pattern.
fn can_be(argument: &Json, required: bool, when: &mut When) -> bool {
    let kind = match argument.get("type") {
        Some(Json::String(kind)) => kind.as_str(),
        Some(Json::Array(kinds)) => kinds
            .iter()
            .filter_map(Json::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ => "",
    };
    match (when.op, kind, &when.value) {
        ("exists", _, Value::Boolean(_)) => true,
        // A flag that is left out may mean either.
        ("eq" | "neq", "boolean", Value::Boolean(false)) => required,
        ("in" | "not_in", "boolean", _) => false,
        ("eq" | "neq", _, value) => like(kind, value) && known(argument, value),
        ("in" | "not_in", _, Value::List(items)) => items
            .iter()
            .all(|item| like(kind, item) && known(argument, item)),
        ("lt" | "lte" | "gt" | "gte", "integer" | "number", value) => like(kind, value),
        ("matches" | "not_matches" | "contains", "string", Value::Text(_)) => true,
        ("contains", "array", value) => {
            let items = argument.pointer("/items/type").and_then(Json::as_str);
            like(items.unwrap_or_default(), value)
        }
        (WITHOUT, "string", Value::Text(text)) => {
            let pattern = literally(text);
            (when.op, when.value) = ("not_matches", Value::Text(pattern));
            true
        }
        _ => false,
    }
}

/// Whether an argument that takes one of a few words ever is this one.
fn known(argument: &Json, value: &Value) -> bool {
    match (argument.get("enum").and_then(Json::as_array), value) {
        (Some(words), Value::Text(text)) => words.iter().any(|word| word == text),
        _ => true,
    }
}

/// Whether it says something, and at no more length than our conditions take.
fn bounded(when: &When) -> bool {
    let short = |value: &Value| match value {
        Value::Text(text) => text.len() <= LONGEST_TEXT,
        _ => true,
    };
    match (when.op, &when.value) {
        ("in" | "not_in", Value::List(items)) => {
            (1..=LONGEST_LIST).contains(&items.len()) && items.iter().all(short)
        }
        ("matches" | "not_matches", Value::Text(text)) => {
            (1..=LONGEST_PATTERN).contains(&text.len())
        }
        ("contains", Value::Text(text)) => !text.is_empty() && short(&when.value),
        (WITHOUT, Value::Text(text)) => (1..=LONGEST_PATTERN / 2).contains(&text.len()),
        (_, value) => short(value),
    }
}

fn like(kind: &str, value: &Value) -> bool {
    matches!(
        (kind, value),
        ("string", Value::Text(_))
            | ("integer" | "number", Value::Integer(_))
            | ("number", Value::Float(_))
            | ("boolean", Value::Boolean(_))
    )
}

/// A pattern for exactly this text.
fn literally(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

fn value(node: &Node) -> Option<Value> {
    Some(match &node.kind {
        Kind::Text(text) => Value::Text(text.clone()),
        Kind::Integer(number) => Value::Integer(*number),
        Kind::Float(number) => Value::Float(*number),
        Kind::Boolean(yes) => Value::Boolean(*yes),
        Kind::List(items) => Value::List(items.iter().map(value).collect::<Option<_>>()?),
        Kind::Table(_) | Kind::Null | Kind::Other(_) => return None,
    })
}
