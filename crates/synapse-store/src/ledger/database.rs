//! Opens ledger.db: for writing, which creates and migrates it, or for reading, which does not. A
//! damaged or newer file is refused before SQLite may write to it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use synapse_core::{Code, Failure};
use synapse_files::{self as file, private_options, tighten};
use synapse_home::Home;
use synapse_home::atomic::{Lock, SharedLock};
use synapse_home::failure::{not_a_file, of_file, reading, rely_on, shown, writing};

use super::schema::{self, VERSION, migrations};
use crate::failure::{corrupt, newer_ledger, sqlite};

/// Opens the ledger of `home` for writing; creates or migrates it if necessary. Waits up to
/// `patience` for each lock, now and later.
pub(super) fn open_to_write(home: &Home, patience: Duration) -> Result<Connection, Failure> {
    home.create().map_err(of_file)?;
    let path = home.ledger();
    rely_on(home, &path)?;
    // New log and index files inherit the database's mode; existing ones keep theirs.
    for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")] {
        tighten(&file);
    }
    let found = peek(&path)?;
    if let Peek::Newer(version) = found {
        return Err(newer_ledger(&path, version, VERSION));
    }
    if found == Peek::Absent {
        // Created here, because SQLite would leave the mode to the umask.
        private_options()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| writing(&path, &error))?;
    }
    let failure = |error: rusqlite::Error| sqlite(&path, &error);
    let mut database = connect(&path, patience).map_err(failure)?;
    let found = look(&database).map_err(failure)?;
    if found.version > VERSION {
        return Err(newer_ledger(&path, found.version, VERSION));
    }
    if found.version <= 0 && !found.is_blank {
        abandon(database);
        return Err(corrupt(&path, &NoVersion));
    }
    if found.version < VERSION {
        let _lock = Lock::acquire(&home.ledger_lock(), patience)?;
        migrate(&path, &mut database)?;
    }
    set_up(&database).map_err(failure)?;
    Ok(database)
}

/// A readable ledger.
pub(super) enum Opened {
    /// In the current format.
    Ours(Connection),
    /// In a newer format, with its version. Read only.
    Newer(Connection, i64),
}

/// Opens the ledger of `home` for reading; `None` if it does not exist.
///
/// Opens it for writing where possible, because rows of dead processes are completed and older
/// files migrated on sight. A newer file is opened read-only.
pub(super) fn open_to_read(home: &Home, patience: Duration) -> Result<Option<Opened>, Failure> {
    let path = home.ledger();
    rely_on(home, &path)?;
    match peek(&path)? {
        Peek::Absent => return Ok(None),
        Peek::Newer(version) => return newer(&path, version).map(Some),
        Peek::Database => {}
    }
    let failure = |error: rusqlite::Error| sqlite(&path, &error);
    let database = match connect(&path, patience).and_then(probe) {
        Ok(database) => database,
        Err(error) if is_unwritable(&error) && !has_log(&path) => {
            connect_immutable(&path).map_err(failure)?
        }
        Err(error) => return Err(failure(error)),
    };
    let mut database = database;
    let found = look(&database).map_err(failure)?;
    match found.version {
        0 if found.is_blank => return Ok(None),
        ..=0 => {
            abandon(database);
            return Err(corrupt(&path, &NoVersion));
        }
        version if version > VERSION => {
            abandon(database);
            return newer(&path, version).map(Some);
        }
        VERSION => {}
        _older => {
            if database.is_readonly("main").map_err(failure)? {
                return Err(older_read_only(&path));
            }
            let _lock = Lock::acquire(&home.ledger_lock(), patience)?;
            migrate(&path, &mut database)?;
        }
    }
    set_up(&database).map_err(failure)?;
    Ok(Some(Opened::Ours(database)))
}

/// Opens a file of a newer format read-only.
fn newer(path: &Path, version: i64) -> Result<Opened, Failure> {
    let failure = |error: rusqlite::Error| sqlite(path, &error);
    // Without a log there is nothing to share, and opening creates no extra files.
    let database = if has_log(path) {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags).and_then(|database| {
            defend(&database)?;
            Ok(database)
        })
    } else {
        connect_immutable(path)
    };
    let database = database.map_err(failure)?;
    database.busy_timeout(PATIENCE).map_err(failure)?;
    Ok(Opened::Newer(database, version))
}

