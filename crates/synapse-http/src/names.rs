//! Name resolution: localhost names resolve to loopback addresses without a lookup.
//!
//! **Invariant:** plain http connects to a loopback address, or to a private address given
//! literally in the URL. Its client resolves no other name, so neither a hosts file nor a name
//! server decides where an unencrypted prompt goes.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use synapse_core::secure_url::is_localhost;
use tokio::net::lookup_host;

use crate::failure::BoxError;

/// Which names are resolved besides localhost names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// None.
    ThisMachine,
    /// All, by the operating system.
    System,
}

/// A name that plain http refuses to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("plain http goes to this machine only, and the name is not one of it")]
struct NotThisMachine;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        if is_localhost(name.as_str()) {
            // Like curl and browsers; most local servers listen on IPv4.
            let addresses: Addrs = Box::new(LOOPBACK.map(|ip| SocketAddr::new(ip, 0)).into_iter());
            return Box::pin(ready(Ok(addresses)));
        }
        match self {
            Self::ThisMachine => Box::pin(ready(Err(NotThisMachine.into()))),
            Self::System => Box::pin(async move {
                let addresses: Vec<SocketAddr> = lookup_host((name.as_str(), 0))
                    .await
                    .map_err(BoxError::from)?
                    .collect();
                Ok(Box::new(addresses.into_iter()) as Addrs)
            }),
        }
    }
}

const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolved(names: Names, name: &str) -> Result<Vec<IpAddr>, BoxError> {
        let addresses = names.resolve(name.parse().unwrap()).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }

    #[tokio::test]
    async fn the_names_of_this_machine_are_pinned() {
        for names in [Names::ThisMachine, Names::System] {
            for name in ["localhost", "LocalHost", "localhost.", "model.localhost"] {
                assert_eq!(resolved(names, name).await.unwrap(), LOOPBACK, "{name}");
            }
        }
    }

    /// The machine's own name is usually in the hosts file, but is no loopback name.
    #[tokio::test]
    async fn plain_http_resolves_no_other_name() {
        for name in ["ip6-localhost", "localhost.localdomain", "example.com"] {
            let error = resolved(Names::ThisMachine, name).await.unwrap_err();
            assert!(error.is::<NotThisMachine>(), "{name}: {error}");
        }
    }
}
