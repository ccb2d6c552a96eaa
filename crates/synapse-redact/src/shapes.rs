//! Finds anything shaped like a token, from any vendor: a vendor prefix with a long enough tail,
//! a JSON web token, a private key, a bearer header, a password in a URL, a named value.
//!
//! The shapes are those of secret scanners (gitleaks), widened: a false positive costs a word, a
//! false negative an account. Scanned by hand, because compiling regular expressions would exceed
//! the start-up budget.
//!
//! **Invariant (linear):** a run of token characters is measured once ([`Run`]), however many words
//! start in it; every other look-ahead is bounded or consumes its input.

use std::ops::{ControlFlow, Range};

use super::read::Words;
use super::runs::{escape_length, invisible_length, run_length};
use super::vendors::{TOKEN_PREFIXES, is_credential, is_url_safe};

/// Yields the tokens in `bytes`, read verbatim, until `found` breaks.
pub(super) fn find(
    bytes: &[u8],
    words: Words,
    found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    Scan::new(bytes, words).each(found)
}

struct Scan<'a> {
    bytes: &'a [u8],
    words: Words,
    url_safe: Run,
    credential: Run,
}

/// The most recently measured run of characters of one kind.
#[derive(Default)]
struct Run {
    start: usize,
    end: usize,
    last_digit: Option<usize>,
    last_letter: Option<usize>,
}

impl Run {
    /// Measures the run from `from`, reusing the last measurement if `from` is inside it.
    fn measure(&mut self, bytes: &[u8], from: usize, accepts: fn(u8) -> bool) {
        if (self.start..self.end).contains(&from) {
            return;
        }
        *self = Self {
            start: from,
            end: from,
            ..Self::default()
        };
        for byte in bytes.get(from..).unwrap_or_default() {
            if !accepts(*byte) {
                break;
            }
            match byte {
                b'0'..=b'9' => self.last_digit = Some(self.end),
                b'a'..=b'z' | b'A'..=b'Z' => self.last_letter = Some(self.end),
                _ => {}
            }
            self.end += 1;
        }
    }

    /// Whether the text from `from` mixes letters and digits, unlike a word.
    fn looks_random(&self, from: usize) -> bool {
        let follows = |last: Option<usize>| last.is_some_and(|last| last >= from);
        follows(self.last_digit) && follows(self.last_letter)
    }
}

impl<'a> Scan<'a> {
    fn new(bytes: &'a [u8], words: Words) -> Self {
        Self {
            bytes,
            words,
            url_safe: Run::default(),
            credential: Run::default(),
        }
    }

