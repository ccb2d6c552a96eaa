//! OpenTelemetry, if it is built in (feature `otel`) and connections.toml names a collector.
//! Without the feature, reports a configured collector.

use std::sync::Arc;

use synapse_core::ports::{HubLedger, Ledger};
use synapse_mcp::host::RequestObserver;

#[cfg(feature = "otel")]
pub(crate) use self::built::observed;
#[cfg(not(feature = "otel"))]
pub(crate) use self::left_out::observed;
use crate::command::Context;

/// The observed ports.
pub(crate) struct Observed {
    /// Receives the rows of connections.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Receives the rows of the hub.
    pub(crate) rows: Arc<dyn HubLedger>,
    /// Observes requests of IDEs, if telemetry is on.
    pub(crate) requests: Option<Arc<dyn RequestObserver>>,
}

/// Reports telemetry that is configured but not built in. Called when calls are done, because it
/// reads the configuration, which must not delay an answer.
pub(crate) fn remind(context: &Context) {
    #[cfg(not(feature = "otel"))]
    left_out::remind(context);
    #[cfg(feature = "otel")]
    let _nothing_to_say = context;
}

#[cfg(feature = "otel")]
mod built {
    use std::sync::Arc;

    use synapse_core::ports::{CallIds as _, Clock};
    use synapse_store::{SqliteLedger, TomlConnections};
    use synapse_telemetry::{ObservedHubLedger, ObservedLedger, Observer, Wiring};

    use super::Observed;
    use crate::output::Printer;
    use crate::system::RandomCallIds;

    /// `ledger`, observed for the collector that `connections` name, if any.
    pub(crate) fn observed(
        ledger: Arc<SqliteLedger>,
        connections: TomlConnections,
        clock: Arc<dyn Clock>,
        printer: Printer,
    ) -> Observed {
        let wiring = Wiring {
            collector: Box::new(move || connections.telemetry()),
            warn: Box::new(move |failure| printer.warning(failure)),
            clock,
            ids: Arc::new(RandomCallIds),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: RandomCallIds.next().to_string(),
        };
        let observer = Observer::new(wiring);
        Observed {
            ledger: Arc::new(ObservedLedger::new(ledger.clone(), observer.clone())),
            rows: Arc::new(ObservedHubLedger::new(ledger, observer.clone())),
            requests: Some(Arc::new(observer)),
        }
    }
}

#[cfg(not(feature = "otel"))]
mod left_out {
    use std::sync::Arc;

    use synapse_core::error::{Code, Failure};
    use synapse_core::ports::Clock;
    use synapse_home::Home;
    use synapse_store::{SqliteLedger, TomlConnections};

    use super::Observed;
    use crate::command::Context;
    use crate::output::Printer;

    /// `ledger`, unobserved.
    pub(crate) fn observed(
        ledger: Arc<SqliteLedger>,
        _connections: TomlConnections,
        _clock: Arc<dyn Clock>,
        _printer: Printer,
    ) -> Observed {
        Observed {
            ledger: ledger.clone(),
            rows: ledger,
            requests: None,
        }
    }

    pub(super) fn remind(context: &Context) {
        let Ok(home) = context.environment.synapse_home() else {
            return;
        };
        // The call itself reported an unreadable file.
        if let Ok(Some(collector)) = TomlConnections::new(Home::new(home)).telemetry() {
            let failure = Failure::new(
                Code::TelemetryNotBuilt,
                "telemetry is configured, and this Synapse was built without it",
            )
            .cause(format!("nothing was sent to {collector}"))
            .shell(
                "build it in, or remove `[telemetry]` from connections.toml",
                "cargo install --path crates/synapse-cli --features otel",
            );
            context.printer.warning(&failure);
        }
    }
}
