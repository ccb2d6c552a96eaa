//! Unpaired surrogate escapes: `\ud800` alone is grammatical JSON but no text (RFC 8259, section
//! 8.2). JavaScript produces one when it cuts a string inside a character.

/// The first unpaired surrogate escape in `json`.
pub(super) fn lone_surrogate(json: &str) -> Option<&str> {
    escapes(json)
        .find(|escape| escape.is_lone)
        .and_then(|escape| json.get(escape.at..escape.at + ESCAPE))
}

/// `json` with unpaired surrogates replaced.
pub(crate) fn without_lone_surrogates(json: &str) -> String {
    let mut repaired = String::with_capacity(json.len());
    let mut done = 0;
    for escape in escapes(json).filter(|escape| escape.is_lone) {
        repaired.push_str(json.get(done..escape.at).unwrap_or_default());
        repaired.push_str("\\ufffd");
        done = escape.at + ESCAPE;
    }
    repaired.push_str(json.get(done..).unwrap_or_default());
    repaired
}

struct Escape {
    at: usize,
    is_lone: bool,
}

/// The surrogate escapes, pairs as one. A single pass.
fn escapes(json: &str) -> impl Iterator<Item = Escape> {
    let bytes = json.as_bytes();
    let mut next = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(next..)?;
            let at = next + rest.iter().position(|byte| *byte == b'\\')?;
            let Some(code) = code_at(bytes, at) else {
                // A two-byte escape.
                next = at + 2;
                continue;
            };
            next = at + ESCAPE;
            match code {
                0xd800..=0xdbff => {
                    let low = code_at(bytes, next);
                    let is_pair = matches!(low, Some(0xdc00..=0xdfff));
                    if is_pair {
                        next += ESCAPE;
                    }
                    let is_lone = !is_pair;
                    return Some(Escape { at, is_lone });
                }
                0xdc00..=0xdfff => return Some(Escape { at, is_lone: true }),
                _ => {}
            }
        }
    })
}

/// The code of an escape at `at`, if there is one.
fn code_at(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_found_and_pairs_are_not() {
        for (json, lone, repaired) in [
            (r#""\ud83d\ude00""#, None, r#""\ud83d\ude00""#),
            (r#""\u00e4 \\ud800""#, None, r#""\u00e4 \\ud800""#),
            (r#""a\ud800""#, Some(r"\ud800"), r#""a\ufffd""#),
            (r#""\uDC00b""#, Some(r"\uDC00"), r#""\ufffdb""#),
            (
                r#""\ud800\ud83d\ude00""#,
                Some(r"\ud800"),
                r#""\ufffd\ud83d\ude00""#,
            ),
            (r#""\\\ud800""#, Some(r"\ud800"), r#""\\\ufffd""#),
            (r#""\ud8"#, None, r#""\ud8"#),
            (r#""\"#, None, r#""\"#),
            ("", None, ""),
        ] {
            assert_eq!(lone_surrogate(json), lone, "{json}");
            assert_eq!(without_lone_surrogates(json), repaired, "{json}");
        }
    }
}
