//! The JSON Schema of a policy, for editors that complete and check.

use serde_json::{Map, Value, json};

use super::{
    ACCOUNT, FILE, Key, LAYER, MAX_FILE_BYTES, TableKeys, TableNames, Takes, Words, account,
};
use crate::{config::BackendSpecs, policy::Health};

/// A time from a second to a day; how long it is, only the reader checks.
const DURATION: &str = "^(second|minute|hour|day|[0-9]+[smh])$";

/// A size with its unit.
const SIZE: &str = "^[ ]*[0-9]+[ ]*[KkMmGg]?[Ii]?[Bb][ ]*$";

/// The schema of a policy in JSON or TOML, in JSON Schema 2020-12. It accepts each policy
/// that the reader accepts, and refuses keys that do not exist and values of a wrong type.
pub fn schema(backends: BackendSpecs) -> Value {
    let mut builder = SchemaBuilder {
        backends,
        tables: Map::new(),
    };
    let mut root = builder.object(FILE.iter().chain(&LAYER));
    // Editors add it to say which schema a file has.
    if let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("$schema".to_owned(), json!({ "type": "string" }));
    }
    let mut schema = Map::new();
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    schema.insert("$schema".to_owned(), dialect.into());
    schema.insert("title".to_owned(), "A policy of whatsapp-guard".into());
    schema.extend(root);
    schema.insert("$defs".to_owned(), builder.tables.into());
    schema.into()
}

struct SchemaBuilder {
    backends: BackendSpecs,
    /// The tables that several keys may take, by name.
    tables: Map<String, Value>,
}

impl SchemaBuilder {
    /// The schema of a table with these keys.
    fn object<'k>(&mut self, keys: impl Iterator<Item = &'k Key>) -> Map<String, Value> {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for key in keys {
            properties.insert(key.name.to_owned(), self.key(key));
            required.extend(key.is_required.then_some(key.name));
        }
        let mut object = Map::new();
        object.insert("type".to_owned(), "object".into());
        object.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            object.insert("required".to_owned(), required.into());
        }
        object.insert("additionalProperties".to_owned(), false.into());
        object
    }

    /// The schema of the value of a key, with what it is for.
    fn key(&mut self, key: &Key) -> Value {
        let mut schema = self.takes(key.takes);
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), key.about.into());
            let default = key.default.and_then(|json| serde_json::from_str(json).ok());
            schema.extend(default.map(|value: Value| ("default".to_owned(), value)));
        }
        schema
    }

    fn takes(&mut self, takes: Takes) -> Value {
        let list = |items: Value| json!({ "type": "array", "items": items });
        match takes {
            Takes::Version => json!({ "enum": ["1", 1] }),
            Takes::Text => json!({ "type": "string" }),
            Takes::Texts => list(json!({ "type": "string" })),
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::Count => json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
            Takes::UpTo(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
            Takes::Duration => json!({ "anyOf": [
                { "type": "string", "pattern": DURATION },
                { "type": "integer", "minimum": 1, "maximum": 86400 },
            ] }),
            Takes::Size => json!({ "anyOf": [
                { "type": "string", "pattern": SIZE },
                { "type": "integer", "minimum": 1, "maximum": MAX_FILE_BYTES },
            ] }),
            Takes::Digest => json!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" }),
            Takes::Word(words) => json!({ "enum": words() }),
            Takes::WordList(words) => list(json!({ "enum": words() })),
            Takes::States => list(json!({ "enum": Health::states(self.backends) })),
            Takes::Operand => {
                let types = ["string", "number", "boolean", "array"];
                json!({ "type": types, "items": { "type": ["string", "number", "boolean"] } })
            }
            Takes::Calls => list(json!({ "type": "object" })),
            Takes::Table(fields) => self.table(fields),
            Takes::Tables(fields) => list(self.table(fields)),
            Takes::OneOrMore(fields) => {
                let table = self.table(fields);
                json!({ "anyOf": [table, { "type": "array", "items": table }] })
            }
            Takes::Named(key, names) => {
                let value = self.key(key);
                let of = |words: Words| -> Map<String, Value> {
                    let names = words().into_iter();
                    names.map(|name| (name.to_owned(), value.clone())).collect()
                };
                let (known, others) = match names {
                    TableNames::Any => (Map::new(), value.clone()),
                    TableNames::Only(words) => (of(words), json!(false)),
                    TableNames::Known(words) => (of(words), value.clone()),
                };
                json!({ "type": "object", "properties": known, "additionalProperties": others })
            }
            Takes::Account => {
                let known = account(self.backends);
                let keys = ACCOUNT.iter().filter(|key| known.contains(&key.name));
                let mut object = self.object(keys);
                let names: Vec<&str> = self.backends.iter().map(|spec| spec.name).collect();
                if let Some(backend) = object
                    .get_mut("properties")
                    .and_then(|properties| properties.get_mut("backend"))
                    .and_then(Value::as_object_mut)
                {
                    backend.insert("enum".to_owned(), names.into());
                }
                object.into()
            }
        }
    }

    /// A reference to a table, which is added to the tables.
    fn table(&mut self, fields: TableKeys) -> Value {
        if !self.tables.contains_key(fields.name) {
            // A table that is being made is not made again.
            self.tables.insert(fields.name.to_owned(), Value::Null);
            let object = self.object(fields.keys.iter().chain(fields.more));
            self.tables.insert(fields.name.to_owned(), object.into());
        }
        json!({ "$ref": format!("#/$defs/{}", fields.name) })
    }
}
