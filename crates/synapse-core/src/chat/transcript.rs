//! The text form of a conversation, for recording in the ledger, and its parser: a recorded
//! conversation can be sent again.
//!
//! Text that resembles the format is escaped with a backslash, so that messages round-trip.

use super::{ChatReply, ChatRequest, Content, Message, Part, Role};

impl ChatRequest {
    /// The conversation as text: each message with a role header, images as placeholders.
    #[must_use]
    pub fn transcript(&self) -> String {
        let messages: Vec<String> = self.messages.iter().map(said).collect();
        messages.join(BETWEEN)
    }
}

impl ChatReply {
    /// The answer as text: content or refusal, then tool calls, one per line.
    #[must_use]
    pub fn transcript(&self) -> String {
        let spoken = [&self.content, &self.refusal].into_iter().flatten();
        let calls = self
            .tool_calls
            .iter()
            .map(|call| format!("{CALL}{} {}", call.name, call.arguments));
        let parts: Vec<String> = spoken.map(|text| unmarked(text)).chain(calls).collect();
        parts.join("\n")
    }
}

/// Why a recorded conversation cannot be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrepeatable {
    /// It has an image.
    #[error("it has an image, of which only a mark is recorded")]
    Image,
    /// It contains tool calls or results.
    #[error("it has tool calls, which are recorded without their ids")]
    Tools,
    /// A message has a participant's name.
    #[error("a message of it has a participant's name, which is recorded for reading only")]
    Name,
    /// It is not a recorded conversation.
    #[error("its text is not in the form in which conversations are recorded")]
    Form,
}

/// Parses the messages of a recorded prompt.
///
/// # Errors
/// The part that was not recorded completely.
pub fn recorded_messages(prompt: &str) -> Result<Vec<Message>, Unrepeatable> {
    let mut messages = Vec::new();
    let mut rest = header(prompt).ok_or(Unrepeatable::Form)?;
    loop {
        let (end, next) = match next_header(rest.content) {
            Some((end, next)) => (end, Some(next)),
            None => (rest.content.len(), None),
        };
        let content = rest.content.get(..end).unwrap_or_default();
        if rest.named {
            return Err(Unrepeatable::Name);
        }
        if rest.role == Role::Tool {
            return Err(Unrepeatable::Tools);
        }
        let content = apart(content, Backslash::Remove);
        messages.push(Message::new(rest.role, marked(&content)?));
        match next {
            Some(next) => rest = next,
            None => return Ok(messages),
        }
    }
}

/// The message for a recorded answer in the next turn.
///
/// # Errors
/// Same as [`recorded_messages`].
pub fn recorded_answer(reply: &str) -> Result<Message, Unrepeatable> {
    Ok(Message::new(Role::Assistant, marked(reply)?))
}

/// The first words of the last user message in a recorded prompt, on one line.
#[must_use]
pub fn first_words(prompt: &str) -> String {
    let mut last = "";
    let mut rest = header(prompt);
    while let Some(each) = rest {
        let next = next_header(each.content);
        let end = next.as_ref().map_or(each.content.len(), |(end, _)| *end);
        if each.role == Role::User {
            last = each.content.get(..end).unwrap_or_default();
        }
        rest = next.map(|(_, next)| next);
    }
    let mut words = String::new();
    for word in last.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().take(LONGEST_WORD));
        if words.len() >= ENOUGH {
            break;
        }
    }
    words
}

fn said(message: &Message) -> String {
    let content = match &message.content {
        None => String::new(),
        Some(Content::Text(text)) => unmarked(text),
        Some(Content::Parts(parts)) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => unmarked(text),
                    Part::Image(_) => IMAGE.to_owned(),
                })
                .collect();
            parts.join("\n")
        }
    };
    let calls: String = message
        .tool_calls
        .iter()
        .map(|call| format!("\n{CALL}{call}"))
        .collect();
    let name = match &message.name {
        Some(name) => format!(" ({})", name.replace(['\n', '\r', '(', ')'], "_")),
        None => String::new(),
    };
    format!(
        "{}{name}: {}{calls}",
        word(message.role),
        apart(&content, Backslash::Add)
    )
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

/// The header of a message, and the rest.
#[derive(Clone, Copy)]
struct MessageHeader<'a> {
    role: Role,
    named: bool,
    content: &'a str,
}

fn header(text: &str) -> Option<MessageHeader<'_>> {
    let role = ROLES
        .into_iter()
        .find(|role| text.starts_with(word(*role)))?;
    let rest = text.strip_prefix(word(role))?;
    if let Some(content) = rest.strip_prefix(": ") {
        return Some(MessageHeader {
            role,
            named: false,
            content,
        });
    }
    let rest = rest.strip_prefix(" (")?;
    let line = rest.split('\n').next()?;
    let end = line.find(')')?;
    let content = rest.get(end..)?.strip_prefix("): ")?;
    Some(MessageHeader {
        role,
        named: true,
        content,
    })
}

/// The end of the content before the next message, and that message.
fn next_header(content: &str) -> Option<(usize, MessageHeader<'_>)> {
    let mut from = 0;
    while let Some(found) = content.get(from..)?.find(BETWEEN) {
        let at = from + found;
        if let Some(next) = content.get(at + BETWEEN.len()..).and_then(header) {
            return Some((at, next));
        }
        from = at + 1;
    }
    None
}

/// Whether to add or remove escapes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Add,
    Remove,
}

/// A content with escaped header-like lines.
fn apart(content: &str, backslash: Backslash) -> String {
    each_line(content, backslash, |line, before| {
        before.is_some_and(str::is_empty) && header(line).is_some()
    })
}

