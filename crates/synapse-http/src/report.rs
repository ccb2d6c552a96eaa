//! Converts a transport failure to the common failure shape: code, message, causes, hints.

use std::time::Duration;

use synapse_core::redact::Redactor;
use synapse_core::{Code, Failure};

use crate::failure::{ProxyReason, TlsReason, TransportFailure, TransportKind};
use crate::method::Method;

impl TransportFailure {
    /// The failure to show. The first cause always says whether anything was sent; the hints apply
    /// to any server.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        self.report(self.statement())
            .with("maybe_billed", self.maybe_billed())
    }

    /// As [`Self::to_failure`], for a request that is not a prompt: billing is not mentioned.
    #[must_use]
    pub fn to_unbilled_failure(&self) -> Failure {
        self.report(if self.was_sent() {
            "the request was sent, and no whole answer came"
        } else {
            "nothing was sent"
        })
    }

    fn report(&self, statement: &'static str) -> Failure {
        let mut failure = Failure::new(self.code(), self.message()).cause(statement);
        if let Some(proxy) = &self.facts().proxy {
            failure = failure.cause(format!("the connection goes through the proxy {proxy}"));
        }
        if self.kind() == TransportKind::Undecodable
            && let Some(coding) = self.headers().and_then(|headers| headers.text(CODING))
        {
            let coding = Redactor::none().clean(coding, MAX_CAUSE);
            failure = failure.cause(format!("its {CODING} is {coding}"));
        }
        if let Some(root) = self.root_cause() {
            // It may quote the peer, such as names from its certificate.
            failure = failure.cause(Redactor::none().clean(&root, MAX_CAUSE));
        }
        for hint in self.kind().hints() {
            failure = failure.hint(*hint);
        }
        if let Some(status) = self.status() {
            failure = failure.with("http_status", status);
        }
        failure.with("host", self.host())
    }

    /// States whether anything was sent, and the consequence.
    #[must_use]
    pub fn statement(&self) -> &'static str {
        match (self.was_sent(), self.facts().method) {
            (false, _) => "nothing was sent",
            (true, Method::Get | Method::Delete) => "the provider may have processed this request",
            (true, Method::Post) => "the provider may have processed and billed this request",
        }
    }

    const fn code(&self) -> Code {
        match self.kind() {
            TransportKind::NotPermitted | TransportKind::Internal => Code::InternalInvariant,
            TransportKind::InvalidSecret => Code::CredentialMalformed,
            TransportKind::Dns | TransportKind::PrivateAddress => Code::TransportDns,
            TransportKind::Refused => Code::TransportRefused,
            TransportKind::Unreachable => Code::TransportUnreachable,
            TransportKind::Tls { .. } => Code::TransportTls,
            TransportKind::Proxy { .. } => Code::TransportProxy,
            TransportKind::ConnectTimeout => Code::TransportConnectTimeout,
            TransportKind::ResponseTimeout => Code::TransportResponseTimeout,
            TransportKind::Interrupted | TransportKind::Truncated => Code::TransportInterrupted,
            TransportKind::BodyTooLarge { .. }
            | TransportKind::Undecodable
            | TransportKind::Malformed => Code::ProviderBadResponse,
            TransportKind::NotHttp => Code::EndpointNotAnApi,
        }
    }

    fn message(&self) -> String {
        let host = self.host();
        let facts = self.facts();
        match self.kind() {
            TransportKind::NotPermitted => {
                format!("a request to {host} is not covered by its network permit")
            }
            TransportKind::InvalidSecret => {
                "the credential holds characters that cannot be sent".to_owned()
            }
            TransportKind::Internal => format!("the request to {host} could not be built"),
            TransportKind::Dns => format!("the name of {host} could not be resolved"),
            TransportKind::PrivateAddress => {
                format!("the name of {host} leads to this machine or a private network")
            }
            TransportKind::Refused => format!("nothing listens at {host}"),
            TransportKind::Unreachable => format!("{host} could not be reached"),
            TransportKind::Tls { reason } => tls_message(reason, host),
            TransportKind::Proxy { reason } => proxy_message(reason, host),
            TransportKind::ConnectTimeout => {
                let limit = facts.connect_timeout.min(facts.deadline);
                format!("no connection to {host} within {}", seconds(limit))
            }
            TransportKind::ResponseTimeout => {
                format!(
                    "no complete answer from {host} within {}",
                    seconds(facts.deadline)
                )
            }
            TransportKind::Interrupted => {
                format!("the connection to {host} broke before the answer was complete")
            }
            TransportKind::Truncated => format!("the answer of {host} was cut off"),
            TransportKind::BodyTooLarge { cap } => {
                format!("the answer of {host} is larger than {cap} bytes")
            }
            TransportKind::Undecodable => {
                format!("the answer of {host} is compressed in a way that cannot be read")
            }
            TransportKind::NotHttp => format!("the server at {host} does not speak HTTP"),
            TransportKind::Malformed => format!("the answer of {host} breaks the rules of HTTP"),
        }
    }
}