    /// Yields every token, until `found` breaks.
    fn each(mut self, found: &mut impl FnMut(Range<usize>) -> ControlFlow<()>) -> ControlFlow<()> {
        let bytes = self.bytes;
        let mut before = b' ';
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if *byte == ESCAPE {
                // The letter that ends a colour sequence does not start the next word.
                at += escape_length(bytes, at);
                before = b' ';
                continue;
            }
            let token = match byte {
                b'-' => private_key(bytes, at),
                b':' => user_info(bytes, at),
                _ if byte.is_ascii_alphabetic() && self.begins_behind(before) => self.word(at),
                _ => None,
            };
            let next = match token {
                Some(span) => {
                    let end = span.end;
                    found(span)?;
                    end.max(at + 1)
                }
                None => at + 1,
            };
            before = bytes.get(next - 1).copied().unwrap_or(b' ');
            at = next;
        }
        ControlFlow::Continue(())
    }

    fn begins_behind(&self, before: u8) -> bool {
        self.words == Words::Anywhere || !before.is_ascii_alphanumeric()
    }

    /// Matches a token at the start of a word. The first letter rules out most words.
    fn word(&mut self, at: usize) -> Option<Range<usize>> {
        let letter = 1 << (self.bytes.get(at)?.to_ascii_lowercase().wrapping_sub(b'a') & 31);
        if FIRST_LETTERS & letter != 0
            && let Some(token) = vendor(self.bytes, at)
        {
            return Some(token);
        }
        if FIRST_WORDS & letter == 0 {
            return None;
        }
        self.web_token(at)
            .or_else(|| self.header(at))
            .or_else(|| self.named(at))
    }

    /// `eyJ….eyJ….…`: three base64 parts, the first starting with `{"`.
    fn web_token(&mut self, at: usize) -> Option<Range<usize>> {
        let bytes = self.bytes;
        if !bytes.get(at..)?.starts_with(b"eyJ") {
            return None;
        }
        self.url_safe.measure(bytes, at, is_url_safe);
        let head = self.url_safe.end;
        if head - at < JWT_PART || bytes.get(head) != Some(&b'.') {
            return None;
        }
        let body = bytes.get(head + 1..head + 1 + JWT_PART)?;
        if !body.iter().all(|byte| is_url_safe(*byte)) {
            return None;
        }
        let mut end = head + 1 + run_length(bytes, head + 1, is_url_safe);
        if bytes.get(end) == Some(&b'.') {
            end += 1 + run_length(bytes, end + 1, is_url_safe);
        }
        Some(at..end)
    }

    /// `Bearer …` and `Basic …`; the scheme stays.
    fn header(&mut self, at: usize) -> Option<Range<usize>> {
        let bytes = self.bytes;
        let scheme = SCHEMES.iter().find(|scheme| begins(bytes, at, scheme))?;
        let from = at + scheme.len();
        let from = from + run_length(bytes, from, |byte| byte == b' ');
        self.credential.measure(bytes, from, is_credential);
        let end = self.credential.end;
        (end - from >= VALUE && self.credential.looks_random(from)).then_some(from..end)
    }

    /// `api_key=…`, `"access_token": "…"`; the name stays.
    fn named(&mut self, at: usize) -> Option<Range<usize>> {
        let bytes = self.bytes;
        NAMES.iter().find_map(|name| {
            if !begins(bytes, at, name) {
                return None;
            }
            let quoted = |at: usize| at + usize::from(matches!(bytes.get(at), Some(b'"' | b'\'')));
            let sign = quoted(at + name.len());
            if !matches!(bytes.get(sign), Some(b'=' | b':')) {
                return None;
            }
            let from = sign + 1;
            let from = quoted(from + run_length(bytes, from, |byte| byte == b' '));
            self.credential.measure(bytes, from, is_credential);
            let end = self.credential.end;
            // `credential: file:/path` is a reference and no secret.
            let whole = bytes.get(end) != Some(&b':');
            let value = end - from >= NAMED_VALUE && self.credential.looks_random(from);
            (whole && value).then_some(from..end)
        })
    }
}

