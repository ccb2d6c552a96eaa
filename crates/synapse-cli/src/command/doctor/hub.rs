//! The checks of upstream servers: which file, which records of logins. The judgement is the hub's.

use async_trait::async_trait;
use synapse_core::check::{Check, CheckId, Finding};
use synapse_core::error::Failure;
use synapse_core::ports::{StoredUpstream, TokenStore as _};
use synapse_core::time::Timestamp;
use synapse_core::upstream::UpstreamName;
use synapse_hub::{KeptLogin, LoginRecords, check_file, check_server};
use synapse_secrets::TokenRecords;

use crate::args::HubPlaceArguments;
use crate::command::hub::Configured;
use crate::compose;
use crate::context::Context;

/// The checks of the default hub file, or of one server in it. A missing file has no checks.
pub(in crate::command) async fn checks(
    context: &Context,
    server: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Check>, Failure> {
    let hub = Configured::open(context, &HubPlaceArguments::default())?;
    let file = match hub.upstreams.read() {
        Ok(file) => file,
        Err(failure) => return Ok(vec![Check::new(CheckId::Hub, Finding::Fail(failure))]),
    };
    let mut checks = match server {
        None => check_file(file.servers.len(), file.warnings),
        Some(_) => Vec::new(),
    };
    let logins = Records {
        context,
        config: hub.place.key(),
    };
    let wanted = |stored: &StoredUpstream| server.is_none_or(|name| stored.name == name);
    for stored in file.servers.into_iter().filter(wanted) {
        checks.extend(check_server(hub.declarations(), stored, &logins, now).await);
    }
    Ok(checks)
}

/// The names of all servers. An unreadable file has none.
pub(in crate::command) fn names(context: &Context) -> Vec<String> {
    let hub = Configured::open(context, &HubPlaceArguments::default());
    let file = hub.and_then(|hub| hub.upstreams.read());
    file.map_or_else(
        |_| Vec::new(),
        |file| file.servers.into_iter().map(|each| each.name).collect(),
    )
}

/// The token records of one configuration, opened on demand.
struct Records<'a> {
    context: &'a Context,
    config: &'a str,
}

impl std::fmt::Debug for Records<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Records")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LoginRecords for Records<'_> {
    async fn of_server(&self, server: &UpstreamName) -> KeptLogin {
        let records = match compose::home(self.context).and_then(TokenRecords::open) {
            Ok(records) => records,
            Err(failure) => return KeptLogin::Unreadable(failure),
        };
        if records.is_in_keyring() {
            return KeptLogin::InKeyring;
        }
        match records.of_server(self.config, server).await {
            Ok(found) => found
                .into_iter()
                .next()
                .map_or(KeptLogin::Missing, |(_, record)| {
                    KeptLogin::Record(Box::new(record))
                }),
            Err(failure) => KeptLogin::Unreadable(failure),
        }
    }
}
