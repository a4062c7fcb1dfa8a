//! Validates results against the output schemas of the tools.

use serde_json::{Map, Value, json};

/// The violations of a schema, each with its path and reason.
pub fn faults(schema: &Map<String, Value>, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    walk("", &Value::Object(schema.clone()), value, &mut faults);
    faults
}

fn walk(place: &str, schema: &Value, value: &Value, faults: &mut Vec<String>) {
    let Value::Object(keywords) = schema else {
        assert_eq!(schema, true, "{place}: no schema");
        return;
    };
    for (keyword, wanted) in keywords {
        let fault = match keyword.as_str() {
            "description" | "format" => None,
            "type" => (!is_of(value, wanted)).then(|| format!("is no {wanted}")),
            "enum" => {
                let words = wanted.as_array().unwrap();
                (!words.contains(value)).then(|| format!("is none of {wanted}"))
            }
            "minimum" => {
                let least = wanted.as_f64().unwrap();
                let less = value.as_f64().is_some_and(|number| number < least);
                less.then(|| format!("is less than {wanted}"))
            }
            "const" => (value != wanted).then(|| format!("is not {wanted}")),
            "required" => {
                let names = wanted.as_array().unwrap().iter();
                let absent = |name: &&Value| value.get(name.as_str().unwrap()).is_none();
                let absent: Vec<_> = names.filter(absent).collect();
                (!absent.is_empty()).then(|| format!("lacks {absent:?}"))
            }
            "anyOf" => {
                let choices = wanted.as_array().unwrap().iter();
                let mut found = choices.map(|choice| {
                    let mut inner = Vec::new();
                    walk(place, choice, value, &mut inner);
                    inner
                });
                let fits = found.any(|inner| inner.is_empty());
                (!fits).then(|| "fits none of the choices".to_owned())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    walk(&format!("{place}[{index}]"), wanted, item, faults);
                }
                None
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    // The server marks each replayed result.
                    if place.is_empty() && name == "repeated" {
                        continue;
                    }
                    match wanted.get(name) {
                        Some(schema) => walk(&format!("{place}.{name}"), schema, field, faults),
                        None => faults.push(format!("{place}.{name} is announced nowhere")),
                    }
                }
                None
            }
            other => panic!("{place}: this does not know `{other}`"),
        };
        faults.extend(fault.map(|fault| format!("{place}: {value} {fault}")));
    }
}

fn is_of(value: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Array(types) => types.iter().any(|one| is_of(value, one)),
        wanted => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            other => panic!("no type: {other}"),
        },
    }
}

#[test]
fn what_does_not_conform_is_seen() {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "kind": { "type": "string", "enum": ["a", "b"] },
            "list": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
            "error": { "type": "object" },
        },
        "anyOf": [{ "required": ["name"] }, { "required": ["error"] }],
    });
    let schema = schema.as_object().unwrap();
    for fits in [
        json!({ "name": "x", "kind": "a", "list": [1] }),
        json!({ "error": {} }),
    ] {
        assert_eq!(faults(schema, &fits), Vec::<String>::new());
    }
    for wrong in [
        json!([]),
        json!({}),
        json!({ "name": 1 }),
        json!({ "name": null }),
        json!({ "name": "x", "kind": "c" }),
        json!({ "name": "x", "list": [1, "2"] }),
        json!({ "name": "x", "list": [1, -1] }),
        json!({ "name": "x", "other": 1 }),
    ] {
        assert!(!faults(schema, &wrong).is_empty(), "{wrong}");
    }
}
