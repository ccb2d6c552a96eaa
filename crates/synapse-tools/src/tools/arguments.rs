//! The arguments of a tool call, validated by the tool's schema and taken one by one. A refusal
//! names the argument and the accepted values: the reader is a model that retries.

use serde::de::DeserializeOwned;
use serde_json::Value;
use synapse_core::error::Failure;
use synapse_mcp::JsonObject;

use super::refusal::{clean, invalid};
use super::{Tool, reader, schema};

/// The remaining arguments of a call.
#[derive(Debug)]
pub(super) struct Arguments {
    tool: &'static str,
    left: JsonObject,
}

impl Arguments {
    /// Reads the arguments of a call of `tool`.
    ///
    /// # Errors
    /// `usage.invalid-arguments` for the first unknown or invalid one.
    pub(super) fn read(tool: Tool, arguments: JsonObject) -> Result<Self, Failure> {
        Ok(Self {
            tool: tool.as_str(),
            left: reader::read(tool.as_str(), schema::arguments(tool), arguments)?,
        })
    }

    /// Takes an argument; `None` if it is missing.
    ///
    /// # Errors
    /// `usage.invalid-arguments` if its parts are inconsistent.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        match self.left.remove(name) {
            None => Ok(None),
            Some(value) => self.typed(name, name, value).map(Some),
        }
    }

    /// Takes a list, and names an invalid element.
    ///
    /// # Errors
    /// Same as [`Arguments::take`].
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

    /// Refuses remaining arguments, so that none is silently ignored.
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
            invalid(format!("{place} is invalid for {}", self.tool))
                .cause(clean(&error.to_string()))
                .with("argument", name)
        })
    }
}
