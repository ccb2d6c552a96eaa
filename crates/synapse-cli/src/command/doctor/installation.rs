//! The facts of this installation: the programs on PATH, the entries of clients, Synapse's own files.
//! The judgement is core's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::{
    ExposedTokens, HomeState, Installation, InstalledEntries, InstalledEntry, SecretWriter as _,
};
use synapse_core::redact::printable;
use synapse_home::Home;
use synapse_home::failure::try_write;
use synapse_ide::{CLIENTS, NAME, states};
use synapse_secrets::Secrets;

use crate::command::{Context, ide};
use crate::{compose, guard};

/// The installation that this process belongs to.
pub(super) struct ThisInstallation<'a> {
    context: &'a Context,
    secrets: Secrets,
    directory: PathBuf,
}

impl<'a> ThisInstallation<'a> {
    /// # Errors
    /// `storage.unavailable` when no home directory is known.
    pub(super) fn of(context: &'a Context) -> Result<Self, Failure> {
        Ok(Self {
            context,
            secrets: compose::secrets(context)?,
            directory: context.environment.synapse_home()?,
        })
    }

    /// Writes to the directory; if it does not exist, checks whether it could be created.
    fn try_write(&self) -> Result<(), Failure> {
        let home = Home::new(self.directory.clone());
        if is_writable(&self.directory) {
            return if self.directory.is_dir() {
                try_write(&home)
            } else {
                Ok(())
            };
        }
        let what = printable(&self.directory.to_string_lossy());
        Err(
            Failure::new(Code::StorageReadOnly, format!("{what} cannot be written"))
                .hint("make it writable, or set SYNAPSE_HOME to another directory"),
        )
    }
}

impl std::fmt::Debug for ThisInstallation<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ThisInstallation")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Installation for ThisInstallation<'_> {
    fn dumps_are_off(&self) -> bool {
        guard::dumps_are_off()
    }

    fn programs(&self) -> Vec<String> {
        let path = self.context.environment.variable("PATH");
        let found = different(&path.unwrap_or_default());
        found.iter().map(|path| shown(path)).collect()
    }

    fn entries(&self) -> Option<InstalledEntries> {
        let environment = &self.context.environment;
        let machine = ide::machine(environment, None).ok()?;
        let entry = ide::entry(self.context, None).ok()?;
        let running = ide::running().ok()?;
        let path = environment.variable("PATH").unwrap_or_default();
        let mut entries = Vec::new();
        for client in CLIENTS {
            for place in states(client, &machine, &entry) {
                let Some(command) = &place.command else {
                    continue;
                };
                entries.push(InstalledEntry {
                    client: client.id().to_owned(),
                    scope: place.scope,
                    file: shown(&place.file),
                    starts_another: another(command, &path, &running).map(|other| shown(&other)),
                });
            }
        }
        Some(InstalledEntries {
            running: shown(&running),
            entries,
        })
    }

    fn home(&self) -> HomeState {
        let found = self.secrets.inspect_home();
        HomeState {
            flaws: found.flaws,
            doubts: found.doubts,
            unwritable: self.try_write().err(),
            shows_access: cfg!(unix),
        }
    }

    fn settings(&self) -> Result<(), Failure> {
        compose::connections(self.context).and_then(|file| file.check_settings())
    }

    fn vault(&self) -> Result<Option<&'static str>, Failure> {
        self.secrets.inspect_vault()
    }

    fn unread(&self, reference: &CredentialRef) -> String {
        let place = self.secrets.place(reference);
        format!("{place}; not read, see `synapse secret check`")
    }

    async fn exposed_tokens(&self) -> ExposedTokens {
        let directory = std::env::current_dir().ok();
        let scanned = self.secrets.scan_configurations(directory.as_deref()).await;
        ExposedTokens {
            files: scanned.read.len(),
            broken: scanned.broken,
            questionable: scanned.questionable,
        }
    }
}

/// The file that `command` starts, if it exists and is not `running`. `ide check` reports a missing
/// file.
fn another(command: &str, path: &OsStr, running: &Path) -> Option<PathBuf> {
    let command = Path::new(command);
    let found = if command.is_absolute() {
        command.to_owned()
    } else {
        std::env::split_paths(path)
            .map(|directory| directory.join(command))
            .find(|candidate| candidate.is_file())?
    };
    let real = found.canonicalize().ok()?;
    let running = running.canonicalize().ok()?;
    (real != running).then_some(found)
}

/// The distinct files of our name in the directories of `path`.
fn different(path: &OsStr) -> Vec<PathBuf> {
    let mut real = Vec::new();
    let mut found = Vec::new();
    let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let directories = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    for candidate in directories.map(|directory| directory.join(&name)) {
        let Some(file) = candidate.canonicalize().ok().filter(|file| file.is_file()) else {
            continue;
        };
        if !real.contains(&file) {
            real.push(file);
            found.push(candidate);
        }
    }
    found
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Whether this user may write to `directory`, or create it.
#[cfg(unix)]
fn is_writable(directory: &Path) -> bool {
    use rustix::fs::{Access, access};

    let there = directory.ancestors().find(|each| each.exists());
    there.is_some_and(|there| access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// Permissions are checked only where they are mode bits.
#[cfg(not(unix))]
fn is_writable(_directory: &Path) -> bool {
    true
}
