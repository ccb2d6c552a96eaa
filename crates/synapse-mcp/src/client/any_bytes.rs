//! The private readers of the client's engine, for the checks of `crate::any_bytes`.

use super::caps::Caps;
use super::lines::{Line, Lines};
use crate::any_bytes::{Pieces, at_once};

/// The lines of `bytes` that arrive in pieces, each without its newline; a cap in place of one that
/// is over it. Ends before an output without end: how much of that is read depends on the pieces.
pub(crate) fn read_lines(bytes: &[u8], piece: usize, caps: Caps) -> Vec<Result<Vec<u8>, ()>> {
    let mut lines = Lines::new(Pieces::new(bytes, piece), caps);
    let mut read = Vec::new();
    while let Some(Ok(line)) = at_once(lines.next()) {
        match line {
            Line::Whole(line) => {
                assert!(line.len() <= caps.bytes);
                read.push(Ok(line));
            }
            // Which cap is named depends on how much of the line was there to look at.
            Line::TooLarge(..) => read.push(Err(())),
            Line::Endless => {
                // Reported before already where its id was known in time.
                while read.last() == Some(&Err(())) {
                    read.pop();
                }
                break;
            }
            Line::End => break,
        }
    }
    read
}
