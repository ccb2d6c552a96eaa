//! The server's introduction to a client.

use rmcp::model::Implementation;

/// The name, version, title and instructions sent to a client in both eras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    name: String,
    version: String,
    title: Option<String>,
    instructions: Option<String>,
}

impl ServerIdentity {
    /// Creates an identity with the programmatic name and version of the server.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            title: None,
            instructions: None,
        }
    }

    /// Adds the display name.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds instructions that clients may pass to the model.
    #[must_use]
    pub fn with_instructions(mut self, instructions: impl Into<String>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    pub(crate) fn implementation(&self) -> Implementation {
        let implementation = Implementation::new(&*self.name, &*self.version);
        match &self.title {
            Some(title) => implementation.with_title(title),
            None => implementation,
        }
    }

    pub(crate) fn instructions(&self) -> Option<&str> {
        self.instructions.as_deref()
    }
}
