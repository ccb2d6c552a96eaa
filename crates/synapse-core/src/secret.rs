//! A secret in memory, bound to the origins that it may be sent to.

use std::sync::OnceLock;

use secrecy::{ExposeSecret, SecretString};

use crate::endpoint::Origin;
use crate::error::{Code, Failure};
use crate::redact::Redactor;
use crate::redact::vendors::{Issuer, issuer};

/// A resolved credential together with the only origins that may see it.
///
/// `Debug` never shows the value.
#[derive(Debug)]
pub struct BoundSecret {
    value: SecretString,
    audience: Vec<Origin>,
    /// Made when it is first asked for: a call asks several times.
    redactor: OnceLock<Redactor>,
}

impl BoundSecret {
    /// Binds `value` to `audience`. The binding cannot be widened afterwards.
    #[must_use]
    pub fn new(value: SecretString, audience: Vec<Origin>) -> Self {
        Self {
            value,
            audience,
            redactor: OnceLock::new(),
        }
    }

    /// Uses `redactor`, which was prepared for this value before.
    #[must_use]
    pub fn with_redactor(self, redactor: Redactor) -> Self {
        Self {
            redactor: OnceLock::from(redactor),
            ..self
        }
    }

    /// The value, for a request to `origin`.
    ///
    /// # Errors
    /// `internal.invariant` when the secret is not bound to that origin.
    pub fn for_origin(&self, origin: &Origin) -> Result<&SecretString, Failure> {
        if self.audience.contains(origin) {
            return Ok(&self.value);
        }
        Err(Failure::new(
            Code::InternalInvariant,
            format!("the credential is not bound to {origin}; it was not sent"),
        ))
    }

    /// A redactor that removes this secret from text.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let made = || Redactor::for_secret(self.value.expose_secret());
        self.redactor.get_or_init(made).clone()
    }

    /// Who issued the value, as far as its prefix tells.
    #[must_use]
    pub fn issuer(&self) -> Option<Issuer> {
        issuer(self.value.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::of(&url::Url::parse(text).unwrap())
    }

    #[test]
    fn a_secret_goes_to_its_audience_and_nowhere_else() {
        let secret = BoundSecret::new("fake-token".into(), vec![origin("https://a.test")]);
        assert!(secret.for_origin(&origin("https://a.test")).is_ok());
        for other in ["https://b.test", "http://a.test", "https://a.test:444"] {
            let failure = secret.for_origin(&origin(other)).unwrap_err();
            assert_eq!(failure.code, Code::InternalInvariant);
        }
        assert!(!format!("{secret:?}").contains("fake-token"));
    }
}
