//! Converts a conversation to Anthropic's turns of content blocks, in order.
//!
//! Instructions before the first turn become the system prompt; later ones stay in place as turns
//! of the role `system`, which recent models accept and others reject
//! (<https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages>).

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use synapse_core::chat::{Content, Image, Message, Part, Role};
use synapse_core::error::Failure;

use super::refusal::{foreign_member, refused};

/// A conversation in the API's structure.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    /// Instructions before the first turn.
    pub(super) system: Vec<TextBlock<'a>>,
    /// All turns.
    pub(super) turns: Vec<Turn<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Said<'a>,
}

/// A single text is written as a string, which the API treats as one block.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "text")]
pub(super) struct TextBlock<'a> {
    text: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: ImageSource<'a>,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        /// Verbatim, as the model wrote it.
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Said<'a>,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ImageSource<'a> {
    Url { url: &'a str },
    Base64 { media_type: &'a str, data: &'a str },
}

/// Converts `messages`.
///
/// # Errors
/// `usage.invalid-arguments` for content the API cannot represent, with its position in the list.
pub(super) fn conversation(messages: &[Message]) -> Result<Conversation<'_>, Failure> {
    let instructs = |message: &Message| matches!(message.role, Role::System | Role::Developer);
    let first_turn = messages.iter().position(|message| !instructs(message));
    let (before, behind) = messages.split_at(first_turn.unwrap_or(messages.len()));
    let mut system = Vec::new();
    for (index, message) in before.iter().enumerate() {
        let place = MessagePosition(index);
        place.refuse_name(message)?;
        system.extend(texts(place, message)?);
    }
    let mut turns: Vec<Turn<'_>> = Vec::new();
    let mut follows_tool = false;
    for (index, message) in behind.iter().enumerate() {
        let place = MessagePosition(before.len() + index);
        place.refuse_name(message)?;
        let is_tool = message.role == Role::Tool;
        match turns.last_mut() {
            // The results of one turn's calls belong in one turn.
            Some(Turn {
                content: Said::Blocks(results),
                ..
            }) if is_tool && follows_tool => {
                results.push(tool_result(place, message)?);
            }
            _ => turns.push(turn(place, message)?),
        }
        follows_tool = is_tool;
    }
    if turns.is_empty() {
        return Err(
            refused("messages", "there is no message besides the instructions")
                .cause("Anthropic requires a message of the user in addition to instructions"),
        );
    }
    Ok(Conversation { system, turns })
}

fn turn(place: MessagePosition, message: &Message) -> Result<Turn<'_>, Failure> {
    let (role, content) = match message.role {
        Role::System | Role::Developer => {
            // Rejects images; the content itself is written as given.
            texts(place, message)?;
            ("system", said(place, message)?)
        }
        Role::User => ("user", said(place, message)?),
        Role::Assistant if message.tool_calls.is_empty() => ("assistant", said(place, message)?),
        Role::Assistant => ("assistant", Said::Blocks(asked_for_tools(place, message)?)),
        Role::Tool => ("user", Said::Blocks(vec![tool_result(place, message)?])),
    };
    Ok(Turn { role, content })
}

fn said(place: MessagePosition, message: &Message) -> Result<Said<'_>, Failure> {
    match &message.content {
        Some(Content::Text(text)) => Ok(Said::Text(text)),
        Some(Content::Parts(parts)) => Ok(Said::Blocks(blocks(place, parts)?)),
        None => Err(place.refused("has no content")),
    }
}

fn texts(place: MessagePosition, message: &Message) -> Result<Vec<TextBlock<'_>>, Failure> {
    match &message.content {
        Some(Content::Text(text)) => Ok(vec![TextBlock { text }]),
        Some(Content::Parts(parts)) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Ok(TextBlock { text }),
                Part::Image(_) => Err(place.refused("has an image; instructions are text")),
            })
            .collect(),
        None => Err(place.refused("has no content")),
    }
}

fn blocks(place: MessagePosition, parts: &[Part]) -> Result<Vec<Block<'_>>, Failure> {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => Ok(Block::Text { text }),
            Part::Image(image) => Ok(Block::Image {
                source: source(place, image)?,
            }),
        })
        .collect()
}

