//! Responses whose body is read incrementally, such as event streams.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use synapse_core::NetworkPermit;
use tokio::time::timeout;

use crate::client::{Attempt, HttpClient, Stop, decoded};
use crate::decode;
use crate::failure::{Head, TransportFailure};
use crate::request::HttpRequest;
use crate::response::Headers;

/// A response head with a body reader. `Debug` shows neither header values nor the body. Dropping
/// it closes the socket.
pub struct StreamingResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// Time from the call of `send_streaming` to the end of the response head.
    pub headers_after: Duration,
    /// The body.
    pub body: BodyReader,
}

/// The body of a response in progress.
pub struct BodyReader {
    attempt: Attempt,
    response: reqwest::Response,
    headers: Headers,
    idle: Duration,
    cap: u64,
}

impl HttpClient {
    /// Sends **at most one** request like [`HttpClient::send`], and returns at the response head.
    /// The request's deadline includes the body; each chunk must arrive within `idle`, and the
    /// total is limited to `cap` bytes.
    ///
    /// # Errors
    /// Same as [`HttpClient::send`].
    pub async fn send_streaming(
        &self,
        permit: &NetworkPermit,
        request: HttpRequest<'_>,
        idle: Duration,
        cap: u64,
    ) -> Result<StreamingResponse, TransportFailure> {
        let (mut attempt, mut response) = self.exchange(permit, request).await?;
        let head = attempt.head_of(&mut response);
        let Head {
            status,
            headers,
            after,
        } = head.clone();
        attempt.facts.head = Some(head);
        if let Some(observer) = self.observer() {
            observer.opened(status, &headers, after);
        }
        Ok(StreamingResponse {
            status,
            headers: headers.clone(),
            headers_after: after,
            body: BodyReader {
                attempt,
                response,
                headers,
                idle,
                cap,
            },
        })
    }
}

impl BodyReader {
    /// Returns the next bytes of the body, or `None` at its end. Cancel safe.
    ///
    /// # Errors
    /// A transport failure. A compressed body cannot be read incrementally and is refused as
    /// undecodable.
    pub async fn next(&mut self) -> Result<Option<Bytes>, TransportFailure> {
        match self.chunk().await {
            Ok(Some(chunk)) if self.is_first(&chunk) && decode::is_coded(&self.headers, &chunk) => {
                Err(self.stopped(Stop::Undecodable))
            }
            Ok(chunk) => Ok(chunk),
            Err(stop) => Err(self.stopped(stop)),
        }
    }

    /// Reads the rest of the body, decompressing if necessary. Use before or instead of
    /// [`BodyReader::next`].
    ///
    /// # Errors
    /// A transport failure.
    pub async fn whole(mut self) -> Result<Vec<u8>, TransportFailure> {
        let mut body = Vec::new();
        loop {
            match self.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(stop) => return Err(self.stopped(stop)),
            }
        }
        let cap = usize::try_from(self.cap).unwrap_or(usize::MAX);
        match decoded(&self.headers, body, cap).await {
            Ok((body, _)) => Ok(body),
            Err(stop) => Err(self.stopped(stop)),
        }
    }

    /// Lowers the limit of the body to `cap` bytes.
    #[must_use]
    pub fn within(mut self, cap: u64) -> Self {
        self.cap = self.cap.min(cap);
        self
    }

    /// Reads at most `length` bytes of the body for an error message; stops silently on errors.
    pub async fn beginning(mut self, length: usize) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < length {
            match timeout(self.idle, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None) | Err(_)) | Err(_) => break,
            }
        }
        body.truncate(length);
        body
    }

    /// Bytes of the body read so far.
    #[must_use]
    pub const fn bytes_in(&self) -> u64 {
        self.attempt.facts.bytes_in
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Stop> {
        let chunk = match timeout(self.idle, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(Stop::Broken)?,
            Err(_) => return Err(Stop::Late),
        };
        if let Some(chunk) = &chunk {
            self.attempt.facts.bytes_in += chunk.len() as u64;
            if self.attempt.facts.bytes_in > self.cap {
                return Err(Stop::TooLarge);
            }
        }
        Ok(chunk)
    }

    fn is_first(&self, chunk: &Bytes) -> bool {
        self.attempt.facts.bytes_in == chunk.len() as u64
    }

    fn stopped(&self, stop: Stop) -> TransportFailure {
        let mut attempt = self.attempt.clone();
        attempt.body_cap = usize::try_from(self.cap).unwrap_or(usize::MAX);
        attempt.stopped(stop)
    }
}

impl fmt::Debug for StreamingResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StreamingResponse")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BodyReader")
            .field("bytes_in", &self.bytes_in())
            .finish_non_exhaustive()
    }
}
