//! The position of each connection in connections.toml, found without parsing the file: reading one
//! connection of a thousand parses only that one.
//!
//! Knows the plain form alone, which is the one that Synapse writes: a field a line, strings without
//! escapes, arrays and inline tables in one line. Everything else, right or wrong, has no outline and
//! is left to the parser.
//!
//! **Invariant:** a text with an outline is one that [`super::document::read`] reads, connection by
//! connection, whatever it thinks of the values of each.

use std::ops::Range;

use memchr::{memchr_iter, memchr2, memchr3};
use synapse_core::connection::ProxyUrl;
use synapse_core::limits::DraftLimits;
use synapse_core::time::Timestamp;
use synapse_core::{ConnectionName, NetworkGate, Origin};

use super::fields::{
    self, ALLOW_PLAIN_HTTP, CONNECTION, DEFAULT, LEDGER, LIMITS, NETWORK, PREFLIGHT, RECORD,
    RECORD_TEXT, TELEMETRY,
};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    /// The default connection.
    pub(super) default: Option<ConnectionName>,
    /// The name of each connection and its table, in their order.
    connections: Vec<(Range<usize>, Range<usize>)>,
}

impl Outline {
    /// The outline of `text`; `None` when it is not in the plain form.
    pub(super) fn of(text: &str) -> Option<Self> {
        if has_control(text.as_bytes()) {
            return None;
        }
        let mut scanner = OutlineScanner { text, at: 0 };
        let mut outline = Self {
            default: scanner.root()?.default,
            connections: Vec::new(),
        };
        let mut others = Keys::default();
        let mut checked = Checked::default();
        while !scanner.is_done() {
            let begin = scanner.at;
            match scanner.header()? {
                TableHeader::Connection(name) => {
                    text.get(name.clone())?.parse::<ConnectionName>().ok()?;
                    scanner.connection(&mut checked)?;
                    outline.connections.push((name, begin..scanner.at));
                }
                // What is in them is for others to judge.
                TableHeader::Other(index) => {
                    others.add(index)?;
                    let mut keys = Vec::new();
                    scanner.fields(|scanner, key| {
                        let is_bare = key.bytes().all(is_bare);
                        if key.is_empty() || !is_bare || keys.contains(&key) {
                            return None;
                        }
                        keys.push(key);
                        scanner.any_value()
                    })?;
                }
            }
        }
        outline.are_different(text).then_some(outline)
    }

    /// The table of the connection called `name`, with its header.
    pub(super) fn table<'t>(&self, text: &'t str, name: &str) -> Option<&'t str> {
        let is_named = |place: &Range<usize>| text.get(place.clone()) == Some(name);
        let mut connections = self.connections.iter();
        let (_, table) = connections.find(|(place, _)| is_named(place))?;
        text.get(table.clone())
    }

    fn are_different(&self, text: &str) -> bool {
        let names = self.connections.iter().map(|(name, _)| name.clone());
        let mut names: Vec<&str> = names.filter_map(|name| text.get(name)).collect();
        names.sort_unstable();
        names.windows(2).all(|pair| match pair {
            [one, other] => one != other,
            _ => true,
        })
    }
}

/// The line that a table begins with.
enum TableHeader {
    Connection(Range<usize>),
    /// The place of its name in [`OTHERS`].
    Other(usize),
}

/// Which of a list of keys were there.
#[derive(Default)]
struct Keys(u32);

impl Keys {
    fn add(&mut self, index: usize) -> Option<()> {
        let bit = 1_u32.checked_shl(u32::try_from(index).ok()?)?;
        if self.0 & bit != 0 {
            return None;
        }
        self.0 |= bit;
        Some(())
    }
}

/// Text that was found good: many connections have the same.
#[derive(Default)]
struct Checked<'t> {
    /// The lines of the last connection, with the places of their keys in [`CONNECTION`].
    lines: Vec<(&'t str, usize)>,
    time: &'t str,
    origin: &'t str,
    proxy: &'t str,
}

struct OutlineScanner<'t> {
    text: &'t str,
    at: usize,
}

/// The fields of the file, besides its format.
struct Root {
    default: Option<ConnectionName>,
}

impl<'t> OutlineScanner<'t> {
    /// The fields of the file, up to the first table.
    fn root(&mut self) -> Option<Root> {
        let (mut format, mut default) = (false, None);
        self.fields(|scanner, key| match key {
            "format" if !format => {
                format = true;
                (scanner.number()? == FORMAT).then_some(())
            }
            DEFAULT if default.is_none() => {
                default = Some(scanner.string()?.parse().ok()?);
                Some(())
            }
            _ => None,
        })?;
        format.then_some(Root { default })
    }