/// Refuses to change a ledger of a newer Synapse; passes if there is none.
pub(super) fn refuse_newer(home: &Home) -> Result<(), Failure> {
    match open_to_read(home, PATIENCE)? {
        Some(Opened::Newer(_, version)) => Err(newer_ledger(&home.ledger(), version, VERSION)),
        Some(Opened::Ours(_)) | None => Ok(()),
    }
}

/// Closes a connection after a failure without checkpointing into the file, which may be damaged.
pub(super) fn abandon(database: Connection) {
    drop(database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true));
}

/// Disables the checkpoint on close.
pub(super) fn leave_log(database: &Connection) {
    drop(database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true));
}

/// The kind of file, from its first bytes.
#[derive(Debug, PartialEq, Eq)]
enum Peek {
    /// Missing or empty.
    Absent,
    /// A database of a known version, according to its first page.
    Database,
    /// A database of a newer version.
    Newer(i64),
}

/// Inspects the file without writing.
///
/// Through SQLite: closing the file by other means releases all locks of this process on it, and
/// with them the log of its connections.
/// <https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>
fn peek(path: &Path) -> Result<Peek, Failure> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Peek::Absent),
        Err(error) => return Err(reading(path, &error)),
    };
    if !found.is_file() {
        return Err(not_a_file(path, file::describe(found.file_type())));
    }
    match found.len() {
        0 => return Ok(Peek::Absent),
        // SQLite would treat it as an empty database.
        1..LEAST_LENGTH => return Err(corrupt(path, &NotADatabase)),
        _ => {}
    }
    match connect_immutable(path).and_then(|database| version(&database)) {
        Ok(newer) if newer > VERSION => Ok(Peek::Newer(newer)),
        Ok(_) => Ok(Peek::Database),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(corrupt(path, &NotADatabase))
        }
        // Gets the system's error: a file that cannot be opened has no locks to lose.
        Err(_) if let Err(reason) = File::open(path) => Err(reading(path, &reason)),
        // Without its log the file may look damaged: opening it with the log decides.
        Err(_) => Ok(Peek::Database),
    }
}

/// Blocks a repair from starting while held, and waits for one in progress.
///
/// Held while a connection is opened; a writer has announced its presence by then.
pub(super) fn no_repair(home: &Home) -> Result<Option<SharedLock>, Failure> {
    home.create().map_err(of_file)?;
    SharedLock::acquire(&home.repair_lock(), PATIENCE)
}

/// Makes SQLite trust the file as little as possible: no code in a foreign schema runs, no
/// statement can add damage, no value exceeds our limits. <https://sqlite.org/security.html>
pub(super) fn defend(database: &Connection) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        database.set_db_config(setting, on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
        (Limit::SQLITE_LIMIT_COLUMN, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 10),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 8),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
    ] {
        database.set_limit(limit, most)?;
    }
    database.pragma_update(None, "cell_size_check", true)?;
    database.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))
}

/// Creates a ledger in the current format at `path`, which must not exist.
pub(super) fn create(path: &Path) -> Result<Connection, Failure> {
    private_options()
        .append(true)
        .create_new(true)
        .open(path)
        .map_err(|error| writing(path, &error))?;
    let failure = |error: rusqlite::Error| sqlite(path, &error);
    let mut database = connect(path, PATIENCE).map_err(failure)?;
    migrate(path, &mut database)?;
    set_up(&database).map_err(failure)?;
    Ok(database)
}

/// Closes a ledger with all content in one synced file.
pub(super) fn settle(database: Connection) -> rusqlite::Result<()> {
    database.pragma_update(None, "synchronous", "FULL")?;
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    database.close().map_err(|(_, error)| error)
}

/// Opens a copy of a damaged ledger of any version.
pub(super) fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, PATIENCE)
}

fn connect(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    defend(&database)?;
    database.busy_timeout(patience)?;
    database.set_prepared_statement_cache_capacity(STATEMENTS);
    // Until the version is known: closing would otherwise checkpoint the log into the file.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(database)
}

/// Opens a database that nobody can write to, as on a read-only mount.
fn connect_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let database = Connection::open_with_flags(immutable_uri(path), flags)?;
    defend(&database)?;
    Ok(database)
}

