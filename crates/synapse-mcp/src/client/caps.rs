//! Limits on server messages, enforced while bytes arrive and before parsing.
//!
//! The scanner visits each byte once and keeps few. It also extracts the `id` of an oversized
//! message, so that its request can fail with the reason.

/// The limits of a server message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes.
    pub bytes: usize,
    /// Nesting depth of objects and arrays.
    pub depth: usize,
    /// Values: object members and array elements.
    pub values: usize,
}

impl Default for Caps {
    /// 64 MiB, 127 levels (the parser's maximum) and a million values.
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 127,
            values: 1_000_000,
        }
    }
}

/// An exceeded limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {cap} {unit}")]
pub struct Excess {
    /// The limit.
    pub cap: u64,
    /// Its unit: `bytes`, `levels` or `values`.
    pub unit: &'static str,
}

/// Scans a message as it arrives. Invalid JSON is harmless: the parser rejects it later.
#[derive(Debug, Clone)]
pub struct Scanner {
    caps: Caps,
    bytes: usize,
    depth: usize,
    deepest: usize,
    values: usize,
    text: Text,
    place: JsonPosition,
    /// The current key or id, as far as it fits.
    word: [u8; WORD],
    word_length: usize,
    id: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

/// The position in the outermost object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonPosition {
    BeforeKey,
    InKey,
    BehindKey,
    /// In the value of `id`.
    InId,
    Elsewhere,
}

impl Scanner {
    /// Starts a message.
    #[must_use]
    pub const fn new(caps: Caps) -> Self {
        Self {
            caps,
            bytes: 0,
            depth: 0,
            deepest: 0,
            values: 0,
            text: Text::Outside,
            place: JsonPosition::Elsewhere,
            word: [0; WORD],
            word_length: 0,
            id: None,
        }
    }

    /// Scans the next bytes of the message.
    ///
    /// # Errors
    /// The first exceeded limit. Scanning can continue, to find the id.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Excess> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        while let Some((first, rest)) = bytes.split_first() {
            bytes = match self.text {
                Text::Outside => {
                    self.outside(*first);
                    rest
                }
                Text::Escaped => {
                    self.text = Text::Inside;
                    rest
                }
                Text::Inside => self.inside(bytes),
            };
        }
        self.verdict()
    }

    /// The message's numeric id, once scanned.
    #[must_use]
    pub const fn id(&self) -> Option<u64> {
        self.id
    }

    const fn verdict(&self) -> Result<(), Excess> {
        let (cap, unit) = if self.bytes > self.caps.bytes {
            (self.caps.bytes, "bytes")
        } else if self.deepest > self.caps.depth {
            (self.caps.depth, "levels")
        } else if self.values > self.caps.values {
            (self.caps.values, "values")
        } else {
            return Ok(());
        };
        Err(Excess {
            cap: cap as u64,
            unit,
        })
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.text = Text::Inside;
                if self.place == JsonPosition::BeforeKey {
                    self.begin_word(JsonPosition::InKey);
                }
            }
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                self.deepest = self.deepest.max(self.depth);
                self.values = self.values.saturating_add(1);
                if self.depth == 1 && byte == b'{' {
                    self.place = JsonPosition::BeforeKey;
                } else if self.place != JsonPosition::Elsewhere {
                    self.place = JsonPosition::Elsewhere;
                }
            }
            b'}' | b']' => {
                if self.depth == 1 {
                    self.end_id();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => {
                self.values = self.values.saturating_add(1);
                if self.depth == 1 {
                    self.end_id();
                    self.place = JsonPosition::BeforeKey;
                }
            }
            b':' if self.place == JsonPosition::BehindKey => {
                match self.word.get(..self.word_length) {
                    Some(b"id") => self.begin_word(JsonPosition::InId),
                    _ => self.place = JsonPosition::Elsewhere,
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ if self.place == JsonPosition::InId => self.push(byte),
            _ => {}
        }
    }

    /// Skips string content up to its end or an escape; returns the rest.
    fn inside<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'));
        let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        if self.place == JsonPosition::InKey {
            for byte in text.iter().take(WORD) {
                self.push(*byte);
            }
        }
        match rest.split_first() {
            Some((b'"', rest)) => {
                self.text = Text::Outside;
                match self.place {
                    JsonPosition::InKey => self.place = JsonPosition::BehindKey,
                    // Our ids are numbers.
                    JsonPosition::InId => self.place = JsonPosition::Elsewhere,
                    JsonPosition::BeforeKey | JsonPosition::BehindKey | JsonPosition::Elsewhere => {
                    }
                }
                rest
            }
            Some((_, rest)) => {
                self.text = Text::Escaped;
                rest
            }
            None => rest,
        }
    }

    const fn begin_word(&mut self, place: JsonPosition) {
        self.place = place;
        self.word_length = 0;
    }

    /// Appends a byte to the word; an overlong word never matches.
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.word.get_mut(self.word_length) {
            *slot = byte;
            self.word_length += 1;
        }
    }

    fn end_id(&mut self) {
        if self.place == JsonPosition::InId {
            let word = self.word.get(..self.word_length).unwrap_or_default();
            self.id = std::str::from_utf8(word)
                .ok()
                .and_then(|word| word.parse().ok());
            self.place = JsonPosition::Elsewhere;
        }
    }
}

