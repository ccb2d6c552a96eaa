//! Invalid IDE messages: broken JSON, invalid shapes, wrong arguments, and prompts larger than a
//! pipe.

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Home, Ide};

use super::TWIN;

fn code(reply: &Value) -> i64 {
    reply["error"]["code"]
        .as_i64()
        .unwrap_or_else(|| panic!("no error: {reply}"))
}

#[test]
fn no_line_ends_the_server() {
    let home = Home::new(TWIN);
    let mut ide = Ide::start(home.twin(["serve"]));
    // Before and after the handshake.
    for era in [Era::Legacy, Era::Modern] {
        for (line, expected) in [
            (&b"nonsense"[..], -32700),
            (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\"", -32700),
            (b"\xff\xfe\x00", -32700),
            (b"[]", -32600),
            (b"42", -32600),
            (b"null", -32600),
            (b"{}", -32600),
            (
                b"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}",
                -32600,
            ),
            (
                b"{\"jsonrpc\":\"1.0\",\"id\":900,\"method\":\"ping\"}",
                -32600,
            ),
            (b"{\"jsonrpc\":\"2.0\",\"id\":901,\"method\":7}", -32600),
        ] {
            ide.send_line(line);
            let reply = ide.receive();
            assert_eq!(code(&reply), expected, "{}", String::from_utf8_lossy(line));
        }
        // Unsolicited responses and notifications get no reply.
        ide.send_line("");
        ide.send(&json!({"jsonrpc": "2.0", "id": 77, "result": {}}));
        ide.notify("notifications/nobody/knows", json!({}));
        ide.notify("notifications/cancelled", json!({"requestId": 12_345}));
        ide.shake_hands(era);
        let id = ide.ask("no/such/method", json!({}));
        assert_eq!(code(&ide.reply(id)), -32601);
        let id = ide.begin("no_such_tool", json!({}));
        assert_eq!(code(&ide.reply(id)), -32602);
        let id = ide.ask("tools/call", json!({"arguments": {}}));
        assert_eq!(code(&ide.reply(id)), -32602);
    }
    let listed = ide.result("tools/list", json!({}));
    assert_eq!(listed["tools"].as_array().unwrap().len(), 6);
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
}

#[test]
fn arguments_that_do_not_fit_are_told_to_the_model() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let sent = double.server().accepts();
    let mut ide = home.serve(Era::Modern);
    for arguments in [
        json!({}),
        json!({"prompt": ""}),
        json!({"prompt": 7}),
        json!({"prompt": "a", "messages": [{"role": "user", "content": "b"}]}),
        json!({"messages": []}),
        json!({"messages": [{"role": "wizard", "content": "b"}]}),
        json!({"messages": [{"role": "user", "content": "b", "mood": "x"}]}),
        json!({"prompt": "a", "stream": true}),
        json!({"prompt": "a", "temperature": "hot"}),
        json!({"prompt": "a", "max_tokens": -1}),
        json!({"prompt": "a", "max_tokens": 0}),
    ] {
        let result = ide.call("chat", arguments.clone());
        assert_eq!(result["isError"], true, "{arguments}: {result}");
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], "usage.invalid-arguments", "{arguments}");
    }
    let result = ide.call("chat", json!({"prompt": "a", "connection": "nope"}));
    assert_eq!(
        result["structuredContent"]["error"]["code"],
        "config.not-found"
    );
    let result = ide.call("list_connections", json!({"all": true}));
    let error = &result["structuredContent"]["error"];
    assert_eq!(error["code"], "usage.invalid-arguments");
    assert_eq!(double.server().accepts(), sent);
    assert_eq!(home.history(), [] as [Value; 0]);
}

#[test]
fn a_prompt_of_ten_megabytes_arrives_as_it_was_given() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    // Quotes and line ends are escaped in transit, and multi-byte characters cross buffer
    // boundaries.
    let prompt = "ä\"\\\n\u{2028}0123456789".repeat(10_000_000 / 17);
    assert!(prompt.len() > 9_900_000);
    let arrived = || {
        let request = double.server().requests().pop().unwrap();
        assert_eq!(request.method(), "POST");
        let body = request.json();
        (
            body["messages"][0]["content"].as_str().unwrap() == prompt,
            request.body.len(),
        )
    };

    let mut ide = home.serve(Era::Legacy);
    let result = ide.call("chat", json!({"prompt": prompt}));
    assert_ne!(result["isError"], true, "{result}");
    let (whole, length) = arrived();
    assert!(whole);
    assert_eq!(result["structuredContent"]["receipt"]["bytes_out"], length);
    assert!(ide.close().status.success());

    let output = home
        .twin(["chat", "work", "-", "--json"])
        .input(prompt.clone())
        .output();
    let document = output.with_code(0).json();
    let (whole, length) = arrived();
    assert!(whole);
    assert_eq!(document["receipt"]["bytes_out"], length);
    assert_eq!(
        double.server().requests().len(),
        3,
        "one lookup and two prompts"
    );
}
