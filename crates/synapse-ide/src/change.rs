//! A planned change of a client's file: current and new content, and a preview. The journal applies
//! it.

use std::path::{Path, PathBuf};

use synapse_core::{Failure, Hint};

use crate::client::{Client, Scope};
use crate::entry::Entry;
use crate::failure::shown;
use crate::location::Location;
use crate::preview::{self, Visible};
use crate::seen::{ExistingEntry, FileContent};

/// The effect of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Creates a file with our entry.
    Create,
    /// Adds our entry to a file.
    Add,
    /// Changes our entry.
    Update,
    /// Replaces a foreign entry with ours.
    Replace,
    /// Removes our entry.
    Remove,
    /// Restores the previous content of a file.
    Undo,
    /// Changes nothing: the file is up to date.
    Nothing,
}

impl Action {
    /// The stable name, a participle.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Add => "added",
            Self::Update => "updated",
            Self::Replace => "replaced",
            Self::Remove => "removed",
            Self::Undo => "undone",
            Self::Nothing => "unchanged",
        }
    }
}

/// A change that can be previewed and applied once.
#[derive(Debug, Clone, PartialEq)]
pub struct FileChange {
    pub(crate) client: &'static Client,
    pub(crate) scope: Scope,
    pub(crate) file: PathBuf,
    pub(crate) location: Location,
    pub(crate) action: Action,
    /// The content the change is based on; `None` for no file.
    pub(crate) before: Option<Vec<u8>>,
    /// The resulting content; `None` for no file.
    pub(crate) after: Option<Vec<u8>>,
    pub(crate) warnings: Vec<Hint>,
    pub(crate) notes: Vec<String>,
    /// The journal record that this undoes.
    pub(crate) undoes: Option<PathBuf>,
    pub(crate) arguments: Vec<String>,
    /// Values the preview may show.
    pub(crate) visible: Visible,
}

impl FileChange {
    /// The client that owns the file.
    #[must_use]
    pub fn client(&self) -> &'static Client {
        self.client
    }

    /// The scope of the file.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The file, before links are followed.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The resolved path, if the file is a link.
    #[must_use]
    pub fn target(&self) -> Option<&Path> {
        self.location.is_linked.then_some(&self.location.real)
    }

    /// Its effect.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// Warnings to show before the change, with remedies where available.
    #[must_use]
    pub fn warnings(&self) -> &[Hint] {
        &self.warnings
    }

    /// Which settings of an entry are kept or replaced.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The arguments of the resulting entry; empty if it is removed.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// A unified diff of all changed lines. Hides comments and values, except values that Synapse
    /// itself writes: any other may be a secret.
    #[must_use]
    pub fn diff(&self) -> String {
        preview::diff(
            self.client,
            &shown(&self.file),
            self.before.as_deref(),
            self.after.as_deref(),
            &self.visible,
        )
    }

    /// A change that restores `file`.
    ///
    /// # Errors
    /// `ide.file-unusable`.
    pub(crate) fn back(
        client: &'static Client,
        scope: Scope,
        file: PathBuf,
        record: PathBuf,
        contents: (Option<Vec<u8>>, Option<Vec<u8>>),
        entry: &Entry,
    ) -> Result<Self, Failure> {
        let (before, after) = contents;
        let section = [client.key.to_owned()];
        let mut visible = Visible::of(client, entry);
        for content in [&before, &after] {
            let seen = FileContent::of(client, &file, content.clone(), &section, entry);
            if let Ok(ExistingEntry::Ours(configured, _)) = seen.map(|seen| seen.found) {
                visible = visible.and(&configured);
            }
        }
        Ok(Self {
            client,
            scope,
            location: Location::of(&file)?,
            file,
            action: Action::Undo,
            before,
            after,
            warnings: Vec::new(),
            notes: Vec::new(),
            undoes: Some(record),
            arguments: Vec::new(),
            visible,
        })
    }
}
