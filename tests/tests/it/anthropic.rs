//! Anthropic's API through the whole product: create, preflight, models, chat in the terminal and
//! in the IDE, history; network access off, and prompts that the API cannot represent.

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::{AnthropicDouble, AnthropicFault, Route};
use synapse_tests::{Aimock, Era, Flags, Home, LocalProvider as _, Output};

use crate::TWIN;

/// A home with the connection `work`; network access is on unless `more` says otherwise.
fn home(double: &AnthropicDouble, model: &str, more: &[&str]) -> Home {
    let home = Home::new(TWIN);
    let flags = Flags {
        model: model.to_owned(),
        ..double.flags(&home)
    };
    home.create("work", &flags, more).with_code(0);
    home
}

fn error_code(output: &Output) -> Value {
    output.json()["error"]["code"].clone()
}

#[test]
fn from_a_key_to_an_answer_and_its_row() {
    let double = AnthropicDouble::start();
    let open = ["--allow-network", "--max-tokens", "512"];
    let home = home(&double, AnthropicDouble::ALIAS, &open);
    let server = double.server();
    assert_eq!(server.heads(), 1, "the lookup of create");

    let shown = home
        .run(["connection", "show", "work", "--json"])
        .with_code(0)
        .json();
    assert_eq!(shown["connection"]["max_tokens"], 512, "{shown}");
    let checked = home.run(["preflight", "work"]).with_code(0);
    let exists = format!(
        "{} exists and is {}",
        AnthropicDouble::ALIAS,
        AnthropicDouble::MODEL
    );
    assert!(checked.stdout.contains(&exists), "{checked}");
    let models = home.run(["models", "work", "--json"]).with_code(0).json();
    assert_eq!(models["total"], 2, "{models}");
    assert_eq!(models["models"][0]["context_length"], 1_000_000);
    assert_eq!(server.heads(), 3);

    let chat = [
        "chat",
        "work",
        "Say hello",
        "--system",
        "Be brief.",
        "--temperature",
        "0.5",
        "--json",
    ];
    let answered = home.run(chat).with_code(0).json();
    assert_eq!(answered["content"], "Hello", "{answered}");
    let receipt = &answered["receipt"];
    for (key, expected) in [
        ("provider", json!("anthropic")),
        ("model_requested", json!(AnthropicDouble::ALIAS)),
        ("model_served", json!(AnthropicDouble::MODEL)),
        ("attempts", json!(1)),
        ("http_status", json!(200)),
        ("request_id", json!("req_fake_anthropic")),
        ("finish_reason", json!("end_turn")),
        (
            "usage",
            json!({
                "prompt_tokens": 9, "completion_tokens": 3, "cached_tokens": 0, "cache_write_tokens": 0,
                "reasoning_tokens": 0,
            }),
        ),
        // Only Anthropic's own host has known prices.
        (
            "cost",
            json!({"amount_nano_usd": null, "source": "UNKNOWN", "priced_at": null}),
        ),
    ] {
        assert_eq!(receipt[key], expected, "{key}: {receipt}");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    let sent = &requests[3];
    assert_eq!((sent.method(), sent.target()), ("POST", "/v1/messages"));
    assert_eq!(
        sent.json(),
        json!({
            "model": AnthropicDouble::ALIAS,
            "max_tokens": 512,
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [{"role": "user", "content": "Say hello"}],
            "stream": false,
            "temperature": 0.5,
        })
    );
    for request in &requests {
        assert_eq!(request.header("x-api-key"), Some(AnthropicDouble::KEY));
        assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
        assert_eq!(request.header("authorization"), None);
    }

    let mut ide = home.serve(Era::Modern);
    let prompted = ide.call("chat", json!({"prompt": "Say hello", "max_tokens": 7}));
    assert_eq!(prompted["content"][0]["text"], "Hello", "{prompted}");
    assert!(ide.close().status.success());
    assert_eq!(
        server.requests()[4].json()["max_tokens"],
        7,
        "the prompt's own cap"
    );

    home.run(["preflight", "work", "--live"]).with_code(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 7, "a lookup and a probe");
    assert_eq!(requests[6].json()["max_tokens"], 16);

    let rows = home.history();
    assert_eq!(rows.len(), 3, "two prompts and a probe");
    for row in &rows {
        assert_eq!(row["outcome"], "ok", "{row}");
        assert_eq!(row["provider"], "anthropic");
    }
    for (path, content) in home.files() {
        let is_credential = path
            .extension()
            .is_some_and(|extension| extension == "token");
        let holds_key = content
            .windows(AnthropicDouble::KEY.len())
            .any(|part| part == AnthropicDouble::KEY.as_bytes());
        assert_eq!(holds_key, is_credential, "{}", path.display());
    }
}

/// aimock implements the Messages API independently.
#[test]
fn a_messages_api_that_we_did_not_write_is_prompted() {
    let call = json!({"name": "weather", "arguments": "{\"city\":\"Ulm\"}"});
    let aimock = Aimock::start(&json!({"fixtures": [
        {"match": {"toolCallId": "toolu_1"}, "response": {"content": "It is warm."}},
        {"match": {"userMessage": "weather"}, "response": {"toolCalls": [call]}},
        {"match": {"userMessage": "hello"}, "response": {
            "content": "Hi there", "usage": {"input_tokens": 11, "output_tokens": 3}}},
    ]}));
    let home = Home::new(TWIN);
    let credential = home.credential(Aimock::KEY);
    let model = AnthropicDouble::MODEL;
    let flags = Flags::new("anthropic", model, &credential, &aimock.base_url());
    let more = ["--allow-network", "--max-tokens", "64"];
    home.create("work", &flags, &more).with_code(0);
    assert_eq!(
        aimock.journal(),
        [] as [Value; 0],
        "preflight sent a prompt"
    );

    let chat = ["chat", "work", "hello", "--system", "be brief", "--json"];
    let answered = home.run(chat).with_code(0).json();
    assert_eq!(answered["content"], "Hi there", "{answered}");
    let receipt = &answered["receipt"];
    assert_eq!(receipt["finish_reason"], "end_turn");
    assert_eq!(receipt["model_served"], model);
    assert_eq!(receipt["usage"]["prompt_tokens"], 11);
    assert_eq!(receipt["usage"]["completion_tokens"], 3);

    let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}}]);
    let question = json!({"role": "user", "content": "weather in Ulm?"});
    let mut ide = home.serve(Era::Modern);
    let asked = ide.call("chat", json!({"messages": [question], "tools": tools}));
    let document = &asked["structuredContent"];
    assert_eq!(document["receipt"]["finish_reason"], "tool_use", "{asked}");
    let call = &document["tool_calls"][0];
    assert_eq!(call["name"], "weather");
    assert_eq!(call["arguments"], r#"{"city":"Ulm"}"#);
    let turns = json!([
        question,
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "toolu_1", "name": "weather", "arguments": call["arguments"]}]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "21 degrees"},
    ]);
    let told = ide.call("chat", json!({"messages": turns, "tools": tools}));
    assert_eq!(told["content"][0]["text"], "It is warm.", "{told}");
    assert!(ide.close().status.success());

    let journal = aimock.journal();
    assert_eq!(journal.len(), 3, "{journal:?}");
    assert!(journal.iter().all(|entry| entry["path"] == "/v1/messages"));
}