/// Longer than our ids, so that a truncated one never matches.
const WORD: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        bytes: 60,
        depth: 3,
        values: 6,
    };

    fn scanned(text: &str, piece: usize) -> (Result<(), &'static str>, Option<u64>) {
        let mut scanner = Scanner::new(CAPS);
        let mut verdict = Ok(());
        for piece in text.as_bytes().chunks(piece) {
            verdict = verdict.and(scanner.feed(piece));
        }
        (verdict.map_err(|excess| excess.unit), scanner.id())
    }

    #[test]
    fn each_cap_is_held_however_the_bytes_arrive() {
        for (text, expected) in [
            (r#"{"a":[[1,2,3]]}"#, Ok(())),
            (r#"{"a":[[[1]]]}"#, Err("levels")),
            (r#"{"a":[1,2,3,4,5,6]}"#, Err("values")),
            (r#"{"a":"[[[[[[[[[,,,,,,,,,\"]]]"}"#, Ok(())),
            (r#"{"a":"\\"},,,,,"#, Ok(())),
            (
                "[\"a text that goes on and on, until it is longer than the cap\"]",
                Err("bytes"),
            ),
        ] {
            for piece in [1, 2, 7, 100] {
                assert_eq!(scanned(text, piece).0, expected, "{text} by {piece}");
            }
        }
    }

    #[test]
    fn the_id_of_the_message_is_read_and_no_other() {
        for (text, id) in [
            (r#"{"id":12,"result":{}}"#, Some(12)),
            (r#"{"result":{"id":3}, "id" : 12 }"#, Some(12)),
            (r#"{"result":{"id":3},"idx":4}"#, None),
            (r#"{"id":"12"}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"id":-1}"#, None),
            (r#"{"a":"\"id\":5,","id":6}"#, Some(6)),
            (r#"[{"id":5}]"#, None),
            (r#"{"id":123456789012345678901234567890}"#, None),
            (r#"{"id":7"#, None),
        ] {
            for piece in [1, 3, 100] {
                assert_eq!(scanned(text, piece).1, id, "{text} by {piece}");
            }
        }
    }

    /// The id is found even after the oversized part.
    #[test]
    fn a_message_over_a_cap_still_tells_its_id() {
        let text = format!(r#"{{"result":"{}","id":9}}"#, "x".repeat(100));
        assert_eq!(scanned(&text, 10), (Err("bytes"), Some(9)));
        let text = r#"{"result":[[[[[[1]]]]]],"id":9}"#;
        assert_eq!(scanned(text, 1), (Err("levels"), Some(9)));
    }

    #[test]
    fn the_parser_takes_what_the_default_lets_through() {
        let depth = Caps::default().depth;
        let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        Scanner::new(Caps::default()).feed(text.as_bytes()).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let deeper = format!("[{text}]");
        let excess = Scanner::new(Caps::default()).feed(deeper.as_bytes());
        assert_eq!(excess.unwrap_err().unit, "levels");
    }
}
