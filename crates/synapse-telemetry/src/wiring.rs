//! The parts of an [`Observer`](crate::Observer).

use std::fmt;
use std::sync::Arc;

use synapse_core::error::Failure;
use synapse_core::ports::{CallIds, Clock};
use synapse_core::telemetry::CollectorUrl;

use crate::collector::Collector;

/// Dependencies of an [`Observer`](crate::Observer).
pub struct Wiring {
    /// Returns the configured collector, if any. Called once, when the first call has ended.
    pub collector: Box<dyn Fn() -> Result<Option<CollectorUrl>, Failure> + Send + Sync>,
    /// Called once, at the first failed delivery.
    pub warn: Box<dyn Fn(&Failure) + Send + Sync>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Generates unique trace and span ids.
    pub ids: Arc<dyn CallIds>,
    /// The version of the program.
    pub version: String,
    /// A unique id of this process.
    pub instance: String,
}

impl Wiring {
    pub(crate) fn collector(&self) -> Result<Option<Collector>, Failure> {
        let user_agent = || format!("synapse/{}", self.version);
        (self.collector)()?
            .map(|url| Collector::new(url, user_agent()))
            .transpose()
    }
}

impl fmt::Debug for Wiring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Wiring")
            .field("version", &self.version)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}