/// Forces SQLite to open the file and its log, which it defers to the first read.
fn probe(database: Connection) -> rusqlite::Result<Connection> {
    version(&database).map(|_| database)
}

fn version(database: &Connection) -> rusqlite::Result<i64> {
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// A database's description of itself.
struct DatabaseState {
    version: i64,
    /// Nothing was ever written; another process may be about to.
    is_blank: bool,
}

/// In one transaction, because another process may be creating the tables.
fn look(database: &Connection) -> rusqlite::Result<DatabaseState> {
    let reading = database.unchecked_transaction()?;
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)";
    Ok(DatabaseState {
        version: version(&reading)?,
        is_blank: reading.query_row(sql, [], |row| row.get(0))?,
    })
}

fn migrate(path: &Path, database: &mut Connection) -> Result<(), Failure> {
    database.set_transaction_behavior(TransactionBehavior::Immediate);
    set_durability(database).map_err(|error| sqlite(path, &error))?;
    // Persistent in the file; the other settings apply to the connection.
    database
        .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        .map_err(|error| sqlite(path, &error))?;
    if create_in_empty(database).map_err(|error| sqlite(path, &error))? {
        return Ok(());
    }
    migrations()
        .to_latest(database)
        .map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => sqlite(path, &err),
            other => Failure::new(Code::InternalInvariant, "the ledger could not be migrated")
                .caused_by(&other)
                .with("file", shown(path)),
        })
}

/// Creates the tables if there are none. Whether it did.
fn create_in_empty(database: &mut Connection) -> rusqlite::Result<bool> {
    let change = database.transaction()?;
    let is_empty = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)";
    if version(&change)? != 0 || !change.query_row(is_empty, [], |row| row.get(0))? {
        return Ok(false);
    }
    schema::create(&change)?;
    change.commit()?;
    Ok(true)
}

fn set_up(database: &Connection) -> rusqlite::Result<()> {
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    set_durability(database)?;
    // A log of 16 MB, since checkpoints wait for the disk and should be rare.
    database.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(()))?;
    // Purged data must be erased. Appending frees no pages and costs nothing extra.
    database.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    database.pragma_update(None, "foreign_keys", true)
}

fn older_read_only(path: &Path) -> Failure {
    Failure::new(
        Code::StorageReadOnly,
        format!(
            "the ledger {} is of an older format and cannot be migrated",
            shown(path)
        ),
    )
    .cause("it cannot be written")
    .hint("make it writable, or set SYNAPSE_HOME to a directory with a copy of it")
    .with("file", shown(path))
}

/// In WAL mode, NORMAL survives a process crash; only a power failure may lose the last rows.
fn set_durability(database: &Connection) -> rusqlite::Result<()> {
    database.pragma_update(None, "synchronous", "NORMAL")
}

fn is_unwritable(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// The file beside the database at `path` with the suffix `ending`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether the log contains rows that are not in the database file yet.
fn has_log(path: &Path) -> bool {
    let log = beside(path, "-wal");
    std::fs::metadata(log).is_ok_and(|found| found.len() > 0)
}

/// <https://sqlite.org/uri.html>: everything except unreserved characters is percent-encoded.
fn immutable_uri(path: &Path) -> String {
    let path = percent_encode(path.as_os_str().as_encoded_bytes(), RESERVED);
    format!("file:{path}?immutable=1")
}

/// The file is too short for a database.
#[derive(Debug)]
struct NotADatabase;

impl std::fmt::Display for NotADatabase {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the file does not begin like an SQLite database")
    }
}

impl std::error::Error for NotADatabase {}

/// The file has tables but no version.
#[derive(Debug)]
struct NoVersion;

impl std::fmt::Display for NoVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the file has tables but no version")
    }
}

impl std::error::Error for NoVersion {}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~');
/// The smallest SQLite page; no database is shorter.
const LEAST_LENGTH: u64 = 512;
/// How long a lock is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// More than a writer prepares.
const STATEMENTS: usize = 32;
/// Recorded prompts and answers are the longest values; with images they stay below this.
const LONGEST_VALUE: i32 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_uri_keeps_its_special_characters() {
        assert_eq!(
            immutable_uri(Path::new("/a b/ü?#%/ledger.db")),
            "file:/a%20b/%C3%BC%3F%23%25/ledger.db?immutable=1"
        );
    }
}
