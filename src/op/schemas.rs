//! The JSON Schemas of tools.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::Operation;

/// A tool's description and schemas, as clients see them.
pub struct Schemas {
    /// What the tool does and when to use it.
    pub description: String,
    /// JSON schema of the arguments.
    pub input: Arc<Map<String, Value>>,
    /// JSON schema of the structured answer.
    pub output: Arc<Map<String, Value>>,
}

/// The schemas of an operation, without the parts that a model does not need.
pub(crate) fn schemas<O: Operation>() -> Schemas {
    published(O::json_schema, O::Output::json_schema)
}

/// The schema of an operation's arguments with the `format` of each: `chat-id`,
/// `group-id`, `person-id`, `phone-number`, `message-id`, `invite`, `cursor`, `date-time`.
pub(crate) fn argument_schema<O: Operation>() -> Map<String, Value> {
    schema(O::json_schema, true)
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Not generic, so that it is compiled once and not for each operation.
fn published(input: SchemaOf, output: SchemaOf) -> Schemas {
    let mut input = schema(input, false);
    let description = match input.remove("description") {
        Some(Value::String(text)) => text.replace('\n', " "),
        _ => String::new(),
    };
    let mut output = schema(output, false);
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

fn schema(make: SchemaOf, formats: bool) -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = make(&mut settings.into_generator());
    schema.remove("title");
    let mut schema = schema.to_value();
    tidy(&mut schema, formats);
    match schema {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Removes the parts that a model does not need: each list of tools costs it tokens.
/// `formats` keeps the formats, which clients do not know.
fn tidy(schema: &mut Value, formats: bool) {
    if let Value::Array(schemas) = schema {
        schemas.iter_mut().for_each(|schema| tidy(schema, formats));
        return;
    }
    let Value::Object(fields) = schema else {
        return;
    };
    // Optional fields need not be nullable too.
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
    // The names of variants are clear without their descriptions.
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
    fields.retain(|name, _| match name.as_str() {
        "format" => formats,
        // Descriptions give the defaults; unknown arguments are errors in any case.
        "default" | "additionalProperties" => false,
        _ => true,
    });
    for (name, value) in fields {
        match value {
            // Its keys are the tool's arguments, not keywords.
            Value::Object(fields) if name == "properties" => {
                fields.values_mut().for_each(|field| tidy(field, formats));
            }
            value => tidy(value, formats),
        }
    }
}
