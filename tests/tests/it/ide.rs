//! The main path, end to end: a connection created in the terminal, an IDE that speaks MCP, a
//! provider on a real socket, then history and usage.

use std::path::Path;

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::{HuggingFaceDouble, OpenAiDouble};
use synapse_tests::process::Run;
use synapse_tests::{Aimock, Era, Flags, Home, Ide, LocalProvider as _};

use crate::TWIN;
const MODEL: &str = "gpt-4.1-mini";

#[test]
fn a_client_of_2025_11_25_prompts_a_provider_that_we_did_not_write() {
    prompt_aimock(Era::Legacy);
}

#[test]
fn a_client_of_2026_07_28_prompts_a_provider_that_we_did_not_write() {
    prompt_aimock(Era::Modern);
}

fn prompt_aimock(era: Era) {
    let aimock = Aimock::start(&fixtures());
    let home = Home::new(TWIN);
    create(&home, &aimock);
    assert_eq!(
        aimock.journal(),
        [] as [Value; 0],
        "preflight sent a prompt"
    );

    let mut ide = start_as_the_snippet_says(&home);
    ide.shake_hands(era);
    let listed = ide.result("tools/list", json!({}));
    let tools = listed["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| &tool["name"]).collect();
    assert_eq!(
        names,
        [
            "chat",
            "list_connections",
            "list_models",
            "preflight",
            "usage",
            "history"
        ]
    );
    let connections = ide.call("list_connections", json!({}));
    let listed = &connections["structuredContent"]["connections"];
    assert_eq!(listed[0]["name"], "work", "{connections}");
    assert_eq!(listed[0]["network"], "open");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(aimock.journal(), [] as [Value; 0]);

    let first = ide.call("chat", json!({"prompt": "hello"}));
    let receipt = answered(&first, "Hi there");
    let second = ide.call(
        "chat",
        json!({
            "connection": "work",
            "messages": [
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "Hi there"},
                {"role": "user", "content": "and \"goodbye\"\n✓"},
            ],
            "system": "be brief",
            "max_tokens": 50,
            "temperature": 0.5,
        }),
    );
    answered(&second, "Bye");

    let journal = aimock.journal();
    let bodies: Vec<_> = journal.iter().map(sent_body).collect();
    assert_eq!(
        bodies,
        [
            json!({
                "model": MODEL,
                "messages": [{"role": "user", "content": "hello"}],
                "stream": false,
            }),
            json!({
                "model": MODEL,
                "messages": [
                    {"role": "system", "content": "be brief"},
                    {"role": "user", "content": "hello"},
                    {"role": "assistant", "content": "Hi there"},
                    {"role": "user", "content": "and \"goodbye\"\n✓"},
                ],
                "stream": false,
                "max_completion_tokens": 50,
                "temperature": 0.5,
            }),
        ]
    );
    assert_eq!(receipt, expected_receipt(&receipt, &aimock, &journal[0]));

    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.stderr, "");

    let rows = home.history();
    assert_eq!(rows.len(), 2, "{rows:?}");
    for (row, result) in rows.iter().zip([&second, &first]) {
        let receipt = &result["structuredContent"]["receipt"];
        assert_eq!(*row, expected_row(row, receipt));
    }
    let mut usage = home.run(["usage", "--json"]).with_code(0).json();
    for place in ["/lines/0", "/total"] {
        let line = usage.pointer_mut(place).unwrap();
        for latency in ["p50_latency_ms", "p95_latency_ms"] {
            let known = line[latency].is_u64();
            assert!(known, "{line}");
            line[latency] = json!("some");
        }
    }
    let sums = json!({
        "calls": 2, "ok": 2, "failed": 0, "refused": 0, "success_rate": 1.0,
        "p50_latency_ms": "some", "p95_latency_ms": "some",
        "prompt_tokens": 31, "completion_tokens": 4, "unknown_tokens": 0,
        "cost_nano_usd": null, "unknown_cost": 2,
        // Absent from the answers.
        "cached_tokens": null, "reasoning_tokens": null,
    });
    assert_eq!(usage["lines"], json!([with_key(&sums, "work")]));
    assert_eq!(usage["total"], with_key(&sums, "total"));
    let shown = home.run(["usage"]).with_code(0);
    assert!(shown.stdout.contains("unknown"), "{shown}");
}

fn fixtures() -> Value {
    let fixture = |prompt: &str, answer: &str, tokens: (u64, u64)| {
        json!({
            "match": {"userMessage": prompt, "model": MODEL},
            "response": {"content": answer, "usage": {
                "prompt_tokens": tokens.0,
                "completion_tokens": tokens.1,
                "total_tokens": tokens.0 + tokens.1,
            }},
        })
    };
    json!({"fixtures": [fixture("goodbye", "Bye", (20, 1)), fixture("hello", "Hi there", (11, 3))]})
}

