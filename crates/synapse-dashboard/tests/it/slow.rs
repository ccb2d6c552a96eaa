//! Slow and silent clients, and the shutdown of the server.

use synapse_core::error::Remedy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bench::Bench;

#[tokio::test]
async fn two_hundred_silent_clients_are_in_nobodys_way() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let mut silent: Vec<TcpStream> = Vec::new();
    for _ in 0..200 {
        silent.push(bench.connect().await);
    }
    assert_eq!(bench.get(&session, "").await.status, 200);
    drop(silent);
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() {
    let bench = Bench::new().await;
    let mut stream = bench.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let mut rest = Vec::new();
    // One byte per second could go on forever; the whole head has ten seconds.
    let patience = std::time::Duration::from_secs(20);
    let closed = tokio::time::timeout(patience, stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "the server closed it");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let request = format!(
        "POST {}doctor HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nOrigin: http://{}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncsrf=",
        session.base,
        bench.host(),
        session.cookie,
        bench.host()
    );
    let mut stream = bench.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    let patience = std::time::Duration::from_secs(20);
    let answered = tokio::time::timeout(patience, stream.read_exact(&mut begin)).await;
    answered.expect("the server answered").unwrap();
    assert_eq!(&begin, b"HTTP/1.1 408");
}

#[tokio::test]
async fn the_end_waits_for_no_idle_connection() {
    // Requests in progress would have two seconds. A busy machine may take long once, not each time.
    let patience = std::time::Duration::from_millis(1500);
    for _ in 0..4 {
        let mut bench = Bench::new().await;
        let session = bench.enter().await;
        let idle = bench.connect().await;
        assert_eq!(bench.get(&session, "").await.status, 200);
        let ended = tokio::time::timeout(patience, bench.stop()).await;
        drop(idle);
        if ended.is_ok() {
            return;
        }
    }
    panic!("it waited for the idle connection");
}

#[tokio::test]
async fn a_busy_port_is_named_and_another_proposed() {
    let bench = Bench::new().await;
    let failure = synapse_dashboard::Listening::bind(bench.port)
        .await
        .unwrap_err();
    assert!(failure.message().contains(&bench.port.to_string()));
    assert!(
        failure
            .hints()
            .iter()
            .any(|hint| hint.remedy == Some(Remedy::OpenDashboard))
    );
    bench.end().await;
}
