//! `tools/list` against the strictest published validators of tool schemas, reimplemented from
//! their vendors' documentation; each also rejects a schema known to fail there.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use synapse_mcp::{Caller, ProtocolRevision, ToolHost};

use crate::bench::bench;

/// The name and the input schema of every tool.
async fn schemas() -> Vec<(String, Value)> {
    let caller = Caller::new(ProtocolRevision::V2026_07_28);
    let listed = bench().tools.list_tools(&caller).await.unwrap();
    let tools = listed.into_objects().into_iter().map(|mut tool| {
        let name = tool["name"].as_str().unwrap().to_owned();
        (name, tool.remove("inputSchema").unwrap())
    });
    tools.collect()
}

/// Calls `judge` with every schema inside `schema`, including itself, and its path.
fn walk(
    schema: &Value,
    place: &str,
    depth: usize,
    judge: &mut impl FnMut(&Map<String, Value>, &str, usize),
) {
    let members = schema
        .as_object()
        .unwrap_or_else(|| panic!("{place} is no schema"));
    judge(members, place, depth);
    for (name, property) in members
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        walk(property, &format!("{place}.{name}"), depth + 1, judge);
    }
    if let Some(items) = members.get("items") {
        walk(items, &format!("{place}[]"), depth, judge);
    }
    for branch in members
        .get("anyOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        walk(branch, &format!("{place}|"), depth, judge);
    }
}

fn strings<'a>(schema: &'a Map<String, Value>, keyword: &str) -> Vec<&'a str> {
    let values = schema
        .get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    values.filter_map(Value::as_str).collect()
}

/// OpenAI's structured outputs, as used by strict tools: the page "Structured model outputs",
/// section "Supported schemas", as of February 2026
/// (<https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>). Clients make a
/// schema strict before sending it, as the Agents SDK does (`strict_schema.py` of
/// openai/openai-agents-python at 014750b): every object is closed, every property required, and an
/// explicitly open object is rejected.
fn openai_strict(schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut properties, mut letters, mut words) = (0, 0, 0);
    if schema["type"] != "object" || schema.get("anyOf").is_some() {
        wrong.push("the root is no object".to_owned());
    }
    walk(schema, "", 0, &mut |schema, place, depth| {
        let mut refuse = |rule: &str| wrong.push(format!("{place}: {rule}"));
        for keyword in schema.keys() {
            if !OPENAI_KEYWORDS.contains(&keyword.as_str()) {
                refuse(&format!("'{keyword}' is not permitted"));
            }
        }
        match schema.get("type") {
            None if !schema.contains_key("anyOf") => refuse("schema must have a 'type' key"),
            Some(Value::String(word)) if word == "array" && !schema.contains_key("items") => {
                refuse("array schema missing items");
            }
            Some(Value::String(word)) if word == "object" => {
                if schema
                    .get("additionalProperties")
                    .is_some_and(|open| *open != json!(false))
                {
                    refuse("additionalProperties should be set to False");
                }
                if !schema.contains_key("properties") {
                    refuse("object schema missing properties");
                }
            }
            _ => {}
        }
        if depth > 10 {
            refuse("more than 10 levels of nesting");
        }
        let names = schema.get("properties").and_then(Value::as_object);
        properties += names.map_or(0, Map::len);
        letters += names.map_or(0, |names| names.keys().map(String::len).sum());
        let listed = strings(schema, "enum");
        words += listed.len();
        letters += listed.iter().map(|word| word.len()).sum::<usize>();
    });
    if properties > 5000 || letters > 120_000 || words > 1000 {
        wrong.push("too large".to_owned());
    }
    wrong
}

const OPENAI_KEYWORDS: [&str; 10] = [
    "type",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "anyOf",
    "minimum",
    "maximum",
];

