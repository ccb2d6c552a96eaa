//! Reads the arguments of a call by the [shapes](super::shape) that its schema is generated from.
//!
//! Accepts everything the schema describes, and known variations of clients and models: `5.0` for 5
//! (an integer in JSON Schema), an empty text or null for a missing value, and JSON in a string for
//! a number, boolean, list or object. Text is never reinterpreted, because a prompt may be JSON.

use std::cell::Cell;

use serde_json::{Number, Value};
use synapse_core::error::Failure;
use synapse_mcp::JsonObject;
use synapse_mcp::size::{MAX_VALUES, count_values};

use super::refusal::{clean, invalid};
use super::shape::{ArgumentShape, Member};

/// Reads the arguments of `tool`: the present `members`.
///
/// # Errors
/// `usage.invalid-arguments`, naming the first invalid position and the accepted values.
pub(super) fn read(
    tool: &str,
    members: &[Member],
    arguments: JsonObject,
) -> Result<JsonObject, Failure> {
    let reader = Reader {
        tool,
        values_left: Cell::new(MAX_VALUES),
    };
    reader.members(&ArgumentPath::root(), members, arguments)
}

struct Reader<'a> {
    tool: &'a str,
    /// Budget of values in JSON strings: each takes many times its bytes.
    values_left: Cell<usize>,
}

/// The path of a value in the arguments: `messages[0].content`.
#[derive(Debug, Clone)]
struct ArgumentPath {
    text: String,
    argument: String,
}

impl ArgumentPath {
    const fn root() -> Self {
        Self {
            text: String::new(),
            argument: String::new(),
        }
    }

    fn member(&self, name: &str) -> Self {
        if self.text.is_empty() {
            Self {
                text: name.to_owned(),
                argument: name.to_owned(),
            }
        } else {
            Self {
                text: format!("{}.{name}", self.text),
                argument: self.argument.clone(),
            }
        }
    }

    fn item(&self, index: usize) -> Self {
        Self {
            text: format!("{}[{index}]", self.text),
            argument: self.argument.clone(),
        }
    }
}

impl Reader<'_> {
    fn members(
        &self,
        place: &ArgumentPath,
        members: &[Member],
        mut given: JsonObject,
    ) -> Result<JsonObject, Failure> {
        let unknown = given
            .keys()
            .find(|name| !members.iter().any(|member| member.name == *name));
        if let Some(unknown) = unknown {
            return Err(self.unknown(place, members, unknown));
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
                None if member.required => {
                    return Err(self
                        .refuse(place, &format!("`{}` is missing", member.name))
                        .hint(format!("{} takes {}", at().text, member.shape.takes())));
                }
                None => {}
            }
        }
        Ok(read)
    }

    fn value(
        &self,
        place: &ArgumentPath,
        shape: ArgumentShape,
        value: Value,
    ) -> Result<Value, Failure> {
        match shape {
            ArgumentShape::Text | ArgumentShape::Speech => match value {
                Value::String(_) => Ok(value),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Word(words) => match value.as_str() {
                Some(word) if words().contains(&word) => Ok(value),
                Some(word) => Err(self.strange_word(place, &words(), word)),
                None => Err(self.misfit(place, shape, &value)),
            },
            ArgumentShape::Integer => match self.out_of_text(value) {
                Value::Number(number) => self.integer(place, shape, &number),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Count { least, most } => match self.out_of_text(value) {
                Value::Number(number) => {
                    let integer = self.integer(place, shape, &number)?;
                    let bounds = least..=most.unwrap_or(u64::MAX);
                    match integer.as_u64() {
                        Some(count) if bounds.contains(&count) => Ok(integer),
                        _ => Err(self.out_of_bounds(place, shape)),
                    }
                }
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Number => match self.out_of_text(value) {
                number @ Value::Number(_) => Ok(number),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Flag => match self.out_of_text(value) {
                flag @ Value::Bool(_) => Ok(flag),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::List(item) => match self.out_of_text(value) {
                Value::Array(values) => values
                    .into_iter()
                    .enumerate()
                    .map(|(index, value)| self.value(&place.item(index), *item, value))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::Array),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Closed(members) => match self.out_of_text(value) {
                Value::Object(object) => self.members(place, members, object).map(Value::Object),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Open(_) => match self.out_of_text(value) {
                object @ Value::Object(_) => Ok(object),
                other => Err(self.misfit(place, shape, &other)),
            },
            ArgumentShape::Either(shapes) => self.either(place, shape, shapes, value),
        }
    }

    /// A string that contains a JSON object counts as that object where one is accepted: no word
    /// starts with a brace. Otherwise the JSON type decides.
    fn either(
        &self,
        place: &ArgumentPath,
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
                        return Err(self.refuse(place, cause));
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
            None => Err(self.misfit(place, shape, &value)),
        }
    }

    /// The integer value of `number`. `5.0` and `1e2` are integers.
    fn integer(
        &self,
        place: &ArgumentPath,
        shape: ArgumentShape,
        number: &Number,
    ) -> Result<Value, Failure> {
        if number.is_u64() && matches!(shape, ArgumentShape::Count { .. }) || number.is_i64() {
            return Ok(Value::Number(number.clone()));
        }
        let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0) else {
            return Err(self.misfit(place, shape, &Value::Number(number.clone())));
        };
        // Exact: an integer without a fraction is formatted without one.
        let whole = format!("{float:.0}");
        let whole = match shape {
            ArgumentShape::Count { .. } => whole.parse::<u64>().map(Value::from),
            _ => whole.parse::<i64>().map(Value::from),
        };
        whole.map_err(|_| self.out_of_bounds(place, shape))
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

    fn unknown(&self, place: &ArgumentPath, members: &[Member], unknown: &str) -> Failure {
        let names: Vec<&str> = members.iter().map(|member| member.name).collect();
        let shown = clean(unknown);
        let (message, argument) = if place.text.is_empty() {
            (format!("{} has no argument `{shown}`", self.tool), shown)
        } else {
            (
                format!("{} has no member `{shown}`", place.text),
                place.argument.clone(),
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

    fn strange_word(&self, place: &ArgumentPath, words: &[&str], word: &str) -> Failure {
        let failure = self.refuse(
            place,
            &format!(
                "it takes {}; `{}` is none of them",
                words.join(", "),
                clean(word)
            ),
        );
        match nearest(word, words) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure,
        }
    }

    fn out_of_bounds(&self, place: &ArgumentPath, shape: ArgumentShape) -> Failure {
        let cause = match shape {
            ArgumentShape::Integer => format!("it takes {} to {}", i64::MIN, i64::MAX),
            _ => format!("it takes {}", shape.takes()),
        };
        invalid(format!("{} is out of bounds", place.text))
            .cause(cause)
            .with("argument", &place.argument)
    }

    fn misfit(&self, place: &ArgumentPath, shape: ArgumentShape, given: &Value) -> Failure {
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
        self.refuse(
            place,
            &format!("it takes {}, and was given {given}", shape.takes()),
        )
    }

    fn refuse(&self, place: &ArgumentPath, cause: &str) -> Failure {
        invalid(format!("{} is invalid for {}", place.text, self.tool))
            .cause(cause)
            .with("argument", &place.argument)
    }
}

/// Whether a member counts as missing.
fn is_absent(member: &Member, value: &Value) -> bool {
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

#[cfg(test)]
mod tests;
