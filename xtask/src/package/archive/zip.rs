//! Zip archives per APPNOTE.TXT 6.3, for wheels and MCP bundles. Entries over 4 GiB are not
//! supported.

use std::io::Write as _;

use flate2::Crc;
use flate2::write::DeflateEncoder;

use super::{ArchiveEntry, Effort};

/// Writes a zip archive of `entries`.
///
/// # Errors
/// When an entry exceeds the format's limit, or on memory exhaustion.
pub(in crate::package) fn zip(
    entries: &[ArchiveEntry],
    effort: Effort,
) -> std::io::Result<Vec<u8>> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = size(archive.len())?;
        let described = describe(entry, effort)?;
        archive.extend(LOCAL_HEADER.to_le_bytes());
        archive.extend(&described.common);
        archive.extend(entry.path.as_bytes());
        archive.extend(&described.content);
        directory.extend(CENTRAL_HEADER.to_le_bytes());
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&described.common);
        // No comment, the first disk, no internal attributes.
        directory.extend([0; 6]);
        directory.extend(((REGULAR_FILE | entry.mode()) << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.path.as_bytes());
    }
    let start = size(archive.len())?;
    let length = size(directory.len())?;
    let count = u16::try_from(entries.len()).map_err(std::io::Error::other)?;
    archive.extend(directory);
    archive.extend(END.to_le_bytes());
    archive.extend([0; 4]);
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    Ok(archive)
}

/// The fields common to both headers of an entry, and its stored content.
struct Described {
    common: Vec<u8>,
    content: Vec<u8>,
}

fn describe(entry: &ArchiveEntry, effort: Effort) -> std::io::Result<Described> {
    let mut crc = Crc::new();
    crc.update(&entry.bytes);
    let (method, content) = match effort {
        Effort::Store => (STORED, entry.bytes.clone()),
        Effort::Best => {
            let mut encoder = DeflateEncoder::new(Vec::new(), effort.level());
            encoder.write_all(&entry.bytes)?;
            (DEFLATED, encoder.finish()?)
        }
    };
    let name = u16::try_from(entry.path.len()).map_err(std::io::Error::other)?;
    let mut common = Vec::new();
    common.extend(NEEDED.to_le_bytes());
    // Names are UTF-8.
    common.extend(0x0800_u16.to_le_bytes());
    common.extend(method.to_le_bytes());
    common.extend(TIME.to_le_bytes());
    common.extend(DATE.to_le_bytes());
    common.extend(crc.sum().to_le_bytes());
    common.extend(size(content.len())?.to_le_bytes());
    common.extend(size(entry.bytes.len())?.to_le_bytes());
    common.extend(name.to_le_bytes());
    common.extend([0; 2]);
    Ok(Described { common, content })
}

fn size(length: usize) -> std::io::Result<u32> {
    u32::try_from(length).map_err(std::io::Error::other)
}

const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 2.0: deflate and directories.
const NEEDED: u16 = 20;
/// Version 2.0 made on Unix, which enables file modes.
const MADE_BY: u16 = 3 << 8 | NEEDED;
const REGULAR_FILE: u32 = 0o100_000;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// 1980-01-01 00:00, the earliest date in the format.
const TIME: u16 = 0;
const DATE: u16 = 1 << 5 | 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_archive() {
        let entries = [
            ArchiveEntry::program("bin/a", "one"),
            ArchiveEntry::data("b", "two".repeat(100)),
        ];
        let first = zip(&entries, Effort::Best).unwrap();
        assert_eq!(first, zip(&entries, Effort::Best).unwrap());
        assert!(first.len() < zip(&entries, Effort::Store).unwrap().len());
    }

    #[test]
    fn an_empty_archive_is_its_end_alone() {
        let archive = zip(&[], Effort::Best).unwrap();
        assert_eq!(archive.len(), 22);
        assert!(archive.starts_with(b"PK\x05\x06"));
    }
}
