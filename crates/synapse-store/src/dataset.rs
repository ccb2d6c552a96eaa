//! A dataset of many machines: lists this machine's parts in a directory, and writes new parts
//! atomically. The content of parts is up to the caller.
//!
//! **Invariant:** nothing there is changed or removed, and nothing is written through a link:
//! others who can write the directory can add files, but cannot affect ours.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use synapse_core::dataset::{MachineId, MachineName, Month, PartName};
use synapse_core::{Code, Failure};
use synapse_files::{FileError, Place, Prepared, Rights};
use synapse_home::Home;
use synapse_home::atomic::{self, Lock};
use synapse_home::failure::{of_file, rely_on, shown, writing};

/// This machine during an export; excludes other exports from the same home.
#[derive(Debug)]
pub struct Machine {
    id: MachineId,
    /// All of its names, the current one last.
    names: Vec<MachineName>,
    #[expect(dead_code, reason = "held, not read")]
    lock: Lock,
}

impl Machine {
    /// The machine of this home, renamed to `wanted` if given. The first call assigns a random id,
    /// which is also the default name.
    ///
    /// # Errors
    /// `storage.locked` during another export, `storage.corrupt`, `storage.newer-format`,
    /// `storage.read-only`, `storage.disk-full`, `storage.mode-too-open`, `storage.unavailable`.
    pub fn claim(home: &Home, wanted: Option<&MachineName>) -> Result<Self, Failure> {
        home.create().map_err(of_file)?;
        let lock = Lock::acquire(&home.machine_lock(), PATIENCE)?;
        let path = home.machine();
        let known = read(home, &path)?;
        let (id, mut names) = match known.clone() {
            Some(known) => known,
            None => (random_id()?, Vec::new()),
        };
        if let Some(wanted) = wanted {
            names.retain(|name| name != wanted);
            names.push(wanted.clone());
        } else if names.is_empty() {
            names.push(id.name());
        }
        if known.as_ref() != Some(&(id, names.clone())) {
            write(&path, id, &names)?;
        }
        Ok(Self { id, names, lock })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> MachineId {
        self.id
    }

    /// Its current name.
    #[must_use]
    pub fn name(&self) -> MachineName {
        self.names.last().cloned().unwrap_or_else(|| self.id.name())
    }
}

/// An existing part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetPart {
    /// The month of its calls.
    pub month: Month,
    /// The range it covers.
    pub name: PartName,
    path: PathBuf,
}

impl DatasetPart {
    /// Opens it for reading.
    ///
    /// # Errors
    /// `storage.unavailable`.
    pub fn open(&self) -> Result<File, Failure> {
        match synapse_files::open(&self.path) {
            Ok(synapse_files::Found::Regular(file, _)) => Ok(file),
            Ok(synapse_files::Found::Other(what)) => Err(outside(FileError::NotAFile {
                path: self.path.clone(),
                what,
            })),
            Err(error) => Err(unreadable(&self.path, error)),
        }
    }

    /// The failure of a part with unexpected content.
    #[must_use]
    pub fn damaged(&self, error: &io::Error) -> Failure {
        Failure::new(
            Code::StorageCorrupt,
            format!("{} is not the part that was written", shown(&self.path)),
        )
        .caused_by(error)
        .hint("move it out of the dataset; its calls are exported again, unless they were purged")
        .with("file", shown(&self.path))
    }
}

/// A directory with the calls of any number of machines.
#[derive(Debug)]
pub struct Dataset {
    directory: PathBuf,
}

impl Dataset {
    /// The dataset in `directory`, which is created for its owner only if missing.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
    pub fn open(directory: &Path) -> Result<Self, Failure> {
        synapse_files::create_directory(directory).map_err(outside)?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// The existing parts of `machine` under any of its names. Other files are ignored.
    ///
    /// # Errors
    /// `storage.unavailable`.
    pub fn parts(&self, machine: &Machine) -> Result<Vec<DatasetPart>, Failure> {
        let mut parts = Vec::new();
        let own: BTreeSet<String> = machine.names.iter().map(MachineName::directory).collect();
        for name in own {
            let of_machine = self.directory.join(name);
            for (name, path) in entries(&of_machine)? {
                let month = name.to_str().and_then(|name| name.strip_prefix(MONTH));
                let Some(month) = month.and_then(|month| month.parse::<Month>().ok()) else {
                    continue;
                };
                for (name, path) in entries(&path)? {
                    let name: Option<PartName> = name.to_str().and_then(|name| name.parse().ok());
                    let Some(name) = name.filter(|name| name.machine == machine.id) else {
                        continue;
                    };
                    let is_file = |found: std::fs::Metadata| found.is_file();
                    if std::fs::symlink_metadata(&path).is_ok_and(is_file) {
                        parts.push(DatasetPart { month, name, path });
                    }
                }
            }
        }
        Ok(parts)
    }

    /// Starts a part of `machine`. Readers of the directory can read the part.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`, also if the path is taken.
    pub fn begin(
        &self,
        machine: &Machine,
        month: Month,
        name: &PartName,
    ) -> Result<PartFile, Failure> {
        let within = |parent: &Path, name: String| {
            synapse_files::directory_within(parent, &name).map_err(outside)
        };
        let of_machine = within(&self.directory, machine.name().directory())?;
        let path = within(&of_machine, month.directory())?.join(name.to_string());
        if Place::of(&path).map_err(outside)?.is_link() {
            return Err(outside(FileError::NotAFile {
                path,
                what: "a symbolic link",
            }));
        }
        let file =
            synapse_files::Replacement::begin(&path, Rights::OfDirectory).map_err(outside)?;
        Ok(PartFile { path, file })
    }
}

/// A part being written. Dropping it leaves nothing.
#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    file: synapse_files::Replacement,
}

