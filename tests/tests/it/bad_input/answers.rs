//! Unexpected answers of a provider: terminal control characters, invalid tool arguments, an empty
//! answer, no usage. The terminal shows no raw control characters; files, JSON and the IDE get the
//! answer as data.

use serde_json::{Value, json};
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Era, Flags, Home, LocalProvider as _, Terminal};

use super::TWIN;

const PROVIDERS: [&str; 2] = ["openai", "huggingface"];
/// Clears the screen, sets the window title, rings the bell, and reverses the text direction.
const STEERING: &str = "a\u{1b}[2J\u{1b}]0;b\u{7}\u{9b}31mc\u{202e}d\u{2066}e\u{200f}f";
const NO_JSON: &str = "{\"city\": \"Par";

/// A connection `work` to a provider with a fixed answer.
struct Bench {
    home: Home,
    server: RawServer,
}

impl Bench {
    fn new(provider: &str, status: u16, body: &Value) -> Self {
        let server = RawServer::always(
            Reply::json(status, body.to_string()).header("x-inference-provider", "novita"),
        );
        let home = Home::new(TWIN);
        let flags = Flags {
            provider: provider.to_owned(),
            ..server.flags(&home)
        };
        home.create("work", &flags, server.opening()).with_code(0);
        Self { home, server }
    }

    fn on_a_terminal(&self, arguments: &[&str]) -> String {
        let seen = Terminal::start(self.home.twin(arguments)).finish().stdout;
        assert!(!steers(&seen), "{arguments:?}: {seen:?}");
        seen
    }

    /// The tool result, as the IDE receives it.
    fn in_an_ide(&self) -> Value {
        let mut ide = self.home.serve(Era::Modern);
        let result = ide.call("chat", json!({"prompt": "hello"}));
        assert!(ide.close().status.success());
        result
    }

    fn json(&self) -> Value {
        self.home.run(["chat", "work", "hello", "--json"]).json()
    }
}

/// Whether text contains terminal controls.
fn steers(text: &str) -> bool {
    text.chars().any(|each| {
        let direction = matches!(each, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}');
        direction || each.is_control() && each != '\n'
    })
}

fn completion(message: &Value) -> Value {
    json!({"model": "m", "choices": [{"message": message, "finish_reason": "stop"}]})
}

#[test]
fn an_answer_that_steers_a_terminal_is_tamed_there_and_kept_elsewhere() {
    assert!(steers(STEERING));
    for provider in PROVIDERS {
        let mut body = completion(&json!({"role": "assistant", "content": STEERING}));
        body["model"] = json!(STEERING);
        body["choices"][0]["finish_reason"] = json!(STEERING);
        let bench = Bench::new(provider, 200, &body);

        let seen = bench.on_a_terminal(&["chat", "work", "hello"]);
        let tamed = "a\u{fffd}[2J\u{fffd}]0;b\u{fffd}\u{fffd}31mc\u{fffd}d\u{fffd}e\u{fffd}f";
        assert!(seen.contains(&format!("{tamed}\n")), "{seen}");
        for reading in [&["history"][..], &["usage", "--by", "model"]] {
            bench.on_a_terminal(reading);
        }
        // Here JSON is data too, with escapes.
        let seen = bench.on_a_terminal(&["chat", "work", "hello", "--json"]);
        let document: Value = serde_json::from_str(&seen).unwrap();
        assert_eq!(document["content"], STEERING);

        let piped = bench.home.run(["chat", "work", "hello"]).with_code(0);
        assert_eq!(piped.stdout, format!("{STEERING}\n"));
        assert!(!steers(&piped.stderr), "{:?}", piped.stderr);
        assert_eq!(bench.json()["content"], STEERING);
        let result = bench.in_an_ide();
        assert_eq!(result["content"][0]["text"], STEERING);
        assert_eq!(result["structuredContent"]["content"], STEERING);
        assert_eq!(bench.server.heads(), 5);
    }
}

#[test]
fn an_error_that_steers_a_terminal_is_tamed_everywhere() {
    for provider in PROVIDERS {
        let error = json!({
            "message": STEERING, "type": STEERING, "param": STEERING, "code": STEERING,
        });
        let bench = Bench::new(provider, 400, &json!({"error": error}));
        let seen = bench.on_a_terminal(&["chat", "work", "hello"]);
        assert!(seen.contains(" says: a\u{fffd}[2J\u{fffd}]0;b"), "{seen}");
        let piped = bench.home.run(["chat", "work", "hello"]).with_code(7);
        assert!(!steers(&piped.to_string()), "{piped:?}");
        let document = bench.json();
        let code = document["error"]["context"]["provider_code"].as_str();
        assert!(code.unwrap().starts_with("a\u{fffd}[2J"), "{document}");
        let result = bench.in_an_ide();
        assert_eq!(result["isError"], true);
        let text = result["content"][0]["text"].as_str().unwrap();
        for text in [text, document["error"]["causes"][0].as_str().unwrap()] {
            assert!(!steers(text) && text.contains('\u{fffd}'), "{text:?}");
        }
        bench.on_a_terminal(&["history"]);
        assert_eq!(bench.server.heads(), 4);
    }
}

