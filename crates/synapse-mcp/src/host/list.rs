//! Lists of tools, resources, templates or prompts: raw descriptions and caching hints.

use std::sync::Arc;

use serde_json::Value;

use crate::JsonObject;

/// All items of one kind as raw objects. The server paginates them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// The descriptions, in order; passed on unchanged.
    pub items: Vec<ListItem>,
    /// How long a modern client may cache the list.
    pub cache: CacheHint,
}

/// A description in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListItem(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Object(JsonObject),
    Text { key: String, text: Arc<str> },
}

impl ListItem {
    /// Wraps an object that is JSON in one line already; it is written as it is. `key` is the value
    /// of the member that identifies it in its list: `name`, `uri` or `uriTemplate`.
    ///
    /// `None` if `text` has more lines than one, which would break the protocol's.
    #[must_use]
    pub fn from_line(key: impl Into<String>, text: Arc<str>) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_object = bytes.starts_with(b"{") && bytes.ends_with(b"}");
        let is_line = memchr::memchr2(b'\n', b'\r', bytes).is_none();
        let key = key.into();
        (is_object && is_line).then_some(Self(Form::Text { key, text }))
    }

    /// The text of its member `member`, which identifies it.
    pub(crate) fn key(&self, member: &str) -> Option<&str> {
        match &self.0 {
            Form::Object(object) => object.get(member).and_then(Value::as_str),
            Form::Text { key, .. } => Some(key),
        }
    }

    /// Its members, unless it is a text.
    pub(crate) const fn object(&self) -> Option<&JsonObject> {
        match &self.0 {
            Form::Object(object) => Some(object),
            Form::Text { .. } => None,
        }
    }

    /// Its JSON, where that is known.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.0 {
            Form::Object(_) => None,
            Form::Text { text, .. } => Some(text),
        }
    }

    /// Its members. Parses them if it is a text.
    #[must_use]
    pub fn into_object(self) -> JsonObject {
        match self.0 {
            Form::Object(object) => object,
            Form::Text { text, .. } => serde_json::from_str(&text).unwrap_or_default(),
        }
    }
}

impl From<JsonObject> for ListItem {
    fn from(object: JsonObject) -> Self {
        Self(Form::Object(object))
    }
}

/// The answer to `tools/list`.
pub type ToolList = Listing;

/// How long and by whom a result may be cached (modern era only; the default is not at all).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheHint {
    /// Milliseconds of freshness; sent as `ttlMs`.
    pub ttl_ms: u64,
    /// The scope of sharing; sent as `cacheScope`.
    pub scope: CacheScope,
}

/// The users of a cached result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheScope {
    /// Anyone.
    Public,
    /// Only the requesting client.
    #[default]
    Private,
}

impl Listing {
    /// Creates a list that may not be cached.
    #[must_use]
    pub fn new(items: impl IntoIterator<Item = impl Into<ListItem>>) -> Self {
        Self {
            items: items.into_iter().map(Into::into).collect(),
            cache: CacheHint::default(),
        }
    }

    /// The items as objects. Parses those that are texts.
    #[must_use]
    pub fn into_objects(self) -> Vec<JsonObject> {
        self.items.into_iter().map(ListItem::into_object).collect()
    }

    /// Sets how long the list may be cached.
    #[must_use]
    pub fn with_cache(mut self, cache: CacheHint) -> Self {
        self.cache = cache;
        self
    }
}

impl CacheHint {
    /// Combines two hints: the shorter time, the narrower scope.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            ttl_ms: self.ttl_ms.min(other.ttl_ms),
            scope: match (self.scope, other.scope) {
                (CacheScope::Public, CacheScope::Public) => CacheScope::Public,
                (CacheScope::Private, _) | (_, CacheScope::Private) => CacheScope::Private,
            },
        }
    }
}

impl CacheScope {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}
