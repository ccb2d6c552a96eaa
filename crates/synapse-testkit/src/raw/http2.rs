//! Just enough of HTTP/2 (RFC 9113) to refuse a request in it: the preface, the frame header, and
//! the two answers that make a client believe it may send again.

/// How a server refuses in frames of HTTP/2, whatever version the request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `RST_STREAM` with `REFUSED_STREAM`, which says that the request was not processed (section
    /// 8.7). The connection stays open for another one.
    RefusedStream,
    /// `GOAWAY` that names no stream as processed, and the end (section 6.8).
    GoAway,
    /// The same before any request has come.
    GoAwayAtOnce,
}

/// What a frame is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) is_headers: bool,
    pub(super) stream: u32,
}

impl Refusal {
    /// The frames that refuse the request of `stream`.
    pub(super) fn frames(self, stream: u32) -> Vec<u8> {
        match self {
            Self::RefusedStream => frame(RST_STREAM, stream, &REFUSED_STREAM.to_be_bytes()),
            // Last stream 0, and the error code of none.
            Self::GoAway | Self::GoAwayAtOnce => frame(GOAWAY, 0, &[0; 8]),
        }
    }

    /// Whether the connection takes another request behind the refusal.
    pub(super) const fn goes_on(self) -> bool {
        matches!(self, Self::RefusedStream)
    }
}

impl FrameHead {
    /// Reads the head of a frame; `None` when `bytes` do not hold all of it.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let head: [u8; FRAME_HEAD] = bytes.get(..FRAME_HEAD)?.try_into().ok()?;
        let [high, middle, low, kind, _flags, stream @ ..] = head;
        Some(Self {
            length: u32::from_be_bytes([0, high, middle, low]) as usize,
            is_headers: kind == HEADERS,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        })
    }
}

/// The first frame of either side: no settings, all defaults.
pub(super) fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, &[])
}

pub(super) fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame of a test is short");
    let [_, length @ ..] = length.to_be_bytes();
    [&length[..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

/// The name under which TLS negotiates it.
pub(super) const ALPN: &str = "h2";
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const FRAME_HEAD: usize = 9;
pub(super) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const REFUSED_STREAM: u32 = 7;
