//! Connections end promptly, with nothing left running.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use serde_json::{Value, json};
use synapse_mcp::{CALL_GRACE, FLUSH_GRACE, ServeError, Server};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use crate::support::{Client, call, identity, text_result};

#[tokio::test(start_paused = true)]
async fn an_end_before_anything_is_clean() {
    let start = Instant::now();
    assert_eq!(Client::start().finish().await, Vec::<Value>::new());
    assert_eq!(start.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_ends_at_once() {
    let client = Client::start_legacy("2025-11-25").await;
    let start = Instant::now();
    assert_eq!(client.finish().await, Vec::<Value>::new());
    assert_eq!(start.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_within_the_grace_is_answered() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let finish = client.started().await;
    tokio::spawn(async move {
        tokio::time::sleep(CALL_GRACE / 2).await;
        finish.send("just in time".to_owned()).unwrap();
    });
    let start = Instant::now();
    let rest = client.finish().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["result"], text_result("just in time"));
    assert!(start.elapsed() < CALL_GRACE);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_is_dropped_unanswered() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let finish = client.started().await;
    let start = Instant::now();
    client.close_input();
    client.dropped().await;
    assert!(finish.is_closed());
    assert_eq!(client.line().await, None);
    client.ended().await.unwrap();
    let waited = start.elapsed();
    assert!(
        waited >= CALL_GRACE && waited < CALL_GRACE * 2,
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_is_written_in_full() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let text = "x".repeat(1_000_000);
    for id in 0..3 {
        client
            .send_request(id, "tools/call", call("echo", json!({"text": text})))
            .await;
    }
    let rest = client.finish().await;
    assert_eq!(rest.len(), 3);
    assert!(
        rest.iter()
            .all(|reply| reply["result"] == text_result(&text))
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_no_more_holds_nobody_up_for_long() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let text = "x".repeat(1_000_000);
    client
        .send_request(1, "tools/call", call("echo", json!({"text": text})))
        .await;
    let start = Instant::now();
    client.close_input();
    client.ended().await.unwrap();
    let waited = start.elapsed();
    assert!(
        waited >= FLUSH_GRACE && waited < FLUSH_GRACE * 2,
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_ends_the_server() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let _finish = client.started().await;
    client.close_output();
    // Its input is open, but nobody reads this answer.
    client.send_request(2, "ping", json!({})).await;
    client.dropped().await;
    client.ended().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_server_drops_its_calls() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("hold", json!({})))
        .await;
    let _finish = client.started().await;
    client.stop();
    client.dropped().await;
    assert_eq!(client.line().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_input_that_cannot_be_read_is_an_error() {
    let served =
        Server::new(identity()).serve(Broken(io::ErrorKind::IsADirectory), tokio::io::sink());
    assert!(matches!(
        served.await,
        Err(ServeError::Read { source }) if source.kind() == io::ErrorKind::IsADirectory
    ));
    let served =
        Server::new(identity()).serve(Broken(io::ErrorKind::ConnectionReset), tokio::io::sink());
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_without_tools_advertises_none() {
    let (mut input, server_input) = tokio::io::duplex(4096);
    let (server_output, mut output) = tokio::io::duplex(4096);
    let lines = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": crate::support::introduction("2025-11-25")}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}),
    ];
    let text = format!("{}\n{}\n", lines[0], lines[1]);
    tokio::io::AsyncWriteExt::write_all(&mut input, text.as_bytes())
        .await
        .unwrap();
    drop(input);
    Server::new(identity())
        .serve(server_input, server_output)
        .await
        .unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut output, &mut text)
        .await
        .unwrap();
    let mut replies: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    replies.sort_by_key(|reply| reply["id"].as_i64());
    assert_eq!(replies[0]["result"]["capabilities"], json!({}));
    assert_eq!(replies[1]["error"]["code"], -32601);
}

struct Broken(io::ErrorKind);

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.0.into()))
    }
}
