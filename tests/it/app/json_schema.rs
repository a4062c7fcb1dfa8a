//! Validates values against JSON Schema 2020-12, as far as the schema of policies uses it.

use serde_json::{Value, json};

/// The violations, each with its path and the keyword.
pub fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, schema, "", value, &mut found);
    found
}

fn walk(root: &Value, schema: &Value, path: &str, value: &Value, found: &mut Vec<String>) {
    let keywords = schema
        .as_object()
        .unwrap_or_else(|| panic!("{path}: {schema}"));
    for (keyword, wanted) in keywords {
        let fits = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            "$ref" => {
                let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                walk(root, root.pointer(pointer).unwrap(), path, value, found);
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| is_of(value, one)),
                one => is_of(value, one),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value
                .as_f64()
                .is_none_or(|it| it >= wanted.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|it| it <= wanted.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| {
                regex::Regex::new(wanted.as_str().unwrap())
                    .unwrap()
                    .is_match(text)
            }),
            "required" => value.as_object().is_none_or(|fields| {
                let mut names = wanted.as_array().unwrap().iter();
                names.all(|name| fields.contains_key(name.as_str().unwrap()))
            }),
            "anyOf" => wanted.as_array().unwrap().iter().any(|choice| {
                let mut inner = Vec::new();
                walk(root, choice, path, value, &mut inner);
                inner.is_empty()
            }),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    walk(root, wanted, &format!("{path}[{index}]"), item, found);
                }
                true
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    if let Some(inner) = wanted.get(name) {
                        walk(root, inner, &format!("{path}.{name}"), field, found);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let fields = value.as_object().into_iter().flatten();
                let others =
                    fields.filter(|(name, _)| known.is_none_or(|it| it.get(name).is_none()));
                let mut others = others.peekable();
                match wanted {
                    Value::Bool(allowed) => *allowed || others.peek().is_none(),
                    inner => {
                        for (name, field) in others {
                            walk(root, inner, &format!("{path}.{name}"), field, found);
                        }
                        true
                    }
                }
            }
            other => panic!("{path}: this does not know `{other}`"),
        };
        if !fits {
            found.push(format!("{path}: {keyword}"));
        }
    }
}

fn is_of(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("no type: {other}"),
    }
}

#[test]
fn each_keyword_refuses_something() {
    let schema = json!({
        "type": "object", "required": ["a"],
        "properties": {
            "a": { "enum": ["x", 1] },
            "b": { "type": ["array", "string"], "items": { "$ref": "#/$defs/few" } },
            "c": { "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": "^y+$" }] },
        },
        "additionalProperties": false,
        "$defs": { "few": { "type": "integer", "minimum": 1, "maximum": 3 } },
    });
    let good = json!({ "a": 1, "b": [1, 3], "c": "yy" });
    assert_eq!(violations(&schema, &good), Vec::<String>::new());
    for bad in [
        json!([]),
        json!({}),
        json!({ "a": "y" }),
        json!({ "a": 1, "b": 1 }),
        json!({ "a": 1, "b": [0] }),
        json!({ "a": 1, "b": [4] }),
        json!({ "a": 1, "c": "n" }),
        json!({ "a": 1, "d": 1 }),
    ] {
        assert!(!violations(&schema, &bad).is_empty(), "{bad}");
    }
}
