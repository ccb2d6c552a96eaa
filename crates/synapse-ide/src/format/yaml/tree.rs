//! Parses a YAML text into a tree with source positions. Does no edits.

use std::collections::HashSet;
use std::ops::Range;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag};
use serde_json::{Number, Value};

/// A value in a text.
#[derive(Debug)]
pub(super) struct Node {
    /// Its position; empty if it is omitted.
    pub(super) place: Range<usize>,
    pub(super) style: Style,
    pub(super) meaning: Meaning,
}

/// The delimiter of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Indentation.
    Block,
    /// Its own characters.
    Flow,
}

#[derive(Debug)]
pub(super) enum Meaning {
    Mapping(Vec<KeyValue>),
    /// A leaf for paths.
    Value(Value),
}

/// A key of a mapping with its value.
#[derive(Debug)]
pub(super) struct KeyValue {
    pub(super) key: String,
    /// Start of the key.
    pub(super) start: usize,
    /// Column of the key.
    pub(super) column: usize,
    pub(super) value: Node,
}

impl Node {
    fn flow(place: Range<usize>, value: Value) -> Self {
        Self {
            place,
            style: Style::Flow,
            meaning: Meaning::Value(value),
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self.meaning {
            Meaning::Value(value) => value,
            Meaning::Mapping(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|entry| (entry.key, entry.value.into_value()))
                    .collect(),
            ),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.meaning, Meaning::Value(Value::Null))
    }
}

/// Parses the only document of `text`; `None` if there is none.
///
/// # Errors
/// A message without an excerpt, which may contain a secret of another server.
pub(super) fn document(text: &str) -> Result<Option<Node>, String> {
    let mut reader = TreeReader {
        text,
        events: Parser::new_from_str(text),
    };
    let mut found = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(found),
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            _ if found.is_some() => return Err(refusal(&span.start)),
            event => found = Some(reader.node(event, span)?),
        }
    }
}

struct TreeReader<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
}

impl<'a> TreeReader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.events.next() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(refusal(error.marker())),
            None => Err(NO_YAML.to_owned()),
        }
    }

    /// Parses the node that starts with `event`. The parser limits the depth.
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, String> {
        let place = place(&span)?;
        match event {
            Event::Scalar(text, style, ..) if is_block(style) => Ok(self.block(place, &text)),
            Event::Scalar(text, style, _, tag) => {
                Ok(Node::flow(place, scalar(&text, style, tag.as_deref())))
            }
            // The anchor identifies the value.
            Event::Alias(anchor) => Ok(Node::flow(place, Value::String(format!("*{anchor}")))),
            Event::SequenceStart(style, ..) => self.sequence(place, style),
            Event::MappingStart(style, ..) => self.mapping(place, style),
            _ => Err(NO_YAML.to_owned()),
        }
    }

    /// Adjusts a block text's position. At the end of a file without a final line end, the parser
    /// still reports one: an entry appended there would change the text.
    fn block(&self, mut place: Range<usize>, text: &str) -> Node {
        // The parser may include the indentation of the next line.
        let lines = self.text.get(place.clone()).unwrap_or_default();
        let lines = lines.trim_end_matches(' ');
        let text = match lines.strip_suffix('\n') {
            Some(lines) => {
                place.end = place.start + lines.len();
                text
            }
            None => text.strip_suffix('\n').unwrap_or(text),
        };
        Node {
            place,
            style: Style::Block,
            meaning: Meaning::Value(Value::from(text)),
        }
    }

    fn sequence(&mut self, start: Range<usize>, style: StructureStyle) -> Result<Node, String> {
        let mut items = Vec::new();
        let mut end = start.end;
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let items = Meaning::Value(Value::Array(items));
                return closed(start.start..end, style, &span, items);
            }
            let item = self.node(event, span)?;
            end = item.place.end;
            items.push(item.into_value());
        }
    }

    fn mapping(&mut self, start: Range<usize>, style: StructureStyle) -> Result<Node, String> {
        let mut entries: Vec<KeyValue> = Vec::new();
        let mut known = HashSet::new();
        let mut end = start.end;
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => {
                    let entries = Meaning::Mapping(entries);
                    return closed(start.start..end, style, &span, entries);
                }
                Event::Scalar(key, style, ..) if !is_block(style) && known.insert(key.clone()) => {
                    key.into_owned()
                }
                // A duplicate, complex or non-text key.
                _ => return Err(refusal(&span.start)),
            };
            let place = place(&span)?;
            let (event, value_span) = self.next()?;
            let mut value = self.node(event, value_span)?;
            if value.place.is_empty() {
                value.place = place.end..place.end;
            }
            end = value.place.end;
            entries.push(KeyValue {
                key,
                start: place.start,
                column: span.start.col(),
                value,
            });
        }
    }
}

/// A collection at `place`.
fn closed(
    mut place: Range<usize>,
    style: StructureStyle,
    end: &Span,
    meaning: Meaning,
) -> Result<Node, String> {
    let style = match style {
        StructureStyle::Block => Style::Block,
        StructureStyle::Flow => {
            place.end = self::place(end)?.end;
            Style::Flow
        }
    };
    Ok(Node {
        place,
        style,
        meaning,
    })
}

/// The value of a scalar: parsed as JSON if plain, otherwise a string. Other number notations thus
/// stay distinct strings.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| matches!(tag.core_suffix(), None | Some("str")));
    if style != ScalarStyle::Plain || is_text {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match text.parse::<Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text.to_owned()),
        },
    }
}

fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}

fn place(span: &Span) -> Result<Range<usize>, String> {
    span.byte_range().ok_or_else(|| NO_YAML.to_owned())
}

fn refusal(place: &Marker) -> String {
    let (line, column) = (place.line(), place.col() + 1);
    format!("{NO_YAML}, at line {line}, column {column}")
}

const NO_YAML: &str = "it is not YAML that can be edited";
