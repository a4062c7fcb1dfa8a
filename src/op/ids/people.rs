//! Several people in one call.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{BadId, PersonId};

/// One to twenty people, each once, in the order of the argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PersonId>", into = "Vec<PersonId>")]
pub struct People(Vec<PersonId>);

/// The most people in one call.
const MAX_PEOPLE: usize = 20;

impl People {
    /// The people, in order.
    pub fn iter(&self) -> impl Iterator<Item = &PersonId> {
        self.0.iter()
    }
}

impl TryFrom<Vec<PersonId>> for People {
    type Error = BadId;

    fn try_from(named: Vec<PersonId>) -> Result<Self, BadId> {
        let mut people = Vec::new();
        for person in named {
            if !people.contains(&person) {
                people.push(person);
            }
        }
        if (1..=MAX_PEOPLE).contains(&people.len()) {
            Ok(Self(people))
        } else {
            Err(BadId(format!("give 1 to {MAX_PEOPLE} people")))
        }
    }
}

impl From<People> for Vec<PersonId> {
    fn from(people: People) -> Self {
        people.0
    }
}

impl JsonSchema for People {
    fn schema_name() -> Cow<'static, str> {
        "People".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "string", "format": "person-id" }, "minItems": 1, "maxItems": MAX_PEOPLE })
    }
}
