//! Tokenises YAML with its parser, and the comments in between.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

use super::part::{Parts, PreviewPart, Visibility};

pub(super) fn parts(
    text: &str,
    window: Range<usize>,
    visibility: &Visibility<'_>,
) -> Vec<PreviewPart> {
    let mut levels: Vec<YamlLevel> = Vec::new();
    let mut scalars = Parts::within(window.clone());
    // Text after a syntax error is hidden.
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        if span
            .byte_range()
            .is_some_and(|range| scalars.is_behind(range.start))
        {
            break;
        }
        match event {
            Event::Scalar(content, style, ..) => {
                let Some(range) = span.byte_range() else {
                    continue;
                };
                let range = match style {
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if range.len() >= 2 => {
                        range.start + 1..range.end - 1
                    }
                    _ => range,
                };
                match levels.last_mut() {
                    Some(level) if level.expects_key => {
                        level.expects_key = false;
                        level.key = if visibility.leads(&content) {
                            content.clone().into_owned()
                        } else {
                            String::new()
                        };
                        scalars.push(PreviewPart::key(range, &content));
                    }
                    _ => {
                        let keys = levels.iter().map(|level| level.key.as_str());
                        let is_own = visibility.is_own(keys);
                        scalars.push(visibility.value(range, &content, is_own));
                        said(&mut levels);
                    }
                }
            }
            Event::MappingStart(..) => levels.push(YamlLevel {
                is_mapping: true,
                expects_key: true,
                key: String::new(),
            }),
            Event::SequenceStart(..) => levels.push(YamlLevel {
                is_mapping: false,
                expects_key: false,
                key: String::new(),
            }),
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                said(&mut levels);
            }
            Event::Alias(_) => said(&mut levels),
            _ => {}
        }
    }
    with_comments(text, window, scalars.into_vec())
}

/// A mapping or a sequence.
struct YamlLevel {
    is_mapping: bool,
    expects_key: bool,
    /// The current key, if it may lead to our entry.
    key: String,
}

/// Ends a key or value of the innermost mapping.
fn said(levels: &mut [YamlLevel]) {
    if let Some(level) = levels.last_mut() {
        level.expects_key = level.is_mapping && !level.expects_key;
    }
}

/// Adds the comments between `scalars`.
fn with_comments(text: &str, window: Range<usize>, scalars: Vec<PreviewPart>) -> Vec<PreviewPart> {
    let mut parts = Vec::with_capacity(scalars.len());
    let mut done = window.start;
    for scalar in scalars {
        comments(text, done..scalar.range.start, &mut parts);
        done = done.max(scalar.range.end);
        parts.push(scalar);
    }
    comments(text, done..window.end, &mut parts);
    parts
}

fn comments(text: &str, between: Range<usize>, parts: &mut Vec<PreviewPart>) {
    let mut at = between.start;
    for line in text.get(between).unwrap_or_default().split_inclusive('\n') {
        if let Some(mark) = line.find('#') {
            let length = line.trim_end_matches(['\n', '\r']).len();
            parts.push(PreviewPart::hidden(at + mark + 1..at + length));
        }
        at += line.len();
    }
}
