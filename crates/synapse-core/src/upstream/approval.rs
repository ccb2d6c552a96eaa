//! An owner's consent to one upstream, exactly as displayed.

use std::fmt;
use std::sync::Arc;

use super::{Catalogue, Target, UpstreamName};
use crate::error::{Code, Failure};
use crate::gate::NetworkPermit;
use crate::time::Timestamp;

/// The SHA-256 of the displayed target, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(super) String);

impl Fingerprint {
    /// Parses a digest of 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(hex: &str) -> Option<Self> {
        let fits = hex.len() == 64
            && hex
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        fits.then(|| Self(hex.to_owned()))
    }

    /// The digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How to start an approved program in any IDE: with its owner's shell settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The absolute path of the command.
    pub program: String,
    /// The `PATH` of the approving shell.
    pub search_path: Option<String>,
}

/// The gate of one upstream: the proof that its owner reviewed and confirmed it.
///
/// The only source of permits to contact an upstream and to read its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The server.
    pub server: UpstreamName,
    /// The fingerprint of the displayed target.
    pub fingerprint: Fingerprint,
    /// How to start it; `None` for a URL.
    pub start: Option<Start>,
    /// Its approved lists; `None` until a login has fetched them.
    pub catalogue: Option<Arc<Catalogue>>,
    /// Time of approval.
    pub approved_at: Timestamp,
}

impl Approval {
    /// Mints the permit for `target`, covering its single origin; none for a program.
    ///
    /// # Errors
    /// `upstream.changed` if `fingerprint`, computed from the current `target`, is not the approved
    /// one.
    pub fn permit(
        &self,
        target: &Target,
        fingerprint: &Fingerprint,
    ) -> Result<NetworkPermit, Failure> {
        if *fingerprint != self.fingerprint {
            return Err(Failure::new(
                Code::UpstreamChanged,
                format!("`{}` differs from its approval", self.server),
            )
            .cause("nothing was started, contacted or read")
            .of_server(&self.server));
        }
        Ok(NetworkPermit::approved(target.origin()))
    }
}
