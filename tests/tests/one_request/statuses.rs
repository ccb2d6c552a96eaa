//! Every status, and successes that are none.

use synapse_testkit::raw::Reply;

use super::cases::{always, bare_error};

#[test]
fn every_status_is_one_request_and_one_code() {
    let mut made = 0;
    for (status, code) in [
        (301, "endpoint.redirected"),
        (302, "endpoint.redirected"),
        (303, "endpoint.redirected"),
        (307, "endpoint.redirected"),
        (308, "endpoint.redirected"),
        (400, "provider.request-rejected"),
        (401, "credential.token-rejected"),
        (402, "provider.credits-exhausted"),
        (403, "credential.token-permission"),
        (404, "endpoint.path-mismatch"),
        (405, "endpoint.path-mismatch"),
        (408, "provider.overloaded"),
        (409, "provider.request-rejected"),
        (410, "endpoint.gone"),
        (413, "provider.context-too-long"),
        (421, "provider.request-rejected"),
        (422, "provider.request-rejected"),
        (425, "provider.request-rejected"),
        (429, "provider.rate-limited"),
        (500, "provider.failed"),
        (502, "provider.overloaded"),
        (503, "provider.overloaded"),
        (504, "provider.overloaded"),
        (520, "provider.overloaded"),
        (529, "provider.overloaded"),
    ] {
        // Everything that ever made a client send again.
        let reply = Reply::json(status, bare_error())
            .header("location", "/v1/elsewhere")
            .header("retry-after", "0")
            .header("retry-after-ms", "0")
            .header("x-should-retry", "true");
        made += always(&status.to_string(), &reply, code);
    }
    println!("{made} calls, each one request");
    assert_eq!(made, 100);
}

#[test]
fn a_success_that_is_none_is_one_request_and_one_code() {
    let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 4096]].concat();
    let mut made = 0;
    for (name, reply, code) in [
        (
            "HTML",
            Reply::typed(200, "text/html", "<html>"),
            "endpoint.not-an-api",
        ),
        (
            "event stream",
            Reply::typed(200, "text/event-stream", "data: {}\n\n"),
            "provider.unexpected-stream",
        ),
        ("empty", Reply::json(200, ""), "provider.empty-response"),
        (
            "half a JSON",
            Reply::json(200, r#"{"choices":[{"#),
            "provider.bad-response",
        ),
        (
            "another JSON",
            Reply::json(200, r#"{"answer":42}"#),
            "provider.bad-response",
        ),
        (
            "100 MB",
            Reply::json(200, vec![b' '; 100_000_000]),
            "provider.bad-response",
        ),
        // It was not asked for, and is not unpacked.
        (
            "gzip",
            Reply::json(200, gzip).header("content-encoding", "gzip"),
            "provider.bad-response",
        ),
    ] {
        made += always(name, &reply, code);
    }
    println!("{made} calls, each one request");
    assert_eq!(made, 28);
}
