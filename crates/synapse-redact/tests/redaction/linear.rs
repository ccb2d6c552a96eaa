//! Hostile text takes linear time: eight times the text, about eight times the time. The table
//! lists inputs that once took quadratic time, and likely candidates.

use std::hint::black_box;
use std::time::{Duration, Instant};

use synapse_redact::{KnownSecrets, Redactor, holds_token, printable, printable_styled};
use synapse_testkit::leak::Disguise;

const SECRET: &str = "fake-0123456789-ABCdef+GHIjkl/mnop==Qrst0u9v";

/// A name, and the text that is repeated.
fn hostile() -> Vec<(&'static str, String)> {
    let mut texts: Vec<(&str, String)> = [
        ("a named value in a named value", "key="),
        ("a named value without an end", "key=a1:"),
        ("a named value, quoted", "\"token\":\""),
        ("the beginning of a web token", "eyJ-"),
        ("two parts of a web token", "eyJaaaaaaaaaaa."),
        ("a scheme without a value", "bearer basic "),
        ("a vendor's prefix", "sk-\n"),
        ("a prefix that wants more", "AIza\n"),
        ("a prefix in one run", "glpat-"),
        ("a private key that does not begin", "-----BEGIN "),
        (
            "a private key that does not end",
            "-----BEGIN RSA PRIVATE KEY ",
        ),
        ("a URL with a user", "://a:"),
        ("an address", "://a1a1a1a1:b/"),
        ("a percent sign, encoded again", "%25"),
        ("backslashes", "\\"),
        ("an escape that ends too early", "\\u{"),
        ("an ampersand, escaped again", "&amp;"),
        ("an entity without a number", "&#"),
        ("a tag without an end", "<a"),
        ("tags", "<b>x</b>"),
        ("a control sequence without an end", "\u{1b}[1;"),
        ("an operating system command", "\u{1b}]"),
        ("numbers", "1,"),
        ("numbers with signs", "0x73, "),
        ("letters and digits", "aB3"),
        ("base64 that is text in every group", "JSUl"),
        ("one letter", "A"),
        ("invisible characters", "\u{200b}"),
        ("letters of full width", "\u{ff53}"),
        ("blanks", " \n"),
        ("words", "the quick brown fox, "),
    ]
    .map(|(name, unit)| (name, unit.to_owned()))
    .into();
    // The whole secret and most of it, contiguous and apart, in every notation.
    for disguise in Disguise::ALL {
        let written = disguise.of(SECRET);
        texts.push((disguise.title(), written.replace('=', "")));
        texts.push((disguise.title(), written.chars().skip(1).collect()));
    }
    texts.push((
        "all but its last letter",
        SECRET.split_at(SECRET.len() - 1).0.to_owned(),
    ));
    texts
}

fn best(run: impl Fn()) -> Duration {
    let times = (0..3).map(|_| {
        let (began, worked) = (Instant::now(), worked());
        run();
        match worked.and_then(|before| Some(self::worked()?.saturating_sub(before))) {
            Some(time) => time,
            None => began.elapsed(),
        }
    });
    times.min().unwrap().max(Duration::from_micros(50))
}

/// CPU time of this thread, where available: load from other processes does not count.
fn worked() -> Option<Duration> {
    // Yielding brings the accounting up to date.
    std::thread::yield_now();
    let account = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = account.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Runs `work` on each text, long and eight times as long.
#[track_caller]
fn grows_as_the_text(work: &dyn Fn(&str)) {
    for (name, unit) in hostile() {
        let short = unit.repeat(SHORT / unit.len());
        let long = unit.repeat(8 * SHORT / unit.len());
        let times = || (best(|| work(&short)), best(|| work(&long)));
        // One slow run may be due to load; a quadratic algorithm is slow every time.
        let grown = (0..4)
            .map(|_| times())
            .find(|(short, long)| *long <= *short * 8 * 3);
        assert!(grown.is_some(), "{name}: {:?}", times());
    }
}

#[test]
fn the_time_to_redact_a_message_grows_as_its_length() {
    let redactor = Redactor::for_secret(SECRET);
    grows_as_the_text(&|text| drop(black_box(redactor.redact(text))));
}

#[test]
fn the_time_to_look_through_an_answer_grows_as_its_length() {
    let redactor = Redactor::for_secret(SECRET);
    grows_as_the_text(&|text| drop(black_box(redactor.spare(text))));
}

#[test]
fn the_time_to_look_for_shapes_grows_as_the_length() {
    grows_as_the_text(&|text| {
        black_box(holds_token(text));
    });
}

#[test]
fn the_time_to_make_text_printable_grows_as_its_length() {
    grows_as_the_text(&|text| {
        drop(black_box(printable(text)));
        drop(black_box(printable_styled(text)));
    });
}

#[test]
fn a_long_secret_with_few_different_letters_is_no_worse() {
    let seen = KnownSecrets::new();
    seen.remember(&"ab".repeat(1000).into());
    let text = |length: usize| "ab".repeat(999).repeat(length);
    let (short, long) = (text(10), text(80));
    let times = || {
        (
            best(|| drop(seen.redact(&short))),
            best(|| drop(seen.redact(&long))),
        )
    };
    let grown = (0..4)
        .map(|_| times())
        .find(|(short, long)| *long <= *short * 8 * 3);
    assert!(grown.is_some(), "{:?}", times());
}

/// A message is cut before it is scanned.
#[test]
fn the_time_to_clean_a_message_does_not_grow() {
    let redactor = Redactor::for_secret(SECRET);
    for (name, unit) in hostile() {
        let short = unit.repeat(16 * 1024 / unit.len());
        let long = unit.repeat(1024 * 1024 / unit.len());
        let clean = |text: &str| drop(black_box(redactor.clean(text, 300)));
        let times = || (best(|| clean(&short)), best(|| clean(&long)));
        let same = (0..4)
            .map(|_| times())
            .find(|(short, long)| *long <= *short * 3);
        assert!(same.is_some(), "{name}: {:?}", times());
    }
}

const SHORT: usize = 8 * 1024;
