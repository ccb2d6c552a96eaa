//! Reads foreign JSON: only the parts described by a [`Shape`], tolerating damage. Linear time,
//! bounded depth and number of values.
//!
//! Knows nothing of providers. Unreadable parts become [`Flaws`] with their paths.

mod flaws;
mod mend;
mod reading;
mod shape;

use std::cell::OnceCell;

use serde::de::DeserializeSeed;
use serde_json::{Deserializer, Value};

pub(crate) use self::flaws::Flaws;
pub(crate) use self::shape::{ANY, COUNT, Shape, TEXT, WHOLE};

use self::flaws::Notes;
use self::reading::Reading;

/// The parts of a body that were read.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The members and entries covered by the shape.
    pub(crate) value: Value,
    /// The unreadable parts.
    pub(crate) flaws: Flaws,
    /// The body was invalid JSON.
    pub(crate) is_mended: bool,
}

/// A body that is read by several shapes, and repaired at most once.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    bytes: &'a [u8],
    mended: OnceCell<(Vec<u8>, Flaws)>,
}

impl<'a> Body<'a> {
    /// A body; `None` if it is not a JSON object or list at all.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let first = bytes.iter().find(|byte| **byte > b' ')?;
        matches!(first, b'{' | b'[').then_some(Self {
            bytes,
            mended: OnceCell::new(),
        })
    }

    /// Reads the parts covered by `shape`.
    ///
    /// Valid JSON is parsed once. Invalid JSON is repaired first: unparsable parts become `null`,
    /// undecodable text gets replacement characters.
    pub(crate) fn read(&self, shape: &'static Shape) -> Option<Seen> {
        if self.mended.get().is_none()
            && let Ok(seen) = parse(self.bytes, shape, Flaws::default())
        {
            return Some(seen);
        }
        let (text, flaws) = self.mended.get_or_init(|| mend::mend(self.bytes));
        let seen = parse(text, shape, flaws.clone()).ok()?;
        Some(Seen {
            is_mended: true,
            ..seen
        })
    }
}

/// Reads the parts of `body` covered by `shape`, as [`Body::read`].
pub(crate) fn read(body: &[u8], shape: &'static Shape) -> Option<Seen> {
    Body::of(body)?.read(shape)
}

fn parse(text: &[u8], shape: &'static Shape, flaws: Flaws) -> serde_json::Result<Seen> {
    let notes = Notes::new(flaws);
    let mut deserializer = Deserializer::from_slice(text);
    let value = Reading::of(shape, &notes).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Seen {
        value,
        flaws: notes.into_flaws(),
        is_mended: false,
    })
}

/// Converts UTF-16 to UTF-8, recognised by its byte order mark or its first bracket.
pub(crate) fn decoded(body: Vec<u8>) -> Vec<u8> {
    let (units, is_big) = match body.as_slice() {
        [0xff, 0xfe, units @ ..] => (units, false),
        [0xfe, 0xff, units @ ..] => (units, true),
        [b'{' | b'[', 0, ..] => (body.as_slice(), false),
        [0, b'{' | b'[', ..] => (body.as_slice(), true),
        _ => return body,
    };
    let (units, _) = units.as_chunks::<2>();
    let decoded = char::decode_utf16(units.iter().map(|unit| {
        if is_big {
            u16::from_be_bytes(*unit)
        } else {
            u16::from_le_bytes(*unit)
        }
    }));
    let text: String = decoded
        .map(|each| each.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.into_bytes()
}

/// The JSON inside a known wrapping: a guard against inclusion as a script, a code fence, or a JSON
/// string. `None` if there is no such wrapping.
pub(crate) fn unwrapped(body: &[u8]) -> Option<Vec<u8>> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let body = body.trim_ascii();
    let inner = match body {
        [b'"', ..] => serde_json::from_slice::<String>(body).ok()?.into_bytes(),
        _ => {
            let guarded = GUARDS.iter().find_map(|guard| body.strip_prefix(*guard));
            guarded.or_else(|| fenced(body))?.to_vec()
        }
    };
    let first = inner.trim_ascii_start().first();
    matches!(first, Some(b'{' | b'[')).then_some(inner)
}

