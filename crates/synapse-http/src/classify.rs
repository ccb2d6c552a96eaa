//! Classifies reqwest failures by the types of the inner errors, never by URL or body.
//!
//! Three words are matched for lack of a public type: `tunnel error` of hyper-util's proxy tunnel,
//! hyper's `unexpected message`, and webpki's `CaUsedAsEndEntity`. A test pins each.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use rustls::pki_types::InvalidDnsNameError;

use crate::failure::{ProxyReason, TlsReason, TransportKind};
use crate::names::NotPublic;

/// Context that the error itself lacks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    /// The target is https.
    pub(crate) tls: bool,
    /// The request was handed to an open connection.
    pub(crate) sent: bool,
    /// The response head has arrived.
    pub(crate) in_body: bool,
}

/// Classifies `error`.
pub(crate) fn classify(error: &reqwest::Error, circumstances: Circumstances) -> TransportKind {
    decide(&Clues::gather(error), circumstances)
}

fn decide(clues: &Clues<'_>, circumstances: Circumstances) -> TransportKind {
    if clues.builder {
        return TransportKind::Internal;
    }
    // The operating system's ETIMEDOUT is a broken connection; ours is a deadline.
    let deadline = clues.timeout && clues.os_error.is_none();
    match (deadline, clues.connect) {
        (true, true) => TransportKind::ConnectTimeout,
        (true, false) if circumstances.sent => TransportKind::ResponseTimeout,
        (true, false) => TransportKind::ConnectTimeout,
        (false, true) => connecting(clues, circumstances),
        (false, false) => exchanging(clues, circumstances),
    }
}

/// No connection was established: nothing was sent.
fn connecting(clues: &Clues<'_>, circumstances: Circumstances) -> TransportKind {
    if let Some(reason) = clues.tunnel {
        return TransportKind::Proxy { reason };
    }
    if clues.private {
        return TransportKind::PrivateAddress;
    }
    if clues.dns {
        return TransportKind::Dns;
    }
    if let Some(error) = clues.tls {
        return TransportKind::Tls {
            reason: tls_reason(error),
        };
    }
    match clues.io {
        Some(io::ErrorKind::ConnectionRefused) => TransportKind::Refused,
        // Only occurs on an established TCP connection: the peer closed during the handshake.
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) if circumstances.tls => TransportKind::Tls {
            reason: TlsReason::HandshakeRefused,
        },
        _ => TransportKind::Unreachable,
    }
}

/// The connection was established, but the response is incomplete or invalid.
fn exchanging(clues: &Clues<'_>, circumstances: Circumstances) -> TransportKind {
    if circumstances.in_body {
        return match clues.io {
            Some(io::ErrorKind::UnexpectedEof) => TransportKind::Truncated,
            Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
                TransportKind::Malformed
            }
            _ => TransportKind::Interrupted,
        };
    }
    match clues.hyper {
        Some(error) if error.is_parse_too_large() => TransportKind::Malformed,
        Some(error) if error.is_parse() => TransportKind::NotHttp,
        // A server that speaks first, such as SSH or SMTP.
        Some(error) if error.to_string().contains("unexpected message") => TransportKind::NotHttp,
        _ => TransportKind::Interrupted,
    }
}

fn tls_reason(error: &rustls::Error) -> TlsReason {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // A bad signature means an issuer with a trusted name and a different key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsReason::UnknownIssuer
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsReason::WrongName
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsReason::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsReason::NotYetValid
            }
            CertificateError::Other(other) if other.to_string() == CA_AS_SERVER => {
                TlsReason::Authority
            }
            _ => TlsReason::BadCertificate,
        },
        rustls::Error::InvalidMessage(_) | rustls::Error::InappropriateMessage { .. } => {
            TlsReason::NotTls
        }
        _ => TlsReason::HandshakeRefused,
    }
}

/// reqwest's flags for an error, and the innermost error of each type inside it.
#[derive(Default)]
struct Clues<'a> {
    builder: bool,
    connect: bool,
    timeout: bool,
    dns: bool,
    private: bool,
    hyper: Option<&'a hyper::Error>,
    tls: Option<&'a rustls::Error>,
    io: Option<io::ErrorKind>,
    os_error: Option<i32>,
    tunnel: Option<ProxyReason>,
}

