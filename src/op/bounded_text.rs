//! Text of an agent's own, as long as the API takes it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// A text of at least `LEAST` and at most `MOST` characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BoundedText<const LEAST: usize, const MOST: usize>(String);

impl<const LEAST: usize, const MOST: usize> BoundedText<LEAST, MOST> {
    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const LEAST: usize, const MOST: usize> Deserialize<'de> for BoundedText<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Blanks alone are shown as nothing.
        let shown = text.trim().chars().count();
        if shown < LEAST || text.chars().count() > MOST {
            return Err(D::Error::custom(format_args!(
                "takes {LEAST} to {MOST} characters"
            )));
        }
        Ok(Self(text))
    }
}

impl<const LEAST: usize, const MOST: usize> JsonSchema for BoundedText<LEAST, MOST> {
    fn schema_name() -> Cow<'static, str> {
        format!("Words{LEAST}To{MOST}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "maxLength": MOST });
        if LEAST > 0 {
            schema.insert("minLength".into(), LEAST.into());
        }
        schema
    }
}
