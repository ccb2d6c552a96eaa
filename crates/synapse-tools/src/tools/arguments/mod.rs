//! The arguments of a tool call: read by the [shapes](super::shape) that the tool's schema is
//! generated from, then taken one by one.
//!
//! Accepts everything the schema describes, and known variations of clients and models: `5.0` for 5
//! (an integer in JSON Schema), an empty text or null for a missing value, and JSON in a string for
//! a number, boolean, list or object. Text is never reinterpreted, because a prompt may be JSON.

use std::cell::Cell;

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use synapse_core::error::{Code, Failure};
use synapse_mcp::JsonObject;
use synapse_mcp::host::ToolCall;
use synapse_mcp::size::{LARGE, MAX_VALUES, count_values, outweigh};
use tokio::task::spawn_blocking;

use super::refusal::{ArgumentPath, clean, invalid};
use super::shape::{ArgumentShape, SchemaMember};
use super::{Tool, schema};

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
        let reader = ArgumentReader {
            values_left: Cell::new(MAX_VALUES),
        };
        let members = schema::arguments(tool);
        let tool = tool.as_str();
        let left = reader.members(&ArgumentPath::of(tool), members, arguments)?;
        Ok(Self { tool, left })
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
                Err(invalid(format!("{} does not use `{name}`", self.tool)).with("argument", name))
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

/// Reads arguments by their shapes. Refuses the first invalid one.
struct ArgumentReader {
    /// Budget of values in JSON strings: each takes many times its bytes.
    values_left: Cell<usize>,
}

impl ArgumentReader {
    fn members(
        &self,
        place: &ArgumentPath<'_>,
        members: &[SchemaMember],
        mut given: JsonObject,
    ) -> Result<JsonObject, Failure> {
        let unknown = given
            .keys()
            .find(|name| !members.iter().any(|member| member.name == *name));
        if let Some(unknown) = unknown {
            return Err(place.unknown(members, unknown));
        }
        let mut read = JsonObject::new();
        for member in members {
            let value = given.remove(member.name);
            let at = || place.member(member.name);
            match value.filter(|value| !is_absent(member, value)) {
                Some(value) => {
                    let value = self.value(&at(), member.shape, value)?;
                    read.insert(member.name.to_owned(), value);
                }
                None if member.required => return Err(place.lacks(member)),
                None => {}
            }
        }
        Ok(read)
    }

    fn value(
        &self,
        place: &ArgumentPath<'_>,
        shape: ArgumentShape,
        value: Value,
    ) -> Result<Value, Failure> {
        match shape {
            ArgumentShape::Text | ArgumentShape::Speech => match value {
                Value::String(_) => Ok(value),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Word(words) => match value.as_str() {
                Some(word) if words().contains(&word) => Ok(value),
                Some(word) => Err(place.strange_word(&words(), word)),
                None => Err(place.misfit(shape, &value)),
            },
            ArgumentShape::Integer => match self.out_of_text(value) {
                Value::Number(number) => self.integer(place, shape, &number),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Count { least, most } => match self.out_of_text(value) {
                Value::Number(number) => {
                    let integer = self.integer(place, shape, &number)?;
                    let bounds = least..=most.unwrap_or(u64::MAX);
                    match integer.as_u64() {
                        Some(count) if bounds.contains(&count) => Ok(integer),
                        _ => Err(place.out_of_bounds(shape)),
                    }
                }
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Number => match self.out_of_text(value) {
                number @ Value::Number(_) => Ok(number),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Flag => match self.out_of_text(value) {
                flag @ Value::Bool(_) => Ok(flag),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::List(item) => match self.out_of_text(value) {
                Value::Array(values) => values
                    .into_iter()
                    .enumerate()
                    .map(|(index, value)| self.value(&place.item(index), *item, value))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::Array),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Closed(members) => match self.out_of_text(value) {
                Value::Object(object) => self.members(place, members, object).map(Value::Object),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Open(_) => match self.out_of_text(value) {
                object @ Value::Object(_) => Ok(object),
                other => Err(place.misfit(shape, &other)),
            },
            ArgumentShape::Either(shapes) => self.either(place, shape, shapes, value),
        }
    }

    /// A string that contains a JSON object counts as that object where one is accepted: no word
    /// starts with a brace. Otherwise the JSON type decides.
    fn either(
        &self,
        place: &ArgumentPath<'_>,
        shape: ArgumentShape,
        shapes: &[(ArgumentShape, &str)],
        value: Value,
    ) -> Result<Value, Failure> {
        let of = |wanted: fn(ArgumentShape) -> bool| {
            let mut shapes = shapes.iter().map(|(shape, _)| *shape);
            shapes.find(|shape| wanted(*shape))
        };
        let object = of(|shape| matches!(shape, ArgumentShape::Closed(_) | ArgumentShape::Open(_)));
        let value = match (object, &value) {
            (Some(_), Value::String(text)) if text.trim_start().starts_with('{') => {
                match self.out_of_text(value) {
                    Value::String(_) => {
                        let cause = "it begins like a JSON object but is invalid";
                        return Err(place.refuse(cause));
                    }
                    read => read,
                }
            }
            _ => value,
        };
        let fitting = match &value {
            Value::Object(_) => object,
            Value::Array(_) => of(|shape| matches!(shape, ArgumentShape::List(_))),
            Value::String(_) => {
                of(|shape| matches!(shape, ArgumentShape::Text | ArgumentShape::Speech))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        };
        match fitting {
            Some(fitting) => self.value(place, fitting, value),
            None => Err(place.misfit(shape, &value)),
        }
    }

    /// The integer value of `number`. `5.0` and `1e2` are integers.
    fn integer(
        &self,
        place: &ArgumentPath<'_>,
        shape: ArgumentShape,
        number: &Number,
    ) -> Result<Value, Failure> {
        if number.is_u64() && matches!(shape, ArgumentShape::Count { .. }) || number.is_i64() {
            return Ok(Value::Number(number.clone()));
        }
        let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0) else {
            return Err(place.misfit(shape, &Value::Number(number.clone())));
        };
        // Exact: an integer without a fraction is formatted without one.
        let whole = format!("{float:.0}");
        let whole = match shape {
            ArgumentShape::Count { .. } => whole.parse::<u64>().map(Value::from),
            _ => whole.parse::<i64>().map(Value::from),
        };
        whole.map_err(|_| place.out_of_bounds(shape))
    }

    /// Parses JSON in a string; invalid JSON, or too much of it, stays a string.
    fn out_of_text(&self, value: Value) -> Value {
        let Value::String(text) = &value else {
            return value;
        };
        let left = self.values_left.get();
        let Some(left) = left.checked_sub(count_values(text, left)) else {
            return value;
        };
        self.values_left.set(left);
        serde_json::from_str(text).unwrap_or(value)
    }
}

/// Whether a member counts as missing.
fn is_absent(member: &SchemaMember, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) if text.is_empty() && !member.required => match member.shape {
            ArgumentShape::Speech => false,
            ArgumentShape::Either(shapes) => !shapes
                .iter()
                .any(|(shape, _)| matches!(shape, ArgumentShape::Speech)),
            _ => true,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
