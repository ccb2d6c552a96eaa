//! Documents of `secret`: references, places and shapes, never a value or its length.

use serde::Serialize;
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Failure, RemedyText};

use crate::failure::ErrorView;

/// `synapse.secret/1`: an action on a secret, or its state.
#[derive(Debug, Clone, Serialize)]
pub struct SecretDocument {
    schema: &'static str,
    ok: bool,
    action: &'static str,
    reference: String,
    place: String,
    found: Option<String>,
    used_by: Vec<String>,
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ErrorView>,
}

impl SecretDocument {
    /// The `action`, such as `set`, on `reference`, which resolves to `place`.
    #[must_use]
    pub fn new(action: &'static str, reference: &CredentialRef, place: String) -> Self {
        Self {
            schema: "synapse.secret/1",
            ok: true,
            action,
            reference: reference.to_string(),
            place,
            found: None,
            used_by: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a description of the secret's state.
    #[must_use]
    pub fn found(self, found: String) -> Self {
        Self {
            found: Some(found),
            ..self
        }
    }

    /// Adds the names of its connections.
    #[must_use]
    pub fn used_by(self, used_by: Vec<String>) -> Self {
        Self { used_by, ..self }
    }

    /// Adds notes.
    #[must_use]
    pub fn notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// Adds warnings.
    #[must_use]
    pub fn warnings(self, warnings: &[Failure], remedies: &dyn RemedyText) -> Self {
        Self {
            warnings: ErrorView::all(warnings, remedies),
            ..self
        }
    }
}

/// `synapse.secrets/1`: the known references and their users.
#[derive(Debug, Clone, Serialize)]
pub struct SecretsDocument {
    schema: &'static str,
    ok: bool,
    secrets: Vec<SecretView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ErrorView>,
}

/// A reference.
#[derive(Debug, Clone, Serialize)]
pub struct SecretView {
    reference: String,
    place: String,
    used_by: Vec<String>,
}

impl SecretsDocument {
    /// The document of these references. `warnings` concern places that cannot list their content.
    #[must_use]
    pub fn new(secrets: Vec<SecretView>, warnings: &[Failure], remedies: &dyn RemedyText) -> Self {
        Self {
            schema: "synapse.secrets/1",
            ok: true,
            secrets,
            warnings: ErrorView::all(warnings, remedies),
        }
    }
}

impl SecretView {
    /// A reference, its place, and the names of its connections.
    #[must_use]
    pub fn new(reference: &CredentialRef, place: String, used_by: Vec<String>) -> Self {
        Self {
            reference: reference.to_string(),
            place,
            used_by,
        }
    }
}
