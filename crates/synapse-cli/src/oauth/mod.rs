//! The platform of OAuth: composes the engine, resolves the entry's settings, opens a browser, and
//! writes rows to the ledger.

mod late;
mod opener;
mod recorder;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use synapse_core::Failure;
use synapse_core::error::Code;
use synapse_home::Home;
use synapse_http::{ExchangeObserver, HttpConfig};
use synapse_oauth::{OAuth, Times};
use synapse_secrets::TokenRecords;
use synapse_store::SqliteLedger;

use crate::context::Context;
use crate::environment::SYNAPSE_LOGIN_TIMEOUT;
use crate::output::ShownExchanges;
use crate::system::{RandomCallIds, SystemClock};

pub(crate) use self::late::LateTokens;
pub(crate) use self::opener::Opener;
pub(crate) use self::recorder::LedgerRecorder;
pub(crate) use self::settings::{Resolving, has_authorization, login_settings};

/// The engine over the records of `home`. Reads the location of the records, and nothing else.
///
/// # Errors
/// `config.invalid-value`, `storage.*`.
pub(crate) fn engine(context: &Context, home: &Home) -> Result<OAuth, Failure> {
    let recorder = LedgerRecorder::new(
        Arc::new(SqliteLedger::new(home.clone())),
        Arc::new(RandomCallIds),
    );
    let records = TokenRecords::open(home.clone())?;
    let observer = context.observer.as_ref().map(|_| {
        let shown: Arc<dyn ExchangeObserver> =
            Arc::new(ShownExchanges::of_logins(context.printer.clone()));
        shown
    });
    let oauth = OAuth::new(
        HttpConfig {
            observer,
            ..HttpConfig::default()
        },
        Arc::new(records),
        Arc::new(SystemClock::new()),
        Arc::new(recorder),
    );
    Ok(oauth.remembering(context.seen.clone()))
}

/// The timeout of a login: the flag's, otherwise the variable's.
///
/// # Errors
/// `usage.invalid-arguments` when the variable is not a number of seconds.
pub(crate) fn times(context: &Context, flag: Option<u64>) -> Result<Times, Failure> {
    let usual = Times::default();
    let seconds = match (flag, context.environment.variable(SYNAPSE_LOGIN_TIMEOUT)) {
        (Some(seconds), _) => seconds,
        (None, None) => return Ok(usual),
        (None, Some(text)) => text
            .to_str()
            .and_then(|text| text.parse().ok())
            .filter(|seconds| (1..=3600).contains(seconds))
            .ok_or_else(|| {
                Failure::new(
                    Code::UsageInvalidArguments,
                    "SYNAPSE_LOGIN_TIMEOUT is not a number of seconds",
                )
                .hint("write 1 to 3600")
            })?,
    };
    Ok(Times {
        login: Duration::from_secs(seconds),
        ..usual
    })
}
