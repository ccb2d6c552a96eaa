//! Line framing that survives cancelled reads, endless lines and a missing last newline. Knows
//! nothing of JSON.

use std::io::{self, BufRead};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::UnboundedReceiver;

use super::registry::InFlightRequests;

/// The result of reading.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line without its newline, which the last one may lack.
    Whole(Vec<u8>),
    /// An oversized line, dropped.
    Oversized,
    /// The end of the input, repeatedly.
    End,
}

/// Splits an input into lines of limited length.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    input: BufReader<R>,
    limit: usize,
    line: Vec<u8>,
    state: InputState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InputState {
    Reading,
    /// Inside an oversized line, up to its newline.
    Discarding,
    Ended,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Splits `input` into lines of at most `limit` bytes.
    pub(crate) fn new(input: R, limit: usize) -> Self {
        Self {
            input: BufReader::with_capacity(BUFFER_BYTES, input),
            limit,
            line: Vec::new(),
            state: InputState::Reading,
        }
    }

    /// Returns the next line. Cancel safe: a partial line stays in `self`.
    pub(crate) async fn next(&mut self) -> io::Result<Line> {
        while self.state != InputState::Ended {
            // The standard library's newline search on slices is fast.
            let mut available = match self.input.fill_buf().await {
                Ok(available) => available,
                Err(error) => {
                    self.state = InputState::Ended;
                    return Err(error);
                }
            };
            if available.is_empty() {
                return Ok(
                    match std::mem::replace(&mut self.state, InputState::Ended) {
                        InputState::Discarding => Line::Oversized,
                        InputState::Reading if !self.line.is_empty() => {
                            Line::Whole(std::mem::take(&mut self.line))
                        }
                        InputState::Reading | InputState::Ended => Line::End,
                    },
                );
            }
            let taken = match self.state {
                InputState::Discarding => BufRead::skip_until(&mut available, b'\n')?,
                InputState::Reading | InputState::Ended => {
                    BufRead::read_until(&mut available, b'\n', &mut self.line)?
                }
            };
            let buffer = self.input.buffer();
            let complete = taken < buffer.len() || buffer.ends_with(b"\n");
            self.input.consume(taken);
            if self.line.len().saturating_sub(usize::from(complete)) > self.limit {
                self.line = Vec::new();
                self.state = InputState::Discarding;
            }
            if complete {
                return Ok(
                    match std::mem::replace(&mut self.state, InputState::Reading) {
                        InputState::Discarding => Line::Oversized,
                        InputState::Reading | InputState::Ended => {
                            self.line.pop();
                            Line::Whole(std::mem::take(&mut self.line))
                        }
                    },
                );
            }
        }
        Ok(Line::End)
    }
}

/// Writes queued lines, flushes when the queue is empty, and ends with the queue.
pub(crate) async fn write_lines<W: AsyncWrite + Unpin>(
    mut output: W,
    mut queue: UnboundedReceiver<Vec<u8>>,
    registry: &InFlightRequests,
) -> io::Result<()> {
    while let Some(line) = queue.recv().await {
        output.write_all(&line).await?;
        registry.written(line.len());
        if queue.is_empty() {
            output.flush().await?;
        }
    }
    output.flush().await
}

/// A pipe holds 64 KiB; one read empties it.
const BUFFER_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::unbounded_channel;
    use tokio::time::timeout;

    use super::*;

    async fn lines(input: &[u8], limit: usize) -> Vec<Line> {
        let mut reader = LineReader::new(input, limit);
        let mut lines = Vec::new();
        loop {
            let line = reader.next().await.unwrap();
            let ended = line == Line::End;
            lines.push(line);
            if ended {
                return lines;
            }
        }
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn the_last_line_needs_no_newline() {
        let expected = [whole("a"), whole(""), whole("b"), Line::End];
        assert_eq!(lines(b"a\n\nb", 9).await, expected);
        assert_eq!(lines(b"a\n\nb\n", 9).await, expected);
        assert_eq!(lines(b"", 9).await, [Line::End]);
    }

    #[tokio::test]
    async fn the_limit_counts_the_bytes_before_the_newline() {
        assert_eq!(
            lines(b"12345\n123456\n1\n12345678901234", 5).await,
            [
                whole("12345"),
                Line::Oversized,
                whole("1"),
                Line::Oversized,
                Line::End
            ]
        );
    }

    #[tokio::test]
    async fn a_line_longer_than_the_buffer_is_put_together() {
        let long = "x".repeat(3 * BUFFER_BYTES + 7);
        let input = format!("{long}\ny\n{long}\n");
        let limit = 3 * BUFFER_BYTES + 7;
        assert_eq!(
            lines(input.as_bytes(), limit).await,
            [whole(&long), whole("y"), whole(&long), Line::End]
        );
        assert_eq!(
            lines(input.as_bytes(), limit - 1).await,
            [Line::Oversized, whole("y"), Line::Oversized, Line::End]
        );
    }

    #[tokio::test]
    async fn a_cancelled_read_loses_nothing() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut reader = LineReader::new(server, 9);
        client.write_all(b"ab").await.unwrap();
        tokio::select! {
            biased;
            line = reader.next() => panic!("{line:?}"),
            () = std::future::ready(()) => {}
        }
        client.write_all(b"cd\n").await.unwrap();
        assert_eq!(reader.next().await.unwrap(), whole("abcd"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_is_flushed_before_the_next_one_is_there() {
        let (queue, lines) = unbounded_channel();
        let registry = InFlightRequests::new(queue.clone());
        let (server, client) = tokio::io::duplex(64);
        let mut client = BufReader::new(client).lines();
        let read = async {
            queue.send(b"one\n".to_vec()).unwrap();
            let line = timeout(Duration::from_secs(1), client.next_line()).await;
            assert_eq!(line.unwrap().unwrap().as_deref(), Some("one"));
            registry.close_queue();
            drop(queue);
        };
        let buffered = tokio::io::BufWriter::new(server);
        let (written, ()) = tokio::join!(write_lines(buffered, lines, &registry), read);
        written.unwrap();
    }
}
