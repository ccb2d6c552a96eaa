//! Echoes of a server: the secret in every form, and terminal control characters.

use super::*;

/// Every form of the secret in every displayed field.
#[test]
fn no_form_of_the_secret_comes_back() {
    const SECRET: &str = "fake-secret-value";
    // The same in base64, alone and with `Bearer `.
    const ENCODED: &str = "ZmFrZS1zZWNyZXQtdmFsdWU";
    const BEARER: &str = "QmVhcmVyIGZha2Utc2VjcmV0LXZhbHVl";
    for echoed in [
        SECRET.to_owned(),
        format!("Bearer {SECRET}"),
        format!("{ENCODED}="),
        ENCODED.to_owned(),
        BEARER.to_owned(),
        format!("key={SECRET}&x=1"),
    ] {
        let body = openai(&echoed, &echoed, &echoed, &echoed);
        for provider in [OpenAi, HuggingFace] {
            for status in [400, 401, 403, 404, 429, 500, 503] {
                let failure = failure(provider, true, status, JSON, &body);
                let shown = format!("{failure:?}");
                assert!(shown.contains("[redacted]"), "{shown}");
                for form in [SECRET, ENCODED, BEARER] {
                    assert!(!shown.contains(form), "{status}: {shown}");
                }
            }
        }
    }
}

/// A percent-encoded secret is removed too, where its encoding differs.
#[test]
fn a_percent_encoded_secret_goes_too() {
    let body = openai("/?key=fake%2Fsecret%2B1", "t", "", "");
    let answer = Answer {
        provider: OpenAi,
        asked: Asked::Identity,
        account: false,
        credential: true,
        base_url: &own_base(),
        host: "api.test",
        url: "https://api.test/v1/models",
        status: 400,
        headers: &Pairs(JSON),
        body: body.as_bytes(),
        redactor: &Redactor::for_secret("fake/secret+1"),
    };
    let words = classify(&answer).first_cause().unwrap().to_owned();
    assert_eq!(words, "api.test says: /?key=[redacted]");
}

/// Control and direction characters of a message are made visible.
#[test]
fn nothing_in_a_message_steers_a_terminal() {
    let body = openai(
        "a\u{1b}]0;title\u{7}\u{202e}b\u{2066}c\u{9b}1m\r\nd",
        "t\u{1b}",
        "\u{202e}p",
        "c\u{7}",
    );
    for provider in [OpenAi, HuggingFace] {
        let failure = failure(provider, false, 400, JSON, &body);
        let shown: Vec<&str> = failure
            .causes()
            .into_iter()
            .chain(failure.context().values().map(String::as_str))
            .collect();
        for text in shown {
            let steers =
                |each: char| each.is_control() || ('\u{202a}'..='\u{2069}').contains(&each);
            assert!(!text.contains(steers), "{text:?}");
        }
        assert!(failure.first_cause().unwrap().contains('\u{fffd}'));
    }
}
