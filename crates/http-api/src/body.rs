//! Reads requests field by field and remembers everything that is wrong with them.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use domain::{Change, contains_card_number};

use crate::error::FieldError;
use crate::json::Json;

/// So that a hostile request cannot make a long answer.
const MOST_ERRORS: usize = 100;

/// What is wrong with a request, in the order in which it was read.
#[derive(Default)]
pub(crate) struct Fields(RefCell<Vec<FieldError>>);

impl Fields {
    pub(crate) fn fail(&self, path: &str, message: impl Display) {
        let mut errors = self.0.borrow_mut();
        if errors.len() < MOST_ERRORS {
            errors.push(FieldError { path: path.to_owned(), message: message.to_string() });
        }
    }

    /// The value, unless it is an error, which is remembered.
    pub(crate) fn check<T, E: Display>(&self, path: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.fail(path, error)).ok()
    }

    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.0.into_inner()
    }
}

/// A value somewhere in a request.
pub(crate) struct Value<'f> {
    fields: &'f Fields,
    path: String,
    json: Json,
    /// Whether text may be a card number: documents, IBANs and phones are numbers themselves.
    exempt: bool,
}

impl<'f> Value<'f> {
    pub(crate) fn new(fields: &'f Fields, path: &str, json: Json) -> Self {
        Self { fields, path: path.to_owned(), json, exempt: false }
    }

    fn fail<T>(&self, message: impl Display) -> Option<T> {
        self.fields.fail(&self.path, message);
        None
    }

    pub(crate) fn text(self) -> Option<String> {
        match self.json {
            Json::String(ref text) if !self.exempt && contains_card_number(text) => {
                self.fail("must not contain a card number")
            }
            Json::String(text) => Some(text),
            _ => self.fail("must be a string"),
        }
    }

    pub(crate) fn parse<T, E: Display>(self, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let (fields, path) = (self.fields, self.path.clone());
        fields.check(&path, parse(&self.text()?))
    }

    fn boolean(self) -> Option<bool> {
        match self.json {
            Json::Bool(value) => Some(value),
            _ => self.fail("must be true or false"),
        }
    }

    /// A whole number, both ends of the range included. `1.0`, `1e3` and `"1"` are none.
    fn integer<T: TryFrom<i64> + PartialOrd + Display>(self, range: &RangeInclusive<T>) -> Option<T> {
        let integer = if let Json::Integer(value) = self.json { T::try_from(value).ok() } else { None };
        integer.filter(|integer| range.contains(integer)).or_else(|| {
            self.fail(format_args!("must be an integer from {} to {}", range.start(), range.end()))
        })
    }

    pub(crate) fn object(self) -> Option<Object<'f>> {
        match self.json {
            Json::Object(members) => Some(Object::new(self.fields, self.path, members)),
            _ => self.fail("must be an object"),
        }
    }

    /// Reads each element of an array of at most `most`. Elements of a longer one are not looked at.
    pub(crate) fn array<T>(self, most: usize, read: impl Fn(Value<'f>) -> Option<T>) -> Option<Vec<T>> {
        match self.json {
            Json::Array(elements) if elements.len() > most => {
                self.fields.fail(
                    &self.path,
                    format_args!("must have at most {most} element{}", if most == 1 { "" } else { "s" }),
                );
                None
            }
            Json::Array(elements) => {
                let read =
                    |(index, json)| read(Value::new(self.fields, &format!("{}[{index}]", self.path), json));
                // Collected twice so that a wrong element does not hide the next.
                let elements: Vec<Option<T>> = elements.into_iter().enumerate().map(read).collect();
                elements.into_iter().collect()
            }
            _ => self.fail("must be an array"),
        }
    }

    /// Reads an array of at most `most` into something that may refuse it as a whole.
    pub(crate) fn list<T, L, E: Display>(
        self,
        most: usize,
        read: impl Fn(Value<'f>) -> Option<T>,
        build: impl FnOnce(Vec<T>) -> Result<L, E>,
    ) -> Option<L> {
        let (fields, path) = (self.fields, self.path.clone());
        fields.check(&path, build(self.array(most, read)?))
    }
}

/// Whether and how a property is there.
enum Presence<T> {
    Absent,
    Null,
    Value(T),
}

/// An object somewhere in a request. What is not asked for by the time it is dropped is an unknown property.
pub(crate) struct Object<'f> {
    fields: &'f Fields,
    path: String,
    members: HashMap<String, Json>,
    /// In the order in which they were sent.
    names: Vec<String>,
    exempt: Exempt,
}

