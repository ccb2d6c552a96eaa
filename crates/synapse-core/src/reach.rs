//! Finds which connections a server could use in the environment it is started in, such as an
//! IDE's. Reads no secret and sends nothing.

use crate::check::{Check, CheckId, Finding};
use crate::connection::not_found;
use crate::error::{Code, Failure, Remedy};
use crate::gate::NetworkGate;
use crate::name::ConnectionName;
use crate::ports::{ConnectionStore, SecretResolver, StoredConnection};

/// Checks the connections of `store` for a server that resolves secrets with `secrets`: the one
/// called `pinned`, or all.
///
/// Without a usable connection the check fails; with some it warns.
pub async fn within_reach(
    store: &dyn ConnectionStore,
    secrets: &dyn SecretResolver,
    pinned: Option<&str>,
) -> Vec<Check> {
    let stored = match store.load() {
        Ok(stored) => stored,
        Err(failure) => return vec![examined(None, Finding::Fail(failure))],
    };
    if let Some(name) = pinned {
        let found = stored.iter().find(|each| each.name.as_str() == name);
        let finding = match found {
            Some(found) => of(found, secrets).await,
            None => {
                let known: Vec<ConnectionName> = stored.into_iter().map(|each| each.name).collect();
                let cause = "the entry serves this connection and no other";
                Finding::Fail(not_found(name, &known).cause(cause))
            }
        };
        return vec![examined(Some(name), finding)];
    }
    if stored.is_empty() {
        let text = "there is no connection yet; set one up";
        return vec![examined(None, Finding::Ok(text.to_owned()))];
    }
    let mut lines = Vec::with_capacity(stored.len());
    for each in &stored {
        lines.push(examined(Some(each.name.as_str()), of(each, secrets).await));
    }
    if lines.iter().any(|line| is_usable(&line.finding)) {
        for line in &mut lines {
            if let Finding::Fail(failure) = &line.finding {
                line.finding = Finding::Doubt(failure.clone());
            }
        }
    }
    lines
}

async fn of(stored: &StoredConnection, secrets: &dyn SecretResolver) -> Finding {
    let connection = match stored.usable() {
        Ok(connection) => connection,
        Err(failure) => return Finding::Fail(failure),
    };
    if connection.gate == NetworkGate::Closed {
        let name = &stored.name;
        return Finding::Doubt(
            Failure::new(
                Code::GateNetworkDisabled,
                format!("live calls are off for `{name}`"),
            )
            .remedy(
                "allow them",
                &Remedy::OpenGate {
                    connection: name.clone(),
                },
            ),
        );
    }
    match &connection.credential {
        None => Finding::Ok("needs no credential".to_owned()),
        Some(reference) => {
            if let Err(failure) = connection.check_binding() {
                return Finding::Fail(failure);
            }
            match secrets.reach(reference).await {
                Ok(seen) => Finding::Ok(seen),
                Err(failure) => Finding::Fail(failure),
            }
        }
    }
}

const fn is_usable(finding: &Finding) -> bool {
    matches!(finding, Finding::Ok(_))
}

fn examined(subject: Option<&str>, finding: Finding) -> Check {
    let check = Check::new(CheckId::Connection, finding);
    match subject {
        Some(subject) => check.of(subject),
        None => check,
    }
}