/// Whether `word` occurs at `at`, in any case.
fn begins(bytes: &[u8], at: usize, word: &str) -> bool {
    let same = |found: Option<&u8>, byte: Option<&u8>| match (found, byte) {
        (Some(found), Some(byte)) => found.eq_ignore_ascii_case(byte),
        _ => false,
    };
    same(bytes.get(at), word.as_bytes().first())
        && bytes
            .get(at..at + word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
}

fn vendor(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let first = bytes.get(at)?;
    let second = bytes.get(at + 1)?;
    TOKEN_PREFIXES.iter().find_map(|vendor| {
        // Two letters rule out nearly every row of the table.
        let [one, two, ..] = vendor.prefix.as_bytes() else {
            return None;
        };
        let may_be = one.eq_ignore_ascii_case(first) && two.eq_ignore_ascii_case(second);
        if !may_be || !begins(bytes, at, vendor.prefix) {
            return None;
        }
        let (count, end) = tail(bytes, at + vendor.prefix.len(), vendor.tail);
        (count >= vendor.least).then_some(at..end)
    })
}

/// First letters of the vendor prefixes, one bit each: rules out most words.
const FIRST_LETTERS: u32 = {
    let mut letters = 0;
    let mut rows = TOKEN_PREFIXES;
    while let [row, rest @ ..] = rows {
        if let [first, ..] = row.prefix.as_bytes() {
            letters |= 1 << (first.to_ascii_lowercase() - b'a');
        }
        rows = rest;
    }
    letters
};

/// First letters of everything else: web tokens, schemes, names.
const FIRST_WORDS: u32 = first_letters(&SCHEMES) | first_letters(&NAMES) | 1 << (b'e' - b'a');

const fn first_letters(words: &[&str]) -> u32 {
    let mut letters = 0;
    let mut rest = words;
    while let [word, behind @ ..] = rest {
        if let [first, ..] = word.as_bytes() {
            letters |= 1 << (first.to_ascii_lowercase() - b'a');
        }
        rest = behind;
    }
    letters
}

/// Length of the tail and where it ends. A token broken by line ends or zero-width characters
/// continues after the break if the rest still looks like a token.
fn tail(bytes: &[u8], from: usize, accepts: fn(u8) -> bool) -> (usize, usize) {
    let mut count = 0;
    let mut end = from;
    loop {
        let run = run_length(bytes, end, accepts);
        count += run;
        end += run;
        let rest = bytes.get(end..).unwrap_or_default();
        let gap = gap(rest);
        if gap.length == 0 {
            return (count, end);
        }
        let next = run_length(bytes, end + gap.length, accepts);
        let segment = bytes.get(end + gap.length..end + gap.length + next);
        let goes_on = if !gap.visible {
            next > 0
        } else {
            next >= SEGMENT && segment.is_some_and(looks_random)
        };
        if !goes_on {
            return (count, end);
        }
        end += gap.length;
    }
}

/// A separator within one token.
struct Gap {
    length: usize,
    visible: bool,
}

/// A line end with indentation, or invisible characters.
fn gap(rest: &[u8]) -> Gap {
    let mut length = 0;
    while let step @ 1.. = invisible_length(rest.get(length..).unwrap_or_default()) {
        length += step;
    }
    if length > 0 {
        return Gap {
            length,
            visible: false,
        };
    }
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    let blank = blank.count();
    let breaks = rest.get(..blank).is_some_and(|gap| gap.contains(&b'\n'));
    Gap {
        length: if breaks { blank } else { 0 },
        visible: true,
    }
}

/// `://user:password@` and `://token@`.
fn user_info(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !bytes.get(at..)?.starts_with(b"://") {
        return None;
    }
    let from = at + 3;
    let length = run_length(bytes, from, |byte| {
        byte.is_ascii_graphic() && !b"/?#@\"'<>\\".contains(&byte)
    });
    let end = from + length;
    let value = bytes.get(from..end)?;
    let secret = value.contains(&b':') || (value.len() >= VALUE && looks_random(value));
    (bytes.get(end) == Some(&b'@') && secret).then_some(from..end)
}

/// A PEM private key, up to its end or that of the text.
fn private_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = bytes.get(at..)?;
    let heading = rest.strip_prefix(b"-----BEGIN ")?;
    let heading = heading.get(..heading.len().min(LONGEST_HEADING))?;
    let name = heading.get(..position(heading, b"-----")?)?;
    position(name, b"PRIVATE KEY")?;
    // Everything skipped here is removed and not scanned again.
    let end = match position(rest, ENDING) {
        Some(ending) => {
            let behind = rest.get(ending + ENDING.len()..)?;
            let line = position(behind, b"-----").map_or(behind.len(), |end| end + 5);
            ending + ENDING.len() + line
        }
        None => rest.len(),
    };
    Some(at..at + end)
}

/// Position of `needle` in `bytes`.
fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Mixed letters and digits, unlike words.
fn looks_random(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
}

const SCHEMES: [&str; 2] = ["bearer ", "basic "];

const NAMES: [&str; 14] = [
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "access_token",
    "refresh_token",
    "auth_token",
    "id_token",
    "client_secret",
    "secret",
    "token",
    "password",
    "passwd",
    "key",
];

/// Maximum length of a PEM header line.
const LONGEST_HEADING: usize = 80;
const ENDING: &[u8] = b"-----END ";
const ESCAPE: u8 = 0x1b;
/// Minimum piece of a token after a line end.
const SEGMENT: usize = 8;
const JWT_PART: usize = 10;
const VALUE: usize = 8;
const NAMED_VALUE: usize = 12;

#[cfg(test)]
mod tests {
    use super::super::without_tokens;

    /// Ordinary letters and digits, so that secret scanners ignore this file.
    fn fake(length: usize) -> String {
        "Fa1kE2".chars().cycle().take(length).collect()
    }