/// Which text may be what would otherwise be taken for a card number.
#[derive(Clone, Copy)]
enum Exempt {
    Properties(&'static [&'static str]),
    Everything,
}

impl<'f> Object<'f> {
    pub(crate) fn new(fields: &'f Fields, path: String, sent: Vec<(String, Json)>) -> Self {
        let mut seen = HashSet::new();
        let mut object = Self {
            fields,
            path,
            members: HashMap::new(),
            names: Vec::new(),
            exempt: Exempt::Properties(&[]),
        };
        for (name, json) in sent {
            if seen.insert(name.clone()) {
                object.names.push(name.clone());
                object.members.insert(name, json);
            } else {
                fields.fail(&object.at(shown(&name)), "is given more than once");
            }
        }
        object
    }

    /// Lets the text of these properties be what would otherwise be taken for a card number.
    pub(crate) fn exempt(mut self, names: &'static [&'static str]) -> Self {
        self.exempt = Exempt::Properties(names);
        self
    }

    /// Lets every text be what would otherwise be taken for a card number: a UUID can look like one.
    pub(crate) fn exempt_everything(mut self) -> Self {
        self.exempt = Exempt::Everything;
        self
    }

    /// The path of one of its properties.
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(crate) fn fail(&self, name: &str, message: impl Display) {
        self.fields.fail(&self.at(name), message);
    }

    pub(crate) fn check<T, E: Display>(&self, name: &str, result: Result<T, E>) -> Option<T> {
        self.fields.check(&self.at(name), result)
    }

    /// The value, unless it violates rules, which are all remembered, each as an error of the field that it is about.
    pub(crate) fn check_all<'n, T, E: Display>(
        &self,
        result: Result<T, Vec<E>>,
        field: impl Fn(&E) -> &'n str,
    ) -> Option<T> {
        result.map_err(|errors| errors.iter().for_each(|error| self.fail(field(error), error))).ok()
    }

    fn take(&mut self, name: &str) -> Presence<Value<'f>> {
        match self.members.remove(name) {
            None => Presence::Absent,
            Some(Json::Null) => Presence::Null,
            Some(json) => {
                let exempt = match self.exempt {
                    Exempt::Properties(names) => names.contains(&name),
                    Exempt::Everything => true,
                };
                Presence::Value(Value { fields: self.fields, path: self.at(name), json, exempt })
            }
        }
    }

    /// A property that must be there.
    pub(crate) fn required_value(&mut self, name: &str) -> Option<Value<'f>> {
        match self.take(name) {
            Presence::Value(value) => return Some(value),
            Presence::Absent => self.fail(name, "is required"),
            Presence::Null => self.fail(name, "must not be null"),
        }
        None
    }

    /// A property that may be absent or null.
    pub(crate) fn optional_value(&mut self, name: &str) -> Option<Value<'f>> {
        match self.take(name) {
            Presence::Value(value) => Some(value),
            Presence::Absent | Presence::Null => None,
        }
    }

    /// A property that may be absent, but not null: the change of something that cannot be cleared.
    pub(crate) fn replacing_value(&mut self, name: &str) -> Option<Value<'f>> {
        match self.take(name) {
            Presence::Value(value) => return Some(value),
            Presence::Absent => {}
            Presence::Null => self.fail(name, "must not be null"),
        }
        None
    }

    /// A property that must be there, but may be null.
    pub(crate) fn nullable<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Option<T>> {
        match self.take(name) {
            Presence::Value(value) => return value.parse(str::parse).map(Some),
            Presence::Null => return Some(None),
            Presence::Absent => self.fail(name, "is required"),
        }
        None
    }

    pub(crate) fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.required_value(name)?.parse(str::parse)
    }

    pub(crate) fn required_with<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.required_value(name)?.parse(parse)
    }

    pub(crate) fn required_object(&mut self, name: &str) -> Option<Object<'f>> {
        self.required_value(name)?.object()
    }

    pub(crate) fn required_integer<T: TryFrom<i64> + PartialOrd + Display>(
        &mut self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        self.required_value(name)?.integer(&range)
    }

    pub(crate) fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.optional_value(name)?.parse(str::parse)
    }

    pub(crate) fn optional_with<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.optional_value(name)?.parse(parse)
    }

    pub(crate) fn optional_object(&mut self, name: &str) -> Option<Object<'f>> {
        self.optional_value(name)?.object()
    }

    pub(crate) fn optional_flag(&mut self, name: &str) -> Option<bool> {
        self.optional_value(name)?.boolean()
    }

    pub(crate) fn replacing<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.replacing_value(name)?.parse(str::parse)
    }

    pub(crate) fn replacing_with<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.replacing_value(name)?.parse(parse)
    }

    pub(crate) fn replacing_object(&mut self, name: &str) -> Option<Object<'f>> {
        self.replacing_value(name)?.object()
    }

    /// A property that must be there and may be null.
    pub(crate) fn required_or_null_with<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            Presence::Value(value) => return value.parse(parse).map(Some),
            Presence::Null => return Some(None),
            Presence::Absent => self.fail(name, "is required"),
        }
        None
    }

    /// The change of something optional. A wrong value is no change; it is remembered as an error anyway.
    pub(crate) fn change_value<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value<'f>) -> Option<T>,
    ) -> Change<T> {
        match self.take(name) {
            Presence::Absent => Change::Keep,
            Presence::Null => Change::Clear,
            Presence::Value(value) => read(value).map_or(Change::Keep, Change::Set),
        }
    }

    pub(crate) fn change<T: FromStr<Err: Display>>(&mut self, name: &str) -> Change<T> {
        self.change_value(name, |value| value.parse(str::parse))
    }

    pub(crate) fn change_with<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Change<T> {
        self.change_value(name, |value| value.parse(parse))
    }

    /// Whether a property is there and not null, unread so far.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|json| *json != Json::Null)
    }

    /// Lets everything that is left pass unread: what it should be cannot be said.
    pub(crate) fn ignore_rest(mut self) {
        self.members.clear();
    }

    /// Whether there is nothing left to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Lets a property pass unread; returns whether it was there. A card number is refused even here.
    pub(crate) fn ignore(&mut self, name: &str) -> bool {
        match self.members.remove(name) {
            None => false,
            Some(json) => {
                if hides_card_number(&json) {
                    self.fail(name, "must not contain a card number");
                }
                true
            }
        }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        let unknown: Vec<&String> =
            self.names.iter().filter(|name| self.members.contains_key(*name)).collect();
        for name in unknown {
            self.fail(shown(name), "is not a known property");
        }
    }
}

