//! The URL of a proxy.

use std::fmt;

/// The URL of an HTTP proxy, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyUrl(url::Url);

impl ProxyUrl {
    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Wraps a URL that its parser has checked.
    pub(crate) const fn of_checked(url: url::Url) -> Self {
        Self(url)
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}
