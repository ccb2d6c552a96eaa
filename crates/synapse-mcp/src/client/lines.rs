//! Splits a server's output into limited lines. An oversized line is dropped except for its id.

use std::io::{self, BufRead as _};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use super::caps::{Caps, Excess, Scanner};

/// The result of reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OutputLine {
    /// A line within the limits, without its newline, which the last one may lack.
    Whole(Vec<u8>),
    /// An oversized line and its id if known.
    TooLarge(Excess, Option<u64>),
    /// An endless line.
    Endless,
    /// The end of the output, repeatedly.
    End,
}

/// Splits a server's output into lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: BufReader<R>,
    caps: Caps,
    line: Vec<u8>,
    scanner: Scanner,
    state: OutputState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutputState {
    Reading,
    /// Inside an oversized line, with the number of dropped bytes.
    Dropping(Excess, u64),
    /// The same, already reported.
    Reported(u64),
    Ended,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, caps: Caps) -> Self {
        Self {
            input: BufReader::with_capacity(BUFFER, input),
            caps,
            line: Vec::new(),
            scanner: Scanner::new(caps),
            state: OutputState::Reading,
        }
    }

    /// Returns the next line. Cancel safe: a partial line stays in `self`.
    pub(super) async fn next(&mut self) -> io::Result<OutputLine> {
        while self.state != OutputState::Ended {
            let available = match self.input.fill_buf().await {
                Ok(available) => available,
                Err(error) => {
                    self.state = OutputState::Ended;
                    return Err(error);
                }
            };
            if available.is_empty() {
                return Ok(self.end());
            }
            let (taken, is_complete) = take(available);
            let piece = available.get(..taken).unwrap_or_default();
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let verdict = self.scanner.feed(text);
            match (self.state, verdict) {
                (OutputState::Reading, Ok(())) => self.line.extend_from_slice(text),
                (OutputState::Reading, Err(excess)) => {
                    self.line = Vec::new();
                    self.state = OutputState::Dropping(excess, taken as u64);
                }
                (OutputState::Dropping(excess, dropped), _) => {
                    self.state = OutputState::Dropping(excess, dropped + taken as u64);
                }
                (OutputState::Reported(dropped), _) => {
                    self.state = OutputState::Reported(dropped + taken as u64);
                }
                (OutputState::Ended, _) => {}
            }
            self.input.consume(taken);
            if let Some(line) = self.verdict(is_complete) {
                return Ok(line);
            }
        }
        Ok(OutputLine::End)
    }

    /// The report after a piece of a line.
    fn verdict(&mut self, is_complete: bool) -> Option<OutputLine> {
        let id = self.scanner.id();
        if is_complete {
            self.scanner = Scanner::new(self.caps);
            return match std::mem::replace(&mut self.state, OutputState::Reading) {
                OutputState::Dropping(excess, _) => Some(OutputLine::TooLarge(excess, id)),
                OutputState::Reading => Some(OutputLine::Whole(std::mem::take(&mut self.line))),
                OutputState::Reported(_) | OutputState::Ended => None,
            };
        }
        let (OutputState::Dropping(_, dropped) | OutputState::Reported(dropped)) = self.state
        else {
            return None;
        };
        if dropped > ENDLESS.saturating_mul(self.caps.bytes as u64) {
            self.state = OutputState::Ended;
            return Some(OutputLine::Endless);
        }
        let OutputState::Dropping(excess, dropped) = self.state else {
            return None;
        };
        // Its request fails now, before the line ends.
        id.map(|id| {
            self.state = OutputState::Reported(dropped);
            OutputLine::TooLarge(excess, Some(id))
        })
    }

    fn end(&mut self) -> OutputLine {
        match std::mem::replace(&mut self.state, OutputState::Ended) {
            OutputState::Dropping(excess, _) => OutputLine::TooLarge(excess, self.scanner.id()),
            OutputState::Reading if !self.line.is_empty() => {
                OutputLine::Whole(std::mem::take(&mut self.line))
            }
            OutputState::Reading | OutputState::Reported(_) | OutputState::Ended => OutputLine::End,
        }
    }
}

