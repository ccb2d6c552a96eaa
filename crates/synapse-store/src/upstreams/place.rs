//! A hub configuration file and the location of its state: approvals and logins of different files
//! never mix, whatever their servers' names.

use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use synapse_core::Failure;
use synapse_home::Home;
use synapse_home::failure::{reading, shown};

/// An `mcp-servers.json` and the home with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubPlace {
    home: Home,
    file: PathBuf,
    key: String,
}

impl HubPlace {
    /// The file of the home. Touches nothing.
    #[must_use]
    pub fn of_home(home: Home) -> Self {
        Self {
            file: home.mcp_servers(),
            home,
            key: HOME.to_owned(),
        }
    }

    /// The file at `path`, identified by its canonical path. `mcp-servers.json` in the home is the
    /// home's.
    ///
    /// # Errors
    /// `storage.unavailable` if it does not exist or its path is not UTF-8.
    pub fn of_file(home: Home, path: &Path) -> Result<Self, Failure> {
        let canonical = path.canonicalize().map_err(|error| reading(path, &error))?;
        if home
            .mcp_servers()
            .canonicalize()
            .is_ok_and(|own| own == canonical)
        {
            return Ok(Self::of_home(home));
        }
        let digest = digest(&SHA256, canonical.as_os_str().as_encoded_bytes());
        let key = digest
            .as_ref()
            .iter()
            .take(KEY_BYTES)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            home,
            file: canonical,
            key,
        })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The file, for messages.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(&self.file)
    }

    /// The home.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// The key of this file's state: `home`, or 32 hexadecimal digits.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is the file of the home.
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.key == HOME
    }

    /// Held while the file is changed.
    pub(super) fn lock(&self) -> PathBuf {
        if self.is_home() {
            self.home.directory().join("mcp-servers.json.lock")
        } else {
            self.home
                .directory()
                .join(format!("mcp-servers.{}.lock", self.key))
        }
    }
}

const HOME: &str = "home";
const KEY_BYTES: usize = 16;