impl TransportKind {
    /// Hints that apply to any server.
    #[must_use]
    pub const fn hints(self) -> &'static [&'static str] {
        match self {
            Self::NotPermitted | Self::Internal => &["please report this, with the message"],
            Self::InvalidSecret => {
                &["write the token again, on one line, in visible ASCII characters"]
            }
            Self::Dns => &["check the spelling of the host, and the network"],
            Self::PrivateAddress => &["check the URL of the server that named this one"],
            Self::Refused => &["start the server, or correct host and port"],
            Self::Unreachable | Self::ConnectTimeout => &["check network, VPN and firewall"],
            Self::Tls { reason } => tls_hints(reason),
            Self::Proxy { .. } => &["correct the proxy of the connection, or remove it"],
            Self::ResponseTimeout => &["raise the timeout of the connection, or ask for less"],
            Self::Interrupted | Self::Truncated => {
                &["check network, VPN and proxy when it happens again"]
            }
            Self::BodyTooLarge { .. } | Self::Malformed => {
                &["check that the base URL is that of an API, or report it to the provider"]
            }
            Self::Undecodable => {
                &["no compression was requested: look for a proxy or gateway that adds it"]
            }
            Self::NotHttp => &["check scheme, host and port of the base URL (is it https?)"],
        }
    }
}

impl From<TransportFailure> for Failure {
    fn from(failure: TransportFailure) -> Self {
        failure.to_failure()
    }
}

fn tls_message(reason: TlsReason, host: &str) -> String {
    match reason {
        TlsReason::NoRoots => "this machine has no trusted root certificates".to_owned(),
        TlsReason::UnknownIssuer => {
            format!("the certificate of {host} is from an issuer that this machine does not trust")
        }
        TlsReason::WrongName => format!("the certificate of {host} is for another name"),
        TlsReason::Expired => format!("the certificate of {host} has expired"),
        TlsReason::NotYetValid => format!("the certificate of {host} is not valid yet"),
        TlsReason::Authority => {
            format!("{host} shows the certificate of an authority for that of a server")
        }
        TlsReason::BadCertificate => format!("the certificate of {host} is not acceptable"),
        TlsReason::NotTls => format!("the server at {host} does not speak TLS"),
        TlsReason::HandshakeRefused => format!("{host} broke off the TLS handshake"),
    }
}

const fn tls_hints(reason: TlsReason) -> &'static [&'static str] {
    match reason {
        TlsReason::NoRoots => {
            &["install the system's CA certificates, or let SSL_CERT_FILE name a file of them"]
        }
        TlsReason::UnknownIssuer => &[
            "an intercepting proxy or a self-signed certificate does this",
            "if you trust the issuer, add it to the system's CA certificates, or let SSL_CERT_FILE \
             name a file with it and with the system's (the file replaces them)",
        ],
        TlsReason::Authority => &[
            "this certificate is a CA (CA:TRUE), as `openssl req -x509` makes them: make one with \
             `-addext basicConstraints=critical,CA:FALSE`, or one signed by a CA of your own",
        ],
        TlsReason::Expired | TlsReason::NotYetValid => &["check the clock of this machine"],
        TlsReason::WrongName | TlsReason::BadCertificate => {
            &["check the host of the base URL, and for an intercepting proxy"]
        }
        TlsReason::NotTls => &["check the port; a local server may need http instead of https"],
        TlsReason::HandshakeRefused => &["check the port, and for an intercepting proxy"],
    }
}

fn proxy_message(reason: ProxyReason, host: &str) -> String {
    match reason {
        ProxyReason::AuthenticationRequired => {
            format!("the proxy asks for credentials before it connects to {host}")
        }
        ProxyReason::TunnelRefused => format!("the proxy refused to connect to {host}"),
        ProxyReason::Unreachable => {
            format!("the proxy for {host} could not be reached")
        }
    }
}

/// `120 s`, or `0.25 s` below a whole second.
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

const MAX_CAUSE: usize = 300;
const CODING: &str = "content-encoding";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::TransportFacts;

    /// A certificate may contain any name.
    #[test]
    fn what_a_peer_is_quoted_with_steers_no_terminal() {
        let facts = TransportFacts {
            method: Method::Get,
            host: "api.test".to_owned(),
            proxy: None,
            connect_timeout: Duration::ZERO,
            deadline: Duration::ZERO,
            elapsed: Duration::ZERO,
            sent: false,
            bytes_out: 0,
            bytes_in: 0,
            head: None,
        };
        let reason = TlsReason::WrongName;
        let quoted = format!("not valid for \u{1b}[2J{}", "x".repeat(1000));
        let failure =
            TransportFailure::new(TransportKind::Tls { reason }, facts, Some(quoted.into()));
        let shown = failure.to_failure();
        let [_, cause] = shown.causes()[..] else {
            panic!("{shown:?}")
        };
        assert!(cause.starts_with("not valid for ") && !cause.contains('\u{1b}'));
        assert!(cause.chars().count() <= MAX_CAUSE + 1, "{cause}");
    }
}
