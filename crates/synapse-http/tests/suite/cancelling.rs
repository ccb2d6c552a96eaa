//! Dropping the future closes the socket at every stage of the exchange.

use std::sync::Arc;

use synapse_http::HttpClient;
use synapse_testkit::raw::{End, RawServer, Reply};
use url::Url;

use crate::support::{client, permit_for, post};

/// Starts a call, waits for `seen` on the server, drops the call, and waits until the server sees
/// the connection close.
async fn cancel(
    client: HttpClient,
    server: RawServer,
    url: Url,
    seen: fn(&RawServer),
) -> Arc<RawServer> {
    let server = Arc::new(server);
    let call = tokio::spawn(async move { client.send(&permit_for(&url), post(url)).await });
    watch(&server, seen).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    watch(&server, |server| server.wait_for_closed(1)).await;
    assert_eq!(server.accepts(), 1);
    server
}

/// Waits on a separate thread, so that the client's tasks continue.
async fn watch(server: &Arc<RawServer>, wait: fn(&RawServer)) {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || wait(&server))
        .await
        .unwrap();
}

#[tokio::test]
async fn while_connecting() {
    let server = RawServer::mute();
    let url = format!("https://127.0.0.1:{}/", server.port())
        .parse()
        .unwrap();
    let server = cancel(client(), server, url, |server| server.wait_for_accepts(1)).await;
    assert_eq!(server.heads(), 0);
}

#[tokio::test]
async fn while_waiting_for_the_head() {
    let server = RawServer::always(Reply::silent(End::Hang));
    let url = server.url("/");
    let server = cancel(client(), server, url, |server| server.wait_for_requests(1)).await;
    assert_eq!(server.heads(), 1);
}

#[tokio::test]
async fn while_reading_the_body() {
    let reply = Reply::json(200, "{").claiming(100).then(End::Hang);
    let server = RawServer::always(reply);
    let url = server.url("/");
    let server = cancel(client(), server, url, |server| server.wait_for_requests(1)).await;
    assert_eq!(server.heads(), 1);
}
