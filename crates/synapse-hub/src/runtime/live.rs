//! A running upstream, and its call count.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use synapse_mcp::Era;
use synapse_mcp::client::Conversation;
use synapse_mcp::host::LogLevel;
use tokio::task::AbortHandle;

use super::lock;
use crate::compare::Comparison;
use crate::ports::Carrier;
use crate::secrets::UpstreamCredentials;

/// A running upstream.
pub(crate) struct Live {
    pub(crate) conversation: Arc<dyn Conversation>,
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) credentials: Arc<UpstreamCredentials>,
    pub(super) comparison: RwLock<Arc<Comparison>>,
    /// Its tools or prompts changed since the last comparison.
    pub(super) is_stale: AtomicBool,
    /// Serialises comparisons.
    pub(super) comparing: tokio::sync::Mutex<()>,
    pub(super) running: AtomicUsize,
    /// The stream of changes.
    pub(super) listening: Mutex<Option<AbortHandle>>,
    /// The requested log level.
    pub(super) level: Mutex<Option<LogLevel>>,
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(listening) = lock(&self.listening).take() {
            listening.abort();
        }
    }
}

impl Live {
    pub(crate) fn era(&self) -> Era {
        self.conversation.hello().revision.era()
    }

    pub(super) fn comparison(&self) -> Arc<Comparison> {
        let comparison = self.comparison.read();
        Arc::clone(&comparison.unwrap_or_else(PoisonError::into_inner))
    }
}

/// Marks the lists as stale again unless they were compared.
pub(super) struct Unfetched<'a>(pub(super) Option<&'a Live>);

impl Drop for Unfetched<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.0 {
            live.is_stale.store(true, Ordering::SeqCst);
        }
    }
}

/// Counts one call as running while it lives; a parked call counts too.
pub(super) struct Use(pub(super) Arc<Live>);

impl Use {
    pub(super) fn of(live: &Arc<Live>) -> Self {
        live.running.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(live))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
