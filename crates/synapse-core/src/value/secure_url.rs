//! The URL type for peers that receive a secret, a prompt or data about calls: https, or http to
//! this machine.
//!
//! The URL's text alone is checked. `localhost` and its subdomains are local because `synapse-http`
//! maps them to loopback addresses itself, without a resolver (RFC 6761, section 6.3); neither a
//! hosts file nor a name server is consulted.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

use super::origin::Origin;
use crate::redact::Redactor;

/// An https URL, or an http URL of this machine; without user info, query and fragment.
///
/// ```
/// use synapse_core::secure_url::SecureUrl;
/// assert!("https://vault.example:8200".parse::<SecureUrl>().is_ok());
/// assert!("http://127.0.0.1:4318".parse::<SecureUrl>().is_ok());
/// assert!("http://collector.example:4318".parse::<SecureUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecureUrl(Url);

/// Why a text is not a [`SecureUrl`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SecureUrlError {
    /// Not a URL.
    #[error("{0}")]
    NoUrl(url::ParseError),
    /// A URL without a host.
    #[error("it has no host")]
    NoHost,
    /// http to another machine; otherwise valid.
    #[error("plain http is not encrypted")]
    PlainHttp(Url),
    /// Neither http nor https; without what looks like a token.
    #[error("the scheme `{0}` is not supported")]
    Scheme(String),
    /// A user name or a password.
    #[error("it has a user name or password")]
    UserInfo,
    /// A query or a fragment.
    #[error("it has a query or a fragment")]
    QueryOrFragment,
}

impl SecureUrl {
    /// The URL.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.0
    }

    /// The URL by value.
    #[must_use]
    pub fn into_url(self) -> Url {
        self.0
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::of(&self.0)
    }
}

impl FromStr for SecureUrl {
    type Err = SecureUrlError;

    /// # Errors
    /// The first violated rule; [`SecureUrlError::PlainHttp`] only if it is the only one.
    fn from_str(text: &str) -> Result<Self, SecureUrlError> {
        let url = Url::parse(text.trim()).map_err(SecureUrlError::NoUrl)?;
        if url.host().is_none() {
            return Err(SecureUrlError::NoHost);
        }
        if !matches!(url.scheme(), "http" | "https") {
            let scheme = Redactor::none().clean(url.scheme(), LONGEST_SCHEME);
            return Err(SecureUrlError::Scheme(scheme));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SecureUrlError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(SecureUrlError::QueryOrFragment);
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(SecureUrlError::PlainHttp(url));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for SecureUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

const LONGEST_SCHEME: usize = 40;

/// Whether the host of `url` is this machine: a loopback address, or a name mapped to one.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_loopback_address(address.into()),
        Some(Host::Ipv6(address)) => is_loopback_address(address.into()),
        Some(Host::Domain(name)) => is_localhost(name),
        None => false,
    }
}

/// Whether `name` is `localhost` or a subdomain, case-insensitive, with or without a trailing dot.
#[must_use]
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

/// Whether `address` is loopback, including IPv4-mapped IPv6.
#[must_use]
pub fn is_loopback_address(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether the host of `url` is a private address: RFC 1918, unique local (RFC 4193) or link-local.
/// Never true for a name, whatever it resolves to.
#[must_use]
pub fn is_private(url: &Url) -> bool {
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) | None => return false,
    };
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// How far an address is reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressScope {
    /// A loopback address.
    ThisMachine,
    /// A private, shared, link-local, reserved or multicast address.
    Private,
    /// Everything else.
    Public,
}

