//! Tar archives in the POSIX ustar format, for npm and Debian packages.

use std::collections::BTreeSet;

use super::ArchiveEntry;

/// Writes a tar archive of `entries` and their directories.
///
/// # Errors
/// When a path exceeds the format's limit.
pub(in crate::package) fn tar(entries: &[ArchiveEntry]) -> std::io::Result<Vec<u8>> {
    let mut archive = Vec::new();
    let mut directories = BTreeSet::new();
    for entry in entries {
        for (end, _) in entry.path.match_indices('/') {
            let directory = entry.path.get(..=end).unwrap_or_default();
            if directories.insert(directory) {
                archive.extend(header(directory, 0o755, 0, b'5')?);
            }
        }
        archive.extend(header(&entry.path, entry.mode(), entry.bytes.len(), b'0')?);
        archive.extend(&entry.bytes);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    Ok(archive)
}

fn header(path: &str, mode: u32, size: usize, kind: u8) -> std::io::Result<Vec<u8>> {
    if path.len() > LONGEST {
        return Err(std::io::Error::other(format!("{path} is too long for tar")));
    }
    let field = |text: String, width: usize| {
        let mut bytes = text.into_bytes();
        bytes.resize(width, 0);
        bytes
    };
    let before = [
        field(path.to_owned(), 100),
        field(format!("{mode:07o}"), 8),
        field("0000000".to_owned(), 8),
        field("0000000".to_owned(), 8),
        field(format!("{size:011o}"), 12),
        field(format!("{DATE:011o}"), 12),
    ]
    .concat();
    let mut after = vec![kind];
    after.extend([0; 100]);
    after.extend(b"ustar\x0000");
    after.extend(field("root".to_owned(), 32));
    after.extend(field("root".to_owned(), 32));
    after.resize(BLOCK - before.len() - 8, 0);
    // The checksum treats its own field as spaces.
    let bytes = before.iter().chain(&after).copied().map(u32::from);
    let sum = bytes.sum::<u32>() + 8 * u32::from(b' ');
    Ok([before, format!("{sum:06o}\0 ").into_bytes(), after].concat())
}

const BLOCK: usize = 512;
const LONGEST: usize = 100;
/// 1980-01-01, as in the zip archives.
const DATE: u64 = 315_532_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_come_before_what_is_in_them_and_once() {
        let entries = [
            ArchiveEntry::program("a/b/c", "x"),
            ArchiveEntry::data("a/b/d", "y"),
        ];
        let archive = tar(&entries).unwrap();
        let blocks: Vec<_> = archive.chunks(BLOCK).collect();
        let name = |block: &[u8]| {
            let end = block.iter().position(|byte| *byte == 0).unwrap();
            String::from_utf8(block[..end].to_vec()).unwrap()
        };
        let names = [blocks[0], blocks[1], blocks[2], blocks[4]].map(name);
        assert_eq!(names, ["a/", "a/b/", "a/b/c", "a/b/d"]);
        assert_eq!(archive.len() % BLOCK, 0);
    }

    #[test]
    fn a_path_that_does_not_fit_is_refused() {
        assert!(tar(&[ArchiveEntry::data("a".repeat(101), "")]).is_err());
    }
}