/// A text with escaped placeholder-like lines.
fn unmarked(text: &str) -> String {
    each_line(text, Backslash::Add, |line, _| is_mark(line))
}

fn is_mark(line: &str) -> bool {
    line == IMAGE || line.starts_with(CALL)
}

/// Adds or removes a backslash before each line that `looks` like the format after its backslashes;
/// also passes the previous line.
fn each_line(
    text: &str,
    backslash: Backslash,
    looks: impl Fn(&str, Option<&str>) -> bool,
) -> String {
    let mut before = None;
    let lines = text.split('\n').map(|line| {
        let like = looks(line.trim_start_matches('\\'), before);
        before = Some(line);
        match backslash {
            Backslash::Add if like => format!("\\{line}"),
            Backslash::Remove if like => line.strip_prefix('\\').unwrap_or(line).to_owned(),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The content of a text whose lines may be placeholders.
fn marked(content: &str) -> Result<String, Unrepeatable> {
    for line in content.split('\n') {
        if line == IMAGE {
            return Err(Unrepeatable::Image);
        }
        if line.starts_with(CALL) {
            return Err(Unrepeatable::Tools);
        }
    }
    Ok(each_line(content, Backslash::Remove, |line, _| {
        is_mark(line)
    }))
}

const ROLES: [Role; 5] = [
    Role::System,
    Role::Developer,
    Role::User,
    Role::Assistant,
    Role::Tool,
];
const BETWEEN: &str = "\n\n";
const IMAGE: &str = "[image]";
const CALL: &str = "[tool call] ";
/// More than a list shows of a prompt.
const ENOUGH: usize = 120;
const LONGEST_WORD: usize = 120;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::chat::{Image, ToolCall};

    fn transcript(messages: Vec<Message>) -> String {
        let mut request = ChatRequest::prompt("m".parse().unwrap(), "");
        request.messages = messages;
        request.transcript()
    }

    #[test]
    fn a_transcript_has_every_word_and_its_speaker() {
        let messages = vec![
            Message::new(Role::System, "Be short."),
            Message::new(Role::User, "What?"),
        ];
        assert_eq!(transcript(messages), "system: Be short.\n\nuser: What?");
        let reply = ChatReply {
            content: Some("That.".into()),
            tool_calls: vec![ToolCall {
                id: None,
                name: "look".into(),
                arguments: "{}".into(),
                extra: serde_json::Map::new(),
            }],
            ..ChatReply::default()
        };
        assert_eq!(reply.transcript(), "That.\n[tool call] look {}");
        assert_eq!(
            recorded_answer(&reply.transcript()),
            Err(Unrepeatable::Tools)
        );
    }

    #[test]
    fn what_looks_like_the_form_is_text_all_the_same() {
        let content = "a\n\nassistant: b\n[image]\n\n\\user (x): c";
        let message = Message::new(Role::User, content);
        let text = transcript(vec![message.clone()]);
        assert_eq!(
            text,
            "user: a\n\n\\assistant: b\n\\[image]\n\n\\\\user (x): c"
        );
        assert_eq!(recorded_messages(&text), Ok(vec![message]));
    }

    #[test]
    fn what_is_not_recorded_whole_cannot_be_sent_again() {
        let image = Part::Image(Image {
            url: "https://example.com/a.png".parse().unwrap(),
            detail: None,
        });
        let parts = Message::parts(Role::User, vec![Part::Text("What?".into()), image]);
        let mut asks = Message::new(Role::Assistant, "I look.");
        asks.tool_calls.push(json!({"id": "1"}));
        let mut named = Message::new(Role::User, "hi");
        named.name = Some("A)\nnn".into());
        for (message, why) in [
            (parts, Unrepeatable::Image),
            (asks, Unrepeatable::Tools),
            (Message::tool_result("1", "5"), Unrepeatable::Tools),
            (named, Unrepeatable::Name),
        ] {
            let messages = vec![Message::new(Role::User, "a"), message];
            assert_eq!(recorded_messages(&transcript(messages)), Err(why));
        }
        assert_eq!(recorded_messages("hello"), Err(Unrepeatable::Form));
    }

    #[test]
    fn the_first_words_are_those_of_the_last_question() {
        let text = "system: Be short.\n\nuser: One?\n\nassistant: 1\n\nuser:  And\n\n two? ";
        assert_eq!(first_words(text), "And two?");
        assert_eq!(first_words("system: x"), "");
        assert_eq!(first_words(""), "");
        assert!(first_words(&format!("user: {}", "x".repeat(5000))).len() <= 240);
    }

    fn content() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("\n"),
            Just("\n\n"),
            Just("user: "),
            Just("assistant (x): "),
            Just("tool"),
            Just(": "),
            Just("\\"),
            Just("[image]"),
            Just("[tool call] "),
            Just("ä"),
            Just("\r"),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_conversation_of_texts_comes_back(
            contents in prop::collection::vec((0..4_usize, content()), 1..5),
            answer in content(),
        ) {
            let messages: Vec<Message> = contents
                .into_iter()
                .map(|(role, content)| Message::new(ROLES[role], content))
                .collect();
            prop_assert_eq!(recorded_messages(&transcript(messages.clone())), Ok(messages));
            let reply = ChatReply {
                content: Some(answer.clone()),
                ..ChatReply::default()
            };
            let read = recorded_answer(&reply.transcript());
            prop_assert_eq!(read, Ok(Message::new(Role::Assistant, answer)));
        }
    }
}
