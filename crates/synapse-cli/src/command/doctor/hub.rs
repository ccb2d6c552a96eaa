//! The checks of doctor on upstream servers: the file, the approvals and the logins. Starts and
//! contacts no server. Reads no token record of an unapproved server, and none from a keyring.

use synapse_core::check::{Check, CheckId, Finding, Skip};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::{StoredUpstream, TokenStore as _};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{TokenRecord, TokenState, UpstreamName};
use synapse_secrets::TokenRecords;

use crate::args::HubPlaceArguments;
use crate::command::hub::Configured;
use crate::command::hub::list::{Depth, look};
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
    let mut checks = Vec::new();
    if server.is_none() {
        if file.servers.is_empty() && file.warnings.is_empty() {
            return Ok(checks);
        }
        for warning in file.warnings {
            checks.push(Check::new(CheckId::Hub, Finding::Doubt(warning)));
        }
        let seen = match file.servers.len() {
            1 => "1 upstream server".to_owned(),
            count => format!("{count} upstream servers"),
        };
        checks.push(Check::new(CheckId::Hub, Finding::Ok(seen)));
    }
    let wanted = |stored: &StoredUpstream| server.is_none_or(|name| stored.name == name);
    for stored in file.servers.into_iter().filter(wanted) {
        of_server(context, &hub, stored, now, &mut checks).await;
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

async fn of_server(
    context: &Context,
    hub: &Configured,
    stored: StoredUpstream,
    now: Timestamp,
    checks: &mut Vec<Check>,
) {
    let name = stored.name.clone();
    let seen = look(hub, stored, Depth::Expansion);
    for warning in seen.warnings {
        checks.push(Check::new(CheckId::Server, Finding::Doubt(warning)).of(&name));
    }
    let state = seen.view.state;
    let tools = seen.view.tools;
    let finding = match (state, seen.failure) {
        ("disabled", _) => Finding::Skip(Skip::Because("it is switched off")),
        // Not a failure: the user has not decided yet, or another environment may have it.
        ("not-approved" | "changed", Some(failure)) => Finding::Doubt(failure),
        (_, Some(failure)) if failure.code() == Code::ConfigUnresolvedVariable => {
            Finding::Doubt(failure)
        }
        (_, Some(failure)) => Finding::Fail(failure),
        (_, None) => Finding::Ok(match tools {
            Some(1) => "approved, 1 tool".to_owned(),
            Some(tools) => format!("approved, {tools} tools"),
            None => "approved".to_owned(),
        }),
    };
    checks.push(Check::new(CheckId::Server, finding).of(&name));
    let Ok(server) = name.parse::<UpstreamName>() else {
        return;
    };
    if matches!(state, "approved" | "login-required") {
        let required = state == "login-required";
        let login = login(context, hub, &server, required, now).await;
        checks.extend(login.map(|finding| Check::new(CheckId::Login, finding).of(&name)));
    }
}

/// The login of an approved server; `None` when it has none and needs none.
async fn login(
    context: &Context,
    hub: &Configured,
    server: &UpstreamName,
    required: bool,
    now: Timestamp,
) -> Option<Finding> {
    let records = match compose::home(context).and_then(TokenRecords::open) {
        Ok(records) => records,
        Err(failure) => return Some(Finding::Fail(failure)),
    };
    if records.is_in_keyring() {
        return Some(Finding::Skip(Skip::Because(
            "kept in the keyring; not read",
        )));
    }
    let found = match records.of_server(hub.place.key(), server).await {
        Ok(found) => found,
        Err(failure) => return Some(Finding::Fail(failure)),
    };
    match found.first() {
        Some((_, record)) => Some(judged(record, server, now)),
        None if required => Some(Finding::Doubt(logged_out(server, "not logged in"))),
        None => None,
    }
}

fn judged(record: &TokenRecord, server: &UpstreamName, now: Timestamp) -> Finding {
    if record.access.is_none() {
        return Finding::Doubt(logged_out(server, "its owner logged out"));
    }
    if record.state == TokenState::Expired {
        return Finding::Doubt(logged_out(server, "only a new login helps"));
    }
    let expired = record.expires_at.is_some_and(|end| end <= now);
    match (expired, record.refresh.is_some(), record.expires_at) {
        (true, false, _) => Finding::Doubt(logged_out(server, "the login has expired")),
        (true, true, _) => Finding::Ok("expired; the next call refreshes it".to_owned()),
        (false, _, Some(end)) => Finding::Ok(format!("until {end}")),
        (false, _, None) => Finding::Ok("logged in; the server does not say until when".to_owned()),
    }
}

fn logged_out(server: &UpstreamName, cause: &str) -> Failure {
    Failure::new(
        Code::OauthLoginRequired,
        format!("`{server}` needs a login"),
    )
    .cause(cause)
    .remedy(
        "log in",
        &Remedy::LogIn {
            server: server.clone(),
            scopes: Vec::new(),
        },
    )
    .of_server(server)
}
