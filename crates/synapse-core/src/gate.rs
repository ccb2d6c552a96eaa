//! The network gate, and the permit that only an open gate mints.
//!
//! **Invariant:** every function that opens a socket or reads a secret takes a [`NetworkPermit`].
//! There is no other way to create one, so a closed gate means zero sockets and zero secret reads.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::endpoint::Origin;
use crate::error::{Code, Failure};

/// Whether a connection may make live calls. Closed by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkGate {
    /// No socket, no secret read.
    #[default]
    Closed,
    /// Live calls to the connection's own hosts.
    Open,
}

impl NetworkGate {
    /// Mints a permit for `origins`.
    ///
    /// # Errors
    /// `gate.network-disabled` when the gate is closed.
    pub fn permit(
        self,
        origins: impl IntoIterator<Item = Origin>,
    ) -> Result<NetworkPermit, Failure> {
        match self {
            Self::Open => Ok(NetworkPermit {
                origins: origins.into_iter().collect(),
                departure: None,
            }),
            Self::Closed => Err(Failure::new(
                Code::GateNetworkDisabled,
                "live calls are off for this connection",
            )
            .cause("its network gate is closed; nothing was sent and no secret was read")),
        }
    }

    /// Its name in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

/// Proof that the owner opened the gate for certain origins.
///
/// Cannot be constructed, copied or cloned outside this module:
///
/// ```compile_fail
/// let forged = synapse_core::NetworkPermit { origins: vec![] };
/// ```
///
/// ```compile_fail
/// use synapse_core::NetworkGate;
/// let permit = NetworkGate::Open.permit([]).unwrap();
/// let copy = permit.clone();
/// ```
#[derive(Debug)]
pub struct NetworkPermit {
    origins: Vec<Origin>,
    departure: Option<Arc<dyn Departure>>,
}

/// Records requests sent under a permit, such as a call's ledger row.
#[async_trait]
pub trait Departure: Send + Sync + fmt::Debug {
    /// Records that a request with a body of `bytes` is about to be sent. Nothing is sent before it
    /// returns.
    ///
    /// # Errors
    /// Why the request must not be sent.
    async fn departing(&self, bytes: u64) -> Result<(), Failure>;

    /// Records that the request reached an open connection, and so may have been processed.
    fn departed(&self);
}

impl NetworkPermit {
    /// The permit of an approved upstream; only [`Approval`](crate::upstream::Approval) mints it.
    pub(crate) fn approved(origin: Option<Origin>) -> Self {
        Self {
            origins: origin.into_iter().collect(),
            departure: None,
        }
    }

    /// Whether `origin` may be contacted.
    #[must_use]
    pub fn covers(&self, origin: &Origin) -> bool {
        self.origins.contains(origin)
    }

    /// A permit for the server that stores the call's credential only.
    ///
    /// Derived from a permit: with a closed gate no store is contacted either.
    #[must_use]
    pub fn for_store(&self, origin: Origin) -> Self {
        Self {
            origins: vec![origin],
            departure: None,
        }
    }

    /// A permit for one confirmed origin of the server's authorization server only.
    ///
    /// Derived from a permit: an unapproved upstream has no authorization server.
    #[must_use]
    pub fn for_issuer(&self, origin: Origin) -> Self {
        self.for_store(origin)
    }

    /// The same permit with `departure` as its recorder.
    #[must_use]
    pub fn recorded_by(self, departure: Arc<dyn Departure>) -> Self {
        Self {
            departure: Some(departure),
            ..self
        }
    }

    /// Records that a request with a body of `bytes` is about to be sent. Must be called first by
    /// every sender.
    ///
    /// # Errors
    /// Why the request must not be sent; see [`Departure::departing`].
    pub async fn departing(&self, bytes: u64) -> Result<(), Failure> {
        match &self.departure {
            Some(departure) => departure.departing(bytes).await,
            None => Ok(()),
        }
    }

    /// The recorder, for the layer that knows when a request reaches a connection.
    #[must_use]
    pub fn departure(&self) -> Option<Arc<dyn Departure>> {
        self.departure.clone()
    }

    /// The origins that may be contacted.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_gate_mints_nothing_and_is_the_default() {
        let failure = NetworkGate::default().permit([]).unwrap_err();
        assert_eq!(failure.code(), Code::GateNetworkDisabled);
    }

    #[test]
    fn a_permit_covers_its_own_origins_only() {
        let origin = |text: &str| Origin::of(&url::Url::parse(text).unwrap());
        let permit = NetworkGate::Open
            .permit([origin("https://a.test")])
            .unwrap();
        assert!(permit.covers(&origin("https://a.test/path")));
        assert!(!permit.covers(&origin("https://b.test")));
        let store = permit.for_store(origin("https://vault.test"));
        assert!(store.covers(&origin("https://vault.test")));
        assert!(!store.covers(&origin("https://a.test")));
    }
}
