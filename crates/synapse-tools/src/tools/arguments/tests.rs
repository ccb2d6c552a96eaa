//! The reader compared with the published schema, and its additional leniency.

use serde_json::json;

use super::*;

/// Whether `value` matches `schema`, per JSON Schema 2020-12. Shares no code with the reader.
fn fits(schema: &Value, value: &Value) -> bool {
    if let Some(branches) = schema.get("anyOf") {
        let branches = branches.as_array().unwrap();
        return branches.iter().any(|branch| fits(branch, value));
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    match schema["type"].as_str().unwrap() {
        "string" => {
            let words = schema.get("enum").map(|words| words.as_array().unwrap());
            value.is_string() && words.is_none_or(|words| words.contains(value))
        }
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| {
            number.fract() == 0.0
                && bound("minimum").is_none_or(|least| number >= least)
                && bound("maximum").is_none_or(|most| number <= most)
        }),
        "array" => {
            let items = value.as_array();
            items.is_some_and(|items| items.iter().all(|item| fits(&schema["items"], item)))
        }
        "object" => {
            let properties = schema["properties"].as_object().unwrap();
            let closed = schema.get("additionalProperties") == Some(&json!(false));
            let required = schema
                .get("required")
                .map(|names| names.as_array().unwrap());
            value.as_object().is_some_and(|members| {
                members
                    .iter()
                    .all(|(name, member)| match properties.get(name) {
                        Some(property) => fits(property, member),
                        None => !closed,
                    })
                    && required.is_none_or(|names| {
                        let name = |name: &Value| name.as_str().unwrap().to_owned();
                        names.iter().all(|each| members.contains_key(&name(each)))
                    })
            })
        }
        other => panic!("{other}"),
    }
}

/// A value of every kind, valid for some property and invalid for the others.
fn values() -> Vec<Value> {
    vec![
        json!("text"),
        json!("user"),
        json!("ok"),
        json!("connection"),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(5.0),
        json!(1e2),
        json!(5.5),
        json!(1001),
        json!(u64::MAX),
        json!([]),
        json!(["text"]),
        json!([1]),
        json!([{}]),
        json!([[]]),
        json!({}),
        json!({"type": "function"}),
        json!({"type": "function", "function": {"name": "f"}}),
        json!({"role": "user"}),
        json!([{"role": "user", "content": "x"}]),
        json!([{"role": "user", "content": [{"type": "text", "text": "x"}]}]),
        json!([{"role": "user", "content": 7}]),
        json!([{"role": "user", "content": [7]}]),
        json!([{"role": "user", "content": [{"type": "text", "words": "x"}]}]),
        json!([{"role": "user", "content": {"type": "text"}}]),
        json!([{"role": "wizard", "content": "x"}]),
        json!([{"content": "x"}]),
        json!([{"role": "user", "content": "x", "mood": "y"}]),
        json!([{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "https://h.test/a.png"}}]}]),
        json!([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]),
        json!([{"role": "user", "name": ["x"]}]),
        json!([{"role": "assistant", "tool_calls": [{"id": "c"}]}]),
        json!([{"role": "assistant", "tool_calls": ["c"]}]),
    ]
}

fn one(tool: Tool, name: &str, value: Value) -> Result<JsonObject, Failure> {
    let given = JsonObject::from_iter([(name.to_owned(), value)]);
    Arguments::read(tool, given).map(|arguments| arguments.left)
}

fn properties(tool: Tool) -> JsonObject {
    let described = schema::describe(tool);
    let properties = described["inputSchema"]["properties"].as_object();
    properties.unwrap().clone()
}

/// Every tool, every property, a value of every kind: the reader accepts exactly what matches the
/// published schema, except that it is limited to 64 bits.
#[test]
fn the_reader_and_the_schema_agree() {
    let mut judged = 0;
    for tool in Tool::ALL {
        for (name, schema) in properties(tool) {
            for value in values() {
                let said = fits(&schema, &value);
                let read = one(tool, &name, value.clone());
                if value == json!(u64::MAX) && name == "seed" {
                    assert!(read.is_err(), "{value} is no 64-bit number with a sign");
                    continue;
                }
                assert_eq!(read.is_ok(), said, "{name}: {value}: {read:?}");
                match read {
                    Ok(read) => assert!(fits(&schema, &read[&name]), "{read:?}"),
                    Err(failure) => {
                        let argument = failure.context().get("argument");
                        assert_eq!(argument, Some(&name), "{value}: {failure:?}");
                    }
                }
                // The same as JSON in a string, where the schema has no string type.
                let text = json!(value.to_string());
                if !value.is_string() && !fits(&schema, &text) {
                    let read = one(tool, &name, text);
                    assert_eq!(read.is_ok(), said, "{name}: {value}");
                }
                judged += 1;
            }
            for absent in [Value::Null, json!("")] {
                assert_eq!(one(tool, &name, absent), Ok(JsonObject::new()), "{name}");
            }
        }
    }
    assert!(judged > 1000, "{judged}");
}

