//! One request from the pages' view: session, path, parameters, theme, and form.

use synapse_core::error::{Code, Failure};
use synapse_core::time::Timestamp;

use crate::form::Form;

/// Light, dark, or the system's setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const fn value(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.value() == word)
    }

    /// The page's attribute; none for the system's setting.
    pub(crate) const fn word(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            theme => Some(theme.value()),
        }
    }
}

/// A request with a session.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Path and query, for links to the same page.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) csrf: String,
    pub(crate) cookie: String,
    pub(crate) theme: Theme,
    pub(crate) form: Form,
}

impl Ask {
    /// A non-empty parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Whether this format is requested.
    pub(crate) fn wants(&self, format: &str) -> bool {
        self.get("format") == Some(format)
    }

    /// The query with one parameter changed; an empty value removes it.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        self.with_all(&[(name, value)])
    }

    /// The query with these parameters changed.
    pub(crate) fn with_all(&self, set: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        for (known, value) in &self.query {
            if !set.iter().any(|(name, _)| name == known) {
                query.append_pair(known, value);
            }
        }
        for (name, value) in set.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }

    /// The time in a parameter.
    ///
    /// # Errors
    /// `usage.invalid-arguments`.
    pub(crate) fn time(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        Timestamp::named(text, now).map(Some).ok_or_else(|| {
            Failure::new(
                Code::UsageInvalidArguments,
                format!("`{name}` is not a time"),
            )
            .cause(format!("it takes {}", Timestamp::NAMES))
        })
    }
}

/// A link with parameters.
pub(crate) fn link(path: &str, parameters: &[(&str, &str)]) -> String {
    let begin = format!("{path}?");
    let length = begin.len();
    let mut query = url::form_urlencoded::Serializer::for_suffix(begin, length);
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    query.finish()
}

/// A percent-encoded path segment.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_one_sign_between_parameters() {
        assert_eq!(
            link("/x/usage", &[("by", "a b"), ("c", "&")]),
            "/x/usage?by=a+b&c=%26"
        );
    }
}
