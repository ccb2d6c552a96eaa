//! The content of a message: text, or parts of text and images, parsed from the API's JSON.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::MessageError;
use super::image::Image;

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain text, supported by every model.
    Text(String),
    /// Parts in order, for models with image input.
    Parts(Vec<Part>),
}

impl Content {
    /// Whether there is no text and no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Parts(parts) => parts.iter().all(|part| match part {
                Part::Text(text) => text.is_empty(),
                Part::Image(_) => false,
            }),
        }
    }
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PartFields")]
pub enum Part {
    /// Text.
    Text(String),
    /// An image.
    Image(Image),
}

/// A part as the API writes it.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a part: {\"type\": \"text\", \"text\"} or {\"type\": \"image_url\", \"image_url\": {\"url\"}}"
)]
struct PartFields {
    r#type: PartType,
    text: Option<String>,
    image_url: Option<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PartType {
    Text,
    ImageUrl,
}

impl TryFrom<PartFields> for Part {
    type Error = MessageError;

    fn try_from(fields: PartFields) -> Result<Self, MessageError> {
        match (fields.r#type, fields.text, fields.image_url) {
            (PartType::Text, Some(text), None) => Ok(Self::Text(text)),
            (PartType::ImageUrl, None, Some(image)) => Ok(Self::Image(image)),
            (PartType::Text | PartType::ImageUrl, _, _) => Err(MessageError::PartShape),
        }
    }
}

/// By hand: serde's error for an untagged enum does not name the variant that failed.
impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrParts;

        impl<'de> Visitor<'de> for TextOrParts {
            type Value = Content;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("`content` as text or as a list of parts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Content, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Content, E> {
                Ok(Content::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }

        deserializer.deserialize_any(TextOrParts)
    }
}