fn source(place: MessagePosition, image: &Image) -> Result<ImageSource<'_>, Failure> {
    if image.detail.is_some() {
        return Err(place
            .refused("sets the detail of an image (`detail`)")
            .cause("Anthropic's API does not support that")
            .hint("leave `detail` out"));
    }
    let url = image.url.as_str();
    if begins(url, "https:") {
        return Ok(ImageSource::Url { url });
    }
    if begins(url, "http:") {
        return Err(place
            .refused("has an image at an http:// URL")
            .cause("Anthropic fetches https:// only")
            .hint("use https://, or give the image itself: a file, or a data: URL"));
    }
    let head_and_data = url.split_once(',');
    let parsed = head_and_data.and_then(|(head, data)| {
        let media_type = head.get("data:".len()..)?.strip_suffix(";base64")?;
        (!media_type.contains(';')).then_some(ImageSource::Base64 { media_type, data })
    });
    parsed.ok_or_else(|| {
        place
            .refused("has an image whose data: URL has parameters")
            .cause("Anthropic takes data:image/TYPE;base64,DATA and nothing more")
    })
}

fn begins(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Text beside tool calls comes first, as in the API's answers. Empty texts are dropped, because
/// the API rejects them.
fn asked_for_tools(place: MessagePosition, message: &Message) -> Result<Vec<Block<'_>>, Failure> {
    let mut blocks = match &message.content {
        None => Vec::new(),
        Some(content) if content.is_empty() => Vec::new(),
        Some(Content::Text(text)) => vec![Block::Text { text }],
        Some(Content::Parts(parts)) => blocks(place, parts)?,
    };
    for (index, call) in message.tool_calls.iter().enumerate() {
        blocks.push(tool_use(place, index, call)?);
    }
    Ok(blocks)
}

fn tool_use(place: MessagePosition, index: usize, call: &Value) -> Result<Block<'_>, Failure> {
    let bad = |what: &str| {
        place.refused(&format!("tool_calls[{index}]{what}")).cause(
            "a call is {\"id\", \"type\": \"function\", \"function\": {\"name\", \"arguments\"}}",
        )
    };
    let missing = |key: &str| bad(&format!(": {key} is missing"));
    let function = call.get("function").and_then(Value::as_object);
    let (Some(outer), Some(function)) = (call.as_object(), function) else {
        return Err(bad(" is not a call of a function"));
    };
    if text(outer, "type") != Some("function") {
        return Err(bad(" is not a call of a function"));
    }
    if let Some(key) = foreign_member(outer, &["id", "type", "function"]) {
        return Err(bad(&format!(": there is no place for {key}")));
    }
    if let Some(key) = foreign_member(function, &["name", "arguments"]) {
        return Err(bad(&format!(": there is no place for function.{key}")));
    }
    let arguments = text(function, "arguments").ok_or_else(|| missing("function.arguments"))?;
    Ok(Block::ToolUse {
        id: text(outer, "id").ok_or_else(|| missing("id"))?,
        name: text(function, "name").ok_or_else(|| missing("function.name"))?,
        input: object(arguments).ok_or_else(|| {
            bad(": its arguments are not a JSON object")
                .cause(
                    "Anthropic requires the arguments of earlier calls as an object, not as text",
                )
                .hint("correct the arguments, or leave the call and its result out")
        })?,
    })
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

/// A JSON object, verbatim.
fn object(text: &str) -> Option<&RawValue> {
    serde_json::from_str::<Map<String, Value>>(text).ok()?;
    serde_json::from_str(text).ok()
}

fn tool_result(place: MessagePosition, message: &Message) -> Result<Block<'_>, Failure> {
    let id = message.tool_call_id.as_deref();
    Ok(Block::ToolResult {
        tool_use_id: id.ok_or_else(|| place.refused("has no tool_call_id"))?,
        content: said(place, message)?,
    })
}

/// The position of a message in the list.
#[derive(Debug, Clone, Copy)]
struct MessagePosition(usize);

impl MessagePosition {
    fn refused(self, what: &str) -> Failure {
        refused("messages", format!("messages[{}] {what}", self.0))
    }

    fn refuse_name(self, message: &Message) -> Result<(), Failure> {
        match message.name {
            None => Ok(()),
            Some(_) => Err(self
                .refused("names its speaker (`name`)")
                .cause("Anthropic's API does not support names of participants")
                .hint("leave `name` out, or say the name in the text")),
        }
    }
}
