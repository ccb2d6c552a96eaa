//! One accepted connection: reads, counts and records requests, and answers by script.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use socket2::SockRef;

use super::http2::{self, FrameHead, Refusal};
use super::reply::{End, Reply, Step};
use super::request::RecordedRequest;
use super::{Conduct, Respond, Shared};

/// Serves the connection to its end and deregisters it.
pub(super) fn serve(shared: &Shared, number: usize, socket: TcpStream) {
    // Declared first and so dropped last, even if the test's callback panics.
    let _registration = Registration { shared, number };
    let reset_handle = socket.try_clone().ok();
    let wire = match &shared.tls {
        None => ConnectionWire::Plain(socket),
        Some(config) => {
            let session = ServerConnection::new(std::sync::Arc::clone(config))
                .expect("the server's own TLS configuration is valid");
            ConnectionWire::Tls(Box::new(StreamOwned::new(session, socket)))
        }
    };
    let mut connection = Connection {
        shared,
        number,
        wire,
        buffer: Vec::new(),
    };
    // An I/O error here is caused by the peer or by stopping the server; the counts show it.
    let end = connection.run().unwrap_or(End::Close);
    if end == End::Reset
        && let Some(socket) = &reset_handle
    {
        SockRef::from(socket)
            .set_linger(Some(Duration::ZERO))
            .expect("a socket takes SO_LINGER");
    } else if end == End::Close {
        connection.wire.say_goodbye();
    }
}

/// A registered connection. Its handle is the last one: dropping it closes the socket.
struct Registration<'a> {
    shared: &'a Shared,
    number: usize,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.shared.record(|state| {
            drop(state.sockets.remove(&self.number));
            state.closed += 1;
        });
    }
}

struct Connection<'a> {
    shared: &'a Shared,
    number: usize,
    wire: ConnectionWire,
    buffer: Vec<u8>,
}

impl Connection<'_> {
    fn run(&mut self) -> io::Result<End> {
        if let Some(Negotiated { protocol }) = self.wire.shake_hands()? {
            self.shared.record(|state| state.protocols.push(protocol));
        }
        match &self.shared.conduct {
            Conduct::Http(answer) => self.serve_http(answer),
            Conduct::Mute => self.read_to_the_end(),
            Conduct::Greet(bytes) => {
                self.wire.write_all(bytes)?;
                self.read_to_the_end()
            }
            Conduct::FirstBytes(reply) => {
                if self.fill()? == 0 {
                    return Ok(End::Close);
                }
                self.send(reply)
            }
            Conduct::Http2(refusal) => self.refuse_in_http2(*refusal),
        }
    }

    fn serve_http(&mut self, answer: &Respond) -> io::Result<End> {
        let mut sequence = 0;
        while let Some(request) = self.read_request(sequence)? {
            sequence += 1;
            self.shared
                .record(|state| state.requests.push(request.clone()));
            let reply = answer(&request);
            match self.send(&reply)? {
                End::KeepAlive => {}
                end => return Ok(end),
            }
        }
        Ok(End::Close)
    }

    /// Counts the request in its version, and refuses it in HTTP/2.
    fn refuse_in_http2(&mut self, refusal: Refusal) -> io::Result<End> {
        if refusal == Refusal::GoAwayAtOnce {
            self.write(&[http2::settings(), refusal.frames(0)].concat())?;
        }
        while self.buffer.len() < http2::PREFACE.len() {
            if self.fill()? == 0 {
                return Ok(End::Close);
            }
        }
        if !self.buffer.starts_with(http2::PREFACE) {
            if let Some(request) = self.read_request(0)? {
                self.shared.record(|state| state.requests.push(request));
                self.write(&[http2::settings(), refusal.frames(1)].concat())?;
            }
            return Ok(End::Close);
        }
        self.read_exactly(http2::PREFACE.len())?;
        self.write(&http2::settings())?;
        loop {
            let head = self.read_exactly(http2::FRAME_HEAD)?;
            let frame = FrameHead::read(&head).ok_or(io::ErrorKind::UnexpectedEof)?;
            self.read_exactly(frame.length)?;
            if frame.is_headers {
                self.shared.record(|state| state.heads += 1);
                self.write(&refusal.frames(frame.stream))?;
                if !refusal.goes_on() {
                    return Ok(End::Close);
                }
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write_all(bytes)?;
        self.wire.flush()
    }

    /// Plays the reply. Returns how the connection ends.
    fn send(&mut self, reply: &Reply) -> io::Result<End> {
        for step in reply.steps() {
            match step {
                Step::Write(bytes) => {
                    self.wire.write_all(&bytes)?;
                    self.wire.flush()?;
                }
                Step::Pause(time) => {
                    if !self.shared.pause(time) {
                        return Ok(End::Close);
                    }
                }
            }
        }
        match reply.end() {
            End::Hang => self.read_to_the_end(),
            End::Tunnel(port) => self.tunnel(port),
            end => Ok(end),
        }
    }

    /// Drains until the peer closes or the server stops.
    fn read_to_the_end(&mut self) -> io::Result<End> {
        while self.fill()? > 0 {
            self.buffer.clear();
        }
        Ok(End::Close)
    }

    fn read_request(&mut self, sequence: usize) -> io::Result<Option<RecordedRequest>> {
        let length = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        };
        let head: Vec<u8> = self.buffer.drain(..length).collect();
        self.shared.record(|state| state.heads += 1);
        let mut request = RecordedRequest {
            connection: self.number,
            sequence,
            head: String::from_utf8_lossy(&head).into_owned(),
            body: Vec::new(),
        };
        request.body = if request.is_chunked() {
            self.read_chunks()?
        } else {
            self.read_exactly(request.content_length())?
        };
        Ok(Some(request))
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.read_line()?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            body.extend(self.read_exactly(size)?);
            self.read_line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn read_line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = find(&self.buffer, b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    /// Reads available bytes; 0 at the end.
    fn fill(&mut self) -> io::Result<usize> {
        let mut part = [0; 16 * 1024];
        let length = self.wire.read(&mut part)?;
        self.buffer.extend(part.iter().take(length));
        Ok(length)
    }

    fn tunnel(&self, port: u16) -> io::Result<End> {
        let ConnectionWire::Plain(near) = &self.wire else {
            return Err(io::Error::other("a tunnel inside TLS is not supported"));
        };
        let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        thread::scope(|scope| {
            scope.spawn(|| pump(near, &far));
            pump(&far, near);
        });
        Ok(End::Close)
    }
}

/// Copies until `from` ends, and forwards the end.
fn pump(mut from: &TcpStream, mut to: &TcpStream) {
    // Best effort: either side may disconnect first.
    drop(io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}

enum ConnectionWire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// The result of a TLS handshake.
struct Negotiated {
    /// The protocol by ALPN, if any.
    protocol: Option<String>,
}

impl ConnectionWire {
    /// Performs the TLS handshake; `None` without TLS.
    fn shake_hands(&mut self) -> io::Result<Option<Negotiated>> {
        let Self::Tls(stream) = self else {
            return Ok(None);
        };
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let protocol = stream.conn.alpn_protocol();
        let protocol = protocol.map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(Some(Negotiated { protocol }))
    }

    /// Sends close_notify; without it the peer reports a truncation.
    fn say_goodbye(&mut self) {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            // Best effort: the peer may be gone.
            drop(stream.flush());
        }
    }
}

impl Read for ConnectionWire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for ConnectionWire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
