//! What clients are told of a tool.

use std::sync::Arc;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::op::Operation;

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
pub(super) fn schemas<O: Operation>() -> Schemas {
    let mut input = schema::<O>();
    let description = match input.remove("description") {
        Some(Value::String(text)) => text.replace('\n', " "),
        _ => String::new(),
    };
    let mut output = schema::<O::Output>();
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

fn schema<T: schemars::JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    match schema.to_value() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
