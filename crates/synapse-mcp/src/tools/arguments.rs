//! Arguments of a tool call, read one by one, so that a refusal names the argument and says what
//! it takes: the reader is a model that calls again.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::Value;
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;

use crate::JsonObject;

/// What is left of a call's arguments.
#[derive(Debug)]
pub(super) struct Arguments {
    tool: &'static str,
    left: JsonObject,
    known: Vec<&'static str>,
}

impl Arguments {
    pub(super) const fn new(tool: &'static str, arguments: JsonObject) -> Self {
        Self {
            tool,
            left: arguments,
            known: Vec::new(),
        }
    }

    /// Takes an argument; `None` when it is absent or null.
    ///
    /// # Errors
    /// `usage.invalid-arguments` when it has another type.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Failure> {
        self.known.push(name);
        match self.left.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.read(name, name, value).map(Some),
        }
    }

    /// Takes a list, and names the element that does not fit.
    ///
    /// # Errors
    /// As [`Arguments::take`].
    pub(super) fn take_list<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(values) = self.take::<Vec<Value>>(name)? else {
            return Ok(None);
        };
        let read = |(index, value)| self.read(name, &format!("{name}[{index}]"), value);
        values
            .into_iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Takes a whole number within bounds.
    ///
    /// # Errors
    /// As [`Arguments::take`], also when it is out of them.
    pub(super) fn take_within(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Failure> {
        match self.take::<u64>(name)? {
            Some(number) if !bounds.contains(&number) => {
                Err(invalid(format!("{name} is out of bounds"))
                    .cause(format!("it takes {} to {}", bounds.start(), bounds.end()))
                    .with("argument", name))
            }
            number => Ok(number),
        }
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, with the arguments that there are.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Some(unknown) = self.left.keys().next() else {
            return Ok(());
        };
        let unknown = clean(unknown);
        let failure = invalid(format!("{} has no argument `{unknown}`", self.tool));
        let taken = match self.known.as_slice() {
            [] => "no arguments".to_owned(),
            known => known.join(", "),
        };
        Err(failure
            .hint(format!("it takes {taken}"))
            .with("argument", unknown))
    }

    fn read<T: DeserializeOwned>(
        &self,
        name: &'static str,
        place: &str,
        value: Value,
    ) -> Result<T, Failure> {
        serde_json::from_value(value).map_err(|error| {
            invalid(format!("{place} is not what {} takes", self.tool))
                .cause(both_ends(&error.to_string()))
                .with("argument", name)
        })
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

/// Text of a client, as an error may show it.
pub(super) fn clean(text: &str) -> String {
    Redactor::none().clean(text, MAX_SHOWN)
}

/// A reason names what was given and then what is expected; what was given may be of any length.
fn both_ends(reason: &str) -> String {
    let count = reason.chars().count();
    if count <= MAX_SHOWN {
        return clean(reason);
    }
    let begin: String = reason.chars().take(BEGIN_SHOWN).collect();
    let end: String = reason.chars().skip(count - END_SHOWN).collect();
    format!("{} … {}", clean(&begin), clean(&end))
}

const MAX_SHOWN: usize = 200;
const BEGIN_SHOWN: usize = 60;
const END_SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(value: Value) -> Arguments {
        match value {
            Value::Object(object) => Arguments::new("chat", object),
            _ => panic!("arguments are an object"),
        }
    }

    #[test]
    fn arguments_are_taken_once_and_null_is_absent() {
        let mut given = arguments(json!({"a": 1, "b": null, "d": ["x"]}));
        assert_eq!(given.take::<u64>("a"), Ok(Some(1)));
        assert_eq!(given.take::<u64>("b"), Ok(None));
        assert_eq!(given.take::<u64>("c"), Ok(None));
        assert_eq!(given.take_list("d"), Ok(Some(vec!["x".to_owned()])));
        assert_eq!(given.finish(), Ok(()));
    }

    #[test]
    fn a_refusal_names_the_place_and_says_what_is_taken() {
        let mut given = arguments(json!({"temperature": "hot", "tools": ["x", 2], "m\u{1b}": 1}));
        let failure = given.take::<f64>("temperature").unwrap_err();
        assert_eq!(failure.message, "temperature is not what chat takes");
        assert_eq!(
            failure.causes,
            ["invalid type: string \"hot\", expected f64"]
        );
        assert_eq!(failure.context["argument"], "temperature");
        let failure = given.take_list::<String>("tools").unwrap_err();
        assert_eq!(failure.message, "tools[1] is not what chat takes");
        let failure = given.finish().unwrap_err();
        assert_eq!(failure.message, "chat has no argument `m\u{fffd}`");
        assert_eq!(failure.hints[0].text, "it takes temperature, tools");
    }

    #[test]
    fn what_is_expected_survives_what_was_given() {
        let mut given = arguments(json!({"messages": "x".repeat(1_000_000)}));
        let failure = given.take_list::<String>("messages").unwrap_err();
        let cause = &failure.causes[0];
        assert!(cause.starts_with("invalid type: string \"xxx"), "{cause}");
        assert!(cause.ends_with("x\", expected a sequence"), "{cause}");
        assert!(cause.chars().count() < 200, "{cause}");
    }
}
