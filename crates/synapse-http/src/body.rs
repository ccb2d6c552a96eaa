//! A request body that can be sent only once and records whether sending has begun.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use synapse_core::gate::Departure;

/// Whether the request was handed to an open connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handover {
    begun: Arc<AtomicBool>,
    departure: Option<Arc<dyn Departure>>,
}

impl Handover {
    /// Also records requests with the permit's observer.
    pub(crate) fn recorded_by(departure: Option<Arc<dyn Departure>>) -> Self {
        Self {
            begun: Arc::default(),
            departure,
        }
    }

    /// `false` is certain: no byte of the body, or of a request without body, reached a connection.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    fn begin(&self) {
        let begun_before = self.begun.swap(true, Ordering::AcqRel);
        if let (false, Some(departure)) = (begun_before, &self.departure) {
            departure.departed();
        }
    }
}

/// A single-frame body.
///
/// reqwest cannot clone a wrapped body, so neither its retry nor its redirect policy could replay
/// the request, should one ever be active.
pub(crate) struct OnceBody {
    bytes: Option<Bytes>,
    handover: Handover,
}

impl OnceBody {
    pub(crate) fn new(bytes: Vec<u8>, handover: Handover) -> Self {
        Self {
            bytes: (!bytes.is_empty()).then(|| Bytes::from(bytes)),
            handover,
        }
    }
}

impl Body for OnceBody {
    type Data = Bytes;
    type Error = Infallible;

    /// hyper polls the first frame once the connection is open and the head is being written.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.handover.begin();
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    /// For an empty body, hyper calls only this, at the same moment.
    fn is_end_stream(&self) -> bool {
        let ended = self.bytes.is_none();
        if ended {
            self.handover.begin();
        }
        ended
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(body: &mut OnceBody) -> Option<Bytes> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(frame) => frame.map(|frame| frame.unwrap().into_data().unwrap()),
            Poll::Pending => panic!("the bytes are there"),
        }
    }

    #[test]
    fn the_bytes_leave_once_and_only_then_the_handover_has_begun() {
        let handover = Handover::default();
        let mut body = OnceBody::new(b"{}".to_vec(), handover.clone());
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(2));
        assert!(!handover.has_begun());
        assert_eq!(poll(&mut body), Some(Bytes::from_static(b"{}")));
        assert!(handover.has_begun());
        assert_eq!(poll(&mut body), None);
        assert!(body.is_end_stream());
    }
}
