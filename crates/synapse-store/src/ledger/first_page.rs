//! Restores the first page of a damaged copy, and the other pages of the schema: header and schema
//! are the same in every ledger of one format, so that damage to them does not lose the rows on all
//! other pages.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// The part that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RestoredPart {
    /// The constants of the header: magic, page size, versions of reader and writer, fractions.
    Constants,
    /// The header.
    Header,
    /// The header and the schema on the first page.
    All,
    /// The same, and the schema on other pages.
    Schema,
}

/// The parts, the least invasive first.
pub(super) const PARTS: [RestoredPart; 4] = [
    RestoredPart::Constants,
    RestoredPart::Header,
    RestoredPart::All,
    RestoredPart::Schema,
];

/// Overwrites a part of `copy` with that of `fresh`, a settled empty ledger.
pub(super) fn restore(copy: &Path, fresh: &Path, part: RestoredPart) -> io::Result<()> {
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
        RestoredPart::Constants => CONSTANTS,
        RestoredPart::Header => HEADER,
        RestoredPart::All | RestoredPart::Schema => PAGE,
    };
    let mut file = OpenOptions::new().write(true).open(copy)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(page.get(..length).unwrap_or(&page))?;
    if part == RestoredPart::Schema {
        for number in children(&page) {
            restore_page(&mut file, fresh, number)?;
        }
    }
    Ok(())
}

/// Overwrites a page, unless the copy does not have it.
fn restore_page(copy: &mut File, fresh: &Path, number: u32) -> io::Result<()> {
    let place = u64::from(number.saturating_sub(1)) * PAGE as u64;
    if place >= copy.metadata()?.len() {
        return Ok(());
    }
    let mut page = vec![0; PAGE];
    let mut fresh = File::open(fresh)?;
    fresh.seek(SeekFrom::Start(place))?;
    fresh.read_exact(&mut page)?;
    copy.seek(SeekFrom::Start(place))?;
    copy.write_all(&page)
}

/// The pages below the first one, which is the root of the schema; none if it fits on that page.
/// <https://sqlite.org/fileformat2.html#b_tree_pages>
fn children(page: &[u8]) -> Vec<u32> {
    let tree = page.get(HEADER..).unwrap_or_default();
    if tree.first() != Some(&INTERIOR) {
        return Vec::new();
    }
    let short = |bytes: &[u8]| bytes.first_chunk().map(|two| u16::from_be_bytes(*two));
    let long = |bytes: &[u8]| bytes.first_chunk().map(|four| u32::from_be_bytes(*four));
    let count = tree.get(CELL_COUNT..).and_then(short).unwrap_or_default();
    let cells = tree.get(CELLS..).unwrap_or_default().chunks_exact(2);
    let cells = cells.take(usize::from(count)).filter_map(short);
    let left = cells.filter_map(|cell| long(page.get(usize::from(cell)..)?));
    let right = tree.get(RIGHTMOST..).and_then(long);
    left.chain(right).collect()
}

/// The default of SQLite, which our ledgers keep.
const PAGE: usize = 4096;
/// <https://sqlite.org/fileformat2.html#the_database_header>
const HEADER: usize = 100;
const CONSTANTS: usize = 24;
/// The type of an interior page of a table, and the places of its fields.
const INTERIOR: u8 = 5;
const CELL_COUNT: usize = 3;
const RIGHTMOST: usize = 8;
const CELLS: usize = 12;
const PAGE_COUNT: std::ops::Range<usize> = 28..32;
const FREE_LIST: std::ops::Range<usize> = 32..40;