#[test]
fn a_prompt_without_a_cap_is_refused_with_the_command_that_sets_one() {
    let double = AnthropicDouble::start();
    let home = home(&double, AnthropicDouble::MODEL, &["--allow-network"]);
    let refused = home.run(["chat", "work", "hello"]).with_code(2);
    let command = "synapse connection edit work --max-tokens 4096";
    assert!(
        refused.stderr.contains("usage.invalid-arguments"),
        "{refused}"
    );
    assert!(refused.stderr.contains(command), "{refused}");
    assert_eq!(double.server().heads(), 1, "create alone");

    home.run(command.split(' ').skip(1)).with_code(0);
    home.run(["chat", "work", "hello"]).with_code(0);
    let heads = double.server().heads();
    home.run(["chat", "work", "hello", "--max-tokens", "5"])
        .with_code(0);
    assert_eq!(double.server().heads(), heads + 1);
    let rows = home.history();
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["ok", "ok", "refused"]);
}

#[test]
fn a_closed_gate_means_no_socket_and_an_impossible_prompt_is_refused_before_it() {
    let double = AnthropicDouble::start();
    let home = home(
        &double,
        AnthropicDouble::MODEL,
        &["--offline", "--max-tokens", "64"],
    );
    let seed = home
        .run(["chat", "work", "hello", "--seed", "7", "--json"])
        .with_code(2);
    assert_eq!(error_code(&seed), "usage.invalid-arguments");
    for words in [
        &["chat", "work", "hello", "--json"][..],
        &["preflight", "work", "--json"],
        &["models", "work", "--json"],
    ] {
        home.run(words).with_code(5);
    }
    assert_eq!(double.server().accepts(), 0);
}

