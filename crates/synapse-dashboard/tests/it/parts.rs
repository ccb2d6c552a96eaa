//! The overview is sent in two parts: its frame does not wait for its figures.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::bench::Bench;

#[tokio::test]
async fn the_frame_of_the_overview_is_sent_before_its_figures_are_known() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let held = bench.program.hub_lock.lock().await;
    let mut stream = bench.connect().await;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\n\r\n",
        session.base,
        bench.host(),
        session.cookie
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    let has = |seen: &[u8], text: &str| String::from_utf8_lossy(seen).contains(text);
    while !has(&seen, "<h1>Overview</h1>") {
        let mut buffer = [0; 8192];
        // A deadline, because a page that waits for its figures never comes.
        let patience = std::time::Duration::from_secs(60);
        let reading = tokio::time::timeout(patience, stream.read(&mut buffer));
        let read = reading.await.expect("the frame comes first").unwrap();
        assert!(read > 0);
        seen.extend_from_slice(&buffer[..read]);
    }
    assert!(has(&seen, "HTTP/1.1 200") && has(&seen, "aria-current=\"page\""));
    assert!(!has(&seen, "Upstream servers"));
    drop(held);
    stream.read_to_end(&mut seen).await.unwrap();
    assert!(has(&seen, "Upstream servers") && has(&seen, "</html>"));
    // The last chunk: the body is whole.
    assert!(seen.ends_with(b"0\r\n\r\n"));
}
