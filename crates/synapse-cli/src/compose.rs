//! The composition root: which implementation stands behind which port.

use std::sync::Arc;

use synapse_core::engine::{Engine, Ports};
use synapse_core::error::Failure;
use synapse_providers::Providers;
use synapse_store::{Home, Secrets, SqliteLedger, SqlitePrices, TomlConnections};

use crate::command::Context;
use crate::environment::Environment;
use crate::remember::Remembering;
use crate::system::{RandomCallIds, SystemClock};

/// The use cases over this machine. Touches neither disk nor network.
pub(crate) fn engine(context: &Context) -> Result<Engine, Failure> {
    let environment = &context.environment;
    let home = Home::new(environment.synapse_home()?);
    let ledger = Arc::new(SqliteLedger::new(home.clone()));
    let secrets = Arc::new(secrets(environment, home.clone()));
    let secrets = Remembering::new(secrets, context.seen.clone(), context.resolved);
    Ok(Engine::new(Ports {
        connections: Arc::new(TomlConnections::new(home.clone())),
        providers: Arc::new(Providers::new(USER_AGENT)),
        secrets: Arc::new(secrets),
        ledger: ledger.clone(),
        reader: ledger,
        prices: Arc::new(SqlitePrices::new(home)),
        clock: Arc::new(SystemClock::new()),
        call_ids: Arc::new(RandomCallIds),
    }))
}

/// Where secrets are found.
fn secrets(environment: &Environment, home: Home) -> Secrets {
    let user_home = environment.user_home().map(ToOwned::to_owned);
    Secrets::new(user_home, environment.lookup()).at_home(home)
}

const USER_AGENT: &str = concat!("synapse/", env!("CARGO_PKG_VERSION"));
