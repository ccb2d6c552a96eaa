//! Prompt and answer as plain text, for a ledger whose owner wants to find them again.

use super::{ChatReply, ChatRequest, Content, Message, Part, Role};

impl ChatRequest {
    /// The conversation as text: each message headed by its role, an image by its mark alone.
    #[must_use]
    pub fn transcript(&self) -> String {
        let messages: Vec<String> = self.messages.iter().map(said).collect();
        messages.join("\n\n")
    }
}

impl ChatReply {
    /// The answer as text: what was said or refused, then the tool calls, one to a line.
    #[must_use]
    pub fn transcript(&self) -> String {
        let spoken = [&self.content, &self.refusal].into_iter().flatten();
        let calls = self
            .tool_calls
            .iter()
            .map(|call| format!("[tool call] {} {}", call.name, call.arguments));
        let parts: Vec<String> = spoken.cloned().chain(calls).collect();
        parts.join("\n")
    }
}

fn said(message: &Message) -> String {
    let role = match message.role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let content = match &message.content {
        None => String::new(),
        Some(Content::Text(text)) => text.clone(),
        Some(Content::Parts(parts)) => {
            let parts: Vec<&str> = parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.as_str(),
                    Part::Image(_) => "[image]",
                })
                .collect();
            parts.join("\n")
        }
    };
    let calls: String = message
        .tool_calls
        .iter()
        .map(|call| format!("\n[tool call] {call}"))
        .collect();
    format!("{role}: {content}{calls}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ToolCall;

    #[test]
    fn a_transcript_has_every_word_and_its_speaker() {
        let mut request = ChatRequest::prompt("m".parse().unwrap(), "What?");
        request
            .messages
            .insert(0, Message::new(Role::System, "Be short."));
        assert_eq!(request.transcript(), "system: Be short.\n\nuser: What?");
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
    }
}
