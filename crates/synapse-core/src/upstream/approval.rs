//! An owner's consent to one upstream, exactly as it was shown.

use std::fmt;

use super::{Catalogue, Target, UpstreamName};
use crate::error::{Code, Failure};
use crate::gate::NetworkPermit;
use crate::time::Timestamp;

/// The SHA-256 of what an owner was shown, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(super) String);

impl Fingerprint {
    /// Takes a digest of 64 hexadecimal digits.
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

/// How an approved program is started wherever an IDE spawns `serve`: with what its owner's shell had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The absolute path that the command resolved to.
    pub program: String,
    /// The `PATH` of the shell in which it was approved.
    pub search_path: Option<String>,
}

/// The gate of one upstream: the proof that its owner saw and confirmed it.
///
/// It alone mints the permit to contact an upstream and to read its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The server.
    pub server: UpstreamName,
    /// What was shown.
    pub fingerprint: Fingerprint,
    /// How to start it; `None` for a URL.
    pub start: Option<Start>,
    /// Its lists as approved; `None` until a login has fetched them.
    pub catalogue: Option<Catalogue>,
    /// When.
    pub approved_at: Timestamp,
}

impl Approval {
    /// Mints the permit for `target`, which covers its one origin; a program's covers none.
    ///
    /// # Errors
    /// `upstream.changed` when `fingerprint`, taken of `target` now, is not the approved one.
    pub fn permit(
        &self,
        target: &Target,
        fingerprint: &Fingerprint,
    ) -> Result<NetworkPermit, Failure> {
        if *fingerprint != self.fingerprint {
            return Err(Failure::new(
                Code::UpstreamChanged,
                format!("`{}` differs from what was approved", self.server),
            )
            .cause("nothing was started, contacted or read")
            .with("server", &self.server));
        }
        Ok(NetworkPermit::approved(target.origin()))
    }
}