impl AddressScope {
    /// The place of `address`. An IPv4 address inside an IPv6 one (mapped, compatible, NAT64,
    /// 6to4) is judged itself: a gateway forwards to it.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [first, second, third, _] = address.octets();
        if address.is_loopback() {
            return Self::ThisMachine;
        }
        let is_special = match (first, second, third) {
            // "This network", multicast, reserved and broadcast; RFC 6598; RFC 6890; RFC 2544.
            (0 | 224.., ..) | (192, 0, 0) | (198, 18 | 19, _) => true,
            (100, second, _) => (64..128).contains(&second),
            _ => false,
        };
        if address.is_private() || address.is_link_local() || is_special {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() {
            return Self::ThisMachine;
        }
        let [a, b, c, d, e, f, g, h] = address.segments();
        let inner = match (a, b, c, d, e, f) {
            (0, 0, 0, 0, 0, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => Some([g, h]),
            (0x2002, ..) => Some([b, c]),
            _ => None,
        };
        if let Some([high, low]) = inner {
            let [[first, second], [third, fourth]] = [high.to_be_bytes(), low.to_be_bytes()];
            return Self::of_v4(Ipv4Addr::new(first, second, third, fourth));
        }
        // Site-local addresses (RFC 3879) are deprecated, but still routed inside old networks.
        let is_site_local = a & 0xffc0 == 0xfec0;
        let is_private = address.is_unique_local()
            || address.is_unicast_link_local()
            || address.is_multicast()
            || is_site_local;
        if is_private {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// The place of the host of `url` by its text: a name is public unless it is mapped to this
    /// machine.
    #[must_use]
    pub fn of_url(url: &Url) -> Self {
        match url.host() {
            Some(Host::Ipv4(address)) => Self::of(address.into()),
            Some(Host::Ipv6(address)) => Self::of(address.into()),
            Some(Host::Domain(name)) if is_localhost(name) => Self::ThisMachine,
            Some(Host::Domain(_)) | None => Self::Public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_address_holds_in_every_spelling() {
        for (address, place) in [
            ("127.0.0.1", AddressScope::ThisMachine),
            ("127.9.9.9", AddressScope::ThisMachine),
            ("::1", AddressScope::ThisMachine),
            ("::ffff:127.0.0.1", AddressScope::ThisMachine),
            ("::127.0.0.1", AddressScope::ThisMachine),
            ("64:ff9b::7f00:1", AddressScope::ThisMachine),
            ("2002:7f00:1::", AddressScope::ThisMachine),
            ("::", AddressScope::Private),
            ("0.0.0.0", AddressScope::Private),
            ("10.0.0.1", AddressScope::Private),
            ("172.31.0.1", AddressScope::Private),
            ("192.168.0.1", AddressScope::Private),
            ("169.254.169.254", AddressScope::Private),
            ("::ffff:169.254.169.254", AddressScope::Private),
            ("64:ff9b::a9fe:a9fe", AddressScope::Private),
            ("2002:a00:1::1", AddressScope::Private),
            ("100.64.0.1", AddressScope::Private),
            ("192.0.0.192", AddressScope::Private),
            ("198.19.0.1", AddressScope::Private),
            ("224.0.0.1", AddressScope::Private),
            ("240.0.0.1", AddressScope::Private),
            ("255.255.255.255", AddressScope::Private),
            ("fd00:ec2::254", AddressScope::Private),
            ("fe80::1", AddressScope::Private),
            ("fec0::1", AddressScope::Private),
            ("ff02::1", AddressScope::Private),
            ("8.8.8.8", AddressScope::Public),
            ("100.128.0.1", AddressScope::Public),
            ("192.0.2.1", AddressScope::Public),
            ("223.255.255.255", AddressScope::Public),
            ("2606:4700::1111", AddressScope::Public),
            ("64:ff9b::808:808", AddressScope::Public),
        ] {
            assert_eq!(
                AddressScope::of(address.parse().unwrap()),
                place,
                "{address}"
            );
        }
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn this_machine_is_known_by_address_and_by_the_pinned_names() {
        for (host, local) in [
            ("127.0.0.1", true),
            ("127.255.0.9", true),
            ("127.1", true),
            ("2130706433", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost", true),
            ("LOCALHOST", true),
            ("localhost.", true),
            ("model.localhost", true),
            ("localhost.example.com", false),
            ("notlocalhost", false),
            ("localhost.localdomain", false),
            ("0.0.0.0", false),
            ("[::]", false),
            ("128.0.0.1", false),
            ("127.0.0.1.example.com", false),
        ] {
            let text = format!("http://{host}:1/v1");
            assert_eq!(is_loopback(&url(&text)), local, "{host}");
            assert_eq!(text.parse::<SecureUrl>().is_ok(), local, "{host}");
        }
    }

    #[test]
    fn private_networks_are_known_by_address_alone() {
        for (host, private) in [
            ("10.0.0.1", true),
            ("172.16.0.1", true),
            ("172.31.255.255", true),
            ("172.32.0.1", false),
            ("192.168.1.7", true),
            ("169.254.1.1", true),
            ("[fd00::1]", true),
            ("[fe80::1]", true),
            ("[::ffff:192.168.1.7]", true),
            ("[2001:db8::1]", false),
            ("[fec0::1]", false),
            ("8.8.8.8", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("nas.local", false),
            ("10.0.0.1.example.com", false),
        ] {
            assert_eq!(
                is_private(&url(&format!("http://{host}/"))),
                private,
                "{host}"
            );
        }
    }

    #[test]
    fn the_first_broken_rule_is_named() {
        let plain = url("http://h.test/v1");
        for (text, error) in [
            (
                "h.test/v1",
                SecureUrlError::NoUrl(url::ParseError::RelativeUrlWithoutBase),
            ),
            ("data:x", SecureUrlError::NoHost),
            ("ftp://h.test", SecureUrlError::Scheme("ftp".into())),
            ("https://u:p@h.test", SecureUrlError::UserInfo),
            ("http://u@h.test", SecureUrlError::UserInfo),
            ("https://h.test/?q", SecureUrlError::QueryOrFragment),
            ("https://h.test/#f", SecureUrlError::QueryOrFragment),
            ("http://h.test/v1", SecureUrlError::PlainHttp(plain)),
        ] {
            assert_eq!(text.parse::<SecureUrl>(), Err(error), "{text}");
        }
    }
}
