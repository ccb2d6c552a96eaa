//! The environment and output of every command, and the secrets and calls to remember.

use std::sync::Arc;

use synapse_core::redact::KnownSecrets;
use synapse_http::ExchangeObserver;

use crate::environment::Environment;
use crate::output::Printer;
use crate::secret_tracking::Resolved;
use crate::system::NewestCall;

/// Passed to every command.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) environment: Environment,
    pub(crate) printer: Printer,
    /// The secrets resolved so far, to be kept out of all output.
    pub(crate) seen: KnownSecrets,
    pub(crate) resolved: Resolved,
    /// The newest call, to name an interrupted one.
    pub(crate) newest_call: NewestCall,
    /// Receives the exchanges with providers.
    pub(crate) observer: Option<Arc<dyn ExchangeObserver>>,
}
