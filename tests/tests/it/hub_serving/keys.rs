//! A key in a header that its owner replaced while `serve` runs.

use std::sync::{Arc, Mutex};

use serde_json::json;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::home::set_mode;
use synapse_tests::{Era, upstream};

use super::{Hub, code, text};

#[test]
fn a_replaced_key_is_used_as_soon_as_the_old_one_is_refused() {
    let current = Arc::new(Mutex::new("fake-first".to_owned()));
    let accepted = Arc::clone(&current);
    let server = RawServer::start(move |request| {
        let expected = format!("Bearer {}", accepted.lock().unwrap());
        if request.header("authorization") == Some(expected.as_str()) {
            upstream::answer(request)
        } else {
            Reply::status(401)
        }
    });
    let mut hub = Hub::new().with_url("one", server.url("/mcp").as_str());
    let file = hub.home.path().join("key");
    crate::write(&file, "fake-first\n");
    set_mode(&file, 0o600);
    let header = format!("Bearer ${{file:{}}}", file.display());
    hub.edit("one", "headers", json!({"Authorization": header}));
    let hub = hub.approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    assert_eq!(text(&ide.call("one__echo", json!({}))), "here");
    "fake-second".clone_into(&mut current.lock().unwrap());
    crate::write(&file, "fake-second\n");
    let refused = ide.call("one__echo", json!({}));
    assert_eq!(code(&refused), "upstream.refused", "{refused}");
    assert_eq!(text(&ide.call("one__echo", json!({}))), "here");
}