/// Gemini's function declarations: `Schema` of the Gemini and Vertex AI API, a subset of OpenAPI
/// 3.0 (<https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/Schema>, as
/// of September 2026), where `type` is one word, with the API's known rejections: "didn't specify
/// the schema type field", "items: missing field", "only allowed for STRING type", "should be
/// non-empty for OBJECT type", "when using any_of, it must be the only field set", and undefined
/// required properties. Clients omit `additionalProperties` and the parameters of a function
/// without any.
fn gemini(schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(schema, "", 0, &mut |schema, place, _| {
        let mut refuse = |rule: &str| wrong.push(format!("{place}: {rule}"));
        for keyword in schema.keys() {
            if !GEMINI_FIELDS.contains(&keyword.as_str()) && keyword != "additionalProperties" {
                refuse(&format!("Unknown name \"{keyword}\": Cannot find field"));
            }
        }
        if schema.contains_key("anyOf") {
            if schema.len() > 1 {
                refuse("when using any_of, it must be the only field set");
            }
            return;
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(_) => return refuse("Proto field is not repeating, cannot start list"),
            None => return refuse("didn't specify the schema type field"),
        };
        if !["string", "integer", "number", "boolean", "array", "object"].contains(&kind) {
            refuse("Invalid value (Type)");
        }
        if kind == "array" && !schema.contains_key("items") {
            refuse("items: missing field");
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array)
            && (kind != "string" || !words.iter().all(Value::is_string))
        {
            refuse("enum: only allowed for STRING type");
        }
        let names: BTreeSet<&str> = schema
            .get("properties")
            .and_then(Value::as_object)
            .map(|names| names.keys().map(String::as_str).collect())
            .unwrap_or_default();
        if kind == "object" && names.is_empty() && !place.is_empty() {
            refuse("properties: should be non-empty for OBJECT type");
        }
        if strings(schema, "required")
            .iter()
            .any(|name| !names.contains(name))
        {
            refuse("required: property is not defined");
        }
    });
    wrong
}

const GEMINI_FIELDS: [&str; 22] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "default",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "properties",
    "propertyOrdering",
    "required",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
];

/// Moonshot's flavour of JSON Schema at its strictest level, "ultra": MoonshotAI/walle at 28e79e1,
/// `validator.go`, `keyword_validators.go` and `model.go`, limited to the keywords that Synapse
/// uses.
fn moonshot(schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut properties = 0;
    if schema.to_string().len() > 15_000 {
        wrong.push("schema exceeds maximum allowed size".to_owned());
    }
    walk(schema, "", 0, &mut |schema, place, depth| {
        let mut refuse = |rule: &str| wrong.push(format!("{place}: {rule}"));
        let kind = schema.get("type").and_then(Value::as_str);
        let own: &[&str] = match kind {
            Some("object") => &["properties", "required", "additionalProperties", "anyOf"],
            Some("array") => &["items", "minItems", "maxItems"],
            Some("string") => &["minLength", "maxLength", "pattern", "enum"],
            Some("integer" | "number") => &["minimum", "maximum", "enum"],
            Some("boolean" | "null") => &["enum"],
            Some(_) => return refuse("invalid type"),
            None => &["anyOf"],
        };
        for keyword in schema.keys() {
            let common = ["type", "default", "description", "title"].contains(&keyword.as_str());
            if keyword == "enum" && kind.is_none() {
                refuse("type is not defined");
            } else if !common && !own.contains(&keyword.as_str()) {
                refuse(&format!("invalid keywords: {keyword}"));
            }
        }
        if kind.is_some() && schema.contains_key("anyOf") {
            refuse("when using anyOf, type should be defined in anyOf items");
        }
        if depth > 10 {
            refuse("schema depth exceeds maximum limit of 10");
        }
        if let Some(words) = schema.get("enum") {
            let words = words.as_array().unwrap();
            let strange = words
                .iter()
                .any(|word| word.is_string() != (kind == Some("string")));
            if words.is_empty() || words.len() > 500 || strange {
                refuse("enum");
            }
        }
        let names = schema.get("properties").and_then(Value::as_object);
        properties += names.map_or(0, Map::len);
        let named = |name: &&str| names.is_some_and(|names| names.contains_key(*name));
        let required = strings(schema, "required");
        if !required.iter().all(named)
            || required.iter().collect::<BTreeSet<_>>().len() != required.len()
        {
            refuse("required property is not defined in properties");
        }
        for reserved in ["$defs", "$ref", "anyOf", "required", "additionalProperties"] {
            if named(&reserved) {
                refuse("property name is reserved for JSON Schema keywords");
            }
        }
    });
    if properties > 1000 {
        wrong.push("total number of properties".to_owned());
    }
    wrong
}

