//! Calls in progress: concurrent, cancelled, failing, reporting.

use serde_json::{Value, json};
use synapse_mcp::host::Progress;

use crate::support::{Client, call, modern, text_result};

#[tokio::test(start_paused = true)]
async fn calls_run_at_once_and_are_answered_as_they_end() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let mut running = Vec::new();
    for id in 0..100 {
        client
            .send_request(id, "tools/call", call("hold", json!({})))
            .await;
        running.push((id, client.started().await));
    }
    client.expect_silence().await;
    for (id, finish) in running.into_iter().rev() {
        finish.send(format!("call {id}")).unwrap();
        let reply = client.receive().await;
        assert_eq!(reply["id"], id);
        assert_eq!(reply["result"], text_result(&format!("call {id}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_dropped_and_stays_unanswered() {
    for id in [json!(1), json!("1"), json!(9_007_199_254_740_993_u64)] {
        for params in [call("hold", json!({})), modern(call("hold", json!({})))] {
            let mut client = Client::start_legacy("2025-11-25").await;
            client.send_request(id.clone(), "tools/call", params).await;
            let finish = client.started().await;
            client.cancel(id.clone()).await;
            client.dropped().await;
            assert!(finish.is_closed());
            client.expect_silence().await;
            assert_eq!(client.finish().await, Vec::<Value>::new());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_hits_the_call_it_names_and_no_other() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let finish = client.started().await;
    for id in [json!("1"), json!(2), json!(null), json!("init")] {
        client.cancel(id).await;
    }
    client.expect_silence().await;
    finish.send("still here".to_owned()).unwrap();
    assert_eq!(client.receive().await["result"], text_result("still here"));
    client.cancel(1).await;
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_cancelled_before_it_could_start_is_not_made() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": call("hold", json!({}))});
    let cancellation = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": 1}});
    client
        .send_bytes(format!("{request}\n{cancellation}\n").as_bytes())
        .await;
    client.expect_silence().await;
    // It may have started; then it was dropped.
    while let Ok(event) = client.events.try_recv() {
        drop(event);
    }
    assert_eq!(client.finish().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn an_id_used_twice_at_once_is_answered_twice() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let first = client.started().await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let second = client.started().await;
    second.send("second".to_owned()).unwrap();
    assert_eq!(client.receive().await["result"], text_result("second"));
    first.send("first".to_owned()).unwrap();
    assert_eq!(client.receive().await["result"], text_result("first"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_tool_is_a_result() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let reply = client
        .request(1, "tools/call", call("fail", json!({})))
        .await;
    let mut expected = text_result("no luck");
    expected["isError"] = json!(true);
    assert_eq!(reply["result"], expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_made_is_an_error() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let mut error = async |tool: &str| {
        let mut reply = client.request(1, "tools/call", call(tool, json!({}))).await;
        reply["error"].take()
    };
    assert_eq!(
        error("nope").await,
        json!({"code": -32602, "message": "unknown tool: nope"})
    );
    assert_eq!(
        error("refuse").await,
        json!({"code": -32602, "message": "not so"})
    );
    assert_eq!(
        error("upstream-error").await.to_string(),
        r#"{"code":-32021,"message":"Missing","data":{"requiredCapabilities":{"z":{},"a":{}}}}"#
    );
    assert_eq!(error("input-required").await["code"], -32603);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_tool_costs_one_reply() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let reply = client
        .request(1, "tools/call", call("panic", json!({})))
        .await;
    assert_eq!(reply["error"]["code"], -32603, "{reply}");
    assert!(!reply.to_string().contains("bug"), "{reply}");
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn progress_comes_under_the_clients_token_and_never_after_the_reply() {
    for token in [json!("t"), json!(7), json!(9_007_199_254_740_993_u64)] {
        let mut client = Client::start_legacy("2025-11-25").await;
        let mut params = call("progress", json!({}));
        params["_meta"] = json!({"progressToken": token});
        client.send_request(1, "tools/call", params).await;
        assert_eq!(
            client.receive().await,
            json!({"jsonrpc": "2.0", "method": "notifications/progress",
                "params": {"progress": 0.5, "progressToken": token}})
        );
        assert_eq!(
            client.receive().await["params"],
            json!({"progress": 1.0, "total": 2.0, "message": "half", "progressToken": token})
        );
        assert_eq!(client.receive().await["result"], text_result("done"));
        let late = client.reporters.recv().await.unwrap();
        late.report(Progress::new(9.0));
        client.expect_silence().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_reports_progress_that_was_not_asked_for() {
    for meta in [
        json!({}),
        json!({"progressToken": null}),
        json!({"progressToken": {}}),
    ] {
        let mut client = Client::start_legacy("2025-11-25").await;
        let mut params = call("who", json!({}));
        params["_meta"] = meta;
        let reply = client.request(1, "tools/call", params).await;
        assert_eq!(reply["result"]["structuredContent"]["progress"], false);
    }
}
