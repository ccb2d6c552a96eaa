//! The redactor against generated secrets, texts and notations. An independent search, which shares
//! no code with the redactor, decides.

#![cfg(test)]

mod library;
mod linear;
mod page;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use synapse_redact::vendors::TOKEN_PREFIXES;
use synapse_redact::{KnownSecrets, REDACTED, Redactor, without_tokens};
use synapse_testkit::leak::{Canary, Disguise};
use synapse_testkit::redaction;

fn cases(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    }
}

/// 24 to 120 visible characters, most of them letters and digits, as tokens are.
fn secret() -> impl Strategy<Value = String> {
    let parts = (
        text("[A-Za-z0-9]{20}"),
        text("[!-~]{0,80}"),
        text("[A-Za-z0-9_-]{4,20}"),
    );
    parts.prop_map(|(head, body, end)| format!("{head}{body}{end}"))
}

/// Created once, because parsing the pattern for each generated text is slow.
fn text(pattern: &str) -> impl Strategy<Value = String> + use<> {
    prop::string::string_regex(pattern).unwrap()
}

fn disguise() -> impl Strategy<Value = Disguise> {
    prop::sample::select(&Disguise::ALL[..])
}

/// Text around a secret: anything, with an emphasis on parts of escapes.
fn around() -> impl Strategy<Value = String> {
    prop_oneof![
        text("[ -~]{0,40}"),
        text(r#"[a-z0-9%\\&#;u"=+/ \n-]{0,20}"#),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn a_known_secret_never_comes_through(
        secret in secret(),
        ways in prop::collection::vec((around(), disguise()), 1..3),
        behind in around(),
    ) {
        let mut text = String::new();
        for (before, disguise) in &ways {
            text += before;
            text += &disguise.of(&secret);
        }
        text += &behind;
        let ways: Vec<Disguise> = ways.into_iter().map(|(_, disguise)| disguise).collect();
        let canary = Canary::written(&secret, &ways);
        let seen = KnownSecrets::new();
        seen.remember(&secret.as_str().into());
        let redactor = Redactor::for_secret(&secret);
        for clean in [
            redactor.redact(&text),
            redactor.clean(&text, usize::MAX).into(),
            seen.redact(&text),
        ] {
            prop_assert_eq!(canary.found_in(clean.as_bytes()), None, "{:?} -> {:?}", text, clean);
        }
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_piece_of_a_known_secret_does_not_come_through(
        secret in text("[A-Za-z0-9]{32,64}"),
        from in 0..18_usize,
        before in around(),
        behind in around(),
    ) {
        let piece = &secret[from..from + 14];
        let clean = Redactor::for_secret(&secret).redact(&format!("{before}{piece}{behind}")).into_owned();
        prop_assert_eq!(Canary::new(&secret).found_in(clean.as_bytes()), None, "{}", clean);
    }

    #[test]
    fn a_token_that_nobody_knew_goes_by_its_shape(
        prefix in prop::sample::select(TOKEN_PREFIXES),
        body in text("[a-z]{4}[A-Z]{4}[0-9]{4}[A-Za-z0-9]{28,60}"),
        disguise in prop::sample::select(&[
            Disguise::None, Disguise::Upper, Disguise::Swapped, Disguise::Percent, Disguise::Hex,
            Disguise::JsonUnicode, Disguise::Html, Disguise::Base64(0), Disguise::Base64(1),
            Disguise::Base64(2), Disguise::Base64Url(1), Disguise::HtmlTwice, Disguise::HtmlHex,
            Disguise::Octal, Disguise::Braced, Disguise::FullWidth, Disguise::Tags, Disguise::Colours,
            Disguise::HexList, Disguise::HexColons, Disguise::DecimalList, Disguise::DecimalObject,
            Disguise::OctalList, Disguise::Base64Twice(0), Disguise::Base64Twice(1),
            Disguise::Base64Wide, Disguise::Base64Hex, Disguise::Base64Json,
        ][..]),
        before in text("[ -~]{0,20}[ \"=<(,:]"),
        behind in text("[ \",)>&][ -~]{0,20}"),
    ) {
        let token = format!("{}{body}", prefix.prefix);
        let text = format!("{before}{}{behind}", disguise.of(&token));
        let clean = without_tokens(&text);
        prop_assert_eq!(Canary::written(&token, &[disguise]).found_in(clean.as_bytes()), None, "{} -> {}", text, clean);
    }

    #[test]
    fn an_answer_keeps_no_whole_secret(
        secret in text("[A-Za-z0-9]{20}[A-Za-z0-9_-]{4,40}"),
        disguise in disguise(),
        before in text("[ -~]{0,20}[ \"<(]"),
        behind in text("[ \",)>][ -~]{0,20}"),
    ) {
        let text = format!("{before}{}{behind}", disguise.of(&secret));
        let clean = Redactor::for_secret(&secret).spare(&text).into_owned();
        prop_assert_eq!(Canary::written(&secret, &[disguise]).found_in(clean.as_bytes()), None, "{} -> {}", text, clean);
    }

    #[test]
    fn a_secret_at_the_cut_of_a_message_does_not_come_through(
        secret in secret(),
        disguise in disguise(),
        fill in text("([a-z]{1,9}[ ,.]){0,12}"),
        times in 0..200_usize,
        max in 1..400_usize,
    ) {
        let text = format!("{} {} {}", fill.repeat(times), disguise.of(&secret), "x ".repeat(5000));
        let clean = Redactor::for_secret(&secret).clean(&text, max);
        prop_assert!(clean.chars().count() <= max + 1);
        prop_assert_eq!(Canary::written(&secret, &[disguise]).found_in(clean.as_bytes()), None, "{} -> {}", text, clean);
    }

    #[test]
    fn words_stay_and_nothing_ever_panics(
        secret in secret(),
        words in text("([a-z]{1,9}[ ,.]){0,12}"),
        anything in any::<String>(),
    ) {
        let redactor = Redactor::for_secret(&secret);
        let clean = redactor.redact(&words);
        prop_assert_eq!(clean.as_ref(), words.as_str());
        prop_assert_eq!(redactor.spare(&words), words.as_str());
        let once = redactor.redact(&anything).into_owned();
        let twice = redactor.redact(&once);
        prop_assert_eq!(twice.as_ref(), once.as_str());
    }
}

/// A secret across the border of two blocks is found, in every notation.
#[test]
fn a_secret_across_the_border_of_two_blocks_does_not_come_through() {
    let secret = "fake-0123456789-ABCdef+GHIjkl/mnop==Qrst0u9v";
    let token = format!("{}-Fa1kE2Fa1kE2Fa1kE2Fa1kE2Fa1kE2Fa1kE2Fa1kE2", "sk-proj");
    let redactor = Redactor::for_secret(secret);
    for disguise in Disguise::ALL {
        let known = disguise.of(secret);
        let shaped = disguise.of(&token);
        for (written, canary, redactor) in [
            (&known, Canary::written(secret, &[disguise]), &redactor),
            (
                &shaped,
                Canary::written(&token, &[disguise]),
                &Redactor::none(),
            ),
        ] {
            if redactor.is_idle() && !page::is_found_by_shape(disguise) {
                continue;
            }
            for part in [1, 4, 7] {
                let fill = BLOCK - written.len() * part / 8;
                let text = format!(
                    "{}\n{written}\n{}",
                    ". ".repeat(fill / 2),
                    " .".repeat(BLOCK)
                );
                let clean = redactor.redact(&text);
                let found = canary.found_in(clean.as_bytes());
                assert_eq!(found, None, "{} of {part} eighths", disguise.title());
            }
        }
    }
}

/// The same, with as much markup around each letter as a syntax highlighter emits.
#[test]
fn a_wordy_secret_across_the_border_of_two_blocks_does_not_come_through() {
    let secret = "fake0123456789ABCdefGHIjklmnopQrst0u9v".repeat(5);
    let token = format!("{}-{}", "sk-proj", "Fa1kE2".repeat(30));
    let highlighted = |text: &str| -> String {
        let letters = text.chars();
        let style =
            "color: rgb(1, 2, 3); font-weight: bold; background: none; border: 0px none; x: y";
        letters
            .map(|each| format!("<span class=\"token string\" style=\"{style}\">{each}</span>"))
            .collect()
    };
    let spread = |text: &str| -> String {
        let numbers = text.bytes();
        numbers
            .map(|byte| format!("{byte},\n{}", " ".repeat(28)))
            .collect()
    };
    for (value, redactor) in [
        (&secret, Redactor::for_secret(&secret)),
        (&token, Redactor::none()),
    ] {
        for written in [highlighted(value), spread(value)] {
            assert!(written.len() > 2 * 3000);
            for part in [1, 4, 7] {
                let fill = BLOCK - written.len() * part / 8;
                let text = format!(
                    "{}\n{written}\n{}",
                    ". ".repeat(fill / 2),
                    " .".repeat(BLOCK)
                );
                let clean = redactor.redact(&text);
                assert!(
                    clean.len() + written.len() / 2 < text.len() && clean.contains(REDACTED),
                    "{part} eighths: {} of {} are left",
                    clean.len(),
                    text.len()
                );
                let left = clean.matches("</span>").count() + clean.matches(",\n    ").count();
                assert!(left < 24, "{part} eighths: {left} letters are left");
            }
        }
    }
}

/// Bytes of text searched at a time.
const BLOCK: usize = 64 * 1024;

/// Runs the fuzz target's check on its seeds.
#[test]
fn the_fuzz_target_holds_on_its_seeds() {
    synapse_testkit::any_bytes::hold("redactor", redaction::check);
}

/// Runs the fuzz target's check on fixed input.
#[test]
fn the_fuzz_target_holds_on_made_up_input() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..2_000 {
        let length = usize::try_from(next() % 400).unwrap();
        let data: Vec<u8> = (0..length).map(|_| next().to_le_bytes()[3]).collect();
        redaction::check(&data);
    }
}

/// Proves that the independent search detects a leak.
#[test]
fn a_redactor_that_does_nothing_is_caught() {
    let data: Vec<u8> = [0, 90].into_iter().chain(0..200).collect();
    redaction::check(&data);
    let caught = std::panic::catch_unwind(|| {
        redaction::check_with(&data, |_, text| text.to_owned());
    });
    assert!(
        caught.is_err(),
        "the secret is in the text and was not seen"
    );
}
