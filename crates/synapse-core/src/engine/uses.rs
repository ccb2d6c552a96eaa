//! The users of secrets: which connections name a reference.

use std::collections::BTreeMap;

use crate::credential::CredentialRef;
use crate::error::{Code, Failure};
use crate::ports::StoredConnection;

/// The connections that use each secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretUses(BTreeMap<String, Vec<String>>);

impl SecretUses {
    /// The secrets of the valid ones of these connections.
    #[must_use]
    pub fn of(connections: &[StoredConnection]) -> Self {
        let mut uses = Self::default();
        for stored in connections {
            if let Ok(connection) = &stored.connection
                && let Some(reference) = &connection.credential
            {
                uses.add(reference).push(stored.name.to_string());
            }
        }
        uses
    }

    /// Includes secrets that no connection may use.
    #[must_use]
    pub fn with<'a>(mut self, references: impl IntoIterator<Item = &'a CredentialRef>) -> Self {
        for reference in references {
            self.add(reference);
        }
        self
    }

    /// The connections that use `reference`.
    #[must_use]
    pub fn of_secret(&self, reference: &CredentialRef) -> &[String] {
        let users = self.0.get(&reference.to_string());
        users.map(Vec::as_slice).unwrap_or_default()
    }

    /// Every secret with its users, sorted.
    #[must_use]
    pub fn all(self) -> Vec<(CredentialRef, Vec<String>)> {
        let parsed = |(reference, users): (String, _)| Some((reference.parse().ok()?, users));
        self.0.into_iter().filter_map(parsed).collect()
    }

    /// Refuses to remove a secret in use.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, naming its users.
    pub fn require_unused(&self, reference: &CredentialRef) -> Result<(), Failure> {
        match self.of_secret(reference) {
            [] => Ok(()),
            users => Err(Failure::new(
                Code::UsageInvalidArguments,
                "a connection uses this secret; it was not removed",
            )
            .cause(format!("used by: {}", users.join(", ")))
            .hint("remove the connection first, or pass --force")
            .with("credential", reference)),
        }
    }

    fn add(&mut self, reference: &CredentialRef) -> &mut Vec<String> {
        self.0.entry(reference.to_string()).or_default()
    }
}
