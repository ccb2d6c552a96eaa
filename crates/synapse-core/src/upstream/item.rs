//! An item of an upstream's list: a JSON object, kept as text and parsed when a member is needed.
//!
//! A hub passes most items on and looks into few, so neither reading nor listing them parses.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A JSON object of a list. Clones share it.
#[derive(Clone)]
pub struct Item(Arc<ItemData>);

#[derive(Default)]
struct ItemData {
    text: OnceLock<Arc<str>>,
    object: OnceLock<Map<String, Value>>,
}

/// An item with its name.
#[derive(Debug, Clone)]
pub struct NamedItem {
    item: Item,
    name: String,
    span: Range<usize>,
    meta: Option<Value>,
}

impl Item {
    /// Wraps an object in one line, as [`Item::text`] wrote it. Does not parse it: text that is not
    /// JSON is an item without members and without a name.
    ///
    /// `None` for text that is not an object or has several lines, which could break a protocol of
    /// lines.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let is_object = line.starts_with('{') && line.ends_with('}');
        let is_line = memchr::memchr2(b'\n', b'\r', line.as_bytes()).is_none();
        (is_object && is_line).then(|| Self::from_text(line.into()))
    }

    fn from_text(text: Arc<str>) -> Self {
        Self(Arc::new(ItemData {
            text: OnceLock::from(text),
            ..ItemData::default()
        }))
    }

    /// Its JSON in one line.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        self.0.text.get_or_init(|| {
            // Written to memory, and every key is a text: this cannot fail.
            let object = self.0.object.get();
            let written = object.and_then(|object| serde_json::to_string(object).ok());
            written.unwrap_or_else(|| "{}".to_owned()).into()
        })
    }

    /// The item with its member `name`, if that is a text.
    #[must_use]
    pub fn named(&self) -> Option<NamedItem> {
        let text: &str = self.text();
        let [name, meta] = members(text, ["name", "_meta"])?;
        let name = name?;
        // Both are slices of `text`.
        let start = name.get().as_ptr() as usize - text.as_ptr() as usize;
        Some(NamedItem {
            span: start..start + name.get().len(),
            name: serde_json::from_str(name.get()).ok()?,
            meta: meta.and_then(|meta| serde_json::from_str(meta.get()).ok()),
            item: self.clone(),
        })
    }
}

impl NamedItem {
    /// The item.
    #[must_use]
    pub const fn item(&self) -> &Item {
        &self.item
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its `_meta`.
    #[must_use]
    pub const fn meta(&self) -> Option<&Value> {
        self.meta.as_ref()
    }

    /// The item under another name, and otherwise byte for byte the same.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Item {
        let text: &str = self.item.text();
        let before = text.get(..self.span.start).unwrap_or_default();
        let after = text.get(self.span.end..).unwrap_or_default();
        let name = Value::from(name).to_string();
        Item::from_text([before, &name, after].concat().into())
    }
}

impl From<Map<String, Value>> for Item {
    fn from(object: Map<String, Value>) -> Self {
        Self(Arc::new(ItemData {
            object: OnceLock::from(object),
            ..ItemData::default()
        }))
    }
}

/// The members, parsed on first use.
impl Deref for Item {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        self.0.object.get_or_init(|| {
            let text = self.0.text.get();
            let parsed = text.map(|text| serde_json::from_str(text));
            parsed.and_then(Result::ok).unwrap_or_default()
        })
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        let texts = || Some((self.0.text.get()?, other.0.text.get()?));
        Arc::ptr_eq(&self.0, &other.0)
            || texts().is_some_and(|(mine, theirs)| mine == theirs)
            || **self == **other
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// The members `wanted` of the object `text`, as written; of two with one key the last, as a parser
/// takes it. `None` if `text` is not an object.
fn members<'a, const N: usize>(
    text: &'a str,
    wanted: [&str; N],
) -> Option<[Option<&'a RawValue>; N]> {
    struct Wanted<'w, const N: usize>([&'w str; N]);

    impl<'de, const N: usize> Visitor<'de> for Wanted<'_, N> {
        type Value = [Option<&'de RawValue>; N];

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = [None; N];
            while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                let value: &'de RawValue = map.next_value()?;
                let places = self.0.iter().zip(&mut found);
                for (_, place) in places.filter(|(name, _)| **name == key) {
                    *place = Some(value);
                }
            }
            Ok(found)
        }
    }

    let mut parser = serde_json::Deserializer::from_str(text);
    let found = parser.deserialize_map(Wanted(wanted)).ok()?;
    parser.end().ok()?;
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(text: &str) -> Item {
        Item::from_line(text).unwrap()
    }

    #[test]
    fn an_item_equals_the_object_that_its_text_holds() {
        let object = json!({"b": [1.5, "é\n"], "name": "x"});
        let built = Item::from(object.as_object().unwrap().clone());
        let read = item(built.text());
        assert_eq!(read, built);
        assert_eq!(read["b"][1], "é\n");
        assert_eq!(read.text(), built.text());
        assert_ne!(item(r#"{"b":1}"#), item(r#"{"b":2}"#));
        assert_eq!(item(r#"{"b":1,"a":2}"#), item(r#"{"a":2, "b":1}"#));
    }

    #[test]
    fn only_the_name_of_a_renamed_item_differs() {
        for (text, name, renamed) in [
            (
                r#"{"a":{"name":"in"},"name":"x","z":1.0}"#,
                "x",
                r#"{"a":{"name":"in"},"name":"s__\"x","z":1.0}"#,
            ),
            (
                r#"{"name":"a","name":"\u0062"}"#,
                "b",
                r#"{"name":"a","name":"s__\"x"}"#,
            ),
            (r#"{"n\u0061me":"x"}"#, "x", r#"{"n\u0061me":"s__\"x"}"#),
        ] {
            let named = item(text).named().unwrap();
            assert_eq!(named.name(), name);
            assert_eq!(&**named.renamed("s__\"x").text(), renamed);
        }
        let with_meta = item(r#"{"name":"x","_meta":{"ui":1}}"#).named().unwrap();
        assert_eq!(with_meta.meta(), Some(&json!({"ui": 1})));
        for unnamed in [
            "{}",
            r#"{"name":1}"#,
            r#"{"a":{"name":"x"}}"#,
            r#"{"name":"x"} {}"#,
            r#"{"name":"x",}"#,
            r#"{"name":"x","a":[}"#,
        ] {
            assert!(item(unnamed).named().is_none(), "{unnamed}");
        }
    }

    #[test]
    fn what_is_no_object_in_one_line_is_no_item() {
        for text in ["", "{", "[]", "1", "null", "{\"a\":\n1}", "{\"a\":\r1}"] {
            assert!(Item::from_line(text).is_none(), "{text}");
        }
    }
}