#[test]
fn numbers_are_whole_when_their_fraction_is_zero() {
    for (given, whole) in [
        (json!(5), Some(5)),
        (json!(5.0), Some(5)),
        (json!(1e2), Some(100)),
        (json!("7"), Some(7)),
        (json!(" 7.0 "), Some(7)),
        (json!("1e1"), Some(10)),
        (json!(5.5), None),
        (json!("5.5"), None),
        (json!("five"), None),
        (json!("0x5"), None),
        (json!(0), None),
        (json!(-1.0), None),
        (json!(201), None),
        (json!(1e300), None),
        (json!("[5]"), None),
        (json!(true), None),
    ] {
        let read = one(Tool::History, "limit", given.clone());
        let read = read.ok().map(|read| read["limit"].as_u64().unwrap());
        assert_eq!(read, whole, "{given}");
    }
    for (given, seed) in [
        (json!(-1.0), Some(-1)),
        (json!(i64::MIN), Some(i64::MIN)),
        (
            json!(9_007_199_254_740_993_i64),
            Some(9_007_199_254_740_993),
        ),
        (json!(1e18), Some(1_000_000_000_000_000_000)),
        (json!(1e19), None),
    ] {
        let read = one(Tool::Chat, "seed", given.clone()).ok();
        assert_eq!(
            read.map(|read| read["seed"].as_i64().unwrap()),
            seed,
            "{given}"
        );
    }
}

#[test]
fn an_unknown_argument_is_named_with_the_one_that_was_meant() {
    for (given, message, hint) in [
        (
            "prmpt",
            "chat has no argument `prmpt`",
            "did you mean `prompt`?",
        ),
        (
            "maxTokens",
            "chat has no argument `maxTokens`",
            "did you mean `max_tokens`?",
        ),
        (
            "max-tokens",
            "chat has no argument `max-tokens`",
            "did you mean `max_tokens`?",
        ),
        (
            "message",
            "chat has no argument `message`",
            "did you mean `messages`?",
        ),
        (
            "n",
            "chat has no argument `n`",
            "it takes connection, prompt, ",
        ),
        (
            "zzzzzz",
            "chat has no argument `zzzzzz`",
            "it takes connection, prompt, ",
        ),
        (
            "m\u{1b}",
            "chat has no argument `m\u{fffd}`",
            "it takes connection, prompt, ",
        ),
    ] {
        let failure = one(Tool::Chat, given, json!("x")).unwrap_err();
        assert_eq!(failure.message(), message);
        let shown = &failure.hints()[0].text;
        assert!(shown.starts_with(hint), "{given}: {shown}");
    }
    let nested = json!([{"role": "user", "contnet": "x"}]);
    let failure = one(Tool::Chat, "messages", nested).unwrap_err();
    assert_eq!(failure.message(), "messages[0] has no member `contnet`");
    assert_eq!(failure.hints()[0].text, "did you mean `content`?");
    assert_eq!(failure.context()["argument"], "messages");
    let failure = one(Tool::Usage, "by", json!("conection")).unwrap_err();
    assert_eq!(failure.hints()[0].text, "did you mean `connection`?");
    let failure = one(Tool::ListConnections, "all", json!(true)).unwrap_err();
    assert_eq!(failure.hints()[0].text, "it takes no arguments");
}

#[test]
fn what_was_given_is_shown_up_to_its_beginning() {
    let failure = one(Tool::Chat, "messages", json!("x".repeat(1_000_000))).unwrap_err();
    let cause = failure.causes()[0];
    assert!(
        cause.starts_with("it takes an array, and was given the string `xxx"),
        "{cause}"
    );
    assert!(cause.chars().count() < 200, "{cause}");
    let long = "y".repeat(1_000_000);
    let failure = one(Tool::Chat, &long, json!("x")).unwrap_err();
    assert!(failure.message().chars().count() < 300);
}

/// JSON in strings counts towards the total limit of values.
#[test]
fn values_hidden_in_texts_are_counted() {
    let list = format!("{{\"a\":[{}1]}}", "1,".repeat(40_000));
    assert!(one(Tool::Chat, "tools", json!([list, list])).is_ok());
    let failure = one(Tool::Chat, "tools", json!([list, list, list])).unwrap_err();
    assert_eq!(failure.message(), "tools[2] is invalid for chat");
}

/// Every argument in the schema is used; see [`Arguments::finish`].
#[test]
fn what_is_left_is_refused() {
    let given = JsonObject::from_iter([("live".to_owned(), json!(true))]);
    let arguments = Arguments::read(Tool::Preflight, given).unwrap();
    let failure = arguments.finish().unwrap_err();
    assert_eq!(failure.message(), "preflight does not use `live`");
}
