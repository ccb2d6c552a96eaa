//! News of a host: which of its lists or resources changed. Who is told, and in which form, is the
//! engine's business, because each era has its own.

use tokio::sync::broadcast;

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources, or of their templates.
    Resources,
    /// The content of one resource.
    Resource {
        /// Its URI, exactly as clients know it.
        uri: String,
    },
}

/// Where hosts tell changes, and a server hears of them. Clones share one feed.
///
/// A server that gets one advertises that its lists may change and that resources can be subscribed.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<Change>);

impl Changes {
    /// Creates a feed that nobody hears yet.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Tells every client that wants to know; never waits.
    pub fn tell(&self, change: Change) {
        // Nobody listening is no failure.
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

/// One listener's view of [`Changes`].
#[derive(Debug)]
pub(crate) struct Feed(broadcast::Receiver<Change>);

/// What a feed gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// One change.
    One(Change),
    /// More than were kept: anything may have changed.
    Anything,
}

impl Feed {
    /// Waits for the next change; for ever when the feed is closed. Cancel safe.
    pub(crate) async fn next(&mut self) -> News {
        match self.0.recv().await {
            Ok(change) => News::One(change),
            Err(broadcast::error::RecvError::Lagged(_)) => News::Anything,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// How many changes a slow listener may be behind before it only learns that there were some.
const KEPT: usize = 256;
