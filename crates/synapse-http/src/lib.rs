//! The one HTTP client of Synapse: one request per call.
//!
//! **Invariant:** [`HttpClient::send`] and [`HttpClient::send_streaming`] each send at most one
//! request and require a [`NetworkPermit`](synapse_core::NetworkPermit). No pool, no retry, no
//! redirect, no proxy from the environment, no plain http to other machines except to private
//! addresses without a secret. It knows hosts and bytes, not providers or models.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
mod classify;
mod client;
mod config;
mod decode;
mod failure;
mod method;
mod names;
mod observe;
mod report;
mod request;
mod response;
pub mod sse;
mod streaming;
mod tls;

pub use self::client::HttpClient;
pub use self::config::{HttpConfig, RootCertificate, RootCertificateError};
pub use self::failure::{ProxyReason, TlsReason, TransportFailure, TransportKind};
pub use self::method::Method;
pub use self::names::{Addresses, NameLookup};
pub use self::observe::{ExchangeObserver, SentRequest};
pub use self::request::{HttpRequest, SecretHeader};
pub use self::response::{BodyCoding, Headers, HttpResponse};
pub use self::streaming::{BodyReader, StreamingResponse};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