#[test]
fn a_key_of_another_vendor_is_refused_before_it_is_sent() {
    let double = AnthropicDouble::start();
    for prefix in ["sk-proj-", "hf_", "sk-ant-admin"] {
        let home = Home::new(TWIN);
        let flags = Flags {
            credential: home.credential(&format!("{prefix}{}", "fake")),
            ..double.flags(&home)
        };
        let refused = home
            .create("work", &flags, &["--allow-network", "--json"])
            .with_code(4);
        let document = refused.json();
        assert!(
            document.to_string().contains("credential.wrong-vendor"),
            "{prefix}: {refused}"
        );
    }
    assert_eq!(double.server().accepts(), 0);
}

#[test]
fn what_goes_wrong_has_one_code_one_request_and_one_row() {
    for (fault, code, exit) in [
        (AnthropicFault::KeyRejected, "credential.token-rejected", 4),
        (
            AnthropicFault::MissingPermission,
            "credential.token-permission",
            4,
        ),
        (AnthropicFault::PathNotFound, "endpoint.path-mismatch", 6),
        (AnthropicFault::RegionBlocked, "provider.region-blocked", 7),
        (
            AnthropicFault::WorkspaceMissing,
            "provider.account-scope",
            7,
        ),
        (
            AnthropicFault::CreditsExhausted,
            "provider.credits-exhausted",
            7,
        ),
        (AnthropicFault::RateLimited, "provider.rate-limited", 7),
        (
            AnthropicFault::PromptTooLong,
            "provider.context-too-long",
            7,
        ),
        (
            AnthropicFault::InvalidRequest,
            "provider.request-rejected",
            7,
        ),
        (AnthropicFault::Overloaded, "provider.overloaded", 8),
        (AnthropicFault::ServerError, "provider.failed", 8),
        (AnthropicFault::EventStream, "provider.unexpected-stream", 8),
    ] {
        let double = AnthropicDouble::with_faults([(Route::Chat, fault.clone())]);
        let more = ["--allow-network", "--max-tokens", "64"];
        let home = home(&double, AnthropicDouble::MODEL, &more);
        let before = double.server().heads();
        let failed = home
            .run(["chat", "work", "hello", "--json"])
            .with_code(exit);
        assert_eq!(error_code(&failed), code, "{fault:?}");
        assert_eq!(double.server().heads(), before + 1, "{fault:?}");
        let rows = home.history();
        assert_eq!(rows.len(), 1, "{fault:?}");
        assert_eq!(rows[0]["error_code"], code);
    }
}
