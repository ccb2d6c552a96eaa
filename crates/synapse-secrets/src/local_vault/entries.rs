//! The plaintext of the local vault: a JSON document of names and values. Independent of file and
//! key.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use synapse_core::{Code, Failure};

/// The entries, sorted by name.
#[derive(Debug, Default)]
pub(super) struct VaultEntries(BTreeMap<String, Value>);

/// A value, wiped from memory when dropped.
#[derive(Debug)]
struct Value(SecretString);

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    format: u64,
    entries: BTreeMap<String, Value>,
}

/// The one field that every format has.
#[derive(serde::Deserialize)]
struct VaultFormat {
    format: u64,
}

impl VaultEntries {
    /// Parses the plaintext.
    ///
    /// # Errors
    /// `credential.vault-newer-format`, `credential.vault-tampered`.
    pub(super) fn parse(plain: &[u8]) -> Result<Self, Failure> {
        match serde_json::from_slice::<VaultFormat>(plain) {
            Ok(VaultFormat { format: FORMAT }) => {}
            Ok(VaultFormat { format }) if format > FORMAT => return Err(newer(format)),
            _ => return Err(no_vault()),
        }
        serde_json::from_slice::<WrittenEntry>(plain)
            .map(|written| Self(written.entries))
            .map_err(|_| no_vault())
    }

    /// The document to seal.
    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        // Large enough from the start, at twice the length for JSON escapes: a growing vector
        // leaves its old buffer in memory.
        let lengths = self
            .0
            .iter()
            .map(|(name, value)| name.len() + 2 * value.0.expose_secret().len() + OVERHEAD);
        let mut bytes = Zeroizing::new(Vec::with_capacity(OVERHEAD + lengths.sum::<usize>()));
        let written = WrittenRef {
            format: FORMAT,
            entries: &self.0,
        };
        serde_json::to_writer(&mut *bytes, &written).map_err(|_| {
            Failure::new(
                Code::InternalInvariant,
                "the entries of the local vault cannot be written as JSON",
            )
        })?;
        Ok(bytes)
    }

    /// Whether there is an entry `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Adds or replaces an entry.
    pub(super) fn put(&mut self, name: String, value: SecretString) {
        self.0.insert(name, Value(value));
    }

    /// Removes an entry.
    pub(super) fn take(&mut self, name: &str) -> Option<SecretString> {
        self.0.remove(name).map(|value| value.0)
    }

    /// The names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[derive(serde::Serialize)]
struct WrittenRef<'a> {
    format: u64,
    entries: &'a BTreeMap<String, Value>,
}

impl Serialize for Value {
    /// Only into the buffer that is sealed and wiped.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Value;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value(SecretString::from(text)))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

fn newer(format: u64) -> Failure {
    Failure::new(
        Code::CredentialVaultNewerFormat,
        "the local vault was written by a newer Synapse",
    )
    .cause(format!(
        "its format is {format}, this version knows up to {FORMAT}; it was not changed"
    ))
    .hint("use the newer Synapse")
}

fn no_vault() -> Failure {
    Failure::new(
        Code::CredentialVaultTampered,
        "the content of the local vault was not written by Synapse",
    )
    .cause("the key opens it, so someone who has the key sealed something else; it was not changed")
    .hint("restore it from a backup")
}

const FORMAT: u64 = 1;
/// Quotes, colon, comma, and the frame.
const OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_round_trip_and_debug_shows_no_value() {
        let mut entries = VaultEntries::default();
        entries.put("b".to_owned(), r#"fake"\value"#.into());
        entries.put("a".to_owned(), "fake-a".into());
        let bytes = entries.to_bytes().unwrap();
        assert_eq!(
            &**bytes,
            br#"{"format":1,"entries":{"a":"fake-a","b":"fake\"\\value"}}"#
        );
        assert!(!format!("{entries:?}").contains("fake"));
        let mut read = VaultEntries::parse(&bytes).unwrap();
        assert_eq!(read.names().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read.take("b").unwrap().expose_secret(), r#"fake"\value"#);
        assert!(read.take("b").is_none() && read.has("a"));
    }

    #[test]
    fn what_is_no_vault_and_what_is_newer_are_told_apart() {
        let code = |text: &str| VaultEntries::parse(text.as_bytes()).unwrap_err().code();
        assert_eq!(
            code(r#"{"format":2,"boxes":[]}"#),
            Code::CredentialVaultNewerFormat
        );
        for text in [
            "",
            "{}",
            r#"{"format":0,"entries":{}}"#,
            r#"{"format":1}"#,
            r#"{"format":1,"entries":{},"more":1}"#,
            r#"{"format":1,"entries":{"a":1}}"#,
        ] {
            assert_eq!(code(text), Code::CredentialVaultTampered, "{text}");
        }
    }
}
