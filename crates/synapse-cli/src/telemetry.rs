//! OpenTelemetry, if it is built in (feature `otel`) and connections.toml names a collector.
//! Without the feature, reports a configured collector.

use std::sync::Arc;

use synapse_core::ports::CallObservers;
use synapse_mcp::host::RequestObserver;

#[cfg(feature = "otel")]
pub(crate) use self::built::observed;
#[cfg(not(feature = "otel"))]
pub(crate) use self::left_out::observed;
use crate::context::Context;

/// The observers.
pub(crate) struct Observed {
    /// Observe calls.
    pub(crate) calls: CallObservers,
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

    use synapse_core::ports::{CallIds as _, CallObserver, Clock};
    use synapse_store::TomlConnections;
    use synapse_telemetry::{Observer, Wiring};

    use super::Observed;
    use crate::output::Printer;
    use crate::system::RandomCallIds;

    /// Observers for the collector that `connections` name, if any.
    pub(crate) fn observed(
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
        let observer = Arc::new(Observer::new(wiring));
        let calls: Arc<dyn CallObserver> = observer.clone();
        Observed {
            calls: [calls].into_iter().collect(),
            requests: Some(observer),
        }
    }
}

#[cfg(not(feature = "otel"))]
mod left_out {
    use std::sync::Arc;

    use synapse_core::error::{Code, Failure};
    use synapse_core::ports::{CallObservers, Clock};
    use synapse_home::Home;
    use synapse_store::TomlConnections;

    use super::Observed;
    use crate::context::Context;
    use crate::output::Printer;

    /// No observers.
    pub(crate) fn observed(
        _connections: TomlConnections,
        _clock: Arc<dyn Clock>,
        _printer: Printer,
    ) -> Observed {
        Observed {
            calls: CallObservers::default(),
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
                "telemetry is configured, but this Synapse was built without it",
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
