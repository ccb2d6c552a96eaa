//! Records in files with mode 0600, in a private directory, written atomically.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use synapse_core::ports::LoginClaim;
use synapse_core::shell::quote;
use synapse_core::upstream::UpstreamName;
use synapse_core::{Code, Failure};
use synapse_files::Found;
use synapse_home::Home;
use synapse_home::atomic::{self, Lock};
use synapse_home::failure::{not_a_file, reading, rely_on, shown, writing};

use super::room::Room;
use super::{RecordSlot, document, slot_of};

pub(super) fn slots(directory: &Path, config: &str) -> Result<Vec<RecordSlot>, Failure> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(reading(directory, &error)),
    };
    let mut slots = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| reading(directory, &error))?;
        slots.extend(slot_of(&entry.path(), config));
    }
    slots.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(slots)
}

pub(super) fn read(home: &Home, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let (file, metadata) = match synapse_files::open(path) {
        Ok(Found::Regular(file, metadata)) => (file, metadata),
        Ok(Found::Other(what)) => return Err(not_a_file(path, what)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(reading(path, &error)),
    };
    rely_on(home, path)?;
    if is_open_to_others(&metadata) {
        return Err(open_to_others(path));
    }
    if metadata.len() > document::CAP {
        return Err(too_large(path));
    }
    // Allocated at full size: a growing vector leaves its old buffer in memory unwiped.
    let room = usize::try_from(metadata.len()).unwrap_or_default() + 64;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let mut capped = io::Read::take(file, document::CAP + 1);
    io::Read::read_to_end(&mut capped, &mut text).map_err(|error| reading(path, &error))?;
    if text.len() as u64 > document::CAP {
        Err(too_large(path))
    } else {
        Ok(Some(text))
    }
}

pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(writing(path, &error)),
        _ => Ok(()),
    }
}

/// The failure of a token record that others can read.
pub(crate) fn open_to_others(path: &Path) -> Failure {
    Failure::new(
        Code::OauthStoreUnavailable,
        format!("other users of this machine may read {}", shown(path)),
    )
    .cause("it holds tokens and was not read")
    .shell(
        "close it, and log in again if somebody may have read it",
        format!("chmod 600 {}", quote(path)),
    )
    .with("file", shown(path))
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_metadata: &std::fs::Metadata) -> bool {
    false
}

fn too_large(path: &Path) -> Failure {
    Failure::new(
        Code::OauthStoreUnavailable,
        format!("{} is larger than a record", shown(path)),
    )
    .with("file", shown(path))
}

/// Claims the login of `server`. Its process id is stored beside the lock, for later claimants.
pub(super) fn claim(
    directory: &Path,
    server: &UpstreamName,
) -> Result<Box<dyn LoginClaim>, Failure> {
    let holder = directory.join(format!("{server}.login"));
    let lock = match Lock::acquire(
        &directory.join(format!("{server}.login.lock")),
        Duration::ZERO,
    ) {
        Ok(lock) => lock,
        Err(failure) if failure.code() == Code::StorageLocked => {
            return Err(taken(server, &holder));
        }
        Err(failure) => return Err(failure),
    };
    atomic::replace(&holder, format!("{}\n", std::process::id()).as_bytes())?;
    let room = Room::take(directory.join(format!("{server}.login.room")))?;
    Ok(Box::new(Claim {
        room: Some(room),
        lock,
    }))
}

fn taken(server: &UpstreamName, holder: &Path) -> Failure {
    let failure = Failure::new(
        Code::StorageLocked,
        format!("a login of `{server}` is already in progress"),
    );
    let id = synapse_files::read(holder, 32).ok().flatten();
    let id = id.and_then(|text| String::from_utf8(text).ok()?.trim().parse::<u32>().ok());
    match id {
        Some(id) => failure
            .cause(format!("the process {id} holds it"))
            .with("process", id),
        None => failure,
    }
    .hint("finish it there, or end that process")
}

#[derive(Debug)]
struct Claim {
    /// Released before the lock.
    room: Option<Room>,
    #[expect(dead_code, reason = "held, not read")]
    lock: Lock,
}

impl LoginClaim for Claim {
    fn give_room(&mut self) {
        self.room = None;
    }
}
