//! Texts of `mcp-servers.json` with `${…}` in them.

use std::fmt;

use crate::credential::CredentialRef;

/// A text with variables and secret references. `Debug` and `Display` show names, never values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
}

/// One piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// `${NAME}`, `${env:NAME}`, `${NAME:-default}`.
    Variable {
        /// The name.
        name: String,
        /// The text that is used when the variable is not set.
        default: Option<String>,
    },
    /// `${workspaceFolder}`: the directory that the IDE works in.
    WorkspaceFolder,
    /// `${keyring:…}`, `${file:…}`, …: read when it is used, for the approved server alone.
    Secret(CredentialRef),
}

impl Template {
    /// A template of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Text(text.into())],
        }
    }

    /// The whole text, when no piece has to be looked up.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                Piece::Variable { .. } | Piece::WorkspaceFolder | Piece::Secret(_) => None,
            })
            .collect()
    }

    /// The secret references in it.
    pub fn secrets(&self) -> impl Iterator<Item = &CredentialRef> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Secret(reference) => Some(reference),
            Piece::Text(_) | Piece::Variable { .. } | Piece::WorkspaceFolder => None,
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => formatter.write_str(text)?,
                Piece::Variable { name, .. } => write!(formatter, "${{{name}}}")?,
                Piece::WorkspaceFolder => formatter.write_str("${workspaceFolder}")?,
                Piece::Secret(reference) => write!(formatter, "${{{reference}}}")?,
            }
        }
        Ok(())
    }
}
