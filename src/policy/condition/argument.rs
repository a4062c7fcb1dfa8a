//! The argument of a tool at a path, as its schema describes it.

use serde_json::{Map, Value};

use super::Problem;
use crate::text::nearest;

/// The longest path, in bytes.
const MAX_PATH_BYTES: usize = 200;

/// The type of an argument.
#[derive(Debug, PartialEq)]
pub(super) enum ArgumentKind<'s> {
    /// Text; one of some words, or with a pattern, if the schema says so.
    Text {
        words: Vec<&'s str>,
        pattern: Option<&'s str>,
    },
    Whole,
    Number,
    Flag,
    /// A list, with the types of its entries.
    List(Vec<Self>),
    /// An object, with the names of its fields.
    Parts(Vec<String>),
    /// The schema does not say.
    Any,
}

impl ArgumentKind<'_> {
    /// A value of this type that no condition is likely to name.
    pub(super) fn sample(&self) -> Value {
        match self {
            Self::Text { words, .. } => words
                .first()
                .map_or("another".into(), |word| (*word).into()),
            Self::Whole => 7.into(),
            Self::Number => 7.25.into(),
            Self::Flag => true.into(),
            Self::List(kinds) => kinds.iter().take(1).map(Self::sample).collect(),
            Self::Parts(_) => Value::Object(Map::from_iter([("another".into(), true.into())])),
            Self::Any => "another".into(),
        }
    }

    /// The type in words.
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::List(_) => "a list",
            Self::Parts(_) => "a table",
            Self::Any => "anything",
        }
    }
}

/// An argument of a tool.
#[derive(Debug)]
pub(super) struct Argument<'s> {
    pub(super) path: String,
    pub(super) kinds: Vec<ArgumentKind<'s>>,
    /// Whether every call has it.
    pub(super) required: bool,
}

/// The names of a path. A leading `args.`, which other policy formats have, is ignored.
pub(super) fn read_path(path: &str) -> Result<Box<[Box<str>]>, Problem> {
    let names: Box<[Box<str>]> = path
        .strip_prefix("args.")
        .unwrap_or(path)
        .split('.')
        .map(Box::from)
        .collect();
    let whole = path.len() <= MAX_PATH_BYTES && names.iter().all(|name| !name.is_empty());
    whole.then_some(names).ok_or_else(|| {
        Problem::new(
            "arg",
            "unknown-argument",
            "this does not name an argument",
            "write an argument's name, such as \"text\" or \"media.url\"",
        )
    })
}

impl<'s> Argument<'s> {
    pub(super) fn at(
        path: &[Box<str>],
        tool: &str,
        schema: &'s Map<String, Value>,
    ) -> Result<Self, Problem> {
        let (mut level, mut required) = (vec![schema], true);
        let mut before = String::new();
        let mut kinds = Vec::new();
        for name in path {
            let here: Vec<&Value> = level
                .iter()
                .filter_map(|schema| schema.get("properties")?.get(&**name))
                .collect();
            if here.is_empty() {
                return Err(missing(tool, &before, name, schema, &kinds));
            }
            required &= level.iter().all(|schema| requires(schema, name));
            if !before.is_empty() {
                before.push('.');
            }
            before.push_str(name);
            kinds = here.iter().flat_map(|schema| kinds_of(schema)).collect();
            level = here.into_iter().flat_map(alternatives).collect();
        }
        Ok(Self {
            path: before,
            kinds,
            required,
        })
    }

    pub(super) fn is_list(&self) -> bool {
        self.kinds
            .iter()
            .any(|kind| matches!(kind, ArgumentKind::List(_)))
    }
}

fn requires(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

/// A schema, or the alternatives of its `anyOf` or `oneOf`.
fn alternatives(schema: &Value) -> Vec<&Map<String, Value>> {
    let choices = ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema.get(key)?.as_array());
    match choices {
        Some(choices) => choices.iter().flat_map(alternatives).collect(),
        None => schema.as_object().into_iter().collect(),
    }
}

fn kinds_of(schema: &Value) -> Vec<ArgumentKind<'_>> {
    let kinds: Vec<ArgumentKind<'_>> = alternatives(schema)
        .into_iter()
        .flat_map(kinds_of_one)
        .collect();
    if kinds.is_empty() {
        vec![ArgumentKind::Any]
    } else {
        kinds
    }
}

fn kinds_of_one(schema: &Map<String, Value>) -> Vec<ArgumentKind<'_>> {
    let words: Vec<&str> = match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(words)), _) => words.iter().filter_map(Value::as_str).collect(),
        (_, Some(Value::String(word))) => vec![word],
        _ => Vec::new(),
    };
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if !words.is_empty() => vec!["string"],
        _ if schema.contains_key("properties") => vec!["object"],
        _ => vec!["any"],
    };
    let kind = |name: &str| match name {
        "string" => Some(ArgumentKind::Text {
            words: words.clone(),
            pattern: schema.get("pattern").and_then(Value::as_str),
        }),
        "integer" => Some(ArgumentKind::Whole),
        "number" => Some(ArgumentKind::Number),
        "boolean" => Some(ArgumentKind::Flag),
        "array" => Some(ArgumentKind::List(
            schema
                .get("items")
                .map_or_else(|| vec![ArgumentKind::Any], kinds_of),
        )),
        "object" => Some(ArgumentKind::Parts(names(schema))),
        "null" => None,
        _ => Some(ArgumentKind::Any),
    };
    types.into_iter().filter_map(kind).collect()
}

fn names(schema: &Map<String, Value>) -> Vec<String> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.map_or_else(Vec::new, |fields| fields.keys().cloned().collect())
}

/// Every path of a tool, two names deep.
fn paths(schema: &Map<String, Value>) -> Vec<String> {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (name, field) in fields {
        all.push(name.clone());
        let parts = alternatives(field).into_iter().flat_map(names);
        all.extend(parts.map(|part| format!("{name}.{part}")));
    }
    all
}

fn missing(
    tool: &str,
    before: &str,
    name: &str,
    schema: &Map<String, Value>,
    kinds: &[ArgumentKind<'_>],
) -> Problem {
    let problem =
        |message: String, hint: String| Problem::new("arg", "unknown-argument", message, hint);
    let all = paths(schema);
    let path = if before.is_empty() {
        name.to_owned()
    } else {
        format!("{before}.{name}")
    };
    if kinds
        .iter()
        .any(|kind| matches!(kind, ArgumentKind::List(_)))
    {
        let message =
            format!("`{before}` of `{tool}` is a list; a path cannot lead into its entries");
        return problem(
            message,
            format!("write arg = \"{before}\", with each = \"any\" or \"all\""),
        );
    }
    let hint = match nearest(&path, all.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.is_empty() => "it takes no arguments".to_owned(),
        None => format!("its arguments: {}", all.join(", ")),
    };
    problem(format!("`{tool}` has no argument `{path}`"), hint)
}
