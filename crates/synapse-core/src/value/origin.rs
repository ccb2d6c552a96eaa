//! Origins: scheme, host and port.

use std::fmt;

use url::Url;

/// Scheme, host and port: the granularity of network permits and secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The origin of a URL.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        // What `Url::origin` gives, which takes the URL apart and encodes its host once more.
        match (url.scheme(), url.host_str(), url.port()) {
            (scheme @ ("http" | "https"), Some(host), None) => Self(format!("{scheme}://{host}")),
            (scheme @ ("http" | "https"), Some(host), Some(port)) => {
                Self(format!("{scheme}://{host}:{port}"))
            }
            _ => Self(url.origin().ascii_serialization()),
        }
    }

    /// The origin as text, `https://api.openai.com` or `http://127.0.0.1:8080`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host, with the port unless it is the scheme's default.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, host)| host)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
