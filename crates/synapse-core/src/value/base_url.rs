//! The base URL of a provider's API.

use std::fmt;

use url::Url;

use super::origin::Origin;
use super::secure_url::is_loopback;

/// The base URL of a provider's API, such as `https://api.openai.com/v1`.
///
/// Always https, or http to this machine or, if its owner allowed it, to a private address; without
/// user info, query, fragment or trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The URL of a path below the base: `segments` are appended individually, so that the base's
    /// path is preserved and a `/` inside a segment remains a separator of the API.
    ///
    /// ```
    /// use synapse_core::BaseUrl;
    /// let base: BaseUrl = "https://router.huggingface.co/v1".parse()?;
    /// assert_eq!(
    ///     base.join(&["models", "org/name"]).as_str(),
    ///     "https://router.huggingface.co/v1/models/org/name"
    /// );
    /// # Ok::<(), synapse_core::Failure>(())
    /// ```
    #[must_use]
    pub fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            for segment in segments {
                path.extend(segment.split('/'));
            }
        }
        url
    }

    /// The URL of `path` at the root of the same origin.
    #[must_use]
    pub fn at_root(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::of(&self.0)
    }

    /// Wraps a URL that its parser has checked.
    pub(crate) const fn of_checked(url: Url) -> Self {
        Self(url)
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether requests to it are unencrypted.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host without port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The URL as text, without trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
