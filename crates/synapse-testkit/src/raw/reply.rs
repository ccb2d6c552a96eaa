//! A scripted reply: its bytes, their pace, and the end of the connection.

use std::time::Duration;

/// A reply, valid or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    content: Content,
    pace: Option<Duration>,
    end: End,
}

/// Fate of the connection after the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It stays open for the next request.
    KeepAlive,
    /// It is closed in order.
    Close,
    /// It is closed with a TCP reset.
    Reset,
    /// It stays open, silent.
    Hang,
    /// It becomes a tunnel to that port of 127.0.0.1, as after a `CONNECT`.
    Tunnel(u16),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// Exactly these bytes.
    Raw(Vec<u8>),
    /// An HTTP response.
    Http {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        framing: Framing,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// A correct `content-length`.
    Length,
    /// A false `content-length`.
    Claimed(usize),
    /// Chunked, in two chunks, complete.
    Chunked,
    /// Chunked, in two chunks, without the last chunk.
    ChunkedUnfinished,
}

/// One step of a reply.
pub(super) enum Step {
    Write(Vec<u8>),
    Pause(Duration),
}

impl Reply {
    /// A response without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::http(status, None, Vec::new())
    }

    /// A JSON response.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::http(status, Some("application/json"), body.into())
    }

    /// A response with that content type.
    pub fn typed(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::http(status, Some(content_type), body.into())
    }

    /// Exactly these bytes, then closes the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            content: Content::Raw(bytes.into()),
            pace: None,
            end: End::Close,
        }
    }

    /// No bytes: the connection just ends like this.
    #[must_use]
    pub fn silent(end: End) -> Self {
        Self::raw([]).then(end)
    }

    fn http(status: u16, content_type: Option<&str>, body: Vec<u8>) -> Self {
        let headers = content_type
            .map(|content_type| ("content-type".to_owned(), content_type.to_owned()))
            .into_iter()
            .collect();
        Self {
            content: Content::Http {
                status,
                headers,
                body,
                framing: Framing::Length,
            },
            pace: None,
            end: End::KeepAlive,
        }
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Content::Http { headers, .. } = &mut self.content {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Claims a body of `length` bytes, whatever its real length.
    #[must_use]
    pub fn claiming(self, length: usize) -> Self {
        self.framed(Framing::Claimed(length))
    }

    /// Sends the body in chunks.
    #[must_use]
    pub fn chunked(self) -> Self {
        self.framed(Framing::Chunked)
    }

    /// Sends the body in chunks without the last chunk.
    #[must_use]
    pub fn chunked_unfinished(self) -> Self {
        self.framed(Framing::ChunkedUnfinished)
    }

    fn framed(mut self, wanted: Framing) -> Self {
        if let Content::Http { framing, .. } = &mut self.content {
            *framing = wanted;
        }
        self
    }

    /// Sends the head at once, then one byte of the body after each pause.
    #[must_use]
    pub const fn dripping(mut self, pause: Duration) -> Self {
        self.pace = Some(pause);
        self
    }

    /// Sets the end of the connection.
    #[must_use]
    pub const fn then(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    pub(super) const fn end(&self) -> End {
        self.end
    }

    /// The steps to write, in order.
    pub(super) fn steps(&self) -> Vec<Step> {
        let (head, body) = match &self.content {
            Content::Raw(bytes) => (Vec::new(), bytes.clone()),
            Content::Http {
                status,
                headers,
                body,
                framing,
            } => {
                let (framing_header, body) = framing.apply(*status, body);
                let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str(&framing_header);
                head.push_str("\r\n");
                (head.into_bytes(), body)
            }
        };
        match self.pace {
            None => vec![Step::Write([head, body].concat())],
            Some(pause) => std::iter::once(Step::Write(head))
                .chain(
                    body.into_iter()
                        .flat_map(|byte| [Step::Pause(pause), Step::Write(vec![byte])]),
                )
                .collect(),
        }
    }
}

impl Framing {
    /// The framing header, and the body as sent.
    fn apply(self, status: u16, body: &[u8]) -> (String, Vec<u8>) {
        let length = |length: usize| format!("content-length: {length}\r\n");
        let chunked = || "transfer-encoding: chunked\r\n".to_owned();
        match self {
            // RFC 9110, section 8.6: these must not have a content-length.
            Self::Length if matches!(status, 100..=199 | 204) => (String::new(), Vec::new()),
            Self::Length => (length(body.len()), body.to_vec()),
            Self::Claimed(claimed) => (length(claimed), body.to_vec()),
            Self::Chunked => (chunked(), [in_chunks(body), b"0\r\n\r\n".to_vec()].concat()),
            Self::ChunkedUnfinished => (chunked(), in_chunks(body)),
        }
    }
}

fn in_chunks(body: &[u8]) -> Vec<u8> {
    let (first, second) = body.split_at(body.len() / 2);
    let mut framed = Vec::new();
    for part in [first, second] {
        if !part.is_empty() {
            framed.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            framed.extend_from_slice(part);
            framed.extend_from_slice(b"\r\n");
        }
    }
    framed
}
