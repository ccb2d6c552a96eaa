//! One damaged detail never affects the rest of an answer: tests every golden answer, every
//! position in it, and every kind of damage.

use serde::de::IgnoredAny;
use serde_json::Value;
use synapse_core::chat::ChatReply;
use synapse_core::redact::Redactor;

use crate::anthropic;
use crate::json;
use crate::reply::finish;
use crate::wire::completion::COMPLETION;
use crate::wire::{completion, foreign};

/// Replacements for a value.
const DAMAGES: [&[u8]; 31] = [
    b"NaN",
    b"-Infinity",
    b"undefined",
    b"None",
    b"nul",
    b"",
    b"1e999",
    b"01",
    b"0x1F",
    b"+1",
    b"1.",
    b"'single'",
    b"\"half \\ud83d\"",
    b"\"\\udc00\\ud83d\"",
    b"\"cut \xf0\x9f\x98\"",
    b"\"latin \xe9\"",
    b"\"\\x41 \\u12\"",
    b"\"line\nbreak\"",
    b"\"a \"quoted\" word\"",
    b"\"no end",
    b"null",
    b"true",
    b"7",
    b"-1",
    b"1.5",
    b"99999999999999999999999",
    b"\"text\"",
    b"[]",
    b"{}",
    b"[{\"a\":[1]},null,\"x\"]",
    b"{\"error\":7}",
];

type ValuePath = Vec<String>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum DamagedWire {
    Completions,
    Messages,
}

/// The answer, or its remains, as the adapters read it.
fn understand(wire: DamagedWire, body: &[u8]) -> Option<ChatReply> {
    let shape = match wire {
        DamagedWire::Completions => &COMPLETION,
        DamagedWire::Messages => anthropic::MESSAGE_SHAPE,
    };
    let seen = json::read(body, shape)?;
    let read = match wire {
        DamagedWire::Completions => completion::read(&seen.value).ok().map(|mut reply| {
            foreign::fill_in(&mut reply, &seen.value);
            reply
        }),
        DamagedWire::Messages => anthropic::read_message(&seen.value),
    };
    let mut reply = read.unwrap_or_else(|| match wire {
        DamagedWire::Completions => foreign::stated(&seen.value),
        DamagedWire::Messages => anthropic::stated_message(&seen.value),
    });
    finish(&mut reply, &seen, 0, &Redactor::none());
    Some(reply)
}

fn goldens() -> Vec<(String, DamagedWire, Value)> {
    let root = format!("{}/tests/golden", env!("CARGO_MANIFEST_DIR"));
    let mut goldens = Vec::new();
    for folder in ["response", "anthropic", "compatible"] {
        let mut files: Vec<_> = std::fs::read_dir(format!("{root}/{folder}"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let file = if file.is_dir() {
                file.join("chat.json")
            } else {
                file
            };
            let name = file.display().to_string();
            let request = |file: &std::ffi::OsStr| file.to_string_lossy().starts_with("request-");
            if !name.ends_with(".json") || file.file_name().is_some_and(request) {
                continue;
            }
            let golden: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            let wire = match folder {
                "anthropic" => DamagedWire::Messages,
                _ => DamagedWire::Completions,
            };
            goldens.push((name, wire, golden["body"].clone()));
        }
    }
    goldens
}

/// Every position in `value`, by member names and entry indices.
fn places(value: &Value, place: &ValuePath, all: &mut Vec<ValuePath>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(n, v)| (n.clone(), v)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(n, v)| (n.to_string(), v))
            .collect(),
        _ => return,
    };
    for (name, value) in inside {
        let mut place = place.clone();
        place.push(name);
        all.push(place.clone());
        places(value, &place, all);
    }
}

/// The body with replaced bytes at that position.
fn damaged(body: &Value, place: &ValuePath, damage: &[u8]) -> Vec<u8> {
    let mut body = body.clone();
    *body.pointer_mut(&format!("/{}", place.join("/"))).unwrap() = "@HERE@".into();
    let text = body.to_string();
    let (before, after) = text.split_once("\"@HERE@\"").unwrap();
    [before.as_bytes(), damage, after.as_bytes()].concat()
}

