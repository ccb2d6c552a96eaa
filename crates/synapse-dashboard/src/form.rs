//! Submitted forms: no duplicate or unknown fields, and secrets separate from displayable values.

use std::fmt;

use secrecy::SecretString;
use synapse_core::error::{Code, Failure};

/// The fields of a form. The field [`SECRET`] is separate and never displayed.
#[derive(Clone, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    secret: Option<SecretString>,
}

/// The field for a secret.
pub(crate) const SECRET: &str = "secret_value";
/// The field with the CSRF token.
pub(crate) const CSRF: &str = "csrf";

impl fmt::Debug for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.fields.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("Form")
            .field("names", &names)
            .finish_non_exhaustive()
    }
}

impl Form {
    /// Parses a form-encoded body.
    ///
    /// # Errors
    /// `usage.invalid-arguments` for a duplicate field or too many fields.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Failure> {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            if form.fields.len() >= MOST_FIELDS {
                return Err(wrong("a form has at most 64 fields"));
            }
            if name == SECRET {
                if form.secret.is_some() {
                    return Err(wrong("a field occurs twice"));
                }
                form.secret = Some(SecretString::from(value.into_owned()));
                continue;
            }
            if form.get(&name).is_some() {
                return Err(wrong("a field occurs twice"));
            }
            form.fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(form)
    }

    /// Checks that there are no other fields.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, without the field's name, which may be anything.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Failure> {
        let known = |name: &String| name == CSRF || names.contains(&name.as_str());
        if !self.fields.iter().all(|(name, _)| known(name)) {
            return Err(wrong("there is a field that this form does not have"));
        }
        if self.secret.is_none() || names.contains(&SECRET) {
            Ok(())
        } else {
            Err(wrong("there is a field that this form does not have"))
        }
    }

    /// The trimmed value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim())
    }

    /// The value of a required field.
    ///
    /// # Errors
    /// `usage.invalid-arguments`.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, Failure> {
        self.get(name)
            .ok_or_else(|| wrong(&format!("the field `{name}` is missing")))
    }

    /// The secret.
    pub(crate) const fn secret(&self) -> Option<&SecretString> {
        self.secret.as_ref()
    }
}

pub(crate) fn wrong(cause: &str) -> Failure {
    Failure::new(
        Code::UsageInvalidArguments,
        "that is not a form of this page",
    )
    .cause(cause)
    .cause("nothing was changed")
    .hint("go back, load the page again and submit its form")
}

const MOST_FIELDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_there_once_and_known() {
        let form = Form::read(b"name=a+b&do=save&csrf=x").unwrap();
        assert_eq!(form.get("name"), Some("a b"));
        assert!(form.only(&["name", "do"]).is_ok());
        assert!(form.only(&["name"]).is_err());
        assert!(form.need("model").is_err());
        assert!(Form::read(b"name=a&name=b").is_err());
        assert!(Form::read(b"secret_value=a&secret_value=b").is_err());
        let many = |count: usize| {
            let fields: Vec<String> = (0..count).map(|number| format!("x{number}=1")).collect();
            fields.join("&")
        };
        assert!(Form::read(many(64).as_bytes()).is_ok());
        assert!(Form::read(many(65).as_bytes()).is_err());
    }

    #[test]
    fn a_secret_is_in_no_debug_output_and_no_other_field() {
        let form = Form::read(b"reference=file:x&secret_value=fake-value").unwrap();
        assert!(!format!("{form:?}").contains("fake-value"));
        assert!(form.get(SECRET).is_none());
        assert!(form.secret().is_some());
        assert!(form.only(&["reference"]).is_err());
    }
}
