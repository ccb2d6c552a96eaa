//! Name resolution: localhost names resolve to loopback addresses without a lookup.
//!
//! **Invariant:** plain http connects to a loopback address, or to a private address given
//! literally in the URL. Its client resolves no other name, so neither a hosts file nor a name
//! server decides where an unencrypted prompt goes.
//!
//! **Invariant:** a name that a foreign server gave is connected at public addresses only, or at
//! those of the same place as that server's own. The addresses judged are the addresses connected
//! to: a name that resolves differently a moment later changes nothing.

use std::fmt::Debug;
use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use synapse_core::secure_url::{AddressScope, is_localhost};
use tokio::net::lookup_host;

use crate::failure::BoxError;

/// The addresses of a name.
pub type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Resolves names. The default is the operating system.
pub trait NameLookup: Debug + Send + Sync {
    /// Looks `name` up.
    fn lookup(&self, name: String) -> Addresses;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemLookup;

impl NameLookup for SystemLookup {
    fn lookup(&self, name: String) -> Addresses {
        Box::pin(async move {
            let addresses = lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// Which names are resolved besides localhost names.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    /// None.
    ThisMachine,
    /// All.
    All(Arc<dyn NameLookup>),
    /// All, but to addresses that the named server may lead to.
    NamedBy {
        lookup: Arc<dyn NameLookup>,
        server: String,
    },
}

/// A name that plain http refuses to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("plain http is for this machine only, and the name does not resolve to it")]
struct NotThisMachine;

/// A name that leads somewhere its server is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name resolves to {0}, on this machine or a private network, and the server that named it \
     is not there; it was not contacted"
)]
pub(crate) struct NotPublic(IpAddr);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let names = self.clone();
        if is_localhost(&name) {
            return Box::pin(ready(Ok(sockets(LOOPBACK.to_vec()))));
        }
        Box::pin(async move {
            match names {
                Self::ThisMachine => Err(NotThisMachine.into()),
                Self::All(lookup) => Ok(sockets(lookup.lookup(name).await?)),
                Self::NamedBy { lookup, server } => {
                    let found = lookup.lookup(name).await?;
                    Ok(sockets(admitted(found, &*lookup, server).await?))
                }
            }
        })
    }
}

/// Those of `found` that `server` may lead to. Looks the server up only if one is not public.
async fn admitted(
    found: Vec<IpAddr>,
    lookup: &dyn NameLookup,
    server: String,
) -> Result<Vec<IpAddr>, BoxError> {
    let Some(inner) = found
        .iter()
        .find(|each| AddressScope::of(**each) != AddressScope::Public)
    else {
        return Ok(found);
    };
    let refused = NotPublic(*inner);
    let servers = match server.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) if is_localhost(&server) => LOOPBACK.to_vec(),
        Err(_) => lookup.lookup(server).await?,
    };
    let places: Vec<AddressScope> = servers.into_iter().map(AddressScope::of).collect();
    let admitted: Vec<IpAddr> = found
        .into_iter()
        .filter(|each| match AddressScope::of(*each) {
            AddressScope::Public => true,
            place => places.contains(&place),
        })
        .collect();
    if admitted.is_empty() {
        Err(refused.into())
    } else {
        Ok(admitted)
    }
}

fn sockets(addresses: Vec<IpAddr>) -> Addrs {
    let sockets = addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, 0));
    Box::new(sockets.collect::<Vec<_>>().into_iter())
}

const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(names: &Names, name: &str) -> Result<Vec<IpAddr>, BoxError> {
        let addresses = names.resolve(name.parse().unwrap()).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }

    #[tokio::test]
    async fn the_names_of_this_machine_are_pinned() {
        for names in [Names::ThisMachine, Names::All(Arc::new(SystemLookup))] {
            for name in ["localhost", "LocalHost", "localhost.", "model.localhost"] {
                assert_eq!(resolved(&names, name).await.unwrap(), LOOPBACK, "{name}");
            }
        }
    }

    /// The machine's own name is usually in the hosts file, but is no loopback name.
    #[tokio::test]
    async fn plain_http_resolves_no_other_name() {
        for name in ["ip6-localhost", "localhost.localdomain", "example.com"] {
            let error = resolved(&Names::ThisMachine, name).await.unwrap_err();
            assert!(error.is::<NotThisMachine>(), "{name}: {error}");
        }
    }
}
