//! Notifies of changed lists and resources. The engine delivers them, in the form of each era.

use tokio::sync::broadcast;

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListChange {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources, or of their templates.
    Resources,
    /// The content of one resource.
    Resource {
        /// Its URI, as clients know it.
        uri: String,
    },
}

/// A feed for hosts to report changes to servers. Clones share one feed.
///
/// A server with a feed advertises that its lists may change and that resources can be subscribed.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<ListChange>);

impl Changes {
    /// Creates a feed without listeners.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Notifies every subscribed client; never waits.
    pub fn tell(&self, change: ListChange) {
        // Best effort: there may be no listener.
        drop(self.0.send(change));
    }

    pub(crate) fn subscribe(&self) -> Feed {
        Feed(self.0.subscribe())
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

/// One listener of [`Changes`].
#[derive(Debug)]
pub(crate) struct Feed(broadcast::Receiver<ListChange>);

/// The result of listening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangeSignal {
    /// One change.
    One(ListChange),
    /// Some changes were dropped: anything may have changed.
    Anything,
}

impl Feed {
    /// Waits for the next change; forever if the feed is closed. Cancel safe.
    pub(crate) async fn next(&mut self) -> ChangeSignal {
        match self.0.recv().await {
            Ok(change) => ChangeSignal::One(change),
            Err(broadcast::error::RecvError::Lagged(_)) => ChangeSignal::Anything,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Buffered changes for a slow listener, before it only learns that there were some.
const KEPT: usize = 256;
