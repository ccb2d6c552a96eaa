//! Inspects where secrets are stored: whether git tracks a file, who owns it, who may write to its
//! directory, and which configuration files hold a token that should be a reference. Reads no
//! secret that a reference names; for other files it reports lines, never content.

mod configurations;
mod git;
mod mend;
mod own;
mod place;

use std::borrow::Cow;
use std::path::Path;

use synapse_core::credential::CredentialRef;
use synapse_core::shell::quote;
use synapse_core::{Code, Failure};

pub use self::configurations::Scanned;
pub use self::mend::Mend;
pub use self::own::Inspected;

use super::{Secrets, file};
use synapse_home::failure::shown;

/// The flaws of the location of `reference`, worst first.
pub(super) async fn inspect(secrets: &Secrets, reference: &CredentialRef) -> Vec<Failure> {
    match reference {
        CredentialRef::File(written) => match file::expand(written, secrets.user_home.as_deref()) {
            Ok(path) => of_file(secrets, &path).await,
            // Reading it reports the same.
            Err(_) => Vec::new(),
        },
        CredentialRef::Env(name) => configurations::not_passed_on(secrets, name)
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

async fn of_file(secrets: &Secrets, path: &Path) -> Vec<Failure> {
    let mut flaws = Vec::new();
    // A symbolic link and its target are two files, each with its own directory: the resolved one,
    // however the reference spells it.
    let place = really_in(path);
    let target = path.canonicalize().ok();
    let places = [
        Some(&*place),
        target.as_deref().filter(|target| *target != place),
    ];
    for place in places.into_iter().flatten() {
        match git::standing(secrets, place).await {
            git::GitStatus::Tracked => flaws.push(tracked(place)),
            git::GitStatus::NotIgnored => flaws.push(not_ignored(place)),
            git::GitStatus::Fine => {}
        }
        flaws.extend(place::flaws(place));
    }
    flaws.sort_by_key(|flaw| flaw.code() != Code::CredentialTrackedByGit);
    flaws.dedup_by(|one, other| one.code() == other.code());
    flaws
}

/// `path` with its directory resolved. Resolved paths of Windows are unreadable for people.
fn really_in(path: &Path) -> Cow<'_, Path> {
    let real = path.parent().filter(|_| !cfg!(windows));
    let real = real.and_then(|directory| directory.canonicalize().ok());
    match (real, path.file_name()) {
        (Some(directory), Some(name)) => Cow::Owned(directory.join(name)),
        _ => Cow::Borrowed(path),
    }
}

impl Secrets {
    /// How the local vault is sealed, from its header, which is read without a key. `None` when
    /// there is no vault.
    ///
    /// # Errors
    /// `credential.vault-*` when it is damaged, `storage.*`.
    pub fn inspect_vault(&self) -> Result<Option<&'static str>, Failure> {
        self.home
            .as_ref()
            .map_or(Ok(None), super::local_vault::examine)
    }

    /// The flaws of Synapse's own directory and the files in it.
    #[must_use]
    pub fn inspect_home(&self) -> Inspected {
        self.home
            .as_ref()
            .map_or_else(Inspected::default, own::inspect)
    }

    /// Scans the configuration files of IDEs, `mcp-servers.json` and `.env` files for tokens: those
    /// of the user, and those of the project at `directory`.
    pub async fn scan_configurations(&self, directory: Option<&Path>) -> Scanned {
        configurations::scan(self, directory).await
    }
}

fn tracked(path: &Path) -> Failure {
    Failure::new(
        Code::CredentialTrackedByGit,
        format!("git tracks {}, which holds a secret", shown(path)),
    )
    .cause("anyone with the repository, now or later, has the secret")
    .hint("replace the secret first: the history keeps the old one")
    .shell(
        "then remove the file from git; it stays on disk",
        match path.parent() {
            Some(parent) => format!("git -C {} rm --cached {}", quote(parent), quote(path)),
            None => format!("git rm --cached {}", quote(path)),
        },
    )
    .with("file", shown(path))
}

fn not_ignored(path: &Path) -> Failure {
    Failure::new(
        Code::CredentialNotIgnoredByGit,
        format!("git does not ignore {}, which holds a secret", shown(path)),
    )
    .cause("it is in a work tree, and the next `git add` may add it")
    .hint("move it out of the work tree, or name it in .gitignore")
    .with("file", shown(path))
}
