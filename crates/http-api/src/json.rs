//! Strict JSON (RFC 8259): keeps duplicate names for the reader to refuse, and limits nesting.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Deepest nesting of objects and arrays.
pub(crate) const MAX_DEPTH: usize = 32;

/// A JSON value as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A number without fraction and exponent that fits.
    Integer(i64),
    /// Any other number; nothing reads one.
    Number,
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Parses one JSON text. The error is the sentence that the caller reads; it holds nothing of the text.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, String> {
    let text = str::from_utf8(bytes).map_err(|_| "is not valid UTF-8".to_owned())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let json =
        Depth(MAX_DEPTH).deserialize(&mut deserializer).and_then(|json| deserializer.end().map(|()| json));
    json.map_err(|error| {
        if error.to_string().starts_with(TOO_DEEP) {
            return TOO_DEEP.to_owned();
        }
        format!("is not valid JSON at line {} column {}", error.line(), error.column())
    })
}

const TOO_DEEP: &str = "is nested deeper than 32 levels";

/// Reads a value in which that many levels may still be opened.
#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn inner<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom(TOO_DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Number, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let (depth, mut array) = (self.inner()?, Vec::new());
        while let Some(element) = elements.next_element_seed(depth)? {
            array.push(element);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let (depth, mut object) = (self.inner()?, Vec::new());
        while let Some(name) = members.next_key()? {
            object.push((name, members.next_value_seed(depth)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn nesting_is_limited_to_32_levels() {
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert_eq!(parse(nested(33).as_bytes()), Err(TOO_DEEP.to_owned()));
        assert_eq!(parse(nested(100_000).as_bytes()), Err(TOO_DEEP.to_owned()));
        let objects = format!("{}1{}", r#"{"a":"#.repeat(33), "}".repeat(33));
        assert_eq!(parse(objects.as_bytes()), Err(TOO_DEEP.to_owned()));
        assert!(parse(format!("{}{{}}{}", "[".repeat(31), "]".repeat(31)).as_bytes()).is_ok());
        let empty = format!("{}{{}}{}", "[".repeat(32), "]".repeat(32));
        assert_eq!(parse(empty.as_bytes()), Err(TOO_DEEP.to_owned()));
    }

    #[test]
    fn refuses_what_is_not_one_json_text() {
        for wrong in [
            "",
            "{",
            "{}x",
            "{} {}",
            "nul",
            "'a'",
            r#"{"a":01}"#,
            r#""\ud800""#,
            "\"a\nb\"",
            "1e999",
            "[1,]",
            "\u{feff}{}",
        ] {
            assert!(parse(wrong.as_bytes()).unwrap_err().starts_with("is not valid JSON at line"), "{wrong}");
        }
        assert_eq!(parse(b"{\"a\":\"\xff\"}"), Err("is not valid UTF-8".to_owned()));
    }

    #[test]
    fn integers_have_neither_fraction_nor_exponent() {
        for integer in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(parse(integer.to_string().as_bytes()), Ok(Json::Integer(integer)));
        }
        for other in
            ["1.0", "1e0", "1E3", "-0", "0.5", "9223372036854775808", "-9223372036854775809", "1e300"]
        {
            assert_eq!(parse(other.as_bytes()), Ok(Json::Number), "{other}");
        }
    }

    #[test]
    fn keeps_duplicates() {
        let Json::Object(members) = parse(br#"{"a":1,"a":null}"#).unwrap() else { panic!("an object") };
        assert_eq!(members, [("a".to_owned(), Json::Integer(1)), ("a".to_owned(), Json::Null)]);
    }
}
