//! The product's own prompts: texts that make the IDE's model use the tool `chat`. They send
//! nothing themselves, and the user sees them first.

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::host::{Caller, HostError, Listing, PromptCall, PromptHost};

use crate::object;

/// The product's own prompts.
#[derive(Debug, Clone, Default)]
pub struct ProductPrompts {
    scoped: bool,
}

impl ProductPrompts {
    /// Every prompt.
    #[must_use]
    pub const fn new() -> Self {
        Self { scoped: false }
    }

    /// Omits prompts that need more than one connection.
    #[must_use]
    pub const fn for_one_connection(mut self) -> Self {
        self.scoped = true;
        self
    }

    fn prompt(&self, name: &str) -> Option<&'static Prompt> {
        self.prompts().find(|prompt| prompt.name == name)
    }

    fn prompts(&self) -> impl Iterator<Item = &'static Prompt> {
        let scoped = self.scoped;
        let prompts = PROMPTS.iter();
        prompts.filter(move |prompt| !(scoped && prompt.needs_several))
    }
}

#[async_trait]
impl PromptHost for ProductPrompts {
    async fn list_prompts(&self, _caller: &Caller) -> Result<Listing, HostError> {
        Ok(Listing::new(self.prompts().map(Prompt::describe)))
    }

    fn owns(&self, prompt: &str) -> bool {
        self.prompt(prompt).is_some()
    }

    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError> {
        let prompt = self
            .prompt(&call.name)
            .ok_or_else(|| invalid("unknown prompt"))?;
        let given = Given::parse(prompt, &call.arguments)?;
        let content = json!({ "type": "text", "text": (prompt.write)(&given) });
        Ok(object(json!({
            "description": prompt.description,
            "messages": [{ "role": "user", "content": content }],
        })))
    }
}

/// One prompt.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Name, whether it is required, and description.
    arguments: &'static [(&'static str, bool, &'static str)],
    needs_several: bool,
    write: fn(&Given<'_>) -> String,
}

/// The arguments of a call.
#[derive(Debug)]
struct Given<'a>(&'a JsonObject);

impl Prompt {
    fn describe(&self) -> JsonObject {
        let argument = |(name, required, description): &(&str, bool, &str)| json!({ "name": name, "description": description, "required": required });
        object(json!({
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "arguments": self.arguments.iter().map(argument).collect::<Vec<_>>(),
        }))
    }
}

impl<'a> Given<'a> {
    fn parse(prompt: &Prompt, arguments: &'a JsonObject) -> Result<Self, HostError> {
        for (name, value) in arguments {
            let known = prompt.arguments.iter().any(|(known, ..)| known == name);
            if !known {
                let taken: Vec<&str> = prompt.arguments.iter().map(|(name, ..)| *name).collect();
                let taken = taken.join(", ");
                return Err(invalid(format!("{} takes {taken}", prompt.name)));
            }
            if !value.is_string() {
                return Err(invalid(format!("`{name}` must be a string")));
            }
        }
        let given = Self(arguments);
        match prompt
            .arguments
            .iter()
            .find(|(name, required, _)| *required && given.text(name).is_none())
        {
            Some((name, ..)) => Err(invalid(format!("`{name}` is missing"))),
            None => Ok(given),
        }
    }

    /// A non-empty argument.
    fn text(&self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name).and_then(Value::as_str)?;
        (!text.is_empty()).then_some(text)
    }

    fn required(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// The tool to call, with its arguments.
    fn chat(&self) -> String {
        let mut with = Vec::new();
        for name in ["connection", "model"] {
            if let Some(value) = self.text(name) {
                with.push(format!("{name} `{value}`"));
            }
        }
        match with.as_slice() {
            [] => "the tool `chat` of Synapse".to_owned(),
            with => format!("the tool `chat` of Synapse with {}", with.join(" and ")),
        }
    }
}

fn second_opinion(given: &Given<'_>) -> String {
    let mut text = format!(
        "Get a second opinion. Call {} once, with the question below as its prompt, word for word. \
         Then say where that answer agrees with yours, where it differs and who is right, and give \
         the better answer. Name the model that answered and its cost, from the receipt.\n\n\
         Question:\n{}",
        given.chat(),
        given.required("question"),
    );
    if let Some(answer) = given.text("answer") {
        text.push_str("\n\nThe first answer, which the other model must not see:\n");
        text.push_str(answer);
    }
    text
}

fn review_diff(given: &Given<'_>) -> String {
    let focus = match given.text("focus") {
        Some(focus) => format!(" Look above all at {focus}."),
        None => String::new(),
    };
    format!(
        "Have another model review a diff. Call {} once, with a prompt that asks for a code review \
         (defects first, each with file and line and how it fails; no praise, no summary) and ends \
         with the whole diff below.{focus} Then check each finding against the code, and tell me \
         which ones hold and what to change. Name the model and its cost, from the receipt.\n\n\
         ```diff\n{}\n```",
        given.chat(),
        given.required("diff"),
    )
}

fn compare_connections(given: &Given<'_>) -> String {
    format!(
        "Compare two model connections. Call the tool `chat` of Synapse twice with the prompt below, \
         word for word: once with connection `{}`, once with connection `{}`. Show both answers side \
         by side, then a table from the receipts: model served, prompt and completion tokens, cost, \
         latency (what is null is unknown). Say which answer you would take, and why.\n\n\
         Prompt:\n{}",
        given.required("first"),
        given.required("second"),
        given.required("prompt"),
    )
}

fn invalid(message: impl Into<String>) -> HostError {
    HostError::InvalidParams {
        message: message.into(),
    }
}

const CONNECTION: (&str, bool, &str) = ("connection", false, "Which connection answers");

/// Every prompt, in the order of the list.
pub(crate) const PROMPTS: [Prompt; 3] = [
    Prompt {
        name: "second_opinion",
        title: "Second opinion",
        description: "Ask another model the same question, and compare",
        arguments: &[
            ("question", true, "What to ask"),
            ("answer", false, "The first answer"),
            CONNECTION,
            ("model", false, "Another model than the connection's"),
        ],
        needs_several: false,
        write: second_opinion,
    },
    Prompt {
        name: "review_diff",
        title: "Review a diff",
        description: "Let another model review a diff, and check what it finds",
        arguments: &[
            ("diff", true, "The diff, as git prints it"),
            ("focus", false, "What to look at above all"),
            CONNECTION,
        ],
        needs_several: false,
        write: review_diff,
    },
    Prompt {
        name: "compare_connections",
        title: "Compare two connections",
        description: "Send one prompt to two connections, and compare answers, cost and time",
        arguments: &[
            ("prompt", true, "What to send to both"),
            ("first", true, "A connection"),
            ("second", true, "Another connection"),
        ],
        needs_several: true,
        write: compare_connections,
    },
];
