//! JSON objects in which a name may not stand twice.
//!
//! RFC 8259 leaves open what such an object means: a parser takes the first value or the
//! last one. Whoever checks a call and whoever runs it could read two different calls.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// An object, as other parsers read it, and a name that stands twice in it or in an object
/// inside it.
pub(super) struct CheckedObject {
    pub(super) object: Map<String, Value>,
    pub(super) repeated: Option<RepeatedName>,
}

/// A name that stands twice in one object of a call's arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepeatedName(pub(super) String);

/// What an object means in which no name stands twice.
pub(super) struct Unrepeated<T>(pub(super) T);

/// Whatever it is, without its values: the first name that stands twice in an object of it.
pub(super) struct Names {
    pub(super) repeated: Option<RepeatedName>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Unrepeated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let CheckedObject { object, repeated } = CheckedObject::deserialize(deserializer)?;
        match repeated {
            None => T::deserialize(Value::Object(object))
                .map(Self)
                .map_err(D::Error::custom),
            Some(_) => Err(D::Error::custom("a name stands twice")),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut repeated = None;
        NameSearch(&mut repeated).deserialize(deserializer)?;
        Ok(Self { repeated })
    }
}

/// Looks for a repeated name and keeps no value.
struct NameSearch<'a>(&'a mut Option<RepeatedName>);

impl<'de> DeserializeSeed<'de> for NameSearch<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NameSearch<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(NameSearch(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            entries.next_value_seed(NameSearch(self.0))?;
            if self.0.is_none() && seen.contains(&name) {
                *self.0 = Some(RepeatedName(name));
            } else {
                seen.insert(name);
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for CheckedObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut repeated = None;
        let value = Checked(&mut repeated).deserialize(deserializer)?;
        match value {
            Value::Object(object) => Ok(Self { object, repeated }),
            _ => Err(D::Error::custom("an object is expected")),
        }
    }
}

/// Builds a value and takes note of a repeated name.
struct Checked<'a>(&'a mut Option<RepeatedName>);

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element_seed(Checked(self.0))? {
            found.push(item);
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if self.0.is_none() && found.contains_key(&name) {
                *self.0 = Some(RepeatedName(name.clone()));
            }
            let value = entries.next_value_seed(Checked(self.0))?;
            found.insert(name, value);
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_reads_as_it_does_elsewhere() {
        let text = r#"{"a":[1,-2,3.5,true,null,"x\n\u00e4"],"b":{"c":{},"d":[]},"e":18446744073709551615}"#;
        let checked: CheckedObject = serde_json::from_str(text).unwrap();
        assert_eq!(checked.repeated, None);
        let usual: Map<String, Value> = serde_json::from_str(text).unwrap();
        assert_eq!(checked.object, usual);
        for wrong in ["[]", "5", "\"x\"", "{\"a\":}"] {
            assert!(serde_json::from_str::<CheckedObject>(wrong).is_err());
        }
    }

    #[test]
    fn a_repeated_name_is_found_at_any_depth_and_in_any_spelling() {
        for (text, name) in [
            (r#"{"a":1,"b":2,"a":1}"#, Some("a")),
            (r#"{"a":1,"\u0061":2}"#, Some("a")),
            (r#"{"a":[[{"b":{"c":1,"c":2}}]]}"#, Some("c")),
            (r#"{"a":{"b":1},"b":{"a":1}}"#, None),
        ] {
            let checked: CheckedObject = serde_json::from_str(text).unwrap();
            let found = checked.repeated.map(|found| found.0);
            assert_eq!(found.as_deref(), name, "{text}");
            let names: Names = serde_json::from_str(text).unwrap();
            let found = names.repeated.map(|found| found.0);
            assert_eq!(found.as_deref(), name, "{text}");
            let whole = serde_json::from_str::<Unrepeated<Map<String, Value>>>(text);
            assert_eq!(whole.is_ok(), name.is_none(), "{text}");
        }
    }
}
