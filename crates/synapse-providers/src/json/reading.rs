//! Builds the part of a JSON value covered by a shape during parsing.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::flaws::{Flaw, Notes};
use super::shape::{Scalar, Shape, Whole};

/// Reads one value according to its shape.
pub(super) struct Reading<'a> {
    shape: &'static Shape,
    notes: &'a Notes,
    place: ValuePosition<'a>,
    depth: usize,
}

/// The position of a value.
#[derive(Clone, Copy)]
enum ValuePosition<'a> {
    Top,
    Member(&'a Self, &'a str),
    Entry(&'a Self, usize),
}

impl<'a> Reading<'a> {
    pub(super) const fn of(shape: &'static Shape, notes: &'a Notes) -> Self {
        Self {
            shape,
            notes,
            place: ValuePosition::Top,
            depth: 0,
        }
    }

    const fn inside<'b>(&'b self, shape: &'static Shape, place: ValuePosition<'b>) -> Reading<'b> {
        Reading {
            shape,
            notes: self.notes,
            place,
            depth: self.depth + 1,
        }
    }

    fn note(&self, flaw: Flaw) {
        self.notes.note(flaw, || self.place.path());
    }

    /// Whether to keep a member without a shape.
    fn keep_other(&self) -> bool {
        match self.shape.whole {
            Whole::Yes => self.notes.keep_value(),
            Whole::Spare => self.notes.keep_spare(),
            Whole::No => self.shape.others && self.notes.keep_spare(),
        }
    }

    /// Whether to keep one more entry.
    fn keep_entry(&self) -> bool {
        match self.shape.whole {
            Whole::No => self.notes.keep_entry(),
            Whole::Yes | Whole::Spare => self.keep_other(),
        }
    }

    /// Records a scalar of an unexpected type.
    fn scalar(&self, value: Value) -> Value {
        match self.shape.scalar {
            Scalar::Text if !value.is_string() => self.note(Flaw::NoText),
            Scalar::Count if super::whole(&value).is_none() => {
                self.note(Flaw::NoCount);
            }
            Scalar::None => self.note(Flaw::NoContainer),
            Scalar::Any | Scalar::Text | Scalar::Count => {}
        }
        value
    }
}

impl ValuePosition<'_> {
    /// `choices[0].message`; long names and deep paths are truncated.
    fn path(&self) -> String {
        let mut path = String::new();
        self.write(&mut path);
        path
    }

    fn write(&self, path: &mut String) {
        match self {
            Self::Top => {}
            Self::Member(outer, name) => {
                outer.write(path);
                push_name(path, name);
            }
            Self::Entry(outer, index) => {
                outer.write(path);
                path.push_str(&format!("[{index}]"));
            }
        }
    }
}

/// Appends a member name to a path.
pub(super) fn push_name(path: &mut String, name: &str) {
    if path.len() > LONG_PATH {
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.extend(name.chars().take(LONG_NAME));
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        // The parser skips unused values without recursion of ours.
        if self.depth > DEEPEST {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            self.note(Flaw::Deep);
            return Ok(Value::Null);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(self.scalar(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(self.scalar(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(self.scalar(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).map_or(Value::Null, Value::Number);
        Ok(self.scalar(number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(self.scalar(Value::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        if self.shape.entries.is_none() && self.shape.scalar != Scalar::Any {
            self.note(Flaw::NoContainer);
        }
        let (most, each) = match self.shape.entries {
            Some(entries) => entries,
            None if self.shape.looks_at_entries() => (usize::MAX, self.shape.rest()),
            None => (0, self.shape.rest()),
        };
        let mut kept = Vec::new();
        let mut left_out = 0;
        loop {
            if kept.len() < most && self.keep_entry() {
                let place = ValuePosition::Entry(&self.place, kept.len());
                match list.next_element_seed(self.inside(each, place))? {
                    Some(value) => kept.push(value),
                    None => break,
                }
            } else if list.next_element::<IgnoredAny>()?.is_some() {
                left_out += 1;
            } else {
                break;
            }
        }
        if left_out > 0 && self.shape.looks_at_entries() {
            self.note(Flaw::More(left_out));
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let has_members = self.shape.others || !self.shape.members.is_empty();
        let is_odd = !has_members && self.shape.scalar != Scalar::Any;
        if is_odd && self.shape.entries.is_none() {
            self.note(Flaw::NoContainer);
        }
        let mut kept = Map::new();
        let mut numbered = Vec::new();
        let mut left_out = 0;
        while let Some(name) = object.next_key_seed(Name(&self))? {
            match name {
                Named::Known(name, shape) => {
                    let place = ValuePosition::Member(&self.place, name);
                    let value = object.next_value_seed(self.inside(shape, place))?;
                    self.put(&mut kept, name, value);
                }
                Named::Other(name) => {
                    let place = ValuePosition::Member(&self.place, &name);
                    let value = object.next_value_seed(self.inside(self.shape.rest(), place))?;
                    self.put(&mut kept, &name, value);
                }
                Named::Entry(most, each) => {
                    if numbered.len() < most && self.keep_entry() {
                        let place = ValuePosition::Entry(&self.place, numbered.len());
                        numbered.push(object.next_value_seed(self.inside(each, place))?);
                    } else {
                        object.next_value::<IgnoredAny>()?;
                        left_out += 1;
                    }
                }
                Named::Skipped => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        if !kept.is_empty() || numbered.is_empty() {
            if is_odd && self.shape.entries.is_some() {
                self.note(Flaw::NoContainer);
            }
            return Ok(Value::Object(kept));
        }
        self.note(Flaw::Numbered);
        if left_out > 0 {
            self.note(Flaw::More(left_out));
        }
        Ok(Value::Array(numbered))
    }
}

impl Reading<'_> {
    /// Of duplicate members, the last meaningful one counts.
    fn put(&self, kept: &mut Map<String, Value>, name: &str, value: Value) {
        match kept.entry(name) {
            Entry::Vacant(place) => drop(place.insert(value)),
            Entry::Occupied(mut place) => {
                self.notes.note(Flaw::Twice, || {
                    ValuePosition::Member(&self.place, name).path()
                });
                if weight(&value) >= weight(place.get()) {
                    place.insert(value);
                }
            }
        }
    }
}

/// How meaningful a value is, by type.
fn weight(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Array(list) if list.is_empty() => 0,
        Value::Object(members) if members.is_empty() => 0,
        Value::String(text) if text.is_empty() => 0,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
        Value::Array(_) | Value::Object(_) => 2,
    }
}

/// Reads a member name.
struct Name<'a>(&'a Reading<'a>);

enum Named {
    Known(&'static str, &'static Shape),
    Other(String),
    /// An entry of a list that is written as an object, such as `"0"`.
    Entry(usize, &'static Shape),
    Skipped,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Named;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Named, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Named;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Named, E> {
        let entry = self.0.shape.entries.filter(|_| is_number(name));
        Ok(match (self.0.shape.member(name), entry) {
            (Some((name, shape)), _) => Named::Known(name, shape),
            (None, Some((most, each))) => Named::Entry(most, each),
            (None, None) if self.0.keep_other() => Named::Other(name.to_owned()),
            (None, None) => Named::Skipped,
        })
    }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Maximum depth of kept values; the parser's own limit is 128.
const DEEPEST: usize = 64;
const LONG_PATH: usize = 120;
const LONG_NAME: usize = 40;
