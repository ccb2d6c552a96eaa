//! Exposes private readers of the client engine for `crate::any_bytes`.

use super::caps::Caps;
use super::lines::{Lines, OutputLine};
use crate::any_bytes::{Pieces, at_once};

/// The lines of split `bytes`, without newlines; an error for an oversized line. Stops before an
/// endless output, whose handling depends on the split.
pub(crate) fn read_lines(bytes: &[u8], piece: usize, caps: Caps) -> Vec<Result<Vec<u8>, ()>> {
    let mut lines = Lines::new(Pieces::new(bytes, piece), caps);
    let mut read = Vec::new();
    while let Some(Ok(line)) = at_once(lines.next()) {
        match line {
            OutputLine::Whole(line) => {
                assert!(line.len() <= caps.bytes);
                read.push(Ok(line));
            }
            // The exceeded limit depends on how much of the line was available.
            OutputLine::TooLarge(..) => read.push(Err(())),
            OutputLine::Endless => {
                // Already reported if its id was known in time.
                while read.last() == Some(&Err(())) {
                    read.pop();
                }
                break;
            }
            OutputLine::End => break,
        }
    }
    read
}
