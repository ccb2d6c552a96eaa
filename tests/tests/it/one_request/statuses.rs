//! Every HTTP status, and misleading successes.

use serde_json::json;
use synapse_testkit::raw::{End, Reply};

use super::cases::{ANSWER, Tally, always, always_saying};

pub(crate) fn every_status() -> Tally {
    let mut tally = Tally::default();
    // Without any hint of the cause.
    let body = json!({"error": {"message": "no"}}).to_string();
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
        // Everything that ever made a client retry, at a server that would notice.
        let reply = Reply::json(status, body.clone())
            .header("location", "/v1/elsewhere")
            .header("retry-after", "0")
            .header("retry-after-ms", "0")
            .header("x-should-retry", "true");
        tally += always(&status.to_string(), reply, code);
    }
    tally
}

pub(crate) fn successes_that_are_none() -> Tally {
    let mut tally = Tally::default();
    let too_large = "is larger than";
    let no_answer = "has the wrong format";
    let cut =
        || Reply::raw(*b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\":[{");
    for (name, reply, code, says) in [
        (
            "HTML",
            Reply::typed(200, "text/html", "<html>"),
            "endpoint.not-an-api",
            "a web page",
        ),
        (
            "event stream",
            Reply::typed(200, "text/event-stream", "data: {}\n\n"),
            "provider.unexpected-stream",
            "",
        ),
        (
            "empty",
            Reply::json(200, ""),
            "provider.empty-response",
            "empty body",
        ),
        (
            "no content",
            Reply::status(204),
            "provider.empty-response",
            "empty body",
        ),
        (
            "half a JSON",
            Reply::json(200, r#"{"choices":[{"#),
            "provider.bad-response",
            no_answer,
        ),
        // The end of the connection ends the body: only the JSON reveals truncation.
        (
            "cut off, without length",
            cut(),
            "provider.bad-response",
            no_answer,
        ),
        (
            "another JSON",
            Reply::json(200, r#"{"answer":42}"#),
            "provider.bad-response",
            no_answer,
        ),
        (
            "100 MB",
            Reply::json(200, vec![b' '; 100_000_000]),
            "provider.bad-response",
            too_large,
        ),
        (
            "100 MB in chunks",
            Reply::json(200, vec![b' '; 100_000_000]).chunked(),
            "provider.bad-response",
            too_large,
        ),
        // Unsolicited; it is decompressed no further than the cap.
        (
            "gzip bomb",
            Reply::json(200, gzip_bomb()).header("content-encoding", "gzip"),
            "provider.bad-response",
            too_large,
        ),
        // A complete answer counts, however the connection ends afterwards.
        (
            "reset behind the answer",
            Reply::json(200, ANSWER).then(End::Reset),
            "ok",
            "",
        ),
    ] {
        tally += always_saying(name, reply, code, says);
    }
    tally
}

/// 100 MB of spaces in 650 kB: one space, then matches of 258 bytes at distance 1, 13 bits each, in
/// fixed Huffman codes (RFC 1951, section 3.2.6). The missing checksum is only noticed after
/// decompression.
fn gzip_bomb() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b011, 3);
    bits.push_code(0x30 + u32::from(b' '), 8);
    for _ in 0..400_000 {
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..],
        &bits.bytes,
        &[0; 8],
    ]
    .concat()
}

/// Packs bits in deflate's order, least significant first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= u8::from(value >> bit & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }

    /// Huffman codes are packed most significant bit first.
    fn push_code(&mut self, code: u32, length: u32) {
        self.push(code.reverse_bits() >> (32 - length), length);
    }
}
