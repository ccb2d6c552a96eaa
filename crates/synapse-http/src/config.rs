//! Client configuration: values only, nothing is opened or built here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use synapse_core::connection::ProxyUrl;

use crate::names::{NameLookup, SystemLookup};
use crate::observe::ExchangeObserver;

/// How an [`HttpClient`](crate::HttpClient) connects. By default it uses no proxy and the operating
/// system's trust store.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// The proxy for all https requests, including loopback hosts; plain http with a proxy is
    /// refused. `HTTP_PROXY` and similar variables are ignored.
    pub proxy: Option<ProxyUrl>,
    /// The `user-agent` header.
    pub user_agent: String,
    /// Maximum time for name resolution, TCP, the proxy tunnel and the TLS handshake together.
    pub connect_timeout: Duration,
    /// Maximum bytes of a response body, also after decompression.
    pub body_cap: usize,
    /// Additional certificate authorities to trust.
    pub extra_roots: Vec<RootCertificate>,
    /// Resolves names other than localhost names; with a proxy, the proxy does.
    pub names: Arc<dyn NameLookup>,
    /// Observes each exchange, if set.
    pub observer: Option<Arc<dyn ExchangeObserver>>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            proxy: None,
            user_agent: concat!("synapse/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            body_cap: 8 * 1024 * 1024,
            extra_roots: Vec::new(),
            names: Arc::new(SystemLookup),
            observer: None,
        }
    }
}

/// A trusted CA certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct RootCertificate(CertificateDer<'static>);

/// The text contains no PEM certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no certificate in PEM form")]
pub struct RootCertificateError;

impl RootCertificate {
    /// From DER. The content is validated by the first TLS connection.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(CertificateDer::from(der.into()))
    }

    /// From the first `CERTIFICATE` block of a PEM text.
    ///
    /// # Errors
    /// If there is no such block.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootCertificateError> {
        CertificateDer::from_pem_slice(pem)
            .map(Self)
            .map_err(|_| RootCertificateError)
    }

    pub(crate) fn into_der(self) -> CertificateDer<'static> {
        self.0
    }
}

impl fmt::Debug for RootCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RootCertificate({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_reads_no_proxy_and_says_who_it_is() {
        let config = HttpConfig::default();
        assert_eq!(config.proxy, None);
        assert!(config.user_agent.starts_with("synapse/0."));
        assert_eq!(config.body_cap, 8 << 20);
    }

    #[test]
    fn pem_gives_the_bytes_between_its_lines_and_debug_shows_none_of_them() {
        let pem = b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        let certificate = RootCertificate::from_pem(pem).unwrap();
        assert_eq!(certificate, RootCertificate::from_der([1, 2, 3]));
        assert_eq!(format!("{certificate:?}"), "RootCertificate(3 bytes)");
        assert_eq!(RootCertificate::from_pem(b"x"), Err(RootCertificateError));
    }
}