    /// Each field up to the next table or the end, whose value `value` reads.
    fn fields(&mut self, mut value: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        while self.is_at_field()? {
            let key = self.field()?;
            self.equals()?;
            value(self, key)?;
            self.line_end()?;
        }
        Some(())
    }

    /// The fields of a connection. A line that the connection before has at the same place is not
    /// read again.
    fn connection(&mut self, checked: &mut Checked<'t>) -> Option<()> {
        let mut keys = Keys::default();
        let mut count = 0;
        while self.is_at_field()? {
            let rest = self.text.get(self.at..)?;
            if let Some((line, index)) = checked.lines.get(count)
                && rest.starts_with(line)
            {
                keys.add(*index)?;
                self.at += line.len();
            } else {
                let begin = self.at;
                let key = self.field()?;
                let index = CONNECTION.iter().position(|each| *each == key)?;
                keys.add(index)?;
                self.equals()?;
                self.connection_field(key, checked)?;
                self.line_end()?;
                checked.lines.truncate(count);
                checked.lines.push((self.text.get(begin..self.at)?, index));
            }
            count += 1;
        }
        Some(())
    }

    /// Passes over empty lines and comments. Whether a field comes, and no table and not the end.
    fn is_at_field(&mut self) -> Option<bool> {
        loop {
            self.blank();
            match self.peek() {
                None | Some(b'[') => return Some(false),
                Some(b'\n' | b'\r' | b'#') => self.line_end()?,
                Some(_) => return Some(true),
            }
        }
    }

    fn header(&mut self) -> Option<TableHeader> {
        self.eat(b'[')?;
        let word = self.key()?;
        let header = match word {
            "connections" => {
                self.eat(b'.')?;
                let name = match self.peek()? {
                    b'"' | b'\'' => self.string()?,
                    _ => self.key()?,
                };
                // A slice of the text ends where it has just been read to, quotes apart.
                let end = match self.text.as_bytes().get(self.at.checked_sub(1)?)? {
                    b'"' | b'\'' => self.at.checked_sub(1)?,
                    _ => self.at,
                };
                TableHeader::Connection(end.checked_sub(name.len())?..end)
            }
            other => TableHeader::Other(OTHERS.iter().position(|each| *each == other)?),
        };
        self.eat(b']')?;
        self.line_end()?;
        Some(header)
    }

    /// A field of a connection, if its value is of the type that it takes.
    fn connection_field(&mut self, key: &str, checked: &mut Checked<'t>) -> Option<()> {
        match key {
            NETWORK => fields::gate(self.string()?).map(|_: NetworkGate| ()),
            ALLOW_PLAIN_HTTP | RECORD_TEXT => self.flag(),
            "timeout_seconds" | "max_tokens" => self.number().map(drop),
            LIMITS => self.table(&DraftLimits::KEYS, |scanner, key| match key {
                "tokens_per_day" | "tokens_per_month" => scanner.number().map(drop),
                "usd_per_day" | "usd_per_month" if scanner.peek()?.is_ascii_digit() => {
                    scanner.decimal()
                }
                "strict" => scanner.flag(),
                _ => scanner.string().map(drop),
            }),
            PREFLIGHT => {
                let mut dated = false;
                self.table(&RECORD, |scanner, key| {
                    dated |= key == CHECKED_AT;
                    scanner.record_field(key, checked)
                })?;
                dated.then_some(())
            }
            _ => self.string().map(drop),
        }
    }

    fn record_field(&mut self, key: &str, checked: &mut Checked<'t>) -> Option<()> {
        match key {
            CHECKED_AT => known(self.string()?, &mut checked.time, |text| {
                text.parse::<Timestamp>().is_ok()
            }),
            "bound_to" => known(self.string()?, &mut checked.origin, |text| {
                text.parse::<Origin>().is_ok()
            }),
            "bound_proxy" => known(self.string()?, &mut checked.proxy, |text| {
                text.parse::<ProxyUrl>().is_ok()
            }),
            _ => self.strings(),
        }
    }

