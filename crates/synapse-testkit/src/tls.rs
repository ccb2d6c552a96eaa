//! TLS server identities from an untrusted test authority, valid or flawed.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A flaw of a certificate, apart from its untrusted issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// None: valid for `localhost` and 127.0.0.1 once its issuer is trusted.
    None,
    /// It is for `somewhere-else.test`.
    WrongName,
    /// It expired in 2001.
    Expired,
    /// It becomes valid in the year 4000.
    NotYetValid,
    /// It is a CA certificate, as made by `openssl req -x509`.
    Authority,
}

/// A server certificate with its key and the certificate of its issuer.
#[derive(Debug)]
pub struct TlsIdentity {
    authority: CertificateDer<'static>,
    authority_pem: String,
    config: Arc<ServerConfig>,
}

impl TlsIdentity {
    /// Creates a new authority with a unique name, and a server certificate from it.
    #[must_use]
    pub fn new(flaw: Flaw) -> Self {
        let key = new_key();
        let mark: String = key
            .public_key_raw()
            .iter()
            .skip(1)
            .take(8)
            .map(hex)
            .collect();
        Self::issued(flaw, &format!("Synapse test authority {mark}"), key)
    }

    /// Like [`TlsIdentity::new`], with an authority named `name`; several may share a name.
    #[must_use]
    pub fn from_authority(flaw: Flaw, name: &str) -> Self {
        Self::issued(flaw, name, new_key())
    }

    fn issued(flaw: Flaw, name: &str, authority_key: KeyPair) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.distinguished_name.push(DnType::CommonName, name);
        let authority = CertifiedIssuer::self_signed(authority, authority_key)
            .expect("a certificate of constant fields can be signed");

        let names: &[&str] = match flaw {
            Flaw::WrongName => &["somewhere-else.test"],
            Flaw::None | Flaw::Expired | Flaw::NotYetValid | Flaw::Authority => {
                &["localhost", "127.0.0.1"]
            }
        };
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut server = CertificateParams::new(names).expect("constant names are valid");
        match flaw {
            Flaw::Expired => {
                server.not_before = date_time_ymd(2000, 1, 1);
                server.not_after = date_time_ymd(2001, 1, 1);
            }
            Flaw::NotYetValid => server.not_before = date_time_ymd(4000, 1, 1),
            Flaw::Authority => server.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Flaw::None | Flaw::WrongName => {}
        }
        let key = new_key();
        let certificate = server
            .signed_by(&key, &authority)
            .expect("a certificate of constant fields can be signed");
        Self {
            authority: authority.der().clone(),
            authority_pem: authority.pem(),
            config: server_config(certificate.der().clone(), &key),
        }
    }

    /// The issuer's certificate, for clients that should trust it.
    #[must_use]
    pub fn authority_der(&self) -> &[u8] {
        &self.authority
    }

    /// The issuer's certificate in PEM, for `SSL_CERT_FILE`.
    #[must_use]
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// A server configuration that offers these ALPN protocols, preferred first.
    pub(crate) fn server_config(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config);
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Arc::new(config)
    }
}

fn server_config(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key belongs to the certificate");
    Arc::new(config)
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness")
}
