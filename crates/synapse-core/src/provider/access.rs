//! The permissions and context of a request to a provider.

use crate::gate::NetworkPermit;
use crate::secret::BoundSecret;

/// The permit of an open gate, and the secret to send, if any.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    permit: &'a NetworkPermit,
    secret: Option<&'a BoundSecret>,
}

impl<'a> Access<'a> {
    /// Access with a secret, if there is one.
    #[must_use]
    pub const fn new(permit: &'a NetworkPermit, secret: Option<&'a BoundSecret>) -> Self {
        Self { permit, secret }
    }

    /// The same access to what is public: no secret is sent.
    #[must_use]
    pub const fn without_secret(self) -> Self {
        Self {
            secret: None,
            ..self
        }
    }

    /// The permit.
    #[must_use]
    pub const fn permit(self) -> &'a NetworkPermit {
        self.permit
    }

    /// The secret.
    #[must_use]
    pub const fn secret(self) -> Option<&'a BoundSecret> {
        self.secret
    }
}
