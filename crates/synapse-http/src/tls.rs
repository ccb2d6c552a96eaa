//! TLS with rustls and ring, passed explicitly: no process-wide provider is installed or read.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::config::RootCertificate;

/// Trusts the operating system's store (overridden by `SSL_CERT_FILE` and `SSL_CERT_DIR` where it
/// is file-based) and `extra_roots`. Reads the roots from disk.
///
/// # Errors
/// If there is no root at all, or an extra root is invalid.
pub(crate) fn trusting_the_system(
    extra_roots: Vec<RootCertificate>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(Verifier::new_with_extra_roots(
        extra_roots.into_iter().map(RootCertificate::into_der),
        Arc::clone(&provider),
    )?);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Trusts no certificate: for a client that speaks plain http only. Reads nothing.
///
/// reqwest needs a TLS configuration for any client, and its default would load the system's roots.
///
/// # Errors
/// None in practice: ring supports the default versions.
pub(crate) fn trusting_nobody() -> Result<ClientConfig, rustls::Error> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}
