//! The preflight ladder: its rungs, what each proved, and the report that clears a connection for
//! saving.

pub use crate::check::{Check, CheckId, Finding, Skip};
use crate::connection::{Connection, Draft, PreflightPass, ProxyUrl};
use crate::endpoint::Origin;
use crate::error::{Class, Code, Failure};
use crate::price::SeenPrice;
use crate::receipt::Receipt;
use crate::time::Timestamp;

/// A free network rung: one request that decides some checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// A word for the adapter.
    pub id: &'static str,
    /// The checks that this request decides, in order.
    pub decides: &'static [CheckId],
}

/// What the request of a rung found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProbeResult {
    /// What it proved, check by check.
    pub findings: Vec<(CheckId, Finding)>,
    /// The prices that came with it.
    pub prices: Vec<SeenPrice>,
}

impl From<Vec<(CheckId, Finding)>> for ProbeResult {
    fn from(findings: Vec<(CheckId, Finding)>) -> Self {
        Self {
            findings,
            prices: Vec::new(),
        }
    }
}

/// How far to climb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Local checks only: no socket.
    Offline,
    /// The free network checks too.
    Free,
    /// The paid prompt too.
    Live,
}

/// Everything that one preflight found.
#[derive(Debug, Clone)]
pub struct PreflightReport {
    /// What was checked.
    pub draft: Draft,
    /// What it means, when it could be understood.
    pub connection: Option<Connection>,
    /// The hosts that the connection's calls and checks go to, when known.
    pub hosts: Vec<String>,
    /// The checks in order.
    pub checks: Vec<Check>,
    /// How far it was to climb.
    pub reach: Reach,
    /// When it was made. A verdict has a time, it is no guarantee.
    pub checked_at: Timestamp,
    /// The receipt of the paid prompt, when one was made.
    pub receipt: Option<Receipt>,
    /// What did not go well beside the checks, such as a ledger that cannot be written.
    pub warnings: Vec<Failure>,
}

/// What stands beside a saved connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightRecord {
    /// When.
    pub checked_at: Timestamp,
    /// Ids of the checks that held.
    pub proven: Vec<String>,
    /// Ids of the checks that were skipped or could not be proven.
    pub unproven: Vec<String>,
    /// Where the owner confirmed that the credential may go.
    pub bound_to: Option<Origin>,
    /// The proxy that the owner confirmed. A record from before proxies were confirmed has none, so
    /// that its proxy is confirmed once, by its owner.
    pub bound_proxy: Option<ProxyUrl>,
}

impl PreflightReport {
    /// The first failure, which decides code and exit status.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        crate::check::first_failure(&self.checks)
    }

    /// Whether no check failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failure().is_none()
    }

    /// The ids of the checks that held, and of those that are not proven.
    #[must_use]
    pub fn proven(&self) -> (Vec<CheckId>, Vec<CheckId>) {
        let (proven, unproven): (Vec<&Check>, Vec<&Check>) = self
            .checks
            .iter()
            .partition(|check| matches!(check.finding, Finding::Ok(_)));
        let ids = |checks: Vec<&Check>| checks.into_iter().map(|check| check.id).collect();
        (ids(proven), ids(unproven))
    }

    /// Turns the report into the permission to save what it checked.
    ///
    /// # Errors
    /// The first failure, when a check failed. Skipped checks do not hinder: the record names them.
    pub fn clear(&self) -> Result<PreflightPass, Failure> {
        let connection = self.passed_connection()?;
        let (proven, unproven) = self.proven();
        let names = |ids: Vec<CheckId>| ids.iter().map(|id| id.as_str().to_owned()).collect();
        let record = PreflightRecord {
            checked_at: self.checked_at,
            proven: names(proven),
            unproven: names(unproven),
            bound_to: connection.confirmed(),
            bound_proxy: connection.confirmed_proxy(),
        };
        Ok(PreflightPass::new(self.draft.clone(), connection, record))
    }

    /// As [`Self::clear`], keeping what an earlier preflight recorded: the draft differs from the
    /// one that it checked only in fields that no provider sees.
    pub(crate) fn clear_with(&self, record: PreflightRecord) -> Result<PreflightPass, Failure> {
        let connection = self.passed_connection()?;
        Ok(PreflightPass::new(self.draft.clone(), connection, record))
    }

    fn passed_connection(&self) -> Result<Connection, Failure> {
        if let Some(failure) = self.failure() {
            return Err(failure.clone());
        }
        self.connection.clone().ok_or_else(|| {
            Failure::new(
                Code::InternalInvariant,
                "a preflight without a connection passed",
            )
        })
    }
}

/// The check that a failure of a network rung speaks of.
///
/// Falls back to the first check that the rung decides, because what cannot be attributed means
/// that the rung as a whole did not work.
#[must_use]
pub fn blame(rung: &Probe, failure: &Failure) -> CheckId {
    let suspect = match failure.class() {
        Class::Transport | Class::Endpoint => CheckId::Reach,
        Class::Credential => CheckId::Token,
        Class::ProviderAccess => match failure.code {
            Code::ProviderModelAccess | Code::ProviderModelUnavailable => CheckId::Model,
            // Who refuses a country or an address may not even be the API.
            Code::ProviderRegionBlocked => CheckId::Reach,
            _ => CheckId::Token,
        },
        _ => CheckId::Reach,
    };
    if rung.decides.contains(&suspect) {
        return suspect;
    }
    rung.decides.first().copied().unwrap_or(suspect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNG: Probe = Probe {
        id: "model",
        decides: &[CheckId::Reach, CheckId::Token, CheckId::Model],
    };

    #[test]
    fn failures_are_blamed_on_the_check_they_speak_of() {
        let blamed = |code| blame(&RUNG, &Failure::new(code, "x"));
        assert_eq!(blamed(Code::TransportDns), CheckId::Reach);
        assert_eq!(blamed(Code::EndpointPathMismatch), CheckId::Reach);
        assert_eq!(blamed(Code::CredentialTokenRejected), CheckId::Token);
        assert_eq!(blamed(Code::ProviderAccountScope), CheckId::Token);
        assert_eq!(blamed(Code::ProviderModelUnavailable), CheckId::Model);
        assert_eq!(blamed(Code::ProviderOverloaded), CheckId::Reach);
        assert_eq!(blamed(Code::ProviderRegionBlocked), CheckId::Reach);
        let alone = Probe {
            id: "identity",
            decides: &[CheckId::Token],
        };
        assert_eq!(
            blame(&alone, &Failure::new(Code::TransportDns, "x")),
            CheckId::Token
        );
    }
}
