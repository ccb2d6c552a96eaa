//! Rebuilds a damaged ledger from its readable parts: a new file replaces the old one, which is
//! kept, and the chain continues over the lost parts, under a sealed record of the repair.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use synapse_core::ledger::Repaired;
use synapse_core::time::Timestamp;
use synapse_core::{Code, Failure};
use synapse_files::Found;
use synapse_home::Home;
use synapse_home::atomic::{Lock, create_directory};
use synapse_home::failure::{locked, reading, shown, writing};
use tempfile::TempDir;

use super::database::{self, Opened};
use super::first_page::{self, PARTS};
use super::rechain::Chain;
use super::salvage::{self, Salvaged};
use super::{audit, examine, presence};
use crate::failure::{forbids_writing, sqlite};

/// Repairs the ledger of `home`, unless it is sound.
pub(super) fn repair(home: &Home) -> Result<Repaired, Failure> {
    let path = home.ledger();
    match synapse_files::open(&path) {
        Ok(Found::Regular(..)) => {}
        Ok(Found::Other(what)) => return Err(synapse_home::failure::not_a_file(&path, what)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Repaired::default()),
        Err(error) => return Err(reading(&path, &error)),
    }
    let _lock = Lock::acquire(&home.repair_lock(), PATIENCE)?;
    if presence::is_anybody_there(home) {
        return Err(in_use(&path));
    }
    match is_sound(home) {
        Ok(true) => return Ok(Repaired::default()),
        Ok(false) => {}
        Err(failure) if failure.code() == Code::StorageCorrupt => {}
        Err(failure) => return Err(failure),
    }
    let workshop = tempfile::Builder::new()
        .prefix(".repair-")
        .tempdir_in(home.directory())
        .map_err(|error| writing(home.directory(), &error))?;
    let rebuilt = Rebuilt::make(home, &workshop)?;
    let kept = swap(home, &rebuilt.path)?;
    Ok(Repaired {
        kept_at: Some(shown(&kept)),
        ..rebuilt.report
    })
}

/// Whether neither SQLite nor the audit finds a problem.
fn is_sound(home: &Home) -> Result<bool, Failure> {
    let path = home.ledger();
    let database = match database::open_to_read(home, database::PATIENCE)? {
        None => return Ok(true),
        Some(Opened::Newer(_, version)) => {
            return Err(crate::failure::newer_ledger(
                &path,
                version,
                super::schema::VERSION,
            ));
        }
        Some(Opened::Ours(database)) => database,
    };
    // A header that forbids writing to a file that the system lets us write.
    if forbids_writing(&path, &database) {
        database::abandon(database);
        return Ok(false);
    }
    let sound = examine::check(&database).and_then(|problems| {
        let audited = audit::verify(&database)?;
        Ok(problems.is_empty() && audited.discrepancies.is_empty())
    });
    // Never checkpoints into a file that may be damaged.
    database::abandon(database);
    sound.map_err(|error| sqlite(&path, &error))
}

/// A new file and its statistics.
struct Rebuilt {
    path: PathBuf,
    report: Repaired,
}

impl Rebuilt {
    fn make(home: &Home, workshop: &TempDir) -> Result<Self, Failure> {
        let old_path = workshop.path().join("old.db");
        let with_log = copy(home, &old_path)?;
        let new_path = workshop.path().join("new.db");
        let failure = |error: rusqlite::Error| sqlite(&new_path, &error);
        let new = database::create(&new_path)?;
        let old = readable(&old_path, with_log, workshop);
        let (salvaged, chain) = match &old {
            Some(old) => {
                let salvaged = salvage::salvage(old, &new).map_err(failure)?;
                (salvaged, Chain::rebuild(old, &new, now()).map_err(failure)?)
            }
            None => {
                let salvaged = Salvaged {
                    lost_parts: vec!["everything".to_owned()],
                    ..Salvaged::default()
                };
                (salvaged, Chain::default())
            }
        };
        drop(old);
        let problems = examine::check(&new).map_err(failure)?;
        let audited = audit::verify(&new).map_err(failure)?;
        if !problems.is_empty() || !audited.discrepancies.is_empty() {
            return Err(Failure::new(
                Code::InternalInvariant,
                "the rebuilt ledger is not sound; the old one was left as it was",
            ));
        }
        database::settle(new).map_err(failure)?;
        let mut lost_parts = salvaged.lost_parts;
        lost_parts.extend(chain.lost_parts);
        if salvaged.misshapen > 0 {
            lost_parts.push(format!("{} rows without their columns", salvaged.misshapen));
        }
        Ok(Self {
            path: new_path,
            report: Repaired {
                rows: audited.rows + audited.open,
                changed: chain.changed,
                texts: salvaged.texts,
                lost: chain.lost,
                lost_calls: salvaged.lost_calls,
                lost_parts,
                kept_at: None,
            },
        })
    }
}

