//! Maps SQLite errors to `storage.*` codes, with the path.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use synapse_core::shell::quote;
use synapse_core::{Code, Failure, Remedy};
use synapse_home::failure::{locked, shown, try_write_in, unwritable, writing};

/// Adds the position of a mistake in a file of text to its failure.
pub(crate) fn at_position(failure: Failure, path: &Path, line: usize, column: usize) -> Failure {
    let file = shown(path);
    failure
        .cause(format!("at {file}:{line}:{column}"))
        .with("file", file)
        .with("line", line)
        .with("column", column)
}

/// The failure for an SQLite error of the database at `path`.
pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Failure {
    if is_of_damage(error) {
        return corrupt(path, error);
    }
    let failure = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => locked(path),
        Some(ErrorCode::DiskFull) => unwritable(Code::StorageDiskFull, path),
        // Only the header of the file is left to forbid it.
        Some(ErrorCode::ReadOnly) if is_plain(error) && may_write(path) => {
            return corrupt(path, &ReadOnlyHeader);
        }
        Some(ErrorCode::ReadOnly) => unwritable(Code::StorageReadOnly, path),
        // SQLite does not say why: the operating system's error for a file beside it may.
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => match probe(path) {
            Err(error) => return writing(path, &error),
            Ok(()) if files_are_capped() => unwritable(Code::StorageDiskFull, path),
            Ok(()) => unwritable(Code::StorageUnavailable, path),
        },
        _ => Failure::new(
            Code::StorageUnavailable,
            format!("the ledger {} cannot be used", shown(path)),
        )
        .with("file", shown(path)),
    };
    // Omits the source, which repeats the same text.
    failure.cause(error.to_string())
}

/// Whether SQLite gives no narrower reason, such as a directory without room for its log.
fn is_plain(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_READONLY)
}

/// Whether the header of an open ledger forbids writing, although the system permits it: one
/// changed bit of its write version does.
pub(crate) fn forbids_writing(path: &Path, database: &rusqlite::Connection) -> bool {
    database.is_readonly("main").unwrap_or_default() && may_write(path)
}

/// Whether the system lets this process write the file. Opens nothing: closing the file would
/// release SQLite's locks.
#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    writable(path) && path.parent().is_some_and(writable)
}

/// Other systems do not say without opening the file.
#[cfg(not(unix))]
fn may_write(_path: &Path) -> bool {
    false
}

/// The header of the file forbids writing.
#[derive(Debug)]
struct ReadOnlyHeader;

impl std::fmt::Display for ReadOnlyHeader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("its header lets only a newer SQLite write it")
    }
}

impl std::error::Error for ReadOnlyHeader {}

/// Whether the file's content is the problem: malformed, wrong tables, or invalid values.
fn is_of_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::QueryReturnedNoRows => true,
        error => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
        ),
    }
}

/// The failure of a damaged database.
pub(crate) fn corrupt(path: &Path, error: &dyn std::error::Error) -> Failure {
    let directory = path.parent().unwrap_or(path);
    let aside = quote(&directory.join("damaged"));
    // The `-wal` file belongs to the damaged database: if it stayed, it would be replayed into the
    // new one.
    Failure::new(
        Code::StorageCorrupt,
        format!("the ledger {} is damaged", shown(path)),
    )
    .cause(error.to_string())
    .cause("it was left as it is")
    .remedy(
        "recover the readable rows; the damaged file is kept",
        &Remedy::RepairLedger,
    )
    .shell(
        "or move it away to start a new one, in which limits begin at zero",
        format!("mkdir -p {aside} && mv {}* {aside}/", quote(path)),
    )
    .with("file", shown(path))
}

/// The failure of a database written by a newer Synapse.
pub(crate) fn newer_ledger(path: &Path, version: i64, known: i64) -> Failure {
    Failure::new(
        Code::StorageNewerFormat,
        format!("the ledger {} was written by a newer Synapse", shown(path)),
    )
    .cause(format!(
        "its format is {version}, this version knows up to {known}; it was not changed"
    ))
    .hint("use the newer Synapse, or set SYNAPSE_HOME to another directory")
    .with("file", shown(path))
    .with("format", version)
}

/// Tries to write a file beside `path`.
fn probe(path: &Path) -> io::Result<()> {
    try_write_in(path.parent().unwrap_or(path))
}

/// Whether this process has a file size limit.
#[cfg(unix)]
fn files_are_capped() -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize)
        .current
        .is_some()
}

#[cfg(not(unix))]
const fn files_are_capped() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/home/a b/.synapse/ledger.db";

    #[test]
    fn a_full_database_is_a_full_disk() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch("CREATE TABLE t (x)").unwrap();
        let pages: i64 = database
            .pragma_update_and_check(None, "max_page_count", 2, |row| row.get(0))
            .unwrap();
        assert_eq!(pages, 2);
        let error = database
            .execute("INSERT INTO t VALUES (zeroblob(100000))", [])
            .unwrap_err();
        let failure = sqlite(Path::new(PATH), &error);
        assert_eq!(failure.code(), Code::StorageDiskFull, "{error}");
    }

    #[test]
    fn a_damaged_ledger_comes_with_the_command_that_moves_all_of_it() {
        let failure = corrupt(Path::new(PATH), &io::Error::other("x"));
        assert_eq!(
            failure.hints()[1].remedy,
            Some(Remedy::shell(
                "mkdir -p '/home/a b/.synapse/damaged' && \
                 mv '/home/a b/.synapse/ledger.db'* '/home/a b/.synapse/damaged'/"
            ))
        );
    }
}
