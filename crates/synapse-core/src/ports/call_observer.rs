//! The port for observing the begin and end of calls, besides recording them in the ledger.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::ledger::{Closing, HubClosing, HubOpening, Opening};

/// A point in the life of a call.
///
/// Every call that began ends, also when its caller gives up. Whether its row can be written makes
/// no difference.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum CallEvent<'a> {
    /// A call through a connection began.
    Began(&'a Opening),
    /// A call through a connection ended.
    Ended(&'a Closing),
    /// A request to an upstream server began.
    UpstreamBegan(&'a HubOpening),
    /// A request to an upstream server ended.
    UpstreamEnded(&'a HubClosing),
}

/// Observes calls: telemetry, progress, a page that is open.
#[async_trait]
pub trait CallObserver: Send + Sync + fmt::Debug {
    /// Notes the event. The call waits for it, so it returns at once and does no I/O.
    fn observe(&self, event: CallEvent<'_>);

    /// Waits, for a bounded time, until what was observed is where it belongs.
    async fn flush(&self) {}
}

/// All observers of a process. Cheap to clone; without an observer an event costs nothing.
#[derive(Debug, Clone, Default)]
pub struct CallObservers(Arc<[Arc<dyn CallObserver>]>);

impl CallObservers {
    /// Notifies every observer, in order.
    pub fn observe(&self, event: CallEvent<'_>) {
        for observer in &*self.0 {
            observer.observe(event);
        }
    }

    /// Flushes every observer, in order.
    pub async fn flush(&self) {
        for observer in &*self.0 {
            observer.flush().await;
        }
    }
}

impl FromIterator<Arc<dyn CallObserver>> for CallObservers {
    fn from_iter<T: IntoIterator<Item = Arc<dyn CallObserver>>>(observers: T) -> Self {
        Self(observers.into_iter().collect())
    }
}
