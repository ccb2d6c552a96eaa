//! The composition root: chooses the implementation of each port.

use std::path::Path;
use std::sync::Arc;

use synapse_core::engine::{Engine, Ports};
use synapse_core::error::Failure;
use synapse_core::ports::{HubLedger, SecretResolver};
use synapse_home::Home;
use synapse_mcp::host::RequestObserver;
use synapse_process::Guard;
use synapse_providers::Providers;
use synapse_secrets::{NoPrompt, Secrets};
use synapse_store::{SqliteLedger, SqlitePrices, TomlConnections};

use crate::context::Context;
use crate::environment::Environment;
use crate::prompt::Terminal;
use crate::secret_tracking::Remembering;
use crate::system::{KeptCallIds, SystemClock};
use crate::telemetry::observed;

/// Whether a user can be asked for a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// The user at the terminal, if stdin is one.
    Terminal,
    /// Nobody: stdin belongs to the protocol.
    Nobody,
}

/// The use cases on this machine. Touches neither disk nor network.
pub(crate) fn engine(context: &Context, asking: Asking) -> Result<Engine, Failure> {
    serving(context, asking).map(|serving| serving.engine)
}

/// The use cases with `secrets` as the secret store, whose values are remembered.
pub(crate) fn engine_resolving(
    context: &Context,
    secrets: Arc<dyn SecretResolver>,
) -> Result<Engine, Failure> {
    let secrets = Remembering::new(secrets, context.seen.clone(), context.resolved);
    over(context, secrets).map(|serving| serving.engine)
}

/// The parts of an IDE's server.
pub(crate) struct Serving {
    /// The use cases.
    pub(crate) engine: Engine,
    /// Receives the rows of the hub: the same ledger and thread.
    pub(crate) rows: Arc<dyn HubLedger>,
    /// Observes requests, if telemetry is on.
    pub(crate) requests: Option<Arc<dyn RequestObserver>>,
}

/// The use cases, and what else a server needs.
pub(crate) fn serving(context: &Context, asking: Asking) -> Result<Serving, Failure> {
    over(context, remembering(context, asking)?)
}

fn over(context: &Context, secrets: Remembering) -> Result<Serving, Failure> {
    let home = home(context)?;
    let ledger = Arc::new(SqliteLedger::new(home.clone()));
    let connections = TomlConnections::new(home.clone());
    let clock = Arc::new(SystemClock::new());
    let observed = observed(connections.clone(), clock.clone(), context.printer.clone());
    let engine = Engine::new(Ports {
        ledger: ledger.clone(),
        connections: Arc::new(connections),
        providers: Arc::new(Providers::new(USER_AGENT).observed_by(context.observer.clone())),
        secrets: Arc::new(secrets),
        reader: ledger.clone(),
        prices: Arc::new(SqlitePrices::new(home)),
        clock,
        call_ids: Arc::new(KeptCallIds::new(context.newest_call.clone())),
        observers: observed.calls,
    });
    Ok(Serving {
        engine,
        rows: ledger,
        requests: observed.requests,
    })
}

/// The secret stores, remembering values so that they are kept out of all output.
pub(crate) fn remembering(context: &Context, asking: Asking) -> Result<Remembering, Failure> {
    let secrets = match asking {
        Asking::Terminal => secrets(context)?,
        Asking::Nobody => secrets(context)?.asking(Arc::new(NoPrompt)),
    };
    Ok(Remembering::new(
        Arc::new(secrets),
        context.seen.clone(),
        context.resolved,
    ))
}

/// The secret stores, and whom to ask for a passphrase.
pub(crate) fn secrets(context: &Context) -> Result<Secrets, Failure> {
    let environment = &context.environment;
    let user_home = environment.user_home().map(ToOwned::to_owned);
    Ok(Secrets::new(user_home, environment.lookup())
        .at_home(home(context)?)
        .guarded_by(guard())
        .asking(Arc::new(Terminal::new(context.printer.progress().clone()))))
}

/// The connections of another home directory.
pub(crate) fn connections_in(directory: &Path) -> TomlConnections {
    TomlConnections::new(Home::new(directory))
}

/// The secret stores of a process with another environment, without a user to ask.
pub(crate) fn secrets_of(environment: &Environment, directory: &Path) -> Secrets {
    let user_home = environment.user_home().map(ToOwned::to_owned);
    Secrets::new(user_home, environment.lookup())
        .at_home(Home::new(directory))
        .asking(Arc::new(NoPrompt))
}

/// The stored connections.
pub(crate) fn connections(context: &Context) -> Result<TomlConnections, Failure> {
    Ok(TomlConnections::new(home(context)?))
}

/// The guard that ends the leftovers of a program that we start: this executable, started again.
/// Through `/proc` it is found even if an upgrade replaced the file.
pub(crate) fn guard() -> Guard {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Guard::program(running);
    }
    match std::env::current_exe() {
        Ok(program) => Guard::program(program),
        Err(_) => Guard::none(),
    }
}

pub(crate) fn home(context: &Context) -> Result<Home, Failure> {
    context.environment.synapse_home().map(Home::new)
}

pub(crate) const USER_AGENT: &str = concat!("synapse/", env!("CARGO_PKG_VERSION"));
