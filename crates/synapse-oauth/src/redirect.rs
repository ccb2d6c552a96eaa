//! The redirect URI: the configured one verbatim, or a generated one on a loopback address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synapse_core::secure_url::is_localhost;
use synapse_core::upstream::RegistrationKind;
use synapse_core::{Code, Failure};
use url::{Host, Url};

use crate::secret_text::id_of;

/// The target of the browser's redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// The URI as sent.
    pub(crate) uri: String,
    /// The path to answer.
    pub(crate) path: String,
    /// The accepted `Host` headers.
    pub(crate) hosts: Vec<String>,
    /// Addresses to listen on; empty if the redirect is not local.
    pub(crate) addresses: Vec<IpAddr>,
    /// The port; 0 until it is chosen.
    pub(crate) port: u16,
}

impl Redirect {
    /// The configured URI.
    ///
    /// # Errors
    /// `config.invalid-value` if it is not an absolute URI without fragment.
    pub(crate) fn configured(uri: &str) -> Result<Self, Failure> {
        let invalid = |why: &str| {
            Failure::new(Code::ConfigInvalidValue, "the redirect URI cannot be used")
                .cause(why)
                .hint("write it as it is registered, such as http://localhost:7000/oauth/callback")
        };
        let url = Url::parse(uri).map_err(|_| invalid("it is not a URL"))?;
        if url.fragment().is_some() || uri.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(invalid("it has a fragment, a space or a control character"));
        }
        let addresses = match (url.scheme(), url.host()) {
            ("http", Some(Host::Domain(name))) if is_localhost(name) => {
                // A browser may try either.
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            ("http", Some(Host::Ipv4(address))) if address.is_loopback() => vec![address.into()],
            ("http", Some(Host::Ipv6(address))) if address.is_loopback() => vec![address.into()],
            _ => Vec::new(),
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut hosts = vec![format!("{host}:{port}")];
        if port == 80 {
            hosts.push(host);
        }
        Ok(Self {
            uri: uri.to_owned(),
            path: url.path().to_owned(),
            hosts,
            addresses,
            port,
        })
    }

    /// A generated URI for a client of `kind`. Its path identifies the server, so that responses of
    /// different authorization servers cannot be confused; a metadata document lists one path for
    /// all.
    pub(crate) fn own(server: &Url, kind: RegistrationKind, port: u16) -> Self {
        let path = match kind {
            RegistrationKind::MetadataDocument => "/callback".to_owned(),
            RegistrationKind::Configured | RegistrationKind::Registered => {
                format!("/callback/{}", id_of(server.as_str()))
            }
        };
        let own = Self {
            uri: String::new(),
            path,
            hosts: Vec::new(),
            addresses: vec![Ipv4Addr::LOCALHOST.into()],
            port: 0,
        };
        own.at(port)
    }

    /// The generated URI with the chosen port.
    pub(crate) fn at(self, port: u16) -> Self {
        let authority = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        Self {
            uri: format!("http://{authority}{}", self.path),
            hosts: vec![authority],
            port,
            ..self
        }
    }

    /// Whether `url` is this URI, ignoring its query.
    pub(crate) fn is(&self, url: &Url) -> bool {
        let (mut ours, mut given) = match Url::parse(&self.uri) {
            Ok(ours) => (ours, url.clone()),
            Err(_) => return false,
        };
        ours.set_query(None);
        given.set_query(None);
        given.set_fragment(None);
        ours == given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_uri_stays_as_it_is() {
        let redirect = Redirect::configured("http://localhost:7000/oauth/callback").unwrap();
        assert_eq!(redirect.uri, "http://localhost:7000/oauth/callback");
        assert_eq!(redirect.path, "/oauth/callback");
        assert_eq!(redirect.hosts, ["localhost:7000"]);
        assert_eq!(redirect.addresses.len(), 2, "{:?}", redirect.addresses);
        let elsewhere = Redirect::configured("https://a.test/callback").unwrap();
        assert!(elsewhere.addresses.is_empty());
        assert!(Redirect::configured("http://127.0.0.1:1/#x").is_err());
        assert!(Redirect::configured("not a url").is_err());
        assert!(
            Redirect::configured("http://0.0.0.0:7000/x")
                .unwrap()
                .addresses
                .is_empty()
        );
    }

    /// A self-hosted document matches our requests: native, public, any loopback port.
    #[test]
    fn the_document_of_the_guide_lists_our_own_redirect() {
        let text = include_str!("../../../docs/oauth/client.json");
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let own = Redirect::own(
            &Url::parse("https://a.test/").unwrap(),
            RegistrationKind::MetadataDocument,
            7,
        );
        let portless = own.uri.replace(":7/", "/");
        let listed = document["redirect_uris"].as_array().unwrap();
        assert!(listed.iter().any(|uri| *uri == portless), "{listed:?}");
        assert_eq!(document["application_type"], "native");
        assert_eq!(document["token_endpoint_auth_method"], "none");
        let id = document["client_id"].as_str().unwrap();
        assert!(
            id.starts_with("https://") && id.ends_with("/client.json"),
            "{id}"
        );
    }

    #[test]
    fn our_own_differs_from_server_to_server() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let own = |text| Redirect::own(&url(text), RegistrationKind::Registered, 7);
        let one = own("https://a.test/mcp");
        assert!(
            one.uri.starts_with("http://127.0.0.1:7/callback/"),
            "{}",
            one.uri
        );
        assert_ne!(one.path, own("https://b.test/mcp").path);
        let document = Redirect::own(
            &url("https://a.test/"),
            RegistrationKind::MetadataDocument,
            7,
        );
        assert_eq!(document.uri, "http://127.0.0.1:7/callback");
        assert!(one.is(&url(&format!("{}?code=x#y", one.uri))));
        assert!(!one.is(&url("http://localhost:7/callback")));
    }
}
