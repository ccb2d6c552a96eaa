//! Properties of parsers of names and references for arbitrary text, checked by the fuzz target
//! `references` and by tests on its seeds.

use std::fmt::Display;
use std::str::FromStr;

use crate::credential::CredentialRef;
use crate::redact::{Redactor, holds_token};
use crate::secure_url::is_loopback;
use crate::upstream::{Template, UpstreamName};
use crate::{BaseUrl, ConnectionName, Failure};

/// Parses `bytes` as a credential reference, a name, a base URL and a `${VAR}` template.
///
/// # Panics
/// If a value does not round-trip, a failure repeats a token, or a base URL has a part that would
/// leave it.
pub fn references(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    round_trip::<CredentialRef>(text);
    round_trip::<ConnectionName>(text);
    round_trip::<UpstreamName>(text);
    if let Some(url) = round_trip::<BaseUrl>(text) {
        let joined = url.join(&["models", "a/../b?c#d"]);
        assert_eq!(joined.origin(), url.join(&[]).origin());
        assert!(joined.username().is_empty() && joined.password().is_none());
        assert!(joined.scheme() == "https" || is_loopback(&joined) || joined.scheme() == "http");
    }
    if let Ok(template) = Template::parse(text)
        && let Some(plain) = template.plain()
    {
        assert_eq!(plain, text);
    }
    let clean = Redactor::none().clean(text, 300);
    assert!(!clean.contains(char::is_control), "{clean:?}");
    assert!(clean.chars().count() <= 301);
}

/// Parses `text` and checks that its displayed form parses to the same value.
fn round_trip<T>(text: &str) -> Option<T>
where
    T: FromStr<Err = Failure> + Display + PartialEq + std::fmt::Debug,
{
    match text.parse::<T>() {
        Ok(read) => {
            let again = read.to_string().parse::<T>();
            assert_eq!(again.as_ref().ok(), Some(&read), "{text:?}");
            Some(read)
        }
        Err(failure) => {
            let shown = format!(
                "{} {:?} {:?} {:?}",
                failure.message(),
                failure.causes(),
                failure.hints(),
                failure.context()
            );
            assert!(!holds_token(&shown), "{shown}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_text_is_a_reference_or_is_refused() {
        synapse_testkit::any_bytes::hold("references", super::references);
    }
}
