//! Which connections a server could use from where it is started. Judges through ports what a
//! start elsewhere, such as an IDE's, would find; reads no secret and sends nothing.

use crate::connection::not_found;
use crate::doctor::{Diagnosis, Examined};
use crate::error::{Code, Failure, Remedy};
use crate::gate::NetworkGate;
use crate::name::ConnectionName;
use crate::ports::{ConnectionStore, SecretResolver, StoredConnection};

/// Judges the connections of `store` as a server would find them that gets its secrets from
/// `secrets`: the one called `pinned`, or every one.
///
/// A server without a connection it could use fails; one that has others is warned.
pub async fn within_reach(
    store: &dyn ConnectionStore,
    secrets: &dyn SecretResolver,
    pinned: Option<&str>,
) -> Vec<Examined> {
    let stored = match store.load() {
        Ok(stored) => stored,
        Err(failure) => return vec![examined(None, Diagnosis::Fail(failure))],
    };
    if let Some(name) = pinned {
        let found = stored.iter().find(|each| each.name.as_str() == name);
        let diagnosis = match found {
            Some(found) => of(found, secrets).await,
            None => {
                let known: Vec<ConnectionName> = stored.into_iter().map(|each| each.name).collect();
                let cause = "the entry serves this connection and no other";
                Diagnosis::Fail(not_found(name, &known).cause(cause))
            }
        };
        return vec![examined(Some(name), diagnosis)];
    }
    if stored.is_empty() {
        let text = "there is no connection yet; create one";
        return vec![examined(None, Diagnosis::Ok(text.to_owned()))];
    }
    let mut lines = Vec::with_capacity(stored.len());
    for each in &stored {
        lines.push(examined(Some(each.name.as_str()), of(each, secrets).await));
    }
    if lines.iter().any(|line| is_usable(&line.diagnosis)) {
        for line in &mut lines {
            if let Diagnosis::Fail(failure) = &line.diagnosis {
                line.diagnosis = Diagnosis::Warn(failure.clone());
            }
        }
    }
    lines
}

async fn of(stored: &StoredConnection, secrets: &dyn SecretResolver) -> Diagnosis {
    let connection = match stored.usable() {
        Ok(connection) => connection,
        Err(failure) => return Diagnosis::Fail(failure),
    };
    if connection.gate == NetworkGate::Closed {
        let name = &stored.name;
        return Diagnosis::Warn(
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
        None => Diagnosis::Ok("needs no credential".to_owned()),
        Some(reference) => match secrets.reach(reference).await {
            Ok(seen) => Diagnosis::Ok(seen),
            Err(failure) => Diagnosis::Fail(failure),
        },
    }
}

const fn is_usable(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis, Diagnosis::Ok(_))
}

fn examined(subject: Option<&str>, diagnosis: Diagnosis) -> Examined {
    Examined {
        id: "connection",
        subject: subject.map(str::to_owned),
        diagnosis,
    }
}