impl<'a> Clues<'a> {
    fn gather(error: &'a reqwest::Error) -> Self {
        let mut clues = Self {
            builder: error.is_builder(),
            connect: error.is_connect(),
            timeout: error.is_timeout(),
            dns: error.is_dns(),
            ..Self::default()
        };
        let mut next: Option<&'a (dyn Error + 'static)> = error.source();
        while let Some(current) = next {
            next = current.source();
            if let Some(error) = current.downcast_ref::<io::Error>() {
                clues.io = Some(error.kind());
                clues.os_error = error.raw_os_error();
                // `source` skips the error inside an io::Error.
                next = error.get_ref().map(|inner| inner as &(dyn Error + 'static));
            } else if let Some(error) = current.downcast_ref() {
                clues.tls = Some(error);
            } else if let Some(error) = current.downcast_ref() {
                clues.hyper = Some(error);
            } else if current.is::<NotPublic>() {
                clues.private = true;
            } else if current.is::<InvalidDnsNameError>() {
                // TLS rejects such a name before resolution.
                clues.dns = true;
            } else if let Some(reason) = tunnel_reason(&current.to_string()) {
                clues.tunnel = Some(reason);
            }
        }
        clues
    }
}

fn tunnel_reason(text: &str) -> Option<ProxyReason> {
    let reason = text.strip_prefix("tunnel error: ")?;
    Some(match reason {
        "proxy authorization required" => ProxyReason::AuthenticationRequired,
        "failed to create underlying connection" => ProxyReason::Unreachable,
        _ => ProxyReason::TunnelRefused,
    })
}

/// webpki's error for a CA certificate used by a server.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: Circumstances = Circumstances {
        tls: true,
        sent: false,
        in_body: false,
    };
    const HTTP: Circumstances = Circumstances {
        tls: false,
        ..HTTPS
    };
    const SENT: Circumstances = Circumstances {
        sent: true,
        ..HTTPS
    };
    const READING: Circumstances = Circumstances {
        in_body: true,
        ..SENT
    };

    /// An operating system error, as found at the end of a chain.
    fn system(kind: io::ErrorKind, os_error: i32) -> Clues<'static> {
        Clues {
            io: Some(kind),
            os_error: Some(os_error),
            timeout: kind == io::ErrorKind::TimedOut,
            ..Clues::default()
        }
    }

    fn while_connecting(clues: Clues<'static>) -> Clues<'static> {
        Clues {
            connect: true,
            ..clues
        }
    }

    /// Keep-alive probes and TCP_USER_TIMEOUT end a connection to a dead peer with ETIMEDOUT, long
    /// before the deadline; reqwest reports both as timeouts.
    #[test]
    fn a_timeout_of_the_operating_system_is_no_deadline() {
        let gone = || system(io::ErrorKind::TimedOut, 110);
        assert_eq!(decide(&gone(), SENT), TransportKind::Interrupted);
        assert_eq!(decide(&gone(), READING), TransportKind::Interrupted);
        let connecting = while_connecting(gone());
        assert_eq!(decide(&connecting, HTTPS), TransportKind::Unreachable);
    }

    #[test]
    fn a_deadline_is_judged_by_whether_anything_was_sent() {
        let deadline = || Clues {
            timeout: true,
            ..Clues::default()
        };
        assert_eq!(decide(&deadline(), HTTPS), TransportKind::ConnectTimeout);
        assert_eq!(decide(&deadline(), SENT), TransportKind::ResponseTimeout);
        assert_eq!(decide(&deadline(), READING), TransportKind::ResponseTimeout);
        let connecting = while_connecting(deadline());
        assert_eq!(decide(&connecting, HTTPS), TransportKind::ConnectTimeout);
    }

    #[test]
    fn a_reset_while_connecting_is_a_handshake_only_where_there_is_one() {
        let reset = || while_connecting(system(io::ErrorKind::ConnectionReset, 104));
        let reason = TlsReason::HandshakeRefused;
        assert_eq!(decide(&reset(), HTTPS), TransportKind::Tls { reason });
        assert_eq!(decide(&reset(), HTTP), TransportKind::Unreachable);
        let no_route = while_connecting(system(io::ErrorKind::HostUnreachable, 113));
        assert_eq!(decide(&no_route, HTTPS), TransportKind::Unreachable);
    }
}
