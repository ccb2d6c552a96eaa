//! The answer to a list of resources, templates or prompts: raw descriptions in order.

use super::CacheHint;
use crate::JsonObject;

/// Everything of one kind that a host has, each as the raw object clients get. The server gives it
/// out in pages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// The descriptions; nothing in them is changed by the server.
    pub items: Vec<JsonObject>,
    /// How long a client of the modern era may keep the list.
    pub cache: CacheHint,
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