/// Opens the copy at `path`: as it is, without its log, and with more and more of its first page
/// restored. `None` if no row can be reached in any way.
fn readable(path: &Path, with_log: bool, workshop: &TempDir) -> Option<Connection> {
    if let Some(database) = open_damaged(path) {
        return Some(database);
    }
    // The log itself may be damaged; it is moved away and not removed.
    let log = |from: &Path, to: &Path| {
        drop(fs::remove_file(beside(path, "-shm")));
        drop(fs::rename(beside(from, "-wal"), beside(to, "-wal")));
    };
    let aside = workshop.path().join("aside.db");
    if with_log {
        log(path, &aside);
        if let Some(database) = open_damaged(path) {
            return Some(database);
        }
        log(&aside, path);
    }
    let fresh = workshop.path().join("fresh.db");
    database::create(&fresh)
        .ok()
        .and_then(|fresh| database::settle(fresh).ok())?;
    let restored = |part| {
        first_page::restore(path, &fresh, part).ok()?;
        open_damaged(path)
    };
    if let Some(database) = PARTS.into_iter().find_map(restored) {
        return Some(database);
    }
    log(path, &aside);
    PARTS.into_iter().find_map(restored)
}

/// Opens a copy in which the table of rows can be found.
fn open_damaged(path: &Path) -> Option<Connection> {
    let database = database::open_copy(path).ok()?;
    salvage::has_rows(&database).then_some(database)
}

/// Copies the file and its log; returns whether there was a log.
fn copy(home: &Home, to: &Path) -> Result<bool, Failure> {
    let from = home.ledger();
    fs::copy(&from, to).map_err(|error| writing(to, &error))?;
    match fs::copy(beside(&from, "-wal"), beside(to, "-wal")) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(writing(to, &error)),
    }
}

/// Replaces the old file, which is moved to a separate directory.
fn swap(home: &Home, new: &Path) -> Result<PathBuf, Failure> {
    let path = home.ledger();
    let damaged = home.directory().join("damaged");
    create_directory(&damaged)?;
    let name: String = now()
        .to_string()
        .chars()
        .filter(|each| each.is_ascii_alphanumeric())
        .collect();
    let kept = damaged.join(format!("ledger-{name}"));
    fs::create_dir(&kept).map_err(|error| writing(&kept, &error))?;
    let old = kept.join("ledger.db");
    // Hard-linked first, so that a ledger always exists and the old one is never lost.
    fs::hard_link(&path, &old)
        .or_else(|_| fs::copy(&path, &old).map(drop))
        .map_err(|error| writing(&old, &error))?;
    // The log belongs to the old file: if it stayed, it would be replayed into the new one.
    for ending in ["-wal", "-shm"] {
        match fs::rename(beside(&path, ending), beside(&old, ending)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(writing(&path, &error)),
        }
    }
    fs::rename(new, &path).map_err(|error| writing(&path, &error))?;
    drop(fs::File::open(home.directory()).and_then(|directory| directory.sync_all()));
    Ok(old)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn in_use(path: &Path) -> Failure {
    locked(path)
        .cause("it is in use, and a repair must not lose a row meanwhile")
        .with_hints(Vec::new())
        .hint("quit the IDEs and commands that use Synapse, then try again")
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or_default())
}

const PATIENCE: Duration = Duration::from_secs(2);
