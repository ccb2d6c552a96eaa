//! Enough HTTP/2 (RFC 9113) to refuse a request: the preface, the frame header, and the two answers
//! that invite a client to retry.

/// How a server refuses in HTTP/2 frames, whatever version the request used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `RST_STREAM` with `REFUSED_STREAM`: the request was not processed (section 8.7). The
    /// connection stays open.
    RefusedStream,
    /// `GOAWAY` without a processed stream, then close (section 6.8).
    GoAway,
    /// The same, before any request arrives.
    GoAwayAtOnce,
}

/// The relevant fields of a frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) is_headers: bool,
    pub(super) stream: u32,
}

impl Refusal {
    /// The frames that refuse the request on `stream`.
    pub(super) fn frames(self, stream: u32) -> Vec<u8> {
        match self {
            Self::RefusedStream => frame(RST_STREAM, stream, &REFUSED_STREAM.to_be_bytes()),
            // Last stream 0, NO_ERROR.
            Self::GoAway | Self::GoAwayAtOnce => frame(GOAWAY, 0, &[0; 8]),
        }
    }

    /// Whether the connection accepts further requests after the refusal.
    pub(super) const fn goes_on(self) -> bool {
        matches!(self, Self::RefusedStream)
    }
}

impl FrameHead {
    /// Reads a frame header; `None` if `bytes` is too short.
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

/// The first frame of either side: empty SETTINGS.
pub(super) fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, &[])
}

pub(super) fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame of a test is short");
    let [_, length @ ..] = length.to_be_bytes();
    [&length[..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

/// Its ALPN id.
pub(super) const ALPN: &str = "h2";
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const FRAME_HEAD: usize = 9;
pub(super) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const REFUSED_STREAM: u32 = 7;
