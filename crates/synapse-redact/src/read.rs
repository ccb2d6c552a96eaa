//! The readings of a text that may hold a secret: verbatim, with escapes decoded (repeatedly),
//! without markup between the letters, and with lists of numbers decoded to bytes. Each reading
//! maps every byte back to its position in the text.

use std::ops::{ControlFlow, Range};

use secrecy::zeroize::Zeroizing;

use super::runs::{escape_length, invisible_length, run_length};

/// The bytes of a text in one reading.
pub(super) struct Reading<'a> {
    bytes: Bytes<'a>,
    words: Words,
    /// Source position of each byte; `None` for the text itself.
    places: Option<Vec<TextSpan>>,
}

enum Bytes<'a> {
    Text(&'a [u8]),
    Made(Zeroizing<Vec<u8>>),
}

/// Where a word of a reading may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// After a character that is neither letter nor digit.
    Apart,
    /// At every byte: in a list of numbers, a number before the list is decoded as part of it.
    Anywhere,
}

/// Start and end in the text; `u32` suffices for a block.
type TextSpan = (u32, u32);

impl<'a> Reading<'a> {
    /// Reads the text verbatim.
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes: Bytes::Text(bytes),
            words: Words::Apart,
            places: None,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Text(bytes) => bytes,
            Bytes::Made(bytes) => bytes,
        }
    }

    /// Whether this reading is the text itself.
    pub(super) const fn is_text(&self) -> bool {
        self.places.is_none()
    }

    /// Where its words start.
    pub(super) const fn words(&self) -> Words {
        self.words
    }

    /// The text position of the last `count` bytes of this reading, given that `length` bytes of
    /// text were read; `None` when the reading ends before the text and none of it continues.
    pub(super) fn tail(&self, count: usize, length: usize) -> Option<usize> {
        let bytes = self.bytes().len();
        let (_, end) = self.place(bytes.checked_sub(1)?)?;
        let goes_on = end.saturating_add(LONGEST_MARKUP) >= length;
        let (start, _) = self.place(bytes.saturating_sub(count))?;
        goes_on.then_some(start)
    }

    /// The position in the text of the bytes `from..to` of this reading.
    pub(super) fn span(&self, from: usize, to: usize) -> Option<Range<usize>> {
        let last = to.checked_sub(1).filter(|last| *last >= from)?;
        let (start, _) = self.place(from)?;
        let (_, end) = self.place(last)?;
        Some(start..end)
    }

    fn place(&self, at: usize) -> Option<(usize, usize)> {
        match &self.places {
            None => Some((at, at + 1)),
            Some(places) => {
                let (start, end) = places.get(at)?;
                Some((usize::try_from(*start).ok()?, usize::try_from(*end).ok()?))
            }
        }
    }

    /// Passes this reading and every derived one to `visit`, until it breaks.
    pub(super) fn each(
        self,
        visit: &mut impl FnMut(&Reading<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut layer = Some(self);
        for _ in 0..=DEPTH {
            let Some(reading) = layer else {
                break;
            };
            let glance = Glance::at(reading.bytes());
            visit(&reading)?;
            if glance.markup
                && let Some(bare) = reading.without_markup()
            {
                visit(&bare)?;
                if Glance::at(bare.bytes()).digits {
                    bare.numbers(visit)?;
                }
            }
            if glance.digits {
                reading.numbers(visit)?;
            }
            layer = if glance.escapes {
                reading.unescaped()
            } else {
                None
            };
        }
        ControlFlow::Continue(())
    }

    /// Decodes one layer of escapes: `%2F`, `\u002f`, `\x2f`, `\057`, `&#47;`, full-width letters.
    /// `None` without any.
    fn unescaped(&self) -> Option<Reading<'static>> {
        let bytes = self.bytes();
        let mut made = Making::with_capacity(bytes.len());
        let mut changed = false;
        let mut at = 0;
        while at < bytes.len() {
            let (byte, length) = unit(bytes, at);
            changed |= length > 1;
            made.push(self, byte, at, at + length);
            at += length;
        }
        changed.then(|| made.done())
    }

    /// Strips tags, comments, terminal control sequences and invisible characters, including the
    /// zero bytes of UTF-16. `None` without any.
    fn without_markup(&self) -> Option<Reading<'static>> {
        let bytes = self.bytes();
        let mut made = Making::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match markup_length(bytes, at) {
                0 => {
                    made.push(self, *byte, at, at + 1);
                    at += 1;
                }
                length => at += length,
            }
        }
        (made.bytes.len() < bytes.len()).then(|| made.done())
    }

    /// Decodes each list of numbers to bytes: decimal, hexadecimal and octal.
    fn numbers(&self, visit: &mut impl FnMut(&Reading<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let bytes = self.bytes();
        let mut list: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        loop {
            let gap = run_length(bytes, at, |byte| !byte.is_ascii_alphanumeric());
            let word = run_length(bytes, at + gap, |byte| byte.is_ascii_alphanumeric());
            let number = at + gap..at + gap + word;
            let goes_on = bytes.get(number.clone()).is_some_and(may_be_number);
            if !list.is_empty() && (!goes_on || gap > LONGEST_GAP) {
                if list.len() >= FEWEST_NUMBERS {
                    self.list(&list, visit)?;
                }
                list.clear();
            }
            if word == 0 {
                return ControlFlow::Continue(());
            }
            at = number.end;
            if goes_on {
                list.push(number);
            }
        }
    }

    fn list(
        &self,
        list: &[Range<usize>],
        visit: &mut impl FnMut(&Reading<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let word = |number: &Range<usize>| self.bytes().get(number.clone()).unwrap_or_default();
        for radix in [Radix::Decimal, Radix::Hexadecimal, Radix::Octal] {
            let mut made = Making::with_capacity(list.len());
            let mut whole = 0;
            for number in list {
                let byte = radix.byte(word(number));
                whole += usize::from(byte.is_some());
                made.push(self, byte.unwrap_or(b'\n'), number.start, number.end);
            }
            // Half suffices, because `{"0":115,"1":107}` has an index before each value.
            if whole * 2 >= FEWEST_NUMBERS {
                visit(&made.numbers())?;
            }
        }
        self.indexed(list, visit)
    }

    /// Decodes `{"0":115,"1":107}`: values under ascending indices.
    fn indexed(
        &self,
        list: &[Range<usize>],
        visit: &mut impl FnMut(&Reading<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let number = |at: usize| {
            let word = self.bytes().get(list.get(at)?.clone())?;
            number(word, 10)
        };
        let follows = |at: usize| {
            let next = number(at)?.checked_add(1)?;
            (number(at + 2)? == next).then_some(())
        };
        let mut at = 0;
        while at < list.len() {
            let mut pairs = 1;
            while follows(at + 2 * (pairs - 1)).is_some() {
                pairs += 1;
            }
            if pairs < FEWEST_NUMBERS / 2 {
                at += 1;
                continue;
            }
            let mut made = Making::with_capacity(pairs);
            for value in list.iter().skip(at + 1).step_by(2).take(pairs) {
                let word = self.bytes().get(value.clone()).unwrap_or_default();
                let byte = Radix::Decimal.byte(word).unwrap_or(b'\n');
                made.push(self, byte, value.start, value.end);
            }
            visit(&made.numbers())?;
            at += 2 * pairs;
        }
        ControlFlow::Continue(())
    }
}

/// A reading under construction. Its buffers are allocated at full size, because a growing one
/// leaves the old buffer unwiped.
struct Making {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<TextSpan>,
}

impl Making {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(capacity)),
            places: Vec::with_capacity(capacity),
        }
    }

    /// Appends a byte that was decoded from `from..to` of `source`.
    fn push(&mut self, source: &Reading<'_>, byte: u8, from: usize, to: usize) {
        let span = source.span(from, to).unwrap_or_default();
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.bytes.push(byte);
        self.places.push((place(span.start), place(span.end)));
    }

    fn done(self) -> Reading<'static> {
        Reading {
            bytes: Bytes::Made(self.bytes),
            words: Words::Apart,
            places: Some(self.places),
        }
    }

    /// Finishes a reading made from a list of numbers.
    fn numbers(self) -> Reading<'static> {
        Reading {
            words: Words::Anywhere,
            ..self.done()
        }
    }
}