/// The name of an unexpected property as it may stand in an answer and in a log: it could be somebody's document, IBAN or
/// token. Letters, underscores and up to two digits at the end are none of these.
fn shown(name: &str) -> &str {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_word =
        !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_word && name.len() <= 64 && name.len() - letters.len() <= 2 { name } else { "(a property)" }
}

fn hides_card_number(json: &Json) -> bool {
    match json {
        Json::String(text) => contains_card_number(text),
        Json::Array(elements) => elements.iter().any(hides_card_number),
        Json::Object(members) => members
            .iter()
            .any(|(name, json)| !matches!(&**name, "number" | "iban") && hides_card_number(json)),
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Number => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::Text;

    use super::*;
    use crate::json;

    fn errors(text: &str, read: impl FnOnce(Object<'_>)) -> Vec<String> {
        let fields = Fields::default();
        if let Some(object) = Value::new(&fields, "", json::parse(text.as_bytes()).unwrap()).object() {
            read(object);
        }
        fields.into_errors().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_wrong_field_is_named_in_order() {
        let text = r#"{"b":1,"list":[1,"x\u0000",""],"extra":0,"n":null,"inner":{"y":true}}"#;
        let errors = errors(text, |mut object| {
            object.required::<Text<1, 9>>("a");
            object.required::<Text<1, 9>>("b");
            object.required::<Text<1, 9>>("n");
            if let Some(list) = object.optional_value("list") {
                list.array(3, |element| element.parse(str::parse::<Text<1, 9>>));
            }
            object.optional_object("inner");
        });
        assert_eq!(
            errors,
            [
                "a: is required",
                "b: must be a string",
                "n: must not be null",
                "list[0]: must be a string",
                "list[1]: must not contain control characters",
                "list[2]: must not be blank",
                "inner.y: is not a known property",
                "extra: is not a known property",
            ]
        );
    }

    #[test]
    fn integers_lie_in_their_range() {
        let read = |text: &str| {
            let mut read = None;
            let errors = errors(&format!(r#"{{"a":{text}}}"#), |mut object| {
                read = object.required_integer("a", 1_u16..=9999);
            });
            (read, errors)
        };
        for right in [1, 2, 9999] {
            assert_eq!(read(&right.to_string()), (Some(right), Vec::new()));
        }
        for wrong in
            ["0", "10000", "-1", "65537", "1.0", "1e3", "\"1\"", "true", "[1]", "{}", "18446744073709551617"]
        {
            assert_eq!(
                read(wrong),
                (None, vec!["a: must be an integer from 1 to 9999".to_owned()]),
                "{wrong}"
            );
        }
        assert_eq!(read("null").1, ["a: must not be null"]);
        let whole = errors(r#"{"a":-2147483648,"b":2147483647,"c":2147483648}"#, |mut object| {
            assert_eq!(object.required_integer("a", i32::MIN..=i32::MAX), Some(i32::MIN));
            assert_eq!(object.required_integer("b", i32::MIN..=i32::MAX), Some(i32::MAX));
            assert_eq!(object.required_integer("c", i32::MIN..=i32::MAX), None);
            assert_eq!(object.required_integer("d", i32::MIN..=i32::MAX), None);
        });
        assert_eq!(whole, ["c: must be an integer from -2147483648 to 2147483647", "d: is required"]);
    }

    #[test]
    fn duplicates_are_refused() {
        let errors = errors(r#"{"a":"x","a":"y"}"#, |mut object| {
            assert_eq!(object.optional::<String>("a").as_deref(), Some("x"));
        });
        assert_eq!(errors, ["a: is given more than once"]);
    }

    #[test]
    fn unknown_names_that_may_be_personal_are_not_shown() {
        let text = r#"{"ES7921000813610123456789":1,"ana@example.com":1,"X1234567L":1,"PAB123":1,"tok_9Fh2k":1,"":1,"address_2":1}"#;
        let unknown = "(a property): is not a known property";
        assert_eq!(
            errors(text, |_| {}),
            [unknown, unknown, unknown, unknown, unknown, unknown, "address_2: is not a known property"]
        );
    }

    #[test]
    fn card_numbers_are_refused_but_where_numbers_belong() {
        let text = r#"{"name":"4111 1111 1111 1111","number":"4111111111111111","old":{"a":["4111111111111111"],"number":"4111111111111111"}}"#;
        let errors = errors(text, |object| {
            let mut object = object.exempt(&["number"]);
            object.optional::<String>("name");
            assert!(object.optional::<String>("number").is_some());
            assert!(object.ignore("old"));
        });
        assert_eq!(errors, ["name: must not contain a card number", "old: must not contain a card number"]);
    }

    #[test]
    fn what_is_nullable_must_be_there() {
        let read = |text: &str| {
            let mut read = None;
            let errors = errors(text, |mut object| read = object.nullable::<Text<1, 9>>("a"));
            (read.map(|value| value.map(|text| text.as_str().to_owned())), errors)
        };
        assert_eq!(read(r#"{"a":"x"}"#), (Some(Some("x".to_owned())), Vec::new()));
        assert_eq!(read(r#"{"a":null}"#), (Some(None), Vec::new()));
        assert_eq!(read("{}"), (None, vec!["a: is required".to_owned()]));
        assert_eq!(read(r#"{"a":""}"#), (None, vec!["a: must not be blank".to_owned()]));
    }

    #[test]
    fn a_list_is_refused_as_a_whole_once_its_elements_are_right() {
        let refused = |text: &str| {
            errors(text, |mut object| {
                let list =
                    object.required_value("a").unwrap().list(2, Value::text, |_| Err::<(), _>("is odd"));
                assert_eq!(list, None);
            })
        };
        assert_eq!(refused(r#"{"a":["x"]}"#), ["a: is odd"]);
        assert_eq!(refused(r#"{"a":[1]}"#), ["a[0]: must be a string"]);
        assert_eq!(refused(r#"{"a":["x","y","z"]}"#), ["a: must have at most 2 elements"]);
    }

    #[test]
    fn long_arrays_and_many_errors_are_bounded() {
        assert_eq!(errors("[]", |_| {}), ["must be an object"]);
        let long = errors(r#"{"a":[1,2,3]}"#, |mut object| {
            object.required_value("a").unwrap().array(2, |element| element.text());
        });
        assert_eq!(long, ["a: must have at most 2 elements"]);
        let many: Vec<String> = (0..500).map(|n| format!("\"x{n}\":1")).collect();
        assert_eq!(errors(&format!("{{{}}}", many.join(",")), |_| {}).len(), MOST_ERRORS);
    }
}
