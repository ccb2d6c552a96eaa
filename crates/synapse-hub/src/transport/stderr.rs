//! A program's stderr: keeps the last lines for messages, and logs each line. A flood is drained,
//! so that the program can continue, and mostly dropped.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use synapse_process::Output;
use tokio::io::AsyncReadExt as _;

/// Removes secrets and control characters from a line.
pub type Cleaner = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Receives the cleaned stderr lines of a program.
pub trait ErrorLog: Send + Sync + fmt::Debug {
    /// Writes one line; infallible for the program. Called on a tokio thread: must not block.
    fn line(&self, line: &str);
}

/// The last lines of a program's stderr.
#[derive(Clone, Default)]
pub(super) struct LastLines(Arc<Mutex<KeptLines>>);

#[derive(Default)]
struct KeptLines {
    lines: VecDeque<String>,
    bytes: usize,
}

impl LastLines {
    pub(super) fn get(&self) -> Vec<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lines.iter().cloned().collect()
    }

    fn push(&self, line: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += line.len();
        kept.lines.push_back(line);
        while kept.lines.len() > LINES || kept.bytes > BYTES {
            let Some(dropped) = kept.lines.pop_front() else {
                return;
            };
            kept.bytes -= dropped.len();
        }
    }
}

impl fmt::Debug for LastLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LastLines")
    }
}

/// Reads `errors` to its end.
pub(super) async fn drain(
    mut errors: Output,
    last: LastLines,
    clean: Cleaner,
    log: Option<Arc<dyn ErrorLog>>,
) {
    let mut buffer = vec![0; BUFFER];
    let mut line = Vec::new();
    loop {
        let read = match errors.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => buffer.get(..read).unwrap_or_default(),
        };
        let mut pieces = read.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LONGEST.saturating_sub(line.len());
            line.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
            if pieces.peek().is_some() {
                take(&mut line, &last, &clean, log.as_deref());
            }
        }
        // Yields, so that a flood does not occupy the thread.
        tokio::task::consume_budget().await;
    }
    take(&mut line, &last, &clean, log.as_deref());
}

fn take(line: &mut Vec<u8>, last: &LastLines, clean: &Cleaner, log: Option<&dyn ErrorLog>) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if !text.is_empty() {
        let text = clean(text);
        if let Some(log) = log {
            log.line(&text);
        }
        last.push(text);
    }
    line.clear();
}

/// Number of kept lines.
const LINES: usize = 20;
const BYTES: usize = 16 * 1024;
/// Maximum line length; the rest is dropped.
const LONGEST: usize = 4 * 1024;
const BUFFER: usize = 16 * 1024;
