//! Refusals of arguments. They name the argument and the accepted values: the reader is a model
//! that retries.

use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;

use super::shape::{ArgumentShape, SchemaMember};

pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

/// Client text for an error message.
pub(super) fn clean(text: &str) -> String {
    let begin: String = text.chars().take(MAX_SCANNED).collect();
    Redactor::none().clean(&begin, MAX_SHOWN)
}

/// The place of a value in the arguments of a tool: `messages[0].content`.
#[derive(Debug, Clone)]
pub(super) struct ArgumentPath<'a> {
    tool: &'a str,
    text: String,
    argument: String,
}

impl<'a> ArgumentPath<'a> {
    /// All arguments of `tool`.
    pub(super) const fn of(tool: &'a str) -> Self {
        Self {
            tool,
            text: String::new(),
            argument: String::new(),
        }
    }

    pub(super) fn member(&self, name: &str) -> Self {
        if self.text.is_empty() {
            Self {
                tool: self.tool,
                text: name.to_owned(),
                argument: name.to_owned(),
            }
        } else {
            Self {
                tool: self.tool,
                text: format!("{}.{name}", self.text),
                argument: self.argument.clone(),
            }
        }
    }

    pub(super) fn item(&self, index: usize) -> Self {
        Self {
            tool: self.tool,
            text: format!("{}[{index}]", self.text),
            argument: self.argument.clone(),
        }
    }

    pub(super) fn unknown(&self, members: &[SchemaMember], unknown: &str) -> Failure {
        let names: Vec<&str> = members.iter().map(|member| member.name).collect();
        let shown = clean(unknown);
        let (message, argument) = if self.text.is_empty() {
            (format!("{} has no argument `{shown}`", self.tool), shown)
        } else {
            (
                format!("{} has no member `{shown}`", self.text),
                self.argument.clone(),
            )
        };
        let mut failure = invalid(message);
        if let Some(near) = nearest(unknown, &names) {
            failure = failure.hint(format!("did you mean `{near}`?"));
        }
        let taken = match names.as_slice() {
            [] => "no arguments".to_owned(),
            names => names.join(", "),
        };
        failure
            .hint(format!("it takes {taken}"))
            .with("argument", argument)
    }

    pub(super) fn strange_word(&self, words: &[&str], word: &str) -> Failure {
        let failure = self.refuse(&format!(
            "it takes {}; `{}` is none of them",
            words.join(", "),
            clean(word)
        ));
        match nearest(word, words) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure,
        }
    }

    pub(super) fn out_of_bounds(&self, shape: ArgumentShape) -> Failure {
        let cause = match shape {
            ArgumentShape::Integer => format!("it takes {} to {}", i64::MIN, i64::MAX),
            _ => format!("it takes {}", shape.takes()),
        };
        invalid(format!("{} is out of bounds", self.text))
            .cause(cause)
            .with("argument", &self.argument)
    }

    pub(super) fn misfit(&self, shape: ArgumentShape, given: &Value) -> Failure {
        let given = match given {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => format!("the number {}", clean(&number.to_string())),
            Value::String(text) => {
                let begin: String = text.chars().take(BEGIN_SHOWN).collect();
                format!("the string `{}`", clean(&begin))
            }
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.refuse(&format!(
            "it takes {}, and was given {given}",
            shape.takes()
        ))
    }

    /// Refuses an object without a required member.
    pub(super) fn lacks(&self, member: &SchemaMember) -> Failure {
        let place = self.member(member.name);
        self.refuse(&format!("`{}` is missing", member.name))
            .hint(format!("{} takes {}", place.text, member.shape.takes()))
    }

    pub(super) fn refuse(&self, cause: &str) -> Failure {
        invalid(format!("{} is invalid for {}", self.text, self.tool))
            .cause(cause)
            .with("argument", &self.argument)
    }
}

/// The most similar name.
fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    if word.len() > MAX_NEAR {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    names
        .iter()
        .map(|name| (strsim::osa_distance(&word, name), *name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

const BEGIN_SHOWN: usize = 60;

/// No name is longer, and the distance is quadratic.
const MAX_NEAR: usize = 40;

const MAX_SHOWN: usize = 200;

/// Client text may be arbitrarily long; the hidden part is not scanned.
const MAX_SCANNED: usize = 2 * MAX_SHOWN;
