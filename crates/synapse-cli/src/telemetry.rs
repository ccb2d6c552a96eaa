//! OpenTelemetry, when it is built in (feature `otel`) and connections.toml names a collector.
//! Without the feature, a word about it when a collector is named all the same.

#[cfg(feature = "otel")]
pub(crate) use self::built::observed;
#[cfg(not(feature = "otel"))]
pub(crate) use self::left_out::observed;
use crate::command::Context;

/// Says so when telemetry is configured in vain. Called when calls are done, because it reads the
/// configuration, and no answer waits for that.
pub(crate) fn remind(context: &Context) {
    #[cfg(not(feature = "otel"))]
    left_out::remind(context);
    #[cfg(feature = "otel")]
    let _nothing_to_say = context;
}

#[cfg(feature = "otel")]
mod built {
    use std::sync::Arc;

    use synapse_core::ports::{CallIds as _, Clock, Ledger};
    use synapse_store::TomlConnections;
    use synapse_telemetry::{ObservedLedger, Wiring};

    use crate::output::Printer;
    use crate::system::RandomCallIds;

    /// `ledger`, observed for the collector that `connections` name, if any.
    pub(crate) fn observed(
        ledger: Arc<dyn Ledger>,
        connections: TomlConnections,
        clock: Arc<dyn Clock>,
        printer: Printer,
    ) -> Arc<dyn Ledger> {
        let wiring = Wiring {
            collector: Box::new(move || connections.telemetry()),
            warn: Box::new(move |failure| printer.warning(failure)),
            clock,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance: RandomCallIds.next().to_string(),
        };
        Arc::new(ObservedLedger::new(ledger, wiring))
    }
}

#[cfg(not(feature = "otel"))]
mod left_out {
    use std::sync::Arc;

    use synapse_core::error::{Code, Failure};
    use synapse_core::ports::{Clock, Ledger};
    use synapse_store::{Home, TomlConnections};

    use crate::command::Context;
    use crate::output::Printer;

    /// `ledger` as it is.
    pub(crate) fn observed(
        ledger: Arc<dyn Ledger>,
        _connections: TomlConnections,
        _clock: Arc<dyn Clock>,
        _printer: Printer,
    ) -> Arc<dyn Ledger> {
        ledger
    }

    pub(super) fn remind(context: &Context) {
        let Ok(home) = context.environment.synapse_home() else {
            return;
        };
        // A file that cannot be read was told by the call itself.
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