/// Model lists are foreign text too.
#[test]
fn a_list_of_models_that_steers_a_terminal_is_tamed_everywhere() {
    for provider in PROVIDERS {
        let offer = json!({"provider": STEERING, "status": "live"});
        let model = json!({
            "id": STEERING, "owned_by": STEERING, "shutdown_date": STEERING, "providers": [offer],
        });
        let bench = Bench::new(provider, 200, &json!({"data": [model]}));
        let seen = bench.on_a_terminal(&["models", "work"]);
        assert!(seen.contains("a\u{fffd}[2J"), "{seen}");
        let document = bench.home.run(["models", "work", "--json"]).json();
        let id = document["models"][0]["id"].as_str().unwrap();
        assert!(!steers(id), "{document}");
        bench.on_a_terminal(&["preflight", "work"]);
    }
}

/// Tool calls are passed through verbatim; the caller validates them.
#[test]
fn tool_arguments_that_are_no_json_are_kept_as_they_came() {
    for provider in PROVIDERS {
        let call = json!({
            "id": "call_1", "type": "function",
            "function": {"name": "weather", "arguments": NO_JSON},
        });
        let steering = json!({
            "id": "call_2", "type": "function",
            "function": {"name": "note", "arguments": STEERING},
        });
        let message = json!({"content": null, "tool_calls": [call, steering]});
        let bench = Bench::new(provider, 200, &completion(&message));
        let seen = bench.on_a_terminal(&["chat", "work", "hello"]);
        let first = seen.lines().nth(1).unwrap();
        let first: Value = serde_json::from_str(first).unwrap();
        assert_eq!(first["arguments"], NO_JSON);
        let piped = bench.home.run(["chat", "work", "hello"]).with_code(0);
        let lines: Vec<Value> = piped
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let document = bench.json();
        let result = bench.in_an_ide();
        for calls in [
            &json!(lines),
            &document["tool_calls"],
            &result["structuredContent"]["tool_calls"],
        ] {
            assert_eq!(calls[0]["arguments"], NO_JSON, "{calls}");
            assert_eq!(calls[1]["arguments"], STEERING, "{calls}");
        }
        assert_eq!(bench.server.heads(), 4);
    }
}

#[test]
fn no_choice_is_a_failure_that_may_have_been_billed() {
    for provider in PROVIDERS {
        let bench = Bench::new(provider, 200, &json!({"choices": [], "usage": {}}));
        let document = bench.json();
        assert_eq!(document["error"]["code"], "provider.empty-response");
        assert_eq!(document["receipt"]["maybe_billed"], true);
        let result = bench.in_an_ide();
        assert_eq!(result["structuredContent"]["error"], document["error"]);
        let rows = bench.home.history();
        assert_eq!(rows.len(), 2);
        assert!(
            rows.iter().all(|row| row["maybe_billed"] == true),
            "{rows:?}"
        );
        assert_eq!(bench.server.heads(), 2);
    }
}

/// Unknown is neither zero nor free.
#[test]
fn usage_that_is_absent_is_unknown_everywhere() {
    for provider in PROVIDERS {
        for usage in [
            Value::Null,
            json!({}),
            json!({"prompt_tokens": null}),
            json!("much"),
        ] {
            let mut body = completion(&json!({"content": "hello"}));
            body["usage"] = usage;
            let bench = Bench::new(provider, 200, &body);
            let document = bench.json();
            let row = &bench.home.history()[0];
            for receipt in [&document["receipt"], row] {
                for field in ["prompt_tokens", "completion_tokens", "cached_tokens"] {
                    assert_eq!(receipt["usage"][field], Value::Null, "{receipt}");
                }
                assert_eq!(receipt["cost"]["amount_nano_usd"], Value::Null, "{receipt}");
                assert_eq!(receipt["cost"]["source"], "UNKNOWN", "{receipt}");
            }
            let total = &bench.home.run(["usage", "--json"]).json()["total"];
            assert_eq!(total["calls"], 1, "{total}");
            assert_eq!(total["unknown_cost"], 1, "{total}");
            let terminal = bench.home.run(["chat", "work", "hello"]).with_code(0);
            let line = terminal.stderr;
            assert!(line.contains("? in, ? out tokens · cost unknown"), "{line}");
        }
    }
}