    /// A table of one line, with none but these keys, each once.
    fn table(
        &mut self,
        known: &[&str],
        mut value: impl FnMut(&mut Self, &'t str) -> Option<()>,
    ) -> Option<()> {
        self.eat(b'{')?;
        self.blank();
        if self.take(b'}') {
            return Some(());
        }
        let mut keys = Keys::default();
        loop {
            let key = self.field()?;
            keys.add(known.iter().position(|each| *each == key)?)?;
            self.equals()?;
            value(self, key)?;
            self.blank();
            if self.take(b'}') {
                return Some(());
            }
            self.eat(b',')?;
            self.blank();
        }
    }

    /// An array of strings, in one line.
    fn strings(&mut self) -> Option<()> {
        self.eat(b'[')?;
        self.blank();
        if self.take(b']') {
            return Some(());
        }
        loop {
            self.string()?;
            self.blank();
            if self.take(b']') {
                return Some(());
            }
            self.eat(b',')?;
            self.blank();
        }
    }

    fn any_value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' | b'\'' => self.string().map(drop),
            b't' | b'f' => self.flag(),
            _ => self.number().map(drop),
        }
    }

    /// A string without escapes, in either quotes.
    fn string(&mut self) -> Option<&'t str> {
        let quote = self.peek()?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        self.at += 1;
        let rest = self.text.get(self.at..)?;
        let length = memchr3(quote, b'\\', b'\n', rest.as_bytes())?;
        self.at += length;
        self.eat(quote)?;
        rest.get(..length)
    }

    /// A whole number that is not negative, without separators.
    fn number(&mut self) -> Option<u64> {
        let digits = self.run(|byte| byte.is_ascii_digit())?;
        let is_plain =
            digits.len() <= MAX_DIGITS && (digits.len() == 1 || !digits.starts_with('0'));
        digits.parse().ok().filter(|_| is_plain)
    }

    fn decimal(&mut self) -> Option<()> {
        self.number()?;
        if self.take(b'.') {
            self.run(|byte| byte.is_ascii_digit())?;
        }
        Some(())
    }

    fn flag(&mut self) -> Option<()> {
        let word = self.run(|byte| byte.is_ascii_lowercase())?;
        matches!(word, "true" | "false").then_some(())
    }

    /// A key up to its end, whatever it has: what is not known is not taken.
    fn field(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let length = memchr2(b' ', b'=', rest.as_bytes())?;
        self.at += length;
        rest.get(..length)
    }

    fn key(&mut self) -> Option<&'t str> {
        self.run(is_bare)
    }

    fn equals(&mut self) -> Option<()> {
        self.blank();
        self.eat(b'=')?;
        self.blank();
        Some(())
    }

    /// The end of a line, or a comment and the end of a line.
    fn line_end(&mut self) -> Option<()> {
        self.blank();
        if self.take(b'#') {
            let rest = self.text.get(self.at..)?;
            let length = memchr2(b'\r', b'\n', rest.as_bytes());
            self.at += length.unwrap_or(rest.len());
        }
        match self.peek() {
            None => Some(()),
            Some(b'\r') => {
                self.at += 1;
                self.eat(b'\n')
            }
            Some(_) => self.eat(b'\n'),
        }
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Bytes of one kind, of which there is one at least.
    fn run(&mut self, is_in: impl Fn(u8) -> bool) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let length = rest
            .bytes()
            .position(|byte| !is_in(byte))
            .unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).filter(|run| !run.is_empty())
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }
}

/// Whether `text` is the last that was found good, or is good.
fn known<'t>(text: &'t str, last: &mut &'t str, is_good: impl Fn(&str) -> bool) -> Option<()> {
    if *last != text {
        is_good(text).then_some(())?;
        *last = text;
    }
    Some(())
}