/// Which further readings are worthwhile, found in one pass.
struct Glance {
    escapes: bool,
    markup: bool,
    digits: bool,
}

impl Glance {
    fn at(bytes: &[u8]) -> Self {
        let mut digits = 0_usize;
        let mut seen = 0;
        for byte in bytes {
            let kind = match *byte {
                b'%' | b'\\' | b'&' => ESCAPES,
                b'<' | ESC | 0 | 0xc2 | 0xe2 => MARKUP,
                // A zero-width mark or a full-width letter.
                0xef => ESCAPES | MARKUP,
                b'0'..=b'9' => {
                    digits += 1;
                    0
                }
                _ => 0,
            };
            seen |= kind;
        }
        Self {
            escapes: seen & ESCAPES != 0,
            markup: seen & MARKUP != 0,
            digits: digits >= FEWEST_NUMBERS,
        }
    }
}

#[derive(Clone, Copy)]
enum Radix {
    Decimal,
    Hexadecimal,
    Octal,
}

impl Radix {
    /// The ASCII byte that a number encodes. Zeros are the other half of UTF-16.
    fn byte(self, word: &[u8]) -> Option<u8> {
        let (digits, radix) = match (self, word) {
            (Self::Decimal, digits) => (digits, 10),
            (Self::Hexadecimal, [b'0', b'x' | b'X', digits @ ..])
            | (Self::Hexadecimal, [b'x' | b'X' | b'u' | b'U', digits @ ..])
            | (Self::Hexadecimal, digits) => (digits, 16),
            (Self::Octal, [b'0', b'o' | b'O', digits @ ..]) | (Self::Octal, digits) => (digits, 8),
        };
        let number = number(digits, radix)?;
        u8::try_from(number).ok().filter(u8::is_ascii)
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()
}

/// `115`, `0x73`, `73`, `0073`, `U+0073` without its sign.
fn may_be_number(word: &[u8]) -> bool {
    let digits = match word {
        [b'0', b'x' | b'X' | b'o' | b'O', digits @ ..] | [b'x' | b'X', digits @ ..] => digits,
        digits => digits,
    };
    let unit = matches!(digits, [b'u' | b'U']);
    unit || ((1..=LONGEST_NUMBER).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Length of the tag, comment, control sequence or invisible character at `at`; 0 for anything
/// else.
fn markup_length(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    match rest {
        _ if invisible_length(rest) > 0 => invisible_length(rest),
        [ESC, b'[', ..] => escape_length(bytes, at),
        // One-character CSI, and operating system commands.
        [0xc2, 0x9b, ..] => {
            (2 + run_length(rest, 2, |byte| (0x20..=0x3f).contains(&byte)) + 1).min(rest.len())
        }
        [ESC, b']' | b'P' | b'_' | b'^', ..] => {
            let limited = rest.get(..rest.len().min(LONGEST_MARKUP));
            let mut inside = limited.unwrap_or_default().iter().skip(2);
            match inside.position(|byte| matches!(*byte, BELL | ESC)) {
                Some(end) if rest.get(end + 2) == Some(&BELL) => end + 3,
                Some(end) if rest.get(end + 3) == Some(&b'\\') => end + 4,
                _ => 2,
            }
        }
        [ESC, ..] => rest.len().min(2),
        // The borders of pieces in XML.
        [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => 9,
        [b']', b']', b'>', ..] => 3,
        [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'?', ..] => {
            let limited = rest
                .get(..rest.len().min(LONGEST_MARKUP))
                .unwrap_or_default();
            let mut inside = limited.iter().skip(1);
            match inside.position(|byte| matches!(*byte, b'<' | b'>' | ESC)) {
                // The end of character data ends no tag.
                Some(end)
                    if limited
                        .get(..end + 1)
                        .is_some_and(|tag| tag.ends_with(b"]]")) =>
                {
                    0
                }
                Some(end) if limited.get(end + 1) == Some(&b'>') => end + 2,
                _ => 0,
            }
        }
        _ => 0,
    }
}

/// Decodes the unit at `at`: its byte, and its length of at least one.
fn unit(bytes: &[u8], at: usize) -> (u8, usize) {
    match bytes.get(at) {
        Some(b'%') => percent(bytes, at),
        Some(b'\\') => backslash(bytes, at),
        Some(b'&') => entity(bytes, at),
        Some(0xef) => full_width(bytes, at),
        Some(other) => (*other, 1),
        None => (b'\n', 1),
    }
}

/// Full-width U+FF01 to U+FF5E, which look like ASCII characters.
fn full_width(bytes: &[u8], at: usize) -> (u8, usize) {
    match bytes.get(at..at + 3) {
        Some([0xef, 0xbc, last @ 0x81..=0xbf]) => (last - 0x60, 3),
        Some([0xef, 0xbd, last @ 0x80..=0x9e]) => (last - 0x20, 3),
        _ => (0xef, 1),
    }
}

/// `%2F`, `%u002f`, and `%252F` at any nesting.
fn percent(bytes: &[u8], at: usize) -> (u8, usize) {
    if let Some(b'u' | b'U') = bytes.get(at + 1)
        && let Some(code) = hexadecimal(bytes, at + 2, 4)
    {
        return (ascii(code), 6);
    }
    let Some(mut byte) = hexadecimal(bytes, at + 1, 2) else {
        return (b'%', 1);
    };
    let mut length = 3;
    while byte == u32::from(b'%') {
        let Some(next) = hexadecimal(bytes, at + length, 2) else {
            break;
        };
        byte = next;
        length += 2;
    }
    // The bytes of a full-width letter are reassembled for the next layer.
    match u8::try_from(byte) {
        Ok(byte @ 0x80..) => (byte, length),
        _ => (ascii(byte), length),
    }
}

/// `\u002f`, `\u{2f}`, `\U0000002f`, `\x2f`, `\x{2f}`, `\057`, `\o{57}`, `\/`, `
/// `, with any number of backslashes.
fn backslash(bytes: &[u8], at: usize) -> (u8, usize) {
    let count = run_length(bytes, at, |byte| byte == b'\\');
    let from = at + count + 1;
    let of_digits = |code: Option<u32>, digits: usize| match code {
        Some(code) => (ascii(code), count + 1 + digits),
        None => (b'\\', count),
    };
    let braced = |radix: u32| {
        let inside = bytes.get(from + 1..bytes.len().min(from + 1 + LONGEST_BRACED))?;
        let end = inside.iter().position(|byte| *byte == b'}')?;
        let code = number(inside.get(..end)?, radix)?;
        Some((ascii(code), count + 3 + end))
    };
    let in_braces = bytes.get(from) == Some(&b'{');
    match bytes.get(at + count) {
        Some(b'u' | b'x') if in_braces => braced(16).unwrap_or((b'\\', count)),
        Some(b'o') if in_braces => braced(8).unwrap_or((b'\\', count)),
        Some(b'u') => of_digits(hexadecimal(bytes, from, 4), 4),
        Some(b'U') => of_digits(hexadecimal(bytes, from, 8), 8),
        Some(b'x') => of_digits(hexadecimal(bytes, from, 2), 2),
        Some(b'0'..=b'3') if octal(bytes, from - 1).is_some() => {
            (ascii(octal(bytes, from - 1).unwrap_or_default()), count + 3)
        }
        Some(b'n' | b'r' | b't' | b'b' | b'f' | b'0') => (b'\n', count + 1),
        Some(b'e') => (ESC, count + 1),
        _ => (b'\\', count),
    }
}

/// `&#47;`, `&#x2f;`, with or without the semicolon, and named ASCII characters.
fn entity(bytes: &[u8], at: usize) -> (u8, usize) {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let (from, radix, digit): (_, _, fn(u8) -> bool) = match rest {
        [b'#', b'x' | b'X', ..] => (2, 16, |byte| byte.is_ascii_hexdigit()),
        [b'#', ..] => (1, 10, |byte| byte.is_ascii_digit()),
        _ => return named_entity(rest),
    };
    let limited = rest
        .get(..rest.len().min(from + LONGEST_BRACED))
        .unwrap_or_default();
    let digits = run_length(limited, from, digit);
    let code = limited
        .get(from..from + digits)
        .and_then(|digits| number(digits, radix));
    let Some(code) = code else {
        return (b'&', 1);
    };
    let semicolon = usize::from(rest.get(from + digits) == Some(&b';'));
    (ascii(code), 1 + from + digits + semicolon)
}

fn named_entity(rest: &[u8]) -> (u8, usize) {
    let limited = rest.get(..rest.len().min(LONGEST_NAME)).unwrap_or_default();
    let length = run_length(limited, 0, |byte| byte.is_ascii_alphanumeric());
    let name = limited.get(..length).unwrap_or_default();
    if name.len() < 2 || rest.get(length) != Some(&b';') {
        return (b'&', 1);
    }
    let byte = match name {
        b"amp" => b'&',
        b"quot" => b'"',
        b"apos" => b'\'',
        b"lt" => b'<',
        b"gt" => b'>',
        b"hyphen" | b"dash" => b'-',
        b"lowbar" | b"UnderBar" => b'_',
        b"period" => b'.',
        b"sol" => b'/',
        b"bsol" => b'\\',
        b"plus" => b'+',
        b"equals" => b'=',
        b"colon" => b':',
        b"num" => b'#',
        b"percnt" => b'%',
        b"shy" | b"zwj" | b"zwnj" | b"NoBreak" | b"ZeroWidthSpace" => 0,
        // No other named entity is an ASCII letter or digit.
        _ => b'\n',
    };
    (byte, length + 2)
}

/// Maps a character to a byte: visible ASCII or its full-width form to itself, an invisible
/// character to zero, anything else to a line end.
fn ascii(code: u32) -> u8 {
    match code {
        0x20..=0x7e => u8::try_from(code).unwrap_or(b'\n'),
        0x1b => ESC,
        0xff01..=0xff5e => u8::try_from(code - 0xfee0).unwrap_or(b'\n'),
        0 | 0xad | 0x200b..=0x200d | 0x2060 | 0xfeff => 0,
        _ => b'\n',
    }
}

fn hexadecimal(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = bytes.get(at..at + digits)?;
    digits.iter().try_fold(0_u32, |number, digit| {
        Some(number.wrapping_mul(16) + char::from(*digit).to_digit(16)?)
    })
}

/// Three octal digits.
fn octal(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 3)?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 8 + char::from(*digit).to_digit(8)?)
    })
}

