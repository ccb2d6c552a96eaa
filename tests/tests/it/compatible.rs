//! OpenAI-compatible servers through the whole product: Ollama without a token from start to
//! answer, failures on the way, and preset features.

use serde_json::{Value, json};
use synapse_testkit::raw::{ClosedPort, RawServer, Reply};
use synapse_tests::{Home, Output};

use crate::TWIN;

/// Ollama, modelled on its source: `/api/tags`, and chat for its one model.
fn ollama() -> RawServer {
    RawServer::start(|request| match (request.method(), request.path()) {
        ("GET", "/api/tags") => {
            let model = |name: &str, size: u64, parameters: &str| {
                json!({"name": name, "model": name, "size": size, "digest": "fake",
                    "details": {"format": "gguf", "family": "llama", "parameter_size": parameters,
                        "quantization_level": "Q4_K_M"}})
            };
            let models = [
                model("llama3.2:latest", 2_019_393_189, "3.2B"),
                model("qwen3:8b", 5_225_388_164, "8.2B"),
            ];
            Reply::json(200, json!({"models": models}).to_string())
        }
        ("POST", "/v1/chat/completions") if request.json()["model"] == "llama3.2" => {
            let answer = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1,
                "model": "llama3.2", "system_fingerprint": "fp_ollama",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"},
                    "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 26, "completion_tokens": 2, "total_tokens": 28}});
            Reply::json(200, answer.to_string())
        }
        ("POST", "/v1/chat/completions") => {
            let error = json!({"error": {"message": "model 'nope' not found",
                "type": "not_found_error", "param": null, "code": null}});
            Reply::json(404, error.to_string())
        }
        _ => Reply::typed(404, "text/plain", "404 page not found"),
    })
}

fn create(home: &Home, provider: &str, model: &str, base_url: &str, more: &[&str]) -> Output {
    let words = ["connection", "create", "local", "--provider", provider];
    let described = ["--model", model, "--base-url", base_url];
    home.run([&words[..], &described, more].concat())
}

