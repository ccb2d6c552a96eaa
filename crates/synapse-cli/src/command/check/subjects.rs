//! The subjects of a check: everything, or the named connections, clients and servers.

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::nearest::nearest;
use synapse_core::ports::ConnectionStore as _;
use synapse_core::redact::Redactor;
use synapse_ide::{CLIENTS, Client};

use crate::command::{Context, doctor};
use crate::compose;

/// The named subjects. A name of several kinds means all of them.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    connections: Vec<String>,
    clients: Vec<&'static Client>,
    servers: Vec<String>,
}

impl Subjects {
    /// # Errors
    /// `config.not-found` for an unknown name; `config.*` and `storage.*` when the file of
    /// connections cannot be read and the name may be in it.
    pub(super) fn named(context: &Context, names: &[String]) -> Result<Self, Failure> {
        let mut subjects = Self::default();
        if names.is_empty() {
            return Ok(subjects);
        }
        let stored = compose::connections(context)?.load();
        let known: Vec<String> = stored
            .iter()
            .flatten()
            .map(|each| each.name.to_string())
            .collect();
        let servers = doctor::hub::names(context);
        for name in names {
            let client = CLIENTS.iter().find(|client| client.id() == name);
            let of = |list: &[String]| list.iter().find(|each| *each == name).cloned();
            let (connection, server) = (of(&known), of(&servers));
            if client.is_none() && connection.is_none() && server.is_none() {
                return Err(match stored {
                    Ok(_) => unknown(name, &known, &servers),
                    Err(failure) => failure,
                });
            }
            subjects.clients.extend(client);
            subjects.connections.extend(connection);
            subjects.servers.extend(server);
        }
        Ok(subjects)
    }

    /// Whether nothing was named, which means everything.
    pub(super) const fn are_all(&self) -> bool {
        self.connections.is_empty() && self.clients.is_empty() && self.servers.is_empty()
    }

    pub(super) fn connections(&self) -> &[String] {
        &self.connections
    }

    pub(super) fn clients(&self) -> &[&'static Client] {
        &self.clients
    }

    pub(super) fn servers(&self) -> &[String] {
        &self.servers
    }
}

fn unknown(name: &str, connections: &[String], servers: &[String]) -> Failure {
    let all = connections.iter().chain(servers).map(String::as_str);
    let mut all: Vec<&str> = all.collect();
    for client in CLIENTS {
        all.push(client.id());
    }
    let near = nearest(name, all);
    let shown = Redactor::none().clean(name, 64);
    let failure = Failure::new(
        Code::ConfigNotFound,
        format!("no connection, client or server is called `{shown}`"),
    );
    let failure = match connections {
        [] => failure,
        names => failure.cause(format!("connections: {}", names.join(", "))),
    };
    let failure = match servers {
        [] => failure,
        names => failure.cause(format!("servers: {}", names.join(", "))),
    };
    match near {
        Some(near) => failure.did_you_mean(name, near),
        None => failure.remedy("see the clients", &Remedy::ListEntries),
    }
}