const ESCAPES: u8 = 1;
const MARKUP: u8 = 2;
const ESC: u8 = 0x1b;
const BELL: u8 = 0x07;
/// Layers of escapes decoded: JSON inside JSON inside a page.
const DEPTH: usize = 3;
/// A shorter list cannot encode a secret.
const FEWEST_NUMBERS: usize = 12;
/// `0073`, `00000073`.
const LONGEST_NUMBER: usize = 8;
/// `,` and a line end with indentation.
const LONGEST_GAP: usize = 32;
const LONGEST_MARKUP: usize = 256;
const LONGEST_BRACED: usize = 9;
const LONGEST_NAME: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// The letters and digits of every reading.
    fn readings(text: &str) -> Vec<String> {
        let mut readings = Vec::new();
        let read = Reading::of(text.as_bytes()).each(&mut |reading| {
            let letters = reading
                .bytes()
                .iter()
                .filter(|byte| byte.is_ascii_alphanumeric());
            readings.push(letters.map(|byte| char::from(*byte)).collect());
            ControlFlow::Continue(())
        });
        assert!(read.is_continue());
        readings
    }

    #[test]
    fn escapes_are_undone_however_deep() {
        for text in [
            "a%2fB",
            "a%2F%42",
            "a%252F%2542",
            "a%u002f%u0042",
            r"a\/\u0042",
            r"a\\u002f\\u0042",
            r"a\u{2f}\x{42}",
            r"a\U0000002f\o{102}",
            r"\141\057\102",
            "\\x61\\x42",
            r"a\nB",
            "a&#47;&#x42;",
            "a&#47&#x42",
            "a&amp;#47;&amp;#x42;",
            "a&amp;amp;#47;&amp;amp;#x42;",
            "a%26%2347;%26%2366;",
            "&#<&#97;&#47;&#<&#x42;",
            "a&quot;&shy;B",
            "\u{ff41}\u{ff22}",
            r"\uff41\uFF22",
            "%EF%BD%81%EF%BC%A2",
        ] {
            let readings = readings(text);
            assert!(readings.contains(&"aB".to_owned()), "{text}: {readings:?}");
        }
    }

    #[test]
    fn what_only_looks_like_an_escape_stays() {
        for text in [
            "100%zz", r"\u00", "a&b;c&", "%", r"\", r"\x{zz}", "&#;", "\u{feff}",
        ] {
            let readings = readings(text);
            assert!(
                readings.iter().all(|each| *each == readings[0]),
                "{readings:?}"
            );
        }
    }

    #[test]
    fn markup_is_passed_over() {
        for text in [
            "<b>a</b><i class=\"x1\">B</i>",
            "a<!-- x -->B",
            "\u{1b}[31ma\u{1b}[0mB",
            "a\u{9b}1mB",
            "a\u{1b}]8;;x\u{7}B",
            "a\u{1b}]8;;x\u{1b}\\B",
            "<a\u{1b}[1mB >",
            "&lt;b&gt;a&lt;/b&gt;B",
            r"\u001b[1maB",
        ] {
            let readings = readings(text);
            assert!(
                readings.contains(&"aB".to_owned()),
                "{text:?}: {readings:?}"
            );
        }
        assert_eq!(readings("a < b > c, a<b"), ["abcab"]);
    }

    #[test]
    fn lists_of_numbers_are_bytes() {
        let word = "fake0value-1";
        let list = |format: &dyn Fn((usize, u8)) -> String| {
            word.bytes().enumerate().map(format).collect::<Vec<_>>()
        };
        for text in [
            list(&|(_, byte)| byte.to_string()).join(", "),
            list(&|(_, byte)| byte.to_string()).join(",\n        "),
            list(&|(_, byte)| format!("0x{byte:02X}")).join(","),
            list(&|(_, byte)| format!("{byte:02x}")).join(":"),
            list(&|(_, byte)| format!("{byte:o}")).join(" "),
            list(&|(_, byte)| format!("0o{byte:o}")).join(" "),
            list(&|(index, byte)| format!("\"{index}\":{byte}")).join(","),
        ] {
            let readings = readings(&format!("[{text}]"));
            assert!(
                readings.contains(&"fake0value1".to_owned()),
                "{text}: {readings:?}"
            );
        }
        assert_eq!(readings("1, 2, 3 and 4, 5, 6, 7, 8, 9, 10, 11").len(), 1);
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "x %2561%62 <b>y";
        let mut found = Vec::new();
        let read = Reading::of(text.as_bytes()).each(&mut |reading| {
            let bytes = reading.bytes();
            if let Some(at) = bytes.windows(2).position(|window| window == b"ab") {
                found.push(text.get(reading.span(at, at + 2).unwrap()).unwrap());
            }
            ControlFlow::Continue(())
        });
        assert!(read.is_continue());
        assert!(
            !found.is_empty() && found.iter().all(|found| *found == "%2561%62"),
            "{found:?}"
        );
    }
}