    #[test]
    fn tokens_of_every_shape_go_and_what_surrounds_them_stays() {
        let part = fake(24);
        let shapes = [
            format!("sk-{}", fake(20)),
            format!("sk-proj-{}_{}", fake(30), fake(30)),
            format!("sk-ant-api03-{}", fake(60)),
            format!("sk-pro{}cdef", "*".repeat(30)),
            format!("hf_{}", fake(34)),
            format!("hf_oauth_{part}.{part}.{part}"),
            format!("hf_oauth__refresh_{}", fake(34)),
            format!("api_org_{}", fake(34)),
            format!("gsk_{}", fake(52)),
            format!("xai-{}", fake(80)),
            format!("AIza{}", fake(35)),
            format!("ghp_{}", fake(36)),
            format!("github_pat_{}_{}", fake(22), fake(59)),
            format!("glpat-{}", fake(20)),
            format!("hvs.{}", fake(90)),
            format!("AKIA{}", fake(16)),
            format!("eyJ{part}.eyJ{part}.{part}"),
            format!("AGE-SECRET-KEY-1{}", fake(58)),
        ];
        for token in shapes {
            for (before, behind) in [("", ""), ("key (", ")."), ("\"", "\","), ("a=", "&b")] {
                let text = format!("{before}{token}{behind}");
                let expected = format!("{before}[redacted]{behind}");
                assert_eq!(without_tokens(&text), expected, "{token}");
                let upper = format!("{before}{}{behind}", token.to_uppercase());
                if !token.starts_with("eyJ") {
                    assert_eq!(without_tokens(&upper), expected, "{upper}");
                }
            }
        }
    }

    #[test]
    fn values_go_and_their_names_stay() {
        let value = fake(16);
        for (text, clean) in [
            (
                "Authorization: Bearer V, x",
                "Authorization: Bearer [redacted], x",
            ),
            ("basic V==", "basic [redacted]"),
            ("?api_key=V&x=1", "?api_key=[redacted]&x=1"),
            (
                "{\"access_token\": \"V\"}",
                "{\"access_token\": \"[redacted]\"}",
            ),
            ("password='V'", "password='[redacted]'"),
            ("https://me:V@host/x", "https://[redacted]@host/x"),
            ("https://V@host/x", "https://[redacted]@host/x"),
        ] {
            assert_eq!(without_tokens(&text.replace('V', &value)), clean);
        }
        let kind = ["PRIVATE", "KEY"].join(" ");
        let block = format!("a\n-----BEGIN RSA {kind}-----\nfake\n-----END RSA {kind}-----\nb");
        assert_eq!(without_tokens(&block), "a\n[redacted]\nb");
    }

    #[test]
    fn escaped_encoded_and_broken_tokens_go() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

        let token = format!("sk-proj-{}", fake(40));
        let percent: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let unicode: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let hexadecimal: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
        let (head, end) = token.split_at(25);
        for text in [
            percent,
            unicode,
            hexadecimal,
            STANDARD.encode(&token),
            STANDARD.encode(format!("Bearer {token}")),
            URL_SAFE_NO_PAD.encode(format!("me:{token}\n")),
            format!("{head}\n   {end}"),
            format!("{head}\r\n{end}"),
            format!("{head}\u{200b}{end}"),
        ] {
            assert_eq!(without_tokens(&format!("<{text}>")), "<[redacted]>");
        }
    }

    #[test]
    fn ordinary_text_stays() {
        for text in [
            "use hf_hub_download or hf_sandbox_exec, sk-learn and a task-runner-for-everything",
            "Bearer authentication is missing; the bearer of this message",
            "token: https://huggingface.co/settings/tokens",
            "credential file:/home/a/.synapse/0.token, key: value",
            "req_0123456789abcdef0123456789abcdef and 8f3b7c1e-0000-4000-8000-0123456789ab",
            "meta-llama/Llama-3.1-8B-Instruct:novita at https://router.huggingface.co/v1",
            "https://example.test/a@b?x=1",
            "sk-… sk-... hf_xxx",
            "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
            "d41d8cd98f00b204e9800998ecf8427ee3b0c44298fc1c149afbf4c8996fb924",
            "aGVsbG8gd29ybGQsIHRoaXMgaXMgbm8gdG9rZW4gYXQgYWxs",
        ] {
            assert_eq!(without_tokens(text), text);
        }
    }
}
