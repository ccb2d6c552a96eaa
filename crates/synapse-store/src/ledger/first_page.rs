//! Restores the first page of a damaged copy: the file header and the schema, which are the same in
//! every ledger of one format, so that damage to one page does not lose the rows on all others.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// The part of the page that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The constants of the header: magic, page size, versions of reader and writer, fractions.
    Constants,
    /// The header.
    Header,
    /// The header and the schema.
    All,
}

/// The parts, the least invasive first.
pub(super) const PARTS: [Part; 3] = [Part::Constants, Part::Header, Part::All];

/// Overwrites a part of the first page of `copy` with that of `fresh`, a settled empty ledger.
pub(super) fn restore(copy: &Path, fresh: &Path, part: Part) -> io::Result<()> {
    let mut page = vec![0; PAGE];
    File::open(fresh)?.read_exact(&mut page)?;
    let pages = std::fs::metadata(copy)?.len() / PAGE as u64;
    let pages = u32::try_from(pages).unwrap_or(u32::MAX);
    if let Some(field) = page.get_mut(PAGE_COUNT) {
        field.copy_from_slice(&pages.to_be_bytes());
    }
    // Unknown, and of no use to a reader.
    if let Some(field) = page.get_mut(FREE_LIST) {
        field.fill(0);
    }
    let length = match part {
        Part::Constants => CONSTANTS,
        Part::Header => HEADER,
        Part::All => PAGE,
    };
    let mut file = OpenOptions::new().write(true).open(copy)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(page.get(..length).unwrap_or(&page))
}

/// The default of SQLite, which our ledgers keep.
const PAGE: usize = 4096;
/// <https://sqlite.org/fileformat2.html#the_database_header>
const HEADER: usize = 100;
const CONSTANTS: usize = 24;
const PAGE_COUNT: std::ops::Range<usize> = 28..32;
const FREE_LIST: std::ops::Range<usize> = 32..40;