/// The content of a code fence, which may lack its end.
fn fenced(body: &[u8]) -> Option<&[u8]> {
    let inside = body.strip_prefix(b"```")?;
    let line = inside.iter().position(|byte| *byte == b'\n')?;
    let inside = inside.get(line..)?;
    Some(inside.strip_suffix(b"```").unwrap_or(inside))
}

/// The integer value of `value`, even if written with a decimal point.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let with_point = || {
        let number = value.as_f64()?;
        let is_whole = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
        is_whole.then_some(number as u64)
    };
    value.as_u64().or_else(with_point)
}

/// Integers up to this are exact as floating-point numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Prefixes that stop a browser from running JSON as a script.
const GUARDS: [&[u8]; 8] = [
    b")]}',",
    b")]}'",
    b"while(1);",
    b"while (1);",
    b"for(;;);",
    b"for (;;);",
    b"{}&&",
    b"{} &&",
];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mended(body: impl AsRef<[u8]>) -> (Value, Vec<String>) {
        let seen = read(body.as_ref(), &WHOLE).unwrap();
        (seen.value, seen.flaws.sentences())
    }

    #[test]
    fn what_is_json_is_read_as_it_is() {
        for body in [
            r#"{"a":[1,-2,0.5,true,null,"\ud83d\ude42 \" \\ \n"],"b":{"c":{}}}"#,
            " [ ] ",
        ] {
            let expected: Value = serde_json::from_str(body).unwrap();
            assert_eq!(mended(body), (expected, vec![]));
        }
        let (value, flaws) = mended("\u{feff}{\"a\":1}");
        assert_eq!((value, flaws), (json!({"a": 1}), vec![]));
    }

    #[test]
    fn damage_costs_no_more_than_what_it_hits() {
        for (body, expected, flaw) in [
            (
                r#"{"a":"x\ud83d","b":1}"#,
                json!({"a": "x\u{fffd}", "b": 1}),
                "`a`: half",
            ),
            (
                r#"{"a":"\udc00\ud83d\ude42","b":1}"#,
                json!({"a": "\u{fffd}🙂", "b": 1}),
                "`a`: half",
            ),
            (
                r#"{"a":"x\ud83d\n","b":1}"#,
                json!({"a": "x\u{fffd}\n", "b": 1}),
                "`a`: half",
            ),
            (
                r#"{"a":"\u12","b":1}"#,
                json!({"a": "\\u12", "b": 1}),
                "`a`: an escape",
            ),
            (
                r#"{"a":"\(x\)","b":1}"#,
                json!({"a": "\\(x\\)", "b": 1}),
                "`a`: an escape",
            ),
            (
                "{\"a\":\"x\ny\u{1}\",\"b\":1}",
                json!({"a": "x\ny\u{1}", "b": 1}),
                "`a`: a control",
            ),
            (
                r#"{"a":NaN,"b":1}"#,
                json!({"a": null, "b": 1}),
                "`a`: not a JSON value",
            ),
            (
                r#"{"a":[0,-Infinity],"b":1}"#,
                json!({"a": [0, null], "b": 1}),
                "`a[1]`: not a JSON value",
            ),
            (
                r#"{"a":1e999,"b":1}"#,
                json!({"a": null, "b": 1}),
                "`a`: not a JSON value",
            ),
            (
                r#"{"a":True,"b":None}"#,
                json!({"a": true, "b": null}),
                "`a`: not a JSON value",
            ),
            (
                r#"{"a":,"b":1}"#,
                json!({"a": null, "b": 1}),
                "`a`: no value",
            ),
            (r#"{"a" 7 "b":1}"#, json!({"a": 7, "b": 1}), "`a`: no colon"),
            (r#"{"a":1,,"b":1,}"#, json!({"a": 1, "b": 1}), "superfluous"),
            (
                r#"{"a":"x "y" z","b":1}"#,
                json!({"a": "x \"y\" z", "b": 1}),
                "`a`: a quotation mark",
            ),
            (
                r#"{"a":"x, "b":1}"#,
                json!({"a": "x", "b": 1}),
                "`a`: a quotation mark",
            ),
            (
                r#"{a:1,"b":1}"#,
                json!({"a": 1, "b": 1}),
                "without quotation marks",
            ),
            (r#"{"a":[1,2},"b":1}"#, json!({"a": [1, 2]}), "bracket"),
            (
                r#"{"a":1,"b":1} [DONE] x"#,
                json!({"a": 1, "b": 1}),
                "after the JSON",
            ),
            (
                r#"{"a":1,"b":1}{"c":2}"#,
                json!({"a": 1, "b": 1}),
                "after the JSON",
            ),
            (r#"{"a":{"c":"d"#, json!({"a": {"c": "d"}}), "`a.c`: ends"),
            (r#"{"a":[1,{"c"#, json!({"a": [1, {"c": null}]}), "ends"),
        ] {
            let (value, flaws) = mended(body);
            assert_eq!(value, expected, "{body}");
            assert!(flaws[0].contains(flaw), "{body}: {flaws:?}");
        }
        let (value, flaws) = mended(b"{\"a\":\"x\xf0\x9f\x98\",\"b\":1}");
        assert_eq!(value, json!({"a": "x\u{fffd}", "b": 1}));
        assert!(flaws[0].starts_with("`a`: bytes"), "{flaws:?}");
        let (value, flaws) = mended("{\"a\":1,\"b\":1}\n\ndata: [DONE]\n\n");
        assert_eq!((value, flaws), (json!({"a": 1, "b": 1}), vec![]));
    }

    #[test]
    fn utf_16_is_read_as_what_it_says() {
        let text = r#"{"a":"é🙂"}"#;
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for body in [
            little.clone(),
            big.clone(),
            [&[0xff, 0xfe], little.as_slice()].concat(),
            [&[0xfe, 0xff], big.as_slice()].concat(),
            text.as_bytes().to_vec(),
        ] {
            assert_eq!(decoded(body), text.as_bytes());
        }
        for other in [
            b"".to_vec(),
            b"{".to_vec(),
            b"\xff".to_vec(),
            b"\xff\xfe{".to_vec(),
        ] {
            decoded(other);
        }
    }

    #[test]
    fn what_is_no_json_is_not_made_into_any() {
        for body in ["", "hello", "<html>", "data: {}", "\"text\"", "7"] {
            assert!(read(body.as_bytes(), &WHOLE).is_none(), "{body}");
        }
    }

    #[test]
    fn a_wrapping_is_taken_off_and_nothing_else_is() {
        for body in [
            ")]}'\n{\"a\":1}",
            ")]}',\n{\"a\":1}",
            "while(1);{\"a\":1}",
            "for (;;); {\"a\":1}",
            "{}&&{\"a\":1}",
            "```json\n{\"a\":1}\n```\n",
            "```\n{\"a\":1}",
            "\u{feff} \"{\\\"a\\\":1}\"",
        ] {
            let inner = unwrapped(body.as_bytes()).unwrap();
            assert_eq!(mended(inner), (json!({"a": 1}), vec![]), "{body}");
        }
        for body in [
            "",
            "\"",
            "\"text\"",
            "```",
            "```json",
            "{}",
            "{\"a\":1}",
            "for (",
            "[1]",
            ")]}'",
            "7",
        ] {
            assert_eq!(unwrapped(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_list_by_number_is_a_list() {
        let seen = read(
            br#"{"lines":{"0":{"n":1},"1":{"n":2},"2":{"n":3}}}"#,
            &SHEET,
        )
        .unwrap();
        assert_eq!(seen.value, json!({"lines": [{"n": 1}, {"n": 2}]}));
        assert_eq!(
            seen.flaws.sentences(),
            [
                "`lines`: a list by number, read as a list",
                "`lines`: 1 more entry, left out"
            ]
        );
        let whole = read(br#"{"deep":{"0":1}}"#, &SHEET).unwrap();
        assert_eq!(whole.value, json!({"deep": {"0": 1}}));
    }

    #[test]
    fn of_a_member_that_is_there_twice_the_fuller_one_counts() {
        for (body, expected) in [
            (r#"{"a":1,"a":2}"#, json!({"a": 2})),
            (r#"{"a":1,"a":null}"#, json!({"a": 1})),
            (r#"{"a":null,"a":1}"#, json!({"a": 1})),
            (r#"{"a":[1],"a":[]}"#, json!({"a": [1]})),
            (r#"{"a":{"b":1},"a":7}"#, json!({"a": {"b": 1}})),
            (r#"{"a":7,"a":{"b":1}}"#, json!({"a": {"b": 1}})),
        ] {
            let (value, flaws) = mended(body);
            assert_eq!(value, expected, "{body}");
            assert_eq!(flaws, ["`a`: stated more than once"], "{body}");
        }
    }

    const LINE: Shape = Shape::object(&[("n", &COUNT), ("text", &TEXT)]);
    const SHEET: Shape = Shape::object(&[("lines", &LINES), ("end", &TEXT)]).and_others();
    const LINES: Shape = Shape::list(2, &LINE);

    #[test]
    fn only_what_the_shape_looks_at_is_kept() {
        let body = r#"{"deep":{"x":[1,2]},"lines":[{"n":1,"skipped":[[1]]},{"n":"2","text":3},7,8,9],"end":"z"}"#;
        let seen = read(body.as_bytes(), &SHEET).unwrap();
        assert_eq!(
            seen.value,
            json!({"deep": {"x": [1, 2]}, "lines": [{"n": 1}, {"n": "2", "text": 3}], "end": "z"})
        );
        assert_eq!(
            seen.flaws.sentences(),
            [
                "`lines[1].n`: no whole number",
                "`lines[1].text`: no text",
                "`lines`: 3 more entries, left out"
            ]
        );
    }

    #[test]
    fn depth_and_number_are_bounded_and_what_comes_behind_is_read() {
        for open in ["[", r#"{"x":"#] {
            let close = if open == "[" { "]" } else { "}" };
            let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
            for damage in ["", ",\"y\":NaN"] {
                let body = format!(r#"{{"a":{deep}{damage},"end":"z"}}"#);
                let seen = read(body.as_bytes(), &SHEET).unwrap();
                assert_eq!(seen.value["end"], "z");
                assert!(!seen.flaws.sentences().is_empty());
            }
        }
        let many = format!(
            r#"{{"a":[{}1],"lines":[{{"n":1}}],"end":"z"}}"#,
            "1,".repeat(300_000)
        );
        let seen = read(many.as_bytes(), &SHEET).unwrap();
        assert!(seen.value["a"].as_array().unwrap().len() <= 1_000);
        assert_eq!(seen.value["lines"], json!([{"n": 1}]));
        assert_eq!(seen.value["end"], "z");
        let members: String = (0..100_000).map(|n| format!("\"m{n}\":1,")).collect();
        let seen = read(format!("{{{members}\"end\":\"z\"}}").as_bytes(), &SHEET).unwrap();
        assert!(seen.value.as_object().unwrap().len() <= 1_001);
        assert_eq!(seen.value["end"], "z");
    }

    #[test]
    fn the_flaws_that_are_told_are_few() {
        let body = format!("[{}1]", "NaN,".repeat(1000));
        let (_, flaws) = mended(body);
        assert!(flaws.len() < 10, "{flaws:?}");
        assert_eq!(flaws.last().unwrap(), "992 more of these");
    }
}