/// The characters of an unquoted key.
const fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Whether there is what no string and no comment may have; a carriage return is one but before a
/// line feed.
fn has_control(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let is_control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r');
    let is_among = |word: &[u8; 8]| may_have_control(u64::from_ne_bytes(*word));
    words
        .iter()
        .any(|word| is_among(word) && word.iter().any(is_control))
        || rest.iter().any(is_control)
        || memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// Whether one of eight bytes is below a space, or 0x7f.
const fn may_have_control(word: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let low = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    let other = word ^ (ONES * 0x7f);
    let delete = other.wrapping_sub(ONES) & !other & HIGH;
    low | delete != 0
}

const FORMAT: u64 = fields::FORMAT.unsigned_abs();
/// The tables that are no connections.
const OTHERS: [&str; 2] = [LEDGER, TELEMETRY];
const CHECKED_AT: &str = "checked_at";
/// A number of so many digits is one of 64 bits.
const MAX_DIGITS: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"format = 1
default = "b.c" # meant

[connections.a]
provider = "openai"
model = 'm'
network = "open"
base_url = "http://127.0.0.1:1/v1" # mine
timeout_seconds = 30
limits = { tokens_per_day = 1000, usd_per_month = 2.50, strict = true }
preflight = { checked_at = "2026-11-20T12:00:00Z", proven = ["config", "gate"], unproven = [] }

[ledger]
required = true

[connections."b.c"]
provider = "ollama"
"#;

    #[test]
    fn each_connection_of_a_plain_text_has_its_table() {
        for text in [PLAIN.to_owned(), PLAIN.replace('\n', "\r\n")] {
            let outline = Outline::of(&text).unwrap();
            assert_eq!(outline.default, Some("b.c".parse().unwrap()));
            let table = |name| outline.table(&text, name);
            let a = table("a").unwrap();
            assert!(a.starts_with("[connections.a]") && a.trim_end().ends_with("unproven = [] }"));
            assert!(table("b.c").unwrap().trim_end().ends_with("\"ollama\""));
            assert_eq!(table("c"), None);
        }
    }

    #[test]
    fn lines_of_the_connection_before_count_where_they_are() {
        let a = "[connections.a]\nprovider = \"openai\"\nmodel = \"m\"\n";
        let with = |b: &str| {
            let text = format!("format = 1\n\n{a}\n[connections.b]\n{b}");
            Outline::of(&text).map(|outline| outline.table(&text, "b").unwrap().to_owned())
        };
        for b in [
            "provider = \"openai\"\nmodel = \"m\"\n",
            "# same\nprovider = \"openai\"\n\n  model = \"m\"",
            "provider = \"openai\"\nnetwork = \"open\"\nmodel = \"m\"\n",
            "model = \"m\"\nprovider = \"openai\"\n",
            "",
        ] {
            assert_eq!(with(b), Some(format!("[connections.b]\n{b}")));
        }
        for b in [
            "provider = \"openai\"\nprovider = \"ollama\"\n",
            "provider = \"openai\"\nmodel = \"m\"\nmodel = \"m\"\n",
            "provider = \"openai\"\nmodel = \"m\" x\n",
        ] {
            assert_eq!(with(b), None, "{b}");
        }
    }

    /// A text that is read otherwise, or not at all, once `from` is `to` in it.
    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        for (from, to) in [
            ("format = 1", "format = 2"),
            ("format = 1", ""),
            ("format = 1", "format = 1\nformat = 1"),
            ("default = \"b.c\"", "default = \"/\""),
            ("# meant", "# me\u{7}ant"),
            ("provider = \"openai\"", "provider = 1"),
            ("provider = \"openai\"", "provider = \"open\\u0061i\""),
            ("provider = \"openai\"", "provider = \"\"\"openai\"\"\""),
            ("provider = \"openai\"", "provider = \"openai"),
            ("provider = \"openai\"", "provider = \"openai\" x"),
            ("provider = \"openai\"", "provider = \"open\u{7f}ai\""),
            ("provider = \"openai\"", "provider = \"open\u{1}ai\""),
            ("provider = \"openai\"", "provider = \"openai\" # a\rb"),
            ("provider = \"openai\"", "provider\t= \"openai\""),
            ("required = true", "re.quired = true"),
            ("required = true", "= true"),
            ("provider = \"openai\"", "api_key = \"openai\""),
            ("model = 'm'", "provider = 'm'"),
            ("\"open\"", "\"ajar\""),
            ("= 30", "= 0x30"),
            ("= 30", "= 030"),
            ("= 30", "= 99999999999999999999"),
            ("strict = true", "strict = true, strict = true"),
            ("strict = true", "strict = maybe"),
            ("strict = true", "strict = true,"),
            ("strict = true", "loose = true"),
            ("2.50", "2."),
            ("checked_at = \"2026-11-20T12:00:00Z\", ", ""),
            ("2026-11-20", "2026-13-20"),
            ("unproven = []", "unproven = [1]"),
            ("unproven = []", "bound_to = \"nowhere\""),
            ("unproven = [] }", "unproven = []"),
            ("[ledger]\nrequired", "[ledger]\nrequired = true\nrequired"),
            ("[ledger]", "[other]"),
            ("[connections.\"b.c\"]", "[connections.a]"),
            ("[connections.\"b.c\"]", "[connections.'a']"),
            ("[connections.\"b.c\"]", "[connections.a.limits]"),
            ("[connections.\"b.c\"]", "[connections.b c]"),
            ("[connections.\"b.c\"]", "[connections.\"/\"]"),
        ] {
            let text = PLAIN.replace(from, to);
            assert_ne!(text, PLAIN, "{from}");
            assert_eq!(Outline::of(&text), None, "{to}");
        }
    }
}
