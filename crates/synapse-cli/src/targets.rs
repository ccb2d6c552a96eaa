//! Expands entries of the hub on this machine: with the environment of this process, the named
//! files of variables, and the installed programs.

use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synapse_core::error::{Code, Failure};
use synapse_core::upstream::expand::{EnvFile, Expanded, Surroundings, expand};
use synapse_core::upstream::{Start, Upstream};
use synapse_home::atomic::stamp;
use synapse_hub::SystemPlaces;
use synapse_store::{HubPlace, read_env_file};

use crate::environment::{Environment, Lookup};

/// Expands entries.
#[derive(Clone)]
pub(crate) struct EntryTargets {
    lookup: Lookup,
    home_directory: Option<String>,
    place: HubPlace,
    env_files: Vec<PathBuf>,
    workspace: Option<String>,
}

impl EntryTargets {
    /// For the entries of `place`. Touches nothing.
    pub(crate) fn new(environment: &Environment, place: HubPlace, env_files: Vec<PathBuf>) -> Self {
        Self {
            lookup: environment.lookup(),
            home_directory: environment
                .user_home()
                .and_then(Path::to_str)
                .map(str::to_owned),
            place,
            env_files,
            workspace: std::env::current_dir()
                .ok()
                .and_then(|directory| directory.to_str().map(str::to_owned)),
        }
    }

    /// The working directory of the IDE.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    /// The variable `name` of the environment.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name).and_then(|value| value.into_string().ok())
    }

    /// Expands `upstream`, with the approved `PATH` if there is one. Reads the files of variables
    /// that the entry and the command line name, and no secret.
    ///
    /// # Errors
    /// `config.*`, `endpoint.invalid-url`, `upstream.start-failed`, `storage.*`.
    pub(crate) fn expand(
        &self,
        upstream: &Upstream,
        start: Option<&Start>,
    ) -> Result<Expanded, Failure> {
        let env_files = self.env_files(upstream)?;
        let lookup = Arc::clone(&self.lookup);
        let environment = move |name: &str| lookup(name).and_then(|value| value.into_string().ok());
        let own_path = environment("PATH");
        let search_path = start
            .and_then(|start| start.search_path.as_deref())
            .or(own_path.as_deref());
        expand(
            upstream,
            &Surroundings {
                env_files: &env_files,
                environment: &environment,
                search_path,
                home_directory: self.home_directory.as_deref(),
                workspace: self.workspace.as_deref(),
                places: &SystemPlaces,
            },
        )
    }

    /// A value that changes when an env file of `upstreams` or the command line is changed, created
    /// or removed.
    pub(crate) fn stamp(&self, upstreams: &mut dyn Iterator<Item = &Upstream>) -> u64 {
        let named = upstreams
            .filter_map(|upstream| self.path(upstream.env_file.as_deref()?).ok())
            .chain(self.env_files.iter().cloned());
        let mut stamps = std::hash::DefaultHasher::new();
        for path in named {
            stamp(&path).hash(&mut stamps);
        }
        stamps.finish()
    }

    /// The files of variables, the entry's own first.
    pub(crate) fn env_files(&self, upstream: &Upstream) -> Result<Vec<EnvFile>, Failure> {
        let mut paths = Vec::new();
        if let Some(named) = &upstream.env_file {
            paths.push(self.path(named)?);
        }
        paths.extend(self.env_files.iter().cloned());
        paths
            .into_iter()
            .map(|path| {
                let variables =
                    read_env_file(&path).map_err(|failure| failure.of_server(&upstream.name))?;
                Ok(EnvFile {
                    path: path.display().to_string(),
                    variables,
                })
            })
            .collect()
    }

    /// The file that an entry names: absolute, below the home directory, or relative to the
    /// configuration.
    fn path(&self, named: &str) -> Result<PathBuf, Failure> {
        if let Some(rest) = named.strip_prefix("~/") {
            let home = self.home_directory.as_deref().ok_or_else(|| {
                Failure::new(Code::StorageUnavailable, "the home directory is not known")
            })?;
            return Ok(Path::new(home).join(rest));
        }
        let named = Path::new(named);
        let beside = self.place.file().parent().unwrap_or(Path::new("/"));
        Ok(if named.is_absolute() {
            named.to_owned()
        } else {
            beside.join(named)
        })
    }
}

impl std::fmt::Debug for EntryTargets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EntryTargets")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
