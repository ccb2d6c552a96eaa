//! Displays foreign text without tokens, and with invisible and direction-changing characters as
//! labelled boxes.

use maud::{Markup, html};
use synapse_core::redact::without_tokens;

/// Foreign text on one line.
pub(crate) fn foreign(text: &str) -> Markup {
    shown(text, |_| false)
}

/// Foreign text with line breaks.
pub(crate) fn foreign_block(text: &str) -> Markup {
    shown(text, |character| matches!(character, '\n' | '\t'))
}

/// Foreign text on one line, with what it quotes by backticks as code.
pub(crate) fn prose(text: &str) -> Markup {
    if text.matches('`').count() % 2 == 1 {
        return foreign(text);
    }
    html! {
        @for (place, piece) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (foreign(piece)) } } @else { (foreign(piece)) }
        }
    }
}

fn shown(text: &str, keep: impl Fn(char) -> bool) -> Markup {
    let capped: String = text.chars().take(MOST_CHARACTERS).collect();
    let is_cut = capped.len() < text.len();
    let clean = without_tokens(&capped);
    let mut runs: Vec<TextRun> = Vec::new();
    for character in clean.chars() {
        if is_hidden(character) && !keep(character) {
            runs.push(TextRun::Hidden(character));
        } else if let Some(TextRun::Plain(run)) = runs.last_mut() {
            run.push(character);
        } else {
            runs.push(TextRun::Plain(character.to_string()));
        }
    }
    html! {
        @for run in &runs {
            @match run {
                TextRun::Plain(text) => (text),
                TextRun::Hidden(character) => {
                    @let point = format!("U+{:04X}", u32::from(*character));
                    span .ctl title=(point) { (point) }
                }
            }
        }
        @if is_cut { span .ctl title="cut" { "cut" } }
    }
}

enum TextRun {
    Plain(String),
    Hidden(char),
}

/// Controls, direction marks, zero-width characters, and unusual spaces.
pub(crate) const fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// An external https link, with its host if the text differs.
pub(crate) fn outward(address: &str) -> Markup {
    let url = url::Url::parse(address).ok();
    let url = url.filter(|url| url.scheme() == "https" && url.username().is_empty());
    match url.as_ref().and_then(|url| Some((url, url.host_str()?))) {
        Some((url, host)) => html! {
            a href=(url.as_str()) rel="noreferrer noopener" { (foreign(host)) (foreign(url.path())) }
        },
        None => html! { code { (foreign(address)) } },
    }
}

/// A link to an authorization URL, unchanged: https, or http on loopback.
pub(crate) fn to_log_in(address: &str) -> Markup {
    let url = url::Url::parse(address)
        .ok()
        .filter(|url| url.username().is_empty() && url.password().is_none());
    let url = url.filter(|url| match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Ipv4(host))) => host.is_loopback(),
        ("http", Some(url::Host::Ipv6(host))) => host.is_loopback(),
        ("http", Some(url::Host::Domain(host))) => host == "localhost",
        _ => false,
    });
    match url.as_ref().and_then(url::Url::host_str) {
        Some(host) => html! {
            a .btn.pri href=(address) target="_blank" rel="noreferrer noopener" { "Log in at " (foreign(host)) }
        },
        None => html! { code { (foreign(address)) } },
    }
}

/// Maximum displayed characters of a text.
const MOST_CHARACTERS: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_becomes_a_box() {
        let shown = foreign("a\u{202e}b\u{200b}\n<i>").into_string();
        assert_eq!(
            shown,
            "a<span class=\"ctl\" title=\"U+202E\">U+202E</span>b\
             <span class=\"ctl\" title=\"U+200B\">U+200B</span>\
             <span class=\"ctl\" title=\"U+000A\">U+000A</span>&lt;i&gt;"
        );
        assert_eq!(foreign_block("a\nb").into_string(), "a\nb");
    }

    #[test]
    fn a_token_in_foreign_text_is_not_shown() {
        let token = ["hf", "_", &"a1B2".repeat(9)].concat();
        assert!(
            !foreign(&format!("key {token}"))
                .into_string()
                .contains(&token)
        );
    }

    #[test]
    fn only_https_becomes_a_link() {
        assert!(
            outward("https://example.com/a")
                .into_string()
                .contains("href")
        );
        for address in [
            "http://example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@example.com/",
            "//example.com",
        ] {
            assert!(
                !outward(address).into_string().contains("href"),
                "{address}"
            );
        }
    }

    #[test]
    fn an_authorization_url_is_a_link_as_it_is() {
        for address in [
            "https://login.example/a?state=x&scope=a%20b",
            "http://127.0.0.1:7/a?x=1",
            "http://localhost:7/a",
            "http://[::1]:7/a",
        ] {
            let shown = to_log_in(address).into_string();
            let escaped = address.replace('&', "&amp;");
            assert!(shown.contains(&format!("href=\"{escaped}\"")), "{shown}");
        }
        for address in [
            "http://login.example/",
            "javascript:alert(1)",
            "https://user@login.example/",
        ] {
            let shown = to_log_in(address).into_string();
            assert!(!shown.contains("href"), "{shown}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_opens_an_element_or_leaves_an_attribute(text in ".{0,200}") {
            let shown = foreign(&text).into_string();
            let bare = shown
                .replace("<span class=\"ctl\" title=\"", "")
                .replace("</span>", "");
            proptest::prop_assert!(!bare.contains('<'));
            let hidden = shown.chars().any(is_hidden);
            proptest::prop_assert!(!hidden);
        }
    }
}
