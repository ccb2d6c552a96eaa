//! The hub as commands use it: composed as in `serve`, but for one server and one operation.

use std::sync::Arc;

use synapse_core::error::Failure;
use synapse_core::ports::{Clock as _, HubLedger, Ledger as _};
use synapse_core::upstream::{Approval, Catalogue, Upstream};
use synapse_hub::{Hub, HubSettings, Selection};
use synapse_store::SqliteLedger;

use super::Configured;
use crate::command::{CommandError, Context};
use crate::compose::{self, Asking};
use crate::hub_ports::hub_ports;
use crate::output::Progress;
use crate::runtime::Runtime;
use crate::system::{SystemClock, asked_to_stop};

/// A hub and its runtime.
pub(super) struct HubSession {
    runtime: Runtime,
    hub: Hub,
    pub(super) ledger: Arc<SqliteLedger>,
    clock: SystemClock,
    progress: Progress,
}

impl HubSession {
    /// A hub with the configuration. Touches nothing yet.
    pub(super) fn open(context: &Context, configured: &Configured) -> Result<Self, Failure> {
        let ledger = Arc::new(SqliteLedger::new(compose::home(context)?));
        let rows: Arc<dyn HubLedger> = ledger.clone();
        let ports = hub_ports(
            context,
            &configured.place,
            configured.targets.clone(),
            rows,
            Asking::Terminal,
        )?;
        let settings = HubSettings {
            selection: Selection::All,
            ..HubSettings::default()
        };
        Ok(Self {
            runtime: Runtime::start()?,
            hub: Hub::new(ports, settings),
            ledger,
            clock: SystemClock::new(),
            progress: context.printer.progress().clone(),
        })
    }

    /// Connects to a server once, waits until its lists stop changing, and disconnects.
    pub(super) fn survey(
        &self,
        upstream: &Upstream,
        approval: &Approval,
    ) -> Result<Catalogue, CommandError> {
        let what = format!("{}: its tools", upstream.name);
        self.run(what, async |hub| hub.survey(upstream, approval).await)
    }

    /// Works with the hub until done or asked to stop; then ends every upstream. Shows `what` as
    /// progress.
    pub(super) fn run<T>(
        &self,
        what: impl Into<String>,
        work: impl AsyncFnOnce(&Hub) -> Result<T, Failure>,
    ) -> Result<T, CommandError> {
        self.runtime.block_on(async {
            let done = tokio::select! {
                done = self.progress.waiting(what, work(&self.hub)) => done.map_err(CommandError::from),
                Ok(()) = asked_to_stop() => Err(CommandError::Stopped),
            };
            self.hub.close().await;
            done
        })
    }

    /// Waits until every row is written; reports failures as a warning.
    pub(super) fn finish(&self, context: &Context) {
        if let Err(failure) = self.runtime.block_on(self.ledger.flush()) {
            context.printer.warning(&failure);
        }
    }

    /// The current time.
    pub(super) fn now(&self) -> synapse_core::time::Timestamp {
        self.clock.now()
    }
}
