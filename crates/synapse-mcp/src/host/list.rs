//! Lists of tools, resources, templates or prompts: raw descriptions and caching hints.

use crate::JsonObject;

/// All items of one kind as raw objects. The server paginates them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// The descriptions, in order; passed on unchanged.
    pub items: Vec<JsonObject>,
    /// How long a modern client may cache the list.
    pub cache: CacheHint,
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
    pub fn new(items: Vec<JsonObject>) -> Self {
        Self {
            items,
            cache: CacheHint::default(),
        }
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
