//! What clients are told of a tool.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::Operation;

/// What clients are told of a tool's arguments and answer.
pub struct Schemas {
    /// What the tool does, in one or two sentences.
    pub description: String,
    /// JSON schema of the arguments.
    pub input: Arc<Map<String, Value>>,
    /// JSON schema of the structured answer.
    pub output: Arc<Map<String, Value>>,
}

/// The schemas of an operation, without what a model has no use for.
pub(crate) fn schemas<O: Operation>() -> Schemas {
    told(O::json_schema, O::Output::json_schema)
}

type Make = fn(&mut SchemaGenerator) -> Schema;

fn told(input: Make, output: Make) -> Schemas {
    let mut input = schema(input);
    let description = match input.remove("description") {
        Some(Value::String(text)) => text.replace('\n', " "),
        _ => String::new(),
    };
    let mut output = schema(output);
    output.remove("description");
    if let Some(Value::Object(fields)) = output.get_mut("properties") {
        fields.insert("notice".into(), json!({ "type": "string" }));
        fields.insert("error".into(), json!({ "type": "object" }));
    }
    // Some clients hold errors against this schema too.
    if let Some(required) = output.remove("required") {
        let either = json!([{ "required": required }, { "required": ["error"] }]);
        output.insert("anyOf".into(), either);
    }
    Schemas {
        description,
        input: Arc::new(input),
        output: Arc::new(output),
    }
}

/// Nothing here is made again for each tool: there are many of them.
fn schema(make: Make) -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = make(&mut settings.into_generator());
    schema.remove("title");
    let mut schema = schema.to_value();
    tidy(&mut schema);
    match schema {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Takes out what a model has no use for: every word of the list is paid on each turn.
fn tidy(schema: &mut Value) {
    if let Value::Array(schemas) = schema {
        schemas.iter_mut().for_each(tidy);
        return;
    }
    let Value::Object(fields) = schema else {
        return;
    };
    // A field that may be left out need not be `null` as well.
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&json!("null")));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            fields.remove("anyOf");
            for (name, value) in only {
                fields.entry(name).or_insert(value);
            }
        }
    }
    // The words of a choice say what they mean.
    let words: Option<Vec<Value>> = match fields.get("oneOf") {
        Some(Value::Array(choices)) => choices
            .iter()
            .map(|choice| choice.get("const").cloned())
            .collect(),
        _ => None,
    };
    if let Some(words) = words {
        fields.remove("oneOf");
        fields.insert("type".into(), "string".into());
        fields.insert("enum".into(), words.into());
    }
    // Rust's widths of numbers, and defaults that the description tells.
    fields.retain(|name, value| match name.as_str() {
        "format" => !value
            .as_str()
            .is_some_and(|format| format.starts_with(['u', 'i', 'f', 'd'])),
        // An argument that nobody knows is refused with the names of those that there are.
        "default" | "additionalProperties" => false,
        _ => true,
    });
    for (name, value) in fields {
        match value {
            // The names in here are the tool's own.
            Value::Object(fields) if name == "properties" => fields.values_mut().for_each(tidy),
            value => tidy(value),
        }
    }
}
