//! The composition root: which implementation stands behind which port.

use std::sync::Arc;

use synapse_core::engine::{Engine, Ports};
use synapse_core::error::Failure;
use synapse_providers::Providers;
use synapse_store::{Home, Secrets, SqliteLedger, SqlitePrices, TomlConnections};

use crate::environment::Environment;
use crate::output::Printer;
use crate::system::{RandomCallIds, SystemClock};
use crate::telemetry::observed;

/// The use cases over this machine. Touches neither disk nor network.
pub(crate) fn engine(environment: &Environment, printer: Printer) -> Result<Engine, Failure> {
    let home = Home::new(environment.synapse_home()?);
    let ledger = Arc::new(SqliteLedger::new(home.clone()));
    let secrets = Secrets::new(
        environment.user_home().map(ToOwned::to_owned),
        environment.lookup(),
    );
    let connections = TomlConnections::new(home.clone());
    let clock = Arc::new(SystemClock::new());
    Ok(Engine::new(Ports {
        ledger: observed(ledger.clone(), connections.clone(), clock.clone(), printer),
        connections: Arc::new(connections),
        providers: Arc::new(Providers::new(USER_AGENT)),
        secrets: Arc::new(secrets),
        reader: ledger,
        prices: Arc::new(SqlitePrices::new(home)),
        clock,
        call_ids: Arc::new(RandomCallIds),
    }))
}

const USER_AGENT: &str = concat!("synapse/", env!("CARGO_PKG_VERSION"));