#[test]
fn ollama_needs_no_token_from_nothing_to_an_answer_and_its_row() {
    let server = ollama();
    let base_url = server.url("/v1").to_string();
    let home = Home::new(TWIN);
    let created = create(&home, "ollama", "llama3.2", &base_url, &["--allow-network"]).with_code(0);
    let report = created.stdout.replace(server.origin().host(), "HOST");
    insta::assert_snapshot!(report, @r"
    Preflight local  ollama · llama3.2
      ok    config      Ollama · llama3.2
      ok    endpoint    http://HOST/v1
      ok    gate        open for HOST
      ok    credential  the connection has no key: none is read or sent
      ok    reach       HOST answers
      ok    token       not required: HOST answered without one
      ok    model       llama3.2 exists (3.2B, Q4_K_M)
      skip  live        not asked for: permission to chat, credits and a real answer are unproven (--live sends one small paid prompt)
    proven: config, endpoint, gate, credential, reach, token, model
    not proven: live
    hosts: HOST
    saved local
    ");
    assert_eq!(server.heads(), 1, "one list");
    let file = std::fs::read_to_string(home.connections()).unwrap();
    assert!(!file.contains("credential ="), "{file}");

    let shown = home.run(["connection", "show", "local"]).with_code(0);
    assert!(
        shown
            .stdout
            .contains("none: nothing is read and nothing is sent"),
        "{shown}"
    );
    let listed = home.run(["models", "local"]).with_code(0);
    insta::assert_snapshot!(listed.stdout, @r"
    MODEL              SIZE  PARAMETERS  QUANTIZATION
    llama3.2:latest  2.0 GB        3.2B  Q4_K_M
    qwen3:8b         5.2 GB        8.2B  Q4_K_M
    ");
    let checked = home
        .run(["preflight", "local", "--live", "--json"])
        .with_code(0)
        .json();
    assert_eq!(checked["ok"], true, "{checked}");
    assert_eq!(
        server.heads(),
        4,
        "create, models, and the two of a live preflight"
    );

    let asked = home
        .run(["chat", "local", "Say hello", "--json"])
        .with_code(0)
        .json();
    assert_eq!(asked["content"], "Hello", "{asked}");
    let receipt = &asked["receipt"];
    assert_eq!(receipt["usage"]["prompt_tokens"], 26);
    assert_eq!(
        receipt["cost"]["source"], "UNKNOWN",
        "nobody says what it costs"
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 5);
    let targets: Vec<&str> = requests.iter().map(|request| request.target()).collect();
    let (tags, chat) = ("/api/tags", "/v1/chat/completions");
    assert_eq!(targets, [tags, tags, tags, chat, chat]);
    assert_eq!(
        requests[4].json(),
        json!({"model": "llama3.2", "messages": [{"role": "user", "content": "Say hello"}],
            "stream": false})
    );
    for request in &requests {
        assert_eq!(request.header("authorization"), None);
    }
    let rows = home.history();
    assert_eq!(rows.len(), 2, "the probe and the prompt");
    assert_eq!(
        (&rows[0]["outcome"], &rows[0]["provider"]),
        (&json!("ok"), &json!("ollama"))
    );

    let unknown = home
        .run(["chat", "local", "hi", "--model", "nope"])
        .with_code(7);
    assert!(unknown.stderr.contains("ollama pull nope"), "{unknown}");
    assert_eq!(server.heads(), 6);
}

#[test]
fn a_closed_gate_opens_no_socket_on_this_machine_either() {
    let server = ollama();
    let base_url = server.url("/v1").to_string();
    let home = Home::new(TWIN);
    let refused = create(&home, "ollama", "llama3.2", &base_url, &[]).with_code(5);
    assert!(
        refused.stderr.contains("gate.network-disabled"),
        "{refused}"
    );
    let _saved = create(&home, "ollama", "llama3.2", &base_url, &["--offline"]).with_code(0);
    let _refused = home.run(["chat", "local", "hi"]).with_code(5);
    let _refused = home.run(["models", "local"]).with_code(5);
    assert_eq!(server.accepts(), 0);
}

#[test]
fn what_is_not_there_comes_with_the_command_that_brings_it() {
    let server = ollama();
    let base_url = server.url("/v1").to_string();
    let home = Home::new(TWIN);
    let open = ["--allow-network"];
    let absent = create(&home, "ollama", "llama3.1", &base_url, &open).with_code(7);
    for said in [
        "provider.model-unavailable",
        "llama3.2:latest",
        "ollama pull llama3.1",
    ] {
        assert!(absent.stderr.contains(said), "{said}: {absent}");
    }
    let port = ClosedPort::new();
    let nowhere = format!("http://127.0.0.1:{}/v1", port.port());
    let down = create(&home, "ollama", "llama3.2", &nowhere, &open).with_code(9);
    assert!(
        down.stderr.contains("start the server: ollama serve"),
        "{down}"
    );
    assert_eq!(home.history().len(), 0);
}

#[test]
fn a_provider_that_asks_for_a_token_or_a_base_url_says_so() {
    let home = Home::new(TWIN);
    let create = |words: &[&str]| {
        let create = [
            "connection",
            "create",
            "c",
            "--model",
            "m",
            "--allow-network",
        ];
        home.run([&create[..], words].concat())
    };
    let no_token = create(&["--provider", "groq"]).with_code(3);
    assert!(
        no_token.stderr.contains("https://console.groq.com/keys"),
        "{no_token}"
    );
    let no_url = create(&["--provider", "azure", "--credential", "env:KEY"]).with_code(3);
    assert!(
        no_url
            .stderr
            .contains("https://RESOURCE.openai.azure.com/openai/v1"),
        "{no_url}"
    );
    let unknown = create(&["--provider", "olama"]).with_code(3);
    assert!(unknown.stderr.contains("openai-compatible"), "{unknown}");
    assert!(!home.connections().exists());
}

#[test]
fn azure_gets_its_key_in_its_own_header_and_no_other() {
    let server = RawServer::start(|request| match request.path() {
        "/openai/v1/models" => Reply::json(200, r#"{"data":[{"id":"gpt-4.1-nano-2025-04-14"}]}"#),
        _ => Reply::json(200, r#"{"choices":[{"message":{"content":"Hello"}}]}"#),
    });
    let home = Home::new(TWIN);
    let credential = home.credential("fake-azure-key");
    let base_url = server.url("/openai/v1").to_string();
    let more = [
        "--credential",
        credential.as_str(),
        "--allow-network",
        "--json",
    ];
    let created = create(&home, "azure", "my-deployment", &base_url, &more)
        .with_code(0)
        .json();
    let unproven = created.to_string();
    assert!(
        unproven.contains("lists models and no deployments"),
        "{unproven}"
    );
    let chat = ["chat", "local", "hi", "--max-tokens", "9", "--json"];
    let asked = home.run(chat).with_code(0).json();
    assert_eq!(
        asked["receipt"]["usage"]["prompt_tokens"],
        Value::Null,
        "unknown, not 0"
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.header("api-key"), Some("fake-azure-key"));
        assert_eq!(request.header("authorization"), None);
    }
    assert_eq!(requests[1].json()["max_completion_tokens"], 9);
}

/// Gemini signs tool calls and rejects the next turn without the signature.
#[test]
fn what_a_provider_hangs_on_a_tool_call_goes_back_with_it() {
    let signed = json!({"id": "call_1", "type": "function",
        "function": {"name": "weather", "arguments": "{\"city\":\"Ulm\"}"},
        "extra_content": {"google": {"thought_signature": "c2lnbmF0dXJl"}}});
    let answer = json!({"model": "gemini-3-pro-preview", "choices": [{"finish_reason": "tool_calls",
        "message": {"role": "assistant", "tool_calls": [signed]}}]});
    let server = RawServer::always(Reply::json(200, answer.to_string()));
    let home = Home::new(TWIN);
    let credential = home.credential("fake-key");
    let base_url = server.url("/v1beta/openai").to_string();
    let more = [
        "--credential",
        credential.as_str(),
        "--offline",
        "--allow-network",
    ];
    let _saved = create(&home, "gemini", "gemini-3-pro-preview", &base_url, &more).with_code(0);
    let asked = home
        .run(["chat", "local", "Weather?", "--json"])
        .with_code(0)
        .json();
    let calls = &asked["tool_calls"];
    assert_eq!(
        calls[0]["extra"]["extra_content"], signed["extra_content"],
        "{asked}"
    );
    let turns = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_1", "content": "21 °C"},
    ]);
    let file = home.write("turns.json", turns.to_string());
    let file = file.to_str().unwrap();
    let _asked = home.run(["chat", "local", "--messages", file]).with_code(0);
    let requests = server.requests();
    assert_eq!(requests[1].json()["messages"][1]["tool_calls"][0], signed);
    assert_eq!(requests.len(), 2);
}

#[test]
fn the_table_of_providers_is_told_without_a_home() {
    let home = Home::new(TWIN);
    let all = home.run(["providers", "--json"]).with_code(0).json();
    assert_eq!(all["schema"], "synapse.providers/1");
    assert_eq!(all["providers"].as_array().unwrap().len(), 16);
    let one = home
        .run(["providers", "azure", "--json"])
        .with_code(0)
        .json();
    assert_eq!(one["providers"][0]["token_header"], "api-key");
    assert_eq!(one["providers"][0]["base_url"], Value::Null);
    let text = home.run(["providers", "ollama"]).with_code(0);
    assert!(text.stdout.contains("ollama serve"), "{text}");
    let unknown = home.run(["providers", "nope"]).with_code(3);
    assert!(unknown.stderr.contains("known providers are"), "{unknown}");
    assert!(!home.synapse().exists());
}
