//! The arguments of a tool call, read by the tool's schema and taken one by one. A refusal names the
//! argument and says what it takes: the reader is a model that calls again.

use serde::de::DeserializeOwned;
use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;
use synapse_mcp::JsonObject;

use super::{Tool, reader, schema};

/// What is left of a call's arguments.
#[derive(Debug)]
pub(super) struct Arguments {
    tool: &'static str,
    left: JsonObject,
}

impl Arguments {
    /// Reads the arguments of a call of `tool`.
    ///
    /// # Errors
    /// `usage.invalid-arguments` for the first that the tool does not take, or not so.
    pub(super) fn read(tool: Tool, arguments: JsonObject) -> Result<Self, Failure> {
        Ok(Self {
            tool: tool.as_str(),
            left: reader::read(tool.as_str(), schema::arguments(tool), arguments)?,
        })
    }

    /// Takes an argument; `None` when it was left out.
    ///
    /// # Errors
    /// `usage.invalid-arguments` when its parts do not fit each other.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        match self.left.remove(name) {
            None => Ok(None),
            Some(value) => self.typed(name, name, value).map(Some),
        }
    }

    /// Takes a list, and names the element that does not fit.
    ///
    /// # Errors
    /// As [`Arguments::take`].
    pub(super) fn take_list<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(values) = self.take::<Vec<Value>>(name)? else {
            return Ok(None);
        };
        let read = |(index, value)| self.typed(name, &format!("{name}[{index}]"), value);
        values
            .into_iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Refuses what nobody took, so that no argument of the schema is dropped in silence.
    ///
    /// # Errors
    /// `usage.invalid-arguments`.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(invalid(format!("{} does nothing with `{name}`", self.tool))
                    .with("argument", name))
            }
        }
    }

    fn typed<T: DeserializeOwned>(
        &self,
        name: &str,
        place: &str,
        value: Value,
    ) -> Result<T, Failure> {
        serde_json::from_value(value).map_err(|error| {
            invalid(format!("{place} is not what {} takes", self.tool))
                .cause(clean(&error.to_string()))
                .with("argument", name)
        })
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

/// Text of a client, as an error may show it.
pub(super) fn clean(text: &str) -> String {
    let begin: String = text.chars().take(MAX_SCANNED).collect();
    Redactor::none().clean(&begin, MAX_SHOWN)
}

const MAX_SHOWN: usize = 200;

/// Text of a client may be of any length, and the part that is not shown is not looked at.
const MAX_SCANNED: usize = 2 * MAX_SHOWN;
