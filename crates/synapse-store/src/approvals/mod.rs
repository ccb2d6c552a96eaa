//! Approvals of upstream servers: one file each, for its owner only, in a directory per
//! configuration file. A catalogue is stored verbatim with its hash, which is verified on every
//! read.

mod record;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use synapse_core::ports::ApprovalStore;
use synapse_core::upstream::{Approval, UpstreamName};
use synapse_core::{Code, Failure, Remedy};
use synapse_files::FileError;
use synapse_home::atomic::{self, Lock};
use synapse_home::failure::{of_file, reading, rely_on, shown, writing};

use self::record::{FORMAT, Record, Unread};
use crate::upstreams::HubPlace;

/// The approvals of the servers of a [`HubPlace`].
#[derive(Debug, Clone)]
pub struct JsonApprovals {
    place: HubPlace,
}

impl JsonApprovals {
    /// The approvals of `place`. Touches nothing.
    #[must_use]
    pub const fn new(place: HubPlace) -> Self {
        Self { place }
    }

    fn directory(&self) -> PathBuf {
        self.place.home().approvals().join(self.place.key())
    }

    /// The file of a server. Names that differ in case get different files on every system.
    pub(crate) fn file(&self, server: &UpstreamName) -> PathBuf {
        let digest = digest(&SHA256, server.as_str().as_bytes());
        let tail: String = digest
            .as_ref()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.directory().join(format!("{server}-{tail}.json"))
    }

    fn read(&self, path: &Path) -> Result<Option<Approval>, Failure> {
        rely_on(self.place.home(), path)?;
        let bytes = match synapse_files::read(path, LIMIT) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(FileError::TooLarge { .. }) => return Err(damaged(path, "it is too large")),
            Err(error) => return Err(of_file(error)),
        };
        let text =
            std::str::from_utf8(&bytes).map_err(|_| damaged(path, "it is not an approval"))?;
        let record = match Record::parse(text) {
            Ok(record) => record,
            Err(Unread::Newer(format)) => return Err(newer(path, format)),
            Err(Unread::Damaged) => return Err(damaged(path, "it is not an approval")),
        };
        let approval = record.approval().map_err(|why| damaged(path, why))?;
        if self.file(&approval.server) == path {
            Ok(Some(approval))
        } else {
            Err(damaged(path, "it is the approval of another server"))
        }
    }

    fn lock(&self) -> Result<Lock, Failure> {
        self.place.home().create().map_err(of_file)?;
        atomic::create_directory(&self.directory())?;
        Lock::acquire(&self.directory().join(".lock"), PATIENCE)
    }

    /// Refuses to replace a file of a newer Synapse.
    fn expect_ours(&self, path: &Path) -> Result<(), Failure> {
        match self.read(path) {
            Err(failure) if failure.code() == Code::ConfigNewerFormat => Err(failure),
            Err(failure) if failure.code() != Code::StorageCorrupt => Err(failure),
            _ => Ok(()),
        }
    }
}

impl ApprovalStore for JsonApprovals {
    fn load(&self) -> Result<Vec<Approval>, Failure> {
        let directory = self.directory();
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(reading(&directory, &error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| reading(&directory, &error))?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut approvals = Vec::new();
        for path in paths {
            match self.read(&path) {
                Ok(found) => approvals.extend(found),
                // An unreliable approval does not count.
                Err(failure) if failure.code() == Code::StorageCorrupt => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(approvals)
    }

    fn stamp(&self) -> Option<u64> {
        // Every change renames a file into the directory, which updates its modification time.
        Some(atomic::stamp(&self.directory()))
    }

    fn is_large(&self) -> bool {
        let files = std::fs::read_dir(self.directory());
        let lengths = files.into_iter().flatten().flatten();
        let lengths = lengths.filter_map(|file| file.metadata().ok());
        let mut left = LARGE;
        lengths.map(|file| file.len()).any(|length| {
            left = left.saturating_sub(length + A_FILE);
            left == 0
        })
    }

    fn find(&self, server: &UpstreamName) -> Result<Option<Approval>, Failure> {
        self.read(&self.file(server))
    }

    fn keep(&self, approval: &Approval) -> Result<(), Failure> {
        let _lock = self.lock()?;
        let path = self.file(&approval.server);
        self.expect_ours(&path)?;
        let text = record::text(approval)?;
        if u64::try_from(text.len()).is_ok_and(|length| length > LIMIT) {
            return Err(Failure::new(
                Code::UpstreamTooLarge,
                format!(
                    "the lists of `{}` are too large to be kept",
                    approval.server
                ),
            )
            .of_server(&approval.server));
        }
        atomic::replace(&path, text.as_bytes())
    }

    fn withdraw(&self, server: &UpstreamName) -> Result<(), Failure> {
        let path = self.file(server);
        if !path.exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.expect_ours(&path)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(writing(&path, &error)),
            _ => Ok(()),
        }
    }
}

fn damaged(path: &Path, why: &str) -> Failure {
    let failure = Failure::new(
        Code::StorageCorrupt,
        format!("the approval {} cannot be relied upon", shown(path)),
    )
    .cause(why)
    .cause("it is ignored");
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .and_then(|stem| stem.rsplit_once('-'))
        .and_then(|(name, _)| name.parse::<UpstreamName>().ok());
    match name {
        Some(server) => failure.remedy(
            "review the server and approve it again",
            &Remedy::ApproveUpstream { server },
        ),
        None => failure,
    }
    .with("file", shown(path))
}

fn newer(path: &Path, format: u64) -> Failure {
    Failure::new(
        Code::ConfigNewerFormat,
        format!(
            "the approval {} was written by a newer Synapse",
            shown(path)
        ),
    )
    .cause(format!(
        "its format is {format}; this version knows {FORMAT}"
    ))
    .cause("it was not touched")
    .with("file", shown(path))
    .with("format", format)
}

/// Larger than the lists of any usable server.
/// Catalogues of fewer bytes are read in a fraction of a millisecond.
const LARGE: u64 = 64 * 1024;
/// The weight of a file beside its bytes.
const A_FILE: u64 = 2 * 1024;
const LIMIT: u64 = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
