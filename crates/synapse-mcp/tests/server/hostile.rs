//! Invalid and oversized lines: none of them ends the server.

use serde_json::{Value, json};
use synapse_mcp::MAX_LINE_BYTES;

use crate::support::{Client, call, introduction, text_result};

#[tokio::test(start_paused = true)]
async fn a_first_message_that_asks_nothing_is_ignored() {
    for line in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/no-such","params":{"x":1}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":7}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"m"}}"#,
        "",
        "   ",
    ] {
        let mut client = Client::start();
        client.send_line(line).await;
        let reply = client
            .request(2, "initialize", introduction("2025-11-25"))
            .await;
        assert!(reply["result"].is_object(), "{line}: {reply}");
        client.expect_silence().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_is_refused_and_the_next_one_served() {
    let mut client = Client::start();
    for (line, code) in [
        ("nonsense", -32700),
        (r#"{"jsonrpc":"2.0","id":1,"#, -32700),
        ("[]", -32600),
        ("7", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, -32600),
    ] {
        client.send_line(line).await;
        let reply = client.receive().await;
        assert_eq!(reply["error"]["code"], code, "{line}: {reply}");
        assert_eq!(reply.get("id"), Some(&Value::Null), "{line}: {reply}");
        client.expect_silence().await;
    }
    client
        .send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}\n")
        .await;
    assert_eq!(client.receive().await["error"]["code"], -32700);
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn malformed_parameters_are_refused_under_their_id() {
    let mut client = Client::start_legacy("2025-11-25").await;
    for (method, params) in [
        ("tools/call", json!([1])),
        ("tools/call", json!("x")),
        ("tools/call", json!({})),
        ("tools/call", json!({"name": 7})),
        ("tools/call", json!({"name": "echo", "arguments": []})),
        ("tools/call", json!({"name": "echo", "arguments": "x"})),
        ("tools/call", json!({"name": "echo", "_meta": 7})),
        ("tools/list", json!([])),
        ("tools/list", json!({"cursor": "from-elsewhere"})),
        ("tools/list", json!({"cursor": ""})),
        ("initialize", json!([])),
        ("ping", json!(7)),
        ("server/discover", json!(7)),
    ] {
        let reply = client.request("bad", method, params.clone()).await;
        assert_eq!(reply["error"]["code"], -32602, "{method} {params}: {reply}");
    }
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn absent_and_null_parameters_and_arguments_are_empty() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_line(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        .await;
    assert_eq!(client.receive().await["result"], json!({}));
    client
        .send_line(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}"#)
        .await;
    assert!(client.receive().await["result"].is_object());
    for params in [
        json!({"name": "who"}),
        json!({"name": "who", "arguments": null}),
    ] {
        let reply = client.request(1, "tools/call", params).await;
        assert_eq!(reply["result"]["structuredContent"]["arguments"], json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn every_id_comes_back_byte_for_byte() {
    let mut client = Client::start_legacy("2025-11-25").await;
    for id in [
        "0",
        "-7",
        "9007199254740993",
        "18446744073709551615",
        "123456789012345678901234567890",
        "1.0",
        "1.5",
        "1e3",
        r#""""#,
        r#""7""#,
        r#""caf\u00e9 \ud83d""#,
        r#""日本""#,
    ] {
        for (method, result) in [
            ("ping", "{}".to_owned()),
            ("tools/call", text_result("").to_string()),
        ] {
            let params = call("echo", json!({}));
            client
                .send_line(&format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#
                ))
                .await;
            assert_eq!(
                client.line().await.unwrap(),
                format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_line_needs_no_newline() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let params = call("echo", json!({"text": "last"}));
    client
        .send_bytes(
            json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": params})
                .to_string()
                .as_bytes(),
        )
        .await;
    let rest = client.finish().await;
    let expected = json!({"jsonrpc": "2.0", "id": 9, "result": text_result("last")});
    assert_eq!(rest, [expected]);
}

#[tokio::test(start_paused = true)]
async fn ten_megabytes_pass_both_ways() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let prompt = "0123456\"é\n".repeat(1_000_000);
    let reply = client
        .request(1, "tools/call", call("echo", json!({"text": prompt})))
        .await;
    assert!(
        reply["result"] == text_result(&prompt),
        "the prompt was changed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_line_over_the_limit_is_refused_and_the_next_one_served() {
    let mut client = Client::start();
    let chunk = vec![b'x'; 1024 * 1024];
    for _ in 0..=MAX_LINE_BYTES / chunk.len() {
        client.send_bytes(&chunk).await;
    }
    client.send_bytes(b"\n").await;
    let reply = client.receive().await;
    assert_eq!(reply["error"]["code"], -32600, "{reply}");
    assert_eq!(reply.get("id"), Some(&Value::Null));
    client.expect_silence().await;
}