type Judge = fn(&Value) -> Vec<String>;

const JUDGES: [(&str, Judge); 3] = [
    ("OpenAI strict", openai_strict),
    ("Gemini", gemini),
    ("Moonshot", moonshot),
];

#[tokio::test]
async fn every_schema_passes_the_strictest_readers() {
    for (tool, schema) in schemas().await {
        for (who, judge) in JUDGES {
            assert_eq!(judge(&schema), [""; 0], "{who}: {tool}");
        }
    }
}

/// The validators reject what their originals reject.
#[test]
fn the_judges_refuse_what_is_known_to_fail() {
    let with = |property: Value| json!({"type": "object", "properties": {"p": property}});
    for (who, rule, schema) in [
        (
            "OpenAI strict",
            "'type' key",
            with(json!({"description": "x"})),
        ),
        (
            "OpenAI strict",
            "missing items",
            with(json!({"type": "array"})),
        ),
        (
            "OpenAI strict",
            "'default'",
            with(json!({"type": "integer", "default": 5})),
        ),
        (
            "OpenAI strict",
            "set to False",
            with(json!({"type": "object", "properties": {}, "additionalProperties": true})),
        ),
        ("OpenAI strict", "the root", json!({"anyOf": []})),
        ("Gemini", "schema type field", with(json!({"enum": ["a"]}))),
        (
            "Gemini",
            "not repeating",
            with(json!({"type": ["string", "null"]})),
        ),
        ("Gemini", "items", with(json!({"type": "array"}))),
        (
            "Gemini",
            "STRING type",
            with(json!({"type": "integer", "enum": [1]})),
        ),
        ("Gemini", "non-empty", with(json!({"type": "object"}))),
        (
            "Gemini",
            "only field",
            with(json!({"anyOf": [{"type": "string"}], "description": "x"})),
        ),
        (
            "Gemini",
            "\"const\"",
            with(json!({"type": "string", "const": "x"})),
        ),
        (
            "Moonshot",
            "type is not defined",
            with(json!({"enum": ["a"]})),
        ),
        (
            "Moonshot",
            "anyOf items",
            with(json!({"type": "object", "anyOf": [{"type": "string"}]})),
        ),
        (
            "Moonshot",
            "reserved",
            with(json!({"type": "object", "properties": {"required": {"type": "string"}}})),
        ),
        (
            "Moonshot",
            "keywords: items",
            with(json!({"type": "string", "items": {"type": "string"}})),
        ),
    ] {
        let (_, judge) = JUDGES.iter().find(|(name, _)| *name == who).unwrap();
        let wrong = judge(&schema);
        assert!(
            wrong.iter().any(|each| each.contains(rule)),
            "{who}: {rule}: {wrong:?}"
        );
    }
}

/// A client that loses types stringifies untyped values.
#[tokio::test]
async fn every_property_has_a_type_or_is_a_union_of_types() {
    let mut seen = 0;
    for (tool, schema) in schemas().await {
        walk(&schema, &tool, 0, &mut |schema, place, _| {
            let typed = schema.get("type").is_some_and(Value::is_string);
            assert!(typed != schema.contains_key("anyOf"), "{place}");
            seen += 1;
        });
    }
    assert!(seen > 50, "{seen}");
}
