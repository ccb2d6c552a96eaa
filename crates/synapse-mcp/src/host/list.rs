//! The answer to a list of tools, resources, templates or prompts: raw descriptions, and how long
//! they may be kept.

use crate::JsonObject;

/// Everything of one kind that a host has, each as the raw object clients get. The server gives it
/// out in pages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// The descriptions, in order; nothing in them is read or changed by the server.
    pub items: Vec<JsonObject>,
    /// How long a client of the modern era may keep the list.
    pub cache: CacheHint,
}

/// The answer to `tools/list`.
pub type ToolList = Listing;

/// How long and for whom a result may be kept (modern era only; the default is: not at all).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheHint {
    /// Milliseconds during which the result counts as fresh; sent as `ttlMs`.
    pub ttl_ms: u64,
    /// Who may share it; sent as `cacheScope`.
    pub scope: CacheScope,
}

/// Who may be served a kept result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheScope {
    /// Anyone.
    Public,
    /// Only the client that asked.
    #[default]
    Private,
}

impl Listing {
    /// Creates a list that may not be kept.
    #[must_use]
    pub fn new(items: Vec<JsonObject>) -> Self {
        Self {
            items,
            cache: CacheHint::default(),
        }
    }

    /// Sets how long the list may be kept.
    #[must_use]
    pub fn with_cache(mut self, cache: CacheHint) -> Self {
        self.cache = cache;
        self
    }
}

impl CacheHint {
    /// Returns the hint for a list made of two: the shorter time, the narrower scope.
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
