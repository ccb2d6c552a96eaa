//! The checks of declared servers: the file, the approvals and the logins. Starts and contacts no
//! server, and asks for the login of an approved server only.

use std::fmt;

use async_trait::async_trait;
use synapse_core::check::{Check, CheckId, Finding, Skip};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::StoredUpstream;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{TokenRecord, TokenState, UpstreamName};

use crate::declared::{Declarations, Depth, ServerState};

/// The records of logins, as far as they can be read without asking the user.
#[async_trait]
pub trait LoginRecords: Send + Sync + fmt::Debug {
    /// The record of `server`.
    async fn of_server(&self, server: &UpstreamName) -> KeptLogin;
}

/// The record of a login.
#[derive(Debug)]
pub enum KeptLogin {
    /// It is in the keyring and was not read.
    InKeyring,
    /// There is no record.
    Missing,
    /// The record.
    Record(Box<TokenRecord>),
    /// It cannot be read.
    Unreadable(Failure),
}

/// The check of the file: its number of servers, and its problems. A file without servers has none.
#[must_use]
pub fn check_file(servers: usize, warnings: Vec<Failure>) -> Vec<Check> {
    if servers == 0 && warnings.is_empty() {
        return Vec::new();
    }
    let doubts = warnings.into_iter().map(Finding::Doubt);
    let seen = Finding::Ok(match servers {
        1 => "1 upstream server".to_owned(),
        count => format!("{count} upstream servers"),
    });
    let findings = doubts.chain([seen]);
    findings
        .map(|finding| Check::new(CheckId::Hub, finding))
        .collect()
}

/// The checks of one server: its problems, its state, and the login of an approved one.
pub async fn check_server(
    declarations: Declarations<'_>,
    stored: StoredUpstream,
    logins: &dyn LoginRecords,
    now: Timestamp,
) -> Vec<Check> {
    let name = stored.name.clone();
    let declared = declarations.examine(stored, Depth::Expansion);
    let mut checks = Vec::new();
    for warning in declared.warnings {
        checks.push(Check::new(CheckId::Server, Finding::Doubt(warning)).of(&name));
    }
    let finding = match (declared.state, declared.failure) {
        (ServerState::Disabled, _) => Finding::Skip(Skip::Because("it is disabled")),
        // Not a failure: the user has not decided yet, or another environment may have it.
        (ServerState::NotApproved | ServerState::Changed, Some(failure)) => Finding::Doubt(failure),
        (_, Some(failure)) if failure.code() == Code::ConfigUnresolvedVariable => {
            Finding::Doubt(failure)
        }
        (_, Some(failure)) => Finding::Fail(failure),
        (_, None) => Finding::Ok(match declared.view.tools {
            Some(1) => "approved, 1 tool".to_owned(),
            Some(tools) => format!("approved, {tools} tools"),
            None => "approved".to_owned(),
        }),
    };
    checks.push(Check::new(CheckId::Server, finding).of(&name));
    let is_required = match declared.state {
        ServerState::Approved => false,
        ServerState::LoginRequired => true,
        _ => return checks,
    };
    let Ok(server) = name.parse::<UpstreamName>() else {
        return checks;
    };
    let login = match logins.of_server(&server).await {
        KeptLogin::Unreadable(failure) => Some(Finding::Fail(failure)),
        KeptLogin::InKeyring => Some(Finding::Skip(Skip::Because(
            "kept in the keyring; not read",
        ))),
        KeptLogin::Record(record) => Some(judged(&record, &server, now)),
        KeptLogin::Missing if is_required => {
            Some(Finding::Doubt(logged_out(&server, "not logged in")))
        }
        KeptLogin::Missing => None,
    };
    checks.extend(login.map(|finding| Check::new(CheckId::Login, finding).of(&name)));
    checks
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
