//! A parser for event streams per the HTML standard: bytes in, events out, under a cap.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>

use std::fmt;
use std::time::Duration;

/// One event. `Debug` leaves the data out.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its type; empty means `message`.
    pub kind: String,
    /// Its data; lines are joined by newlines.
    pub data: Vec<u8>,
}

/// An event exceeded the cap; the rest of the stream is unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event has more than {cap} bytes")]
pub struct EventTooLarge {
    /// The cap in bytes.
    pub cap: usize,
}

/// Parses an event stream. Per the standard, no input is an error.
#[derive(Debug)]
pub struct EventStream {
    cap: usize,
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// The last byte was a carriage return, so a line feed may follow.
    after_return: bool,
    /// Nothing but a possible byte order mark was read.
    at_start: bool,
    last_id: Option<String>,
    retry: Option<Duration>,
}

impl EventStream {
    /// Starts a stream with at most `cap` bytes per line and event.
    #[must_use]
    pub const fn new(cap: usize) -> Self {
        Self {
            cap,
            line: Vec::new(),
            event: Event {
                kind: String::new(),
                data: Vec::new(),
            },
            has_data: false,
            after_return: false,
            at_start: true,
            last_id: None,
            retry: None,
        }
    }

    /// Parses the next bytes and appends completed events to `events`.
    ///
    /// # Errors
    /// [`EventTooLarge`]; earlier events are in `events`.
    pub fn feed(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), EventTooLarge> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return)
                && let Some(rest) = bytes.strip_prefix(b"\n")
            {
                bytes = rest;
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if self.line.len() + self.event.data.len() + text.len() > self.cap {
                return Err(EventTooLarge { cap: self.cap });
            }
            self.line.extend_from_slice(text);
            bytes = match rest.split_first() {
                Some((end, rest)) => {
                    self.after_return = *end == b'\r';
                    self.end_line(events);
                    rest
                }
                None => rest,
            };
        }
        Ok(())
    }

    /// The last event id of the stream, for resuming after it.
    #[must_use]
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The reconnection delay requested by the server.
    #[must_use]
    pub const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.at_start) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                events.push(event);
            }
            return;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push(b'\n');
                }
                self.event.data.extend_from_slice(value);
            }
            b"event" => self.event.kind = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => {
                self.last_id = Some(String::from_utf8_lossy(value).into_owned());
            }
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let number = std::str::from_utf8(value).ok();
                self.retry = number
                    .and_then(|number| number.parse().ok())
                    .map(Duration::from_millis);
            }
            // A comment or unknown field.
            _ => {}
        }
        // Keeps the buffer for the next line.
        line.clear();
        if line.capacity() <= KEPT {
            self.line = line;
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Event")
            .field("kind", &self.kind)
            .field("bytes", &self.data.len())
            .finish()
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const KEPT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], piece: usize) -> (Vec<(String, String)>, EventStream) {
        let mut stream = EventStream::new(64);
        let mut events = Vec::new();
        for piece in text.chunks(piece) {
            stream.feed(piece, &mut events).unwrap();
        }
        let events = events
            .into_iter()
            .map(|event| (event.kind, String::from_utf8(event.data).unwrap()))
            .collect();
        (events, stream)
    }

    #[test]
    fn events_are_read_as_the_standard_says_however_they_arrive() {
        for (text, expected) in [
            // Examples from the standard.
            (
                "data: YHOO\ndata: +2\ndata: 10\n\n",
                vec![("", "YHOO\n+2\n10")],
            ),
            (
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
                vec![("", "first event"), ("", "second event")],
            ),
            ("data\n\ndata\ndata\n\ndata:", vec![("", ""), ("", "\n")]),
            (
                "data:test\n\ndata: test\n\n",
                vec![("", "test"), ("", "test")],
            ),
            // Line ends, byte order mark, types, and unknown fields.
            (
                "data: a\r\rdata: b\r\n\r\ndata: c\n\n",
                vec![("", "a"), ("", "b"), ("", "c")],
            ),
            ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec![("", "a")]),
            (
                "event: message\ndata: a\n\nevent: x\n\ndata: b\n\n",
                vec![("message", "a"), ("", "b")],
            ),
            ("what: ever\ndatax: 1\n:data: 2\n\n", vec![]),
            ("data: a:b: c\n\n", vec![("", "a:b: c")]),
            ("\n\n\r\n", vec![]),
            ("data: cut", vec![]),
        ] {
            for piece in [1, 2, 3, 1000] {
                let (events, _) = read(text.as_bytes(), piece);
                let read: Vec<_> = events
                    .iter()
                    .map(|(kind, data)| (&**kind, &**data))
                    .collect();
                assert_eq!(read, expected, "{text:?} by {piece}");
            }
        }
    }

    #[test]
    fn an_event_without_data_still_tells_its_id_and_retry() {
        let (events, stream) = read(b"id: a\nretry: 500\n\nid: b\0\nretry: 5x\n\n", 4);
        assert!(events.is_empty());
        assert_eq!(stream.last_id(), Some("a"));
        assert_eq!(stream.retry(), Some(Duration::from_millis(500)));
    }

    #[test]
    fn an_event_over_the_cap_is_refused_wherever_its_bytes_are() {
        let line = format!("data: {}\n", "x".repeat(70));
        let lines = format!("data: {}\n", "x".repeat(20)).repeat(4);
        for text in [line, lines, "x".repeat(65)] {
            for piece in [1, 1000] {
                let mut stream = EventStream::new(64);
                let mut events = Vec::new();
                let read = text
                    .as_bytes()
                    .chunks(piece)
                    .try_for_each(|piece| stream.feed(piece, &mut events));
                assert_eq!(read, Err(EventTooLarge { cap: 64 }));
                assert!(events.is_empty());
            }
        }
        let (events, _) = read("data: 12345\n\n".repeat(20).as_bytes(), 5);
        assert_eq!(events.len(), 20, "the cap is of one event");
    }
}