/// The number of bytes belonging to the line, including its newline, and whether it is complete.
fn take(available: &[u8]) -> (usize, bool) {
    let mut rest = available;
    // Reading a slice cannot fail; the standard library's search is fast.
    let taken = rest.skip_until(b'\n').unwrap_or(available.len());
    let line = available.get(..taken).unwrap_or_default();
    (taken, line.ends_with(b"\n"))
}

/// A pipe holds 64 KiB; one read empties it.
const BUFFER: usize = 64 * 1024;
/// A line this many times over the limit counts as endless.
const ENDLESS: u64 = 32;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    const CAPS: Caps = Caps {
        bytes: 40,
        depth: 4,
        values: 8,
    };

    async fn lines(text: &[u8]) -> Vec<OutputLine> {
        let mut lines = Lines::new(text, CAPS);
        let mut read = Vec::new();
        loop {
            read.push(lines.next().await.unwrap());
            if matches!(read.last(), Some(OutputLine::End | OutputLine::Endless)) {
                return read;
            }
        }
    }

    fn whole(text: &str) -> OutputLine {
        OutputLine::Whole(text.as_bytes().to_vec())
    }

    const fn too_large(cap: u64, unit: &'static str, id: Option<u64>) -> OutputLine {
        OutputLine::TooLarge(Excess { cap, unit }, id)
    }

    #[tokio::test]
    async fn the_last_line_needs_no_newline() {
        let expected = [whole("a"), whole(""), whole("b"), OutputLine::End];
        assert_eq!(lines(b"a\n\nb").await, expected);
        assert_eq!(lines(b"a\n\nb\n").await, expected);
    }

    #[tokio::test]
    async fn a_line_over_a_cap_is_named_by_its_id_and_the_next_one_is_read() {
        let long = "x".repeat(50);
        let text =
            format!("{{\"id\":3,\"r\":\"{long}\"}}\n{{\"r\":\"{long}\",\"id\":4}}\n{long}\nok");
        let expected = [
            too_large(40, "bytes", Some(3)),
            too_large(40, "bytes", Some(4)),
            too_large(40, "bytes", None),
            whole("ok"),
            OutputLine::End,
        ];
        assert_eq!(lines(text.as_bytes()).await, expected);
        let deep = "[[[[[1]]]]]\nok";
        let expected = [too_large(4, "levels", None), whole("ok"), OutputLine::End];
        assert_eq!(lines(deep.as_bytes()).await, expected);
    }

    #[tokio::test]
    async fn a_line_over_a_cap_is_reported_before_it_ends() {
        let (mut server, client) = tokio::io::duplex(256);
        let mut lines = Lines::new(client, CAPS);
        let begun = format!("{{\"id\":3,\"r\":\"{}", "x".repeat(60));
        server.write_all(begun.as_bytes()).await.unwrap();
        let line = lines.next().await.unwrap();
        assert_eq!(line, too_large(40, "bytes", Some(3)));
        server.write_all(b"\"}\nok\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap(), whole("ok"));
    }

    #[tokio::test]
    async fn a_line_without_end_ends_the_output() {
        let text = vec![b'x'; 40 * 33 + BUFFER];
        assert_eq!(lines(&text).await, [OutputLine::Endless]);
    }

    #[tokio::test]
    async fn a_cancelled_read_loses_nothing() {
        let (mut server, client) = tokio::io::duplex(64);
        let mut lines = Lines::new(client, CAPS);
        server.write_all(b"ab").await.unwrap();
        tokio::select! {
            biased;
            line = lines.next() => panic!("{line:?}"),
            () = std::future::ready(()) => {}
        }
        server.write_all(b"cd\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap(), whole("abcd"));
    }
}
