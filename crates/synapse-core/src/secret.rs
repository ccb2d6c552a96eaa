//! A secret in memory, bound to its permitted origins or to one program.

use std::sync::OnceLock;

use secrecy::{ExposeSecret, SecretString};

use crate::endpoint::Origin;
use crate::error::{Code, Failure};
use crate::redact::Redactor;
use crate::redact::vendors::{Issuer, issuer};

/// A resolved credential with the only origins, or the only program, that may receive it.
///
/// `Debug` never shows the value.
#[derive(Debug)]
pub struct BoundSecret {
    value: SecretString,
    audience: Audience,
    /// Created on first use: a call needs it several times.
    redactor: OnceLock<Redactor>,
}

/// The permitted receivers of a secret.
#[derive(Debug)]
enum Audience {
    Origins(Vec<Origin>),
    Program(String),
}

impl BoundSecret {
    /// Binds `value` to `audience`, permanently.
    #[must_use]
    pub fn new(value: SecretString, audience: Vec<Origin>) -> Self {
        Self {
            value,
            audience: Audience::Origins(audience),
            redactor: OnceLock::new(),
        }
    }

    /// Binds `value` to the approved program at the absolute path `program`, which receives it in
    /// its environment. No origin may receive it.
    #[must_use]
    pub fn of_program(value: SecretString, program: impl Into<String>) -> Self {
        Self {
            value,
            audience: Audience::Program(program.into()),
            redactor: OnceLock::new(),
        }
    }

    /// The value for the environment of the program at `program`.
    ///
    /// # Errors
    /// `internal.invariant` if the secret is not bound to that program.
    pub fn for_program(&self, program: &str) -> Result<&SecretString, Failure> {
        match &self.audience {
            Audience::Program(bound) if bound == program => Ok(&self.value),
            Audience::Program(_) | Audience::Origins(_) => Err(Failure::new(
                Code::InternalInvariant,
                "the credential is not bound to that program; it was not given",
            )),
        }
    }

    /// Sets a prepared redactor of this value.
    #[must_use]
    pub fn with_redactor(self, redactor: Redactor) -> Self {
        Self {
            redactor: OnceLock::from(redactor),
            ..self
        }
    }

    /// The value for a request to `origin`.
    ///
    /// # Errors
    /// `internal.invariant` if the secret is not bound to that origin.
    pub fn for_origin(&self, origin: &Origin) -> Result<&SecretString, Failure> {
        match &self.audience {
            Audience::Origins(origins) if origins.contains(origin) => Ok(&self.value),
            Audience::Origins(_) | Audience::Program(_) => Err(Failure::new(
                Code::InternalInvariant,
                format!("the credential is not bound to {origin}; it was not sent"),
            )),
        }
    }

    /// A redactor that removes this secret from text.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let made = || Redactor::for_secret(self.value.expose_secret());
        self.redactor.get_or_init(made).clone()
    }

    /// The issuer of the value, judged by its prefix.
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
            assert_eq!(failure.code(), Code::InternalInvariant);
        }
        assert!(!format!("{secret:?}").contains("fake-token"));
        assert!(secret.for_program("/usr/bin/server").is_err());
    }

    #[test]
    fn a_secret_of_a_program_goes_to_it_and_nowhere_else() {
        let secret = BoundSecret::of_program("fake-token".into(), "/usr/bin/server");
        assert!(secret.for_program("/usr/bin/server").is_ok());
        let failure = secret.for_program("/tmp/server").unwrap_err();
        assert_eq!(failure.code(), Code::InternalInvariant);
        assert!(secret.for_origin(&origin("https://a.test")).is_err());
    }
}
