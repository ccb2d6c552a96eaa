//! The example of this crate, with a counting server.

use synapse_testkit::raw::{RawServer, Reply};

#[expect(dead_code, reason = "its `main` reads arguments")]
#[path = "../../examples/one_request.rs"]
mod one_request;

#[tokio::test]
async fn the_example_sends_one_request() {
    let server = RawServer::always(Reply::json(200, r#"{"a":1}"#));
    let fetched = one_request::fetch(server.url("/").as_str()).await.unwrap();
    assert_eq!(fetched, (200, 7));
    assert_eq!(server.heads(), 1);
}
