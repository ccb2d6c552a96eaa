//! Binds a credential to the host and proxy that its owner confirmed.
//!
//! Both confirmations are part of the connection's preflight record. A base URL or proxy edited by
//! hand no longer matches, and the secret is not even read until the owner names it on the command
//! line. An attacker who can also edit the record is out of scope: see ADR 10.

use crate::connection::{Connection, ProxyUrl};
use crate::endpoint::{BaseUrl, Origin};
use crate::error::{Code, Failure, Remedy};

impl Connection {
    /// Whether its credential may be sent to its base URL, through its proxy if it has one.
    ///
    /// Without a confirmation, as in a hand-written connection, the provider's own host and this
    /// machine count as confirmed. A proxy never does.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.is_bound_to_host() && self.is_bound_to_proxy()
    }

    /// Checks that its credential may be sent to its base URL, and through its proxy.
    ///
    /// # Errors
    /// `credential.unbound`.
    pub fn check_binding(&self) -> Result<(), Failure> {
        if !self.is_bound_to_host() {
            return Err(self.unbound_host());
        }
        match &self.proxy {
            Some(proxy) if !self.is_bound_to_proxy() => Err(self.unbound_proxy(proxy)),
            Some(_) | None => Ok(()),
        }
    }

    /// The host confirmed by a preflight record of this connection.
    pub(crate) fn confirmed(&self) -> Option<Origin> {
        if self.is_bound_to_host() {
            Some(self.base_url.origin())
        } else {
            self.bound_to.clone()
        }
    }

    /// The proxy confirmed by a preflight record of this connection.
    pub(crate) fn confirmed_proxy(&self) -> Option<ProxyUrl> {
        if self.is_bound_to_proxy() {
            self.proxy.clone()
        } else {
            self.bound_proxy.clone()
        }
    }

    fn is_bound_to_host(&self) -> bool {
        let origin = self.base_url.origin();
        match &self.bound_to {
            Some(confirmed) => *confirmed == origin,
            None => {
                let own = self.provider.profile().base_url;
                let own = own.and_then(|base| base.parse::<BaseUrl>().ok());
                self.base_url.is_loopback() || own.is_some_and(|own| own.origin() == origin)
            }
        }
    }

    fn is_bound_to_proxy(&self) -> bool {
        self.proxy.is_none() || self.proxy == self.bound_proxy
    }

    fn unbound_host(&self) -> Failure {
        let cause = match &self.bound_to {
            Some(confirmed) => {
                format!("it was confirmed for {confirmed}, and the base URL was changed")
            }
            None => {
                "the connection was written by hand, and its base URL is not confirmed".to_owned()
            }
        };
        let origin = self.base_url.origin();
        let failure = self.unbound(&format!("to {}", origin.host()), cause);
        failure.remedy(
            "confirm it, if you trust that host with the credential",
            &Remedy::ConfirmHost {
                connection: self.name.clone(),
                base_url: self.base_url.clone(),
            },
        )
    }

    fn unbound_proxy(&self, proxy: &ProxyUrl) -> Failure {
        let cause = match &self.bound_proxy {
            Some(confirmed) => {
                format!("the proxy {confirmed} was confirmed, and it was changed")
            }
            None => "its proxy was not confirmed on the command line".to_owned(),
        };
        let failure = self.unbound(&format!("through the proxy {proxy}"), cause);
        failure
            .remedy(
                "confirm it, if you trust that proxy",
                &Remedy::ConfirmProxy {
                    connection: self.name.clone(),
                    proxy: proxy.clone(),
                },
            )
            .remedy(
                "or do without it",
                &Remedy::DropProxy {
                    connection: self.name.clone(),
                },
            )
            .with("proxy", proxy)
    }

    fn unbound(&self, way: &str, cause: String) -> Failure {
        let name = &self.name;
        Failure::new(
            Code::CredentialUnbound,
            format!("the credential of `{name}` may not go {way}"),
        )
        .cause(cause)
        .cause("nothing was sent and no secret was read")
        .with("connection", name)
        .with("host", self.base_url.origin().host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Draft;

    fn connection(base_url: Option<&str>, bound_to: Option<&str>) -> Connection {
        let draft = Draft {
            provider: "openai".into(),
            model: "m".into(),
            credential: Some("env:KEY".into()),
            base_url: base_url.map(str::to_owned),
            ..Draft::default()
        };
        let mut connection = draft.parse("c".parse().unwrap()).unwrap();
        connection.bound_to = bound_to.map(|text| text.parse().unwrap());
        connection
    }

    #[test]
    fn a_credential_goes_where_its_owner_said_and_nowhere_else() {
        let (own, other) = ("https://api.openai.com", "https://h.test");
        for (base_url, bound_to, bound) in [
            (None, None, true),
            (None, Some(own), true),
            (Some("https://api.openai.com/v2"), Some(own), true),
            (Some("https://h.test/v1"), Some(other), true),
            (Some("http://127.0.0.1:1/v1"), None, true),
            (Some("https://h.test/v1"), None, false),
            (Some("https://h.test/v1"), Some(own), false),
            (Some("https://h.test:444/v1"), Some(other), false),
            (Some("http://127.0.0.1:1/v1"), Some(own), false),
            (None, Some(other), false),
        ] {
            let connection = connection(base_url, bound_to);
            assert_eq!(
                connection.check_binding().is_ok(),
                bound,
                "{base_url:?} {bound_to:?}"
            );
            let confirmed = connection.confirmed();
            if bound {
                assert_eq!(confirmed, Some(connection.base_url.origin()));
            } else {
                assert_eq!(confirmed, connection.bound_to);
            }
        }
    }

    /// Not even a local proxy is exempt: another local program may listen there.
    #[test]
    fn a_proxy_is_confirmed_as_a_host_is() {
        let (mine, other) = ("http://127.0.0.1:3128", "http://p.test:3128");
        for (proxy, confirmed, bound) in [
            (None, None, true),
            (None, Some(mine), true),
            (Some(mine), Some(mine), true),
            (Some("http://127.0.0.1:3128/"), Some(mine), true),
            (Some(mine), None, false),
            (Some(other), None, false),
            (Some(other), Some(mine), false),
            (Some("https://127.0.0.1:3128"), Some(mine), false),
        ] {
            for bound_to in [None, Some("https://api.openai.com")] {
                let mut connection = connection(None, bound_to);
                let read = |text: Option<&str>| text.map(|text| text.parse::<ProxyUrl>().unwrap());
                (connection.proxy, connection.bound_proxy) = (read(proxy), read(confirmed));
                let checked = connection.check_binding();
                assert_eq!(checked.is_ok(), bound, "{proxy:?} {confirmed:?}");
                assert_eq!(connection.is_bound(), bound);
                let recorded = connection.confirmed_proxy();
                match checked {
                    Ok(()) => assert_eq!(recorded, connection.proxy),
                    Err(failure) => {
                        assert_eq!(recorded, connection.bound_proxy);
                        assert_eq!(failure.code(), Code::CredentialUnbound);
                        let confirm = Remedy::ConfirmProxy {
                            connection: connection.name.clone(),
                            proxy: connection.proxy.clone().unwrap(),
                        };
                        assert_eq!(failure.hints()[0].remedy, Some(confirm));
                    }
                }
            }
        }
    }
}
