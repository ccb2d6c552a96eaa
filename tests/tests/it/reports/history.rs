//! `synapse history list` and `show`.

use insta::assert_snapshot;
use serde_json::{Value, json};
use synapse_tests::Home;

use super::{home_with_calls, masked};

fn calls(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let document = page(home, arguments);
    document["entries"].as_array().unwrap().clone()
}

fn page(home: &Home, arguments: &[&str]) -> Value {
    let arguments = [&["history", "list", "--json"], arguments].concat();
    home.run(arguments).with_code(0).json()
}

fn id(entry: &Value) -> &str {
    entry["call_id"].as_str().unwrap()
}

#[test]
fn a_page_says_where_the_others_are() {
    let home = home_with_calls();
    let all = calls(&home, &[]);
    let ids: Vec<&str> = all.iter().map(id).collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");

    let first = page(&home, &["--limit", "2"]);
    assert_eq!(
        (&first["next"], &first["previous"]),
        (&json!(ids[1]), &Value::Null)
    );
    let second = page(&home, &["--limit", "2", "--before", ids[1]]);
    let shown: Vec<&str> = second["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect();
    assert_eq!(shown, ids[2..4]);
    assert_eq!(
        (&second["next"], &second["previous"]),
        (&json!(ids[3]), &json!(ids[2]))
    );
    let last = page(&home, &["--limit", "2", "--before", ids[3]]);
    assert_eq!(
        (&last["next"], &last["previous"]),
        (&Value::Null, &json!(ids[4]))
    );
    // And back: the page before a call, newest first too.
    let back = page(&home, &["--limit", "2", "--after", ids[2]]);
    let shown: Vec<&str> = back["entries"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(shown, ids[..2]);
    let newest = page(&home, &["--after", ids[0]]);
    assert_eq!(newest["entries"], json!([]));

    let text = home
        .run(["history", "list", "--limit", "2", "--before", ids[1]])
        .with_code(0);
    assert_eq!(
        text.stderr,
        format!(
            "older: add --before {}\nnewer: add --after {}\n",
            ids[3], ids[2]
        )
    );
    home.run(["history", "list", "--before", ids[0], "--after", ids[1]])
        .with_code(2);
}

#[test]
fn a_page_for_people_is_a_table() {
    let home = home_with_calls();
    let output = home.run(["history", "list", "--utc"]).with_code(0);
    let lines: Vec<String> = masked(&output.stdout)
        .lines()
        .map(|line| {
            let mut words: Vec<&str> = line.split(' ').collect();
            // The milliseconds vary.
            words.remove(words.len() - 2);
            words.join(" ")
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    STARTED TO MODEL/TOOL CLIENT OUTCOME TOKENS COST CALL
    [TIME] work gpt-5.6-terra scripted-ide ok 14+4 unknown [ID]
    [TIME] hf deepseek/deepseek-v4-pro - ok 9+3 $0.00002535 estimated [ID]
    [TIME] shut gpt-5.6-terra - refused gate.network-disabled - - [ID]
    [TIME] work gpt-5.6-terra - ok 14+4 unknown [ID]
    [TIME] work gpt-5.6-terra - ok 14+4 unknown [ID]
    ");
    assert_eq!(output.stderr, "");
}

#[test]
fn every_condition_leaves_out_what_it_should() {
    let home = home_with_calls();
    for (arguments, expected) in [
        (&["--connection", "work"][..], 3),
        (&["--connection", "nope"], 0),
        (&["--provider", "huggingface"], 1),
        (&["--model", "gpt-5.6-terra"], 4),
        (&["--client", "terminal"], 4),
        (&["--tool", "chat"], 1),
        (&["--outcome", "refused"], 1),
        (&["--code", "gate.network-disabled"], 1),
        (&["--since", "1h"], 5),
        (&["--until", "2000-01"], 0),
        (&["--text", "hello"], 0),
        (&["--where", "attempts=1"], 4),
        (
            &["--where", "attempts=1", "--where", "client_name=unknown"],
            3,
        ),
        (&["--where", "error_class=network-gate"], 1),
        (
            &["--where", "cost_nano_usd!=unknown", "--connection", "hf"],
            1,
        ),
        (
            &["--where", "http_status>=200", "--where", "http_status<=299"],
            4,
        ),
        (&["--where", "connection!=work"], 2),
    ] {
        assert_eq!(calls(&home, arguments).len(), expected, "{arguments:?}");
    }
    let ide = calls(&home, &["--tool", "chat"]);
    let client = ide[0]["client_name"].as_str().unwrap();
    assert_eq!(calls(&home, &["--client", client]).len(), 1);
}

#[test]
fn a_call_is_shown_whole() {
    let home = home_with_calls();
    let hf = calls(&home, &["--connection", "hf"]);
    let output = home.run(["history", "show", id(&hf[0])]).with_code(0);
    let lines: Vec<String> = masked(&output.stdout)
        .lines()
        .skip(1)
        .filter(|line| !line.ends_with("_ms") && !line.contains("_ms "))
        .map(str::to_owned)
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    call_id [ID]
    started_at [TIME]
    ended_at [TIME]
    operation chat
    outcome ok
    error_class not applicable
    error_code not applicable
    connection hf
    provider huggingface
    host 127.0.0.1:[PORT]
    model_requested deepseek-ai/DeepSeek-V4-Pro:novita
    model_served deepseek/deepseek-v4-pro
    served_by novita
    client_name not applicable
    client_version not applicable
    tool not applicable
    attempts 1
    maybe_billed yes
    http_status 200
    request_id Root=1-fake
    bytes_out 108
    bytes_in 444
    finish_reason stop
    prompt_tokens 9
    completion_tokens 3
    cached_tokens unknown
    cache_write_tokens unknown
    reasoning_tokens unknown
    cost_nano_usd 25350
    cost_source estimated
    priced_at [TIME]
    text: not recorded
    ");
    let document = home
        .run(["history", "show", id(&hf[0]), "--json"])
        .with_code(0)
        .json();
    assert_eq!(document["schema"], "synapse.history-entry/1");
    assert_eq!(document["text"], Value::Null);
    for (key, value) in hf[0].as_object().unwrap() {
        assert_eq!(document[key], *value, "{key}");
    }
}

/// A call that was never sent has no status or cost, rather than an unknown one, and no client.
#[test]
fn a_refusal_says_what_does_not_apply_to_it() {
    let home = home_with_calls();
    let refused = calls(&home, &["--outcome", "refused"]);
    let output = home.run(["history", "show", id(&refused[0])]).with_code(0);
    for column in [
        "http_status",
        "cost_nano_usd",
        "cost_source",
        "served_by",
        "tool",
    ] {
        let line = output
            .stdout
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{column} ")))
            .unwrap();
        assert!(line.ends_with("not applicable"), "{line}");
    }
    assert!(!output.stdout.contains(" unknown\n"), "{output}");
}

/// The first version stays the default; the second must be requested.
#[test]
fn the_second_version_of_a_document_has_cost_sources_in_lower_case() {
    let home = home_with_calls();
    let hf = calls(&home, &["--connection", "hf"]);
    let show = |flag: &str| {
        let output = home.run(["history", "show", id(&hf[0]), flag]);
        output.with_code(0).json()
    };
    let (first, second) = (show("--json"), show("--json=2"));
    assert_eq!(show("--json=1"), first);
    assert_eq!(first["schema"], "synapse.history-entry/1");
    assert_eq!(first["cost"]["source"], "ESTIMATED");
    assert_eq!(second["schema"], "synapse.history-entry/2");
    assert_eq!(second["cost"]["source"], "estimated");
    assert_eq!(first["usage"], second["usage"]);
    let list = home.run(["history", "--json=2"]).with_code(0).json();
    assert_eq!(list["schema"], "synapse.history/2");
    // Filters are case-insensitive.
    for word in ["ESTIMATED", "estimated"] {
        let condition = format!("cost_source={word}");
        assert_eq!(calls(&home, &["--where", &condition]).len(), 1, "{word}");
    }
}