impl PartFile {
    /// Its final path.
    #[must_use]
    pub fn place(&self) -> PartPlace {
        PartPlace(self.path.clone())
    }

    /// Renames it into place, after syncing its content.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`, also if the name was taken
    /// meanwhile.
    pub fn finish(self) -> Result<(), Failure> {
        let prepared: Result<Prepared, FileError> = self.file.prepare();
        prepared
            .and_then(|prepared| prepared.take_place_of(None))
            .map_err(outside)
    }
}

/// The path of a part being written.
#[derive(Debug, Clone)]
pub struct PartPlace(PathBuf);

impl PartPlace {
    /// The failure for an error while writing the part.
    #[must_use]
    pub fn failure(&self, error: &io::Error) -> Failure {
        of_another_place(writing(&self.0, error))
    }
}

impl io::Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The entries of a directory; empty if it is missing, no directory, or a link.
fn entries(directory: &Path) -> Result<Vec<(OsString, PathBuf)>, Failure> {
    match std::fs::symlink_metadata(directory) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Ok(Vec::new()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(directory, error)),
    }
    let listed = std::fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries: Vec<_> = listed
        .map_err(|error| unreadable(directory, error))?
        .into_iter()
        .map(|entry| (entry.file_name(), entry.path()))
        .collect();
    entries.sort_unstable();
    Ok(entries)
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    outside(FileError::Read {
        path: path.to_owned(),
        source,
    })
}

fn outside(error: FileError) -> Failure {
    of_another_place(of_file(error))
}

/// A failure of a file outside the home.
fn of_another_place(failure: Failure) -> Failure {
    let failure = failure.with_hints(Vec::new());
    match failure.code() {
        Code::StorageDiskFull => failure.hint("free some space there, then export again"),
        Code::StorageReadOnly => failure.hint("make the directory writable, or name another one"),
        _ => failure.hint("check its contents, or name another directory"),
    }
}

/// The home's record of its machine.
#[derive(Serialize, Deserialize)]
struct MachineRecord {
    schema: String,
    id: String,
    names: Vec<String>,
}

fn read(home: &Home, path: &Path) -> Result<Option<(MachineId, Vec<MachineName>)>, Failure> {
    rely_on(home, path)?;
    let Some(bytes) = synapse_files::read(path, LIMIT).map_err(of_file)? else {
        return Ok(None);
    };
    let damaged = || {
        Failure::new(
            Code::StorageCorrupt,
            format!("{} is damaged", shown(path)),
        )
        .hint("put back a copy; or move it away, and export into a directory of its own from then on")
        .with("file", shown(path))
    };
    let record: MachineRecord = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    if record.schema != SCHEMA {
        return Err(Failure::new(
            Code::StorageNewerFormat,
            format!("{} was written by another Synapse", shown(path)),
        )
        .hint("use the newer Synapse, or set SYNAPSE_HOME to another directory")
        .with("file", shown(path)));
    }
    let id = record.id.parse().map_err(|()| damaged())?;
    let names = record.names.iter().map(|name| name.parse()).collect();
    let names: Vec<MachineName> = Result::map_err(names, |_: Failure| damaged())?;
    Ok(Some((id, names)))
}

fn write(path: &Path, id: MachineId, names: &[MachineName]) -> Result<(), Failure> {
    let record = MachineRecord {
        schema: SCHEMA.to_owned(),
        id: id.to_string(),
        names: names.iter().map(ToString::to_string).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&record).map_err(|error| {
        Failure::new(Code::StorageUnavailable, "the machine cannot be noted").caused_by(&error)
    })?;
    bytes.push(b'\n');
    atomic::replace(path, &bytes)
}

fn random_id() -> Result<MachineId, Failure> {
    let mut bits = [0; 8];
    SystemRandom::new().fill(&mut bits).map_err(|_| {
        Failure::new(
            Code::StorageUnavailable,
            "the system gives no random numbers",
        )
    })?;
    Ok(MachineId::from_random(u64::from_le_bytes(bits)))
}

/// Duration of a small export; longer waits fail.
const PATIENCE: Duration = Duration::from_secs(2);
const MONTH: &str = "month=";
const SCHEMA: &str = "synapse.machine/1";
const LIMIT: u64 = 64 * 1024;