/// Whether `place` and `other` are independent: neither contains the other.
fn apart(place: &ValuePath, other: &[&str]) -> bool {
    !place.iter().zip(other).all(|(one, other)| one == other)
}

#[test]
fn one_damaged_detail_costs_nothing_else() {
    let mut count = 0;
    let goldens = goldens();
    assert!(goldens.len() >= 31, "{}", goldens.len());
    for (name, wire, body) in goldens {
        let whole = understand(wire, body.to_string().as_bytes()).unwrap();
        let mut all = Vec::new();
        places(&body, &Vec::new(), &mut all);
        for place in all {
            for damage in DAMAGES {
                let bytes = damaged(&body, &place, damage);
                let what = || format!("{name}: {place:?} {}", String::from_utf8_lossy(damage));
                let read = understand(wire, &bytes).unwrap_or_else(|| panic!("{}", what()));
                let (text, reason): (&[&str], &[&str]) = match wire {
                    DamagedWire::Completions => (
                        &["choices", "0", "message", "content"],
                        &["choices", "0", "finish_reason"],
                    ),
                    DamagedWire::Messages => (&["content"], &["stop_reason"]),
                };
                if apart(&place, text) {
                    assert_eq!(read.content, whole.content, "{}", what());
                }
                // The sub-provider's own word replaces the API's.
                if apart(&place, reason) {
                    assert_eq!(read.finish_reason, whole.finish_reason, "{}", what());
                }
                if apart(&place, &["usage"]) && !place.contains(&"usage".to_owned()) {
                    assert_eq!(read.usage, whole.usage, "{}", what());
                    assert_eq!(read.billing.stated_nano_usd, whole.billing.stated_nano_usd);
                }
                if apart(&place, &["model"]) {
                    assert_eq!(read.model, whole.model, "{}", what());
                }
                // Unused values are skipped without interpretation.
                let is_json = serde_json::from_slice::<IgnoredAny>(&bytes).is_ok();
                assert!(
                    is_json || !read.warnings.is_empty(),
                    "{}: not a word of it",
                    what()
                );
                count += 1;
            }
        }
    }
    assert!(count > 20_000, "{count}");
}

#[test]
fn what_is_around_an_answer_costs_nothing() {
    for (name, wire, body) in goldens() {
        let text = body.to_string();
        let whole = understand(wire, text.as_bytes()).unwrap();
        for (around, told) in [
            (format!("\u{feff}{text}"), false),
            (format!("\n\n  {text}\n"), false),
            (format!("{text}[DONE]"), false),
            (format!("{text}\n\ndata: [DONE]\n\n"), false),
            (format!("{text}{text}"), true),
            (format!("{text}<!-- proxy -->"), true),
            (format!("{text}}}"), true),
        ] {
            let read = understand(wire, around.as_bytes()).unwrap();
            let more = read.warnings.len() > whole.warnings.len()
                || read
                    .warnings
                    .iter()
                    .map(|each| each.causes().len())
                    .sum::<usize>()
                    > whole
                        .warnings
                        .iter()
                        .map(|each| each.causes().len())
                        .sum::<usize>();
            assert_eq!(more, told, "{name}: {:?}", read.warnings);
            let read = ChatReply {
                warnings: whole.warnings.clone(),
                ..read
            };
            assert_eq!(read, whole, "{name}");
        }
    }
}

/// A truncated body keeps everything before the cut.
#[test]
fn a_body_that_was_cut_keeps_what_came_before() {
    for (name, wire, body) in goldens() {
        let text = body.to_string();
        let whole = understand(wire, text.as_bytes()).unwrap();
        for end in 1..text.len() {
            let read = understand(wire, &text.as_bytes()[..end]).unwrap();
            let content = read.content.unwrap_or_default();
            // A truncated escape or character may be replaced.
            let content = content.split(['\u{fffd}', '\\']).next().unwrap_or_default();
            let begins = whole.content.as_deref().unwrap_or_default();
            assert!(begins.starts_with(content), "{name} {end}: {content}");
            assert!(!read.warnings.is_empty(), "{name} {end}");
        }
    }
}