fn create(home: &Home, aimock: &Aimock) {
    let credential = home.credential(Aimock::KEY);
    let flags = Flags::new("openai", MODEL, &credential, &aimock.base_url());
    let created = home.create("work", &flags, &["--allow-network", "--json"]);
    let document = created.with_code(0).json();
    let checks = document["preflight"]["checks"].as_array().unwrap();
    let outcomes: Vec<_> = checks
        .iter()
        .map(|check| {
            (
                check["id"].as_str().unwrap(),
                check["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("config", "ok"),
            ("endpoint", "ok"),
            ("gate", "ok"),
            ("credential", "ok"),
            ("reach", "ok"),
            ("token", "ok"),
            ("model", "ok"),
            ("live", "skip"),
        ],
        "{document}"
    );
    assert_eq!(
        document["connection"]["preflight"]["unproven"],
        json!(["live"])
    );
}

/// The snippet's environment suffices: no `HOME`, no `PATH`.
fn start_as_the_snippet_says(home: &Home) -> Ide {
    let snippet = home.run(["ide", "snippet"]).with_code(0).json();
    let entry = &snippet["mcpServers"]["synapse"];
    let arguments = entry["args"].as_array().unwrap();
    let arguments = arguments.iter().map(|word| word.as_str().unwrap());
    let variables = entry["env"].as_object().unwrap();
    let command = Path::new(entry["command"].as_str().unwrap());
    assert!(command.is_absolute());
    Ide::start(
        variables
            .iter()
            .fold(Run::new(command, arguments), |run, (name, value)| {
                run.env(name, value.as_str().unwrap())
            }),
    )
}

/// The receipt of a call with that answer.
fn answered(result: &Value, answer: &str) -> Value {
    assert_ne!(result["isError"], true, "{result}");
    let blocks = result["content"].as_array().unwrap();
    assert_eq!(blocks[0], json!({"type": "text", "text": answer}));
    assert_eq!(blocks[1]["annotations"], json!({"audience": ["user"]}));
    let document = &result["structuredContent"];
    let call_id = document["receipt"]["call_id"].as_str().unwrap();
    assert!(blocks[1]["text"].as_str().unwrap().ends_with(call_id));
    assert_eq!(blocks.len(), 2, "{result}");
    assert_eq!(document["schema"], "synapse.chat/1");
    assert_eq!(document["ok"], true);
    assert_eq!(document["content"], answer);
    assert!(document.get("warnings").is_none(), "{document}");
    document["receipt"].clone()
}

/// The request body, without the field that aimock adds to its journal.
fn sent_body(entry: &Value) -> Value {
    assert_eq!(entry["method"], "POST", "{entry}");
    assert_eq!(entry["path"], "/v1/chat/completions", "{entry}");
    let mut body = entry["body"].clone();
    body.as_object_mut().unwrap().remove("_endpointType");
    body
}

/// The whole receipt; only unpredictable values are copied from the actual one.
fn expected_receipt(receipt: &Value, aimock: &Aimock, journal: &Value) -> Value {
    let unforeseen = |key: &str| {
        assert!(!receipt[key].is_null(), "{key} is unknown: {receipt}");
        receipt[key].clone()
    };
    let length = journal["headers"]["content-length"].as_str().unwrap();
    json!({
        "call_id": unforeseen("call_id"),
        "connection": "work",
        "provider": "openai",
        "host": aimock.host(),
        "model_requested": MODEL,
        "model_served": MODEL,
        "served_by": null,
        "attempts": 1,
        "http_status": 200,
        "request_id": journal["headers"]["x-request-id"],
        "finish_reason": "stop",
        "usage": {
            "prompt_tokens": 11, "completion_tokens": 3,
            "cached_tokens": null, "cache_write_tokens": null, "reasoning_tokens": null,
        },
        "cost": {"amount_nano_usd": null, "source": "UNKNOWN", "priced_at": null},
        "headers_ms": unforeseen("headers_ms"),
        "latency_ms": unforeseen("latency_ms"),
        "bytes_out": length.parse::<u64>().unwrap(),
        "bytes_in": unforeseen("bytes_in"),
        "maybe_billed": true,
    })
}

/// The row of a call: its receipt and its client.
fn expected_row(row: &Value, receipt: &Value) -> Value {
    assert!(row["started_at"].as_str().unwrap().ends_with('Z'), "{row}");
    let mut expected = receipt.clone();
    let fields = expected.as_object_mut().unwrap();
    fields.insert("started_at".to_owned(), row["started_at"].clone());
    for (key, value) in [
        ("ended_at", row["ended_at"].clone()),
        ("outcome", json!("ok")),
        ("hub", Value::Null),
        ("error_class", json!(null)),
        ("error_code", json!(null)),
        ("operation", json!("chat")),
        ("client_name", json!(Ide::NAME)),
        ("client_version", json!(Ide::VERSION)),
        ("tool", json!("chat")),
    ] {
        fields.insert(key.to_owned(), value);
    }
    expected
}

fn with_key(sums: &Value, key: &str) -> Value {
    let mut line = sums.clone();
    line["key"] = json!(key);
    line
}

#[test]
fn hugging_face_is_asked_who_the_token_is_and_names_the_sub_provider() {
    let double = HuggingFaceDouble::start();
    let home = Home::new(TWIN);
    let flags = double.flags(&home);
    let bill_to = ["--bill-to", HuggingFaceDouble::ORGANIZATION];
    let refused = home.create("hf", &flags, &[&bill_to[..], &["--allow-network"]].concat());
    // The double's token is valid for its own account only, which preflight detects before any
    // prompt.
    let refused = refused.with_code(4);
    assert!(
        refused.stderr.contains("credential.token-permission"),
        "{refused}"
    );

    let created = home.create("hf", &flags, &["--allow-network"]).with_code(0);
    assert!(created.stdout.contains("saved hf"), "{created}");
    let seen = || -> Vec<_> {
        let requests = double.server().requests();
        let line = |request: &synapse_testkit::raw::RecordedRequest| {
            let bearer = request.header("authorization").map(str::to_owned);
            (format!("{} {}", request.method(), request.path()), bearer)
        };
        requests.iter().map(line).collect()
    };
    let bearer = Some(format!("Bearer {}", HuggingFaceDouble::TOKEN));
    let ladder = [
        (format!("GET /v1/models/{}", HuggingFaceDouble::MODEL), None),
        ("GET /api/whoami-v2".to_owned(), bearer.clone()),
    ];
    assert_eq!(seen(), [&ladder[..], &ladder[..]].concat());

    let mut ide = home.serve(Era::Modern);
    let result = ide.call("chat", json!({"prompt": "hello"}));
    let receipt = answered(&result, "Hello");
    assert_eq!(receipt["model_requested"], flags.model);
    assert_eq!(receipt["model_served"], "deepseek/deepseek-v4-pro");
    assert_eq!(receipt["served_by"], "novita");
    assert_eq!(receipt["request_id"], "Root=1-fake");
    assert_eq!(result["structuredContent"]["reasoning"], "A greeting.");
    let requests = double.server().requests();
    assert_eq!(requests.len(), 5);
    assert_eq!(seen()[4], ("POST /v1/chat/completions".to_owned(), bearer));
    assert_eq!(
        requests[4].json(),
        json!({
            "model": flags.model,
            "messages": [{"role": "user", "content": "hello"}],
            "stream": false,
        })
    );
    assert!(ide.close().status.success());
}

#[test]
fn account_headers_are_sent_when_named_and_only_then() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let account = ["--organization", "org-1", "--project", "proj-1"];
    home.save("named", &double, &[&account[..], double.opening()].concat());
    home.save("bare", &double, double.opening());
    for name in ["named", "bare"] {
        home.run(["chat", name, "hello"]).with_code(0);
    }
    let requests = double.server().requests();
    let headers: Vec<_> = requests
        .iter()
        .map(|request| {
            let header = |name: &str| request.header(name).unwrap_or("-").to_owned();
            (header("openai-organization"), header("openai-project"))
        })
        .collect();
    let named = ("org-1".to_owned(), "proj-1".to_owned());
    let bare = ("-".to_owned(), "-".to_owned());
    assert_eq!(headers, [named.clone(), bare.clone(), named, bare]);
}

#[test]
fn a_server_scoped_to_a_connection_serves_no_other() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    for name in ["mine", "other"] {
        home.save(name, &double, double.opening());
    }
    let preflights = double.server().requests().len();
    let server = home.twin(["serve", "--connection", "mine"]);
    let mut ide = Ide::connect(server, Era::Legacy);
    let listed = ide.call("list_connections", json!({}));
    let connections = listed["structuredContent"]["connections"]
        .as_array()
        .unwrap();
    assert_eq!(connections.len(), 1, "{listed}");
    assert_eq!(connections[0]["name"], "mine");
    let refused = ide.call("chat", json!({"prompt": "hello", "connection": "other"}));
    assert_eq!(refused["isError"], true);
    assert_eq!(
        refused["structuredContent"]["error"]["code"],
        "usage.invalid-arguments"
    );
    assert_eq!(double.server().requests().len(), preflights);
    let receipt = answered(&ide.call("chat", json!({"prompt": "hello"})), "Hello");
    assert_eq!(receipt["connection"], "mine");
    assert_eq!(double.server().requests().len(), preflights + 1);
}
