//! The arguments of a tool call, validated by the tool's schema and taken one by one. A refusal
//! names the argument and the accepted values: the reader is a model that retries.

use serde::de::DeserializeOwned;
use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_mcp::JsonObject;
use synapse_mcp::host::ToolCall;
use synapse_mcp::size::{LARGE, outweigh};
use tokio::task::spawn_blocking;

use super::refusal::{clean, invalid};
use super::{Tool, reader, schema};

/// Runs `read`, which reads the arguments of `call`; off the server's thread if they are large.
///
/// # Errors
/// Those of `read`; `internal.invariant` if it panicked or the runtime is shutting down.
pub(super) async fn reading<T: Send + 'static>(
    call: ToolCall,
    read: impl FnOnce(ToolCall) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    if !outweigh(call.arguments.values(), LARGE) {
        return read(call);
    }
    let result = spawn_blocking(move || read(call)).await;
    result.map_err(|error| {
        let message = "the arguments could not be read on a separate thread";
        Failure::new(Code::InternalInvariant, message).caused_by(&error)
    })?
}

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

    /// The same; large ones are read off the server's thread.
    ///
    /// # Errors
    /// Same as [`Arguments::read`] and [`reading`].
    pub(super) async fn of(tool: Tool, call: ToolCall) -> Result<Self, Failure> {
        reading(call, move |call| Self::read(tool, call.arguments)).await
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
