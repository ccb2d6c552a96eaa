//! Preflight: its extent, and the report that clears a connection for saving.

pub use crate::check::{Check, CheckId, Finding, Skip};
pub use crate::connection::PreflightRecord;
use crate::connection::{Connection, Draft, PreflightPass};
use crate::error::{Class, Code, Failure};
pub use crate::provider::{Probe, ProbeRequest, ProbeResult};
use crate::receipt::Receipt;
use crate::time::Timestamp;

/// The extent of a preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Local checks only: no socket.
    Offline,
    /// Also the free network checks.
    Free,
    /// Also the billed prompt.
    Live,
}

/// The result of a preflight.
#[derive(Debug, Clone)]
pub struct PreflightReport {
    /// The checked draft.
    pub draft: Draft,
    /// The connection, if the draft is valid.
    pub connection: Option<Connection>,
    /// The hosts contacted by calls and checks, if known.
    pub hosts: Vec<String>,
    /// The checks in order.
    pub checks: Vec<Check>,
    /// Its extent.
    pub reach: Reach,
    /// Its time. A result may become outdated.
    pub checked_at: Timestamp,
    /// The receipt of the billed prompt, if sent.
    pub receipt: Option<Receipt>,
    /// Warnings, for example about an unwritable ledger.
    pub warnings: Vec<Failure>,
}

impl PreflightReport {
    /// The first failure, which determines code and exit status.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        crate::check::first_failure(&self.checks)
    }

    /// Whether no check failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failure().is_none()
    }

    /// The report in one finding.
    #[must_use]
    pub fn summary(&self) -> Finding {
        if let Some(failure) = self.failure() {
            return Finding::Fail(failure.clone());
        }
        let (proven, _) = self.proven();
        let proven: Vec<&str> = proven.into_iter().map(CheckId::as_str).collect();
        let text = format!("proven: {}", proven.join(", "));
        let doubt = self.checks.iter().find_map(|check| match &check.finding {
            Finding::Warn(why) => Some(format!("{}: {why}", check.id)),
            _ => None,
        });
        match doubt {
            Some(doubt) => Finding::Warn(format!("{text}; {doubt}")),
            None => Finding::Ok(text),
        }
    }

    /// The ids of passed checks, and of unproven ones.
    #[must_use]
    pub fn proven(&self) -> (Vec<CheckId>, Vec<CheckId>) {
        let (proven, unproven): (Vec<&Check>, Vec<&Check>) = self
            .checks
            .iter()
            .partition(|check| matches!(check.finding, Finding::Ok(_)));
        let ids = |checks: Vec<&Check>| checks.into_iter().map(|check| check.id).collect();
        (ids(proven), ids(unproven))
    }

    /// Converts the report to the permission to save the checked connection.
    ///
    /// # Errors
    /// The first failure. Skipped checks are allowed: the record names them.
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

    /// Like [`Self::clear`], keeping an earlier preflight's record: the draft differs only in local
    /// fields.
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

/// The check that a probe's failure concerns.
///
/// Defaults to the probe's first check, because an unattributable failure means that the probe as a
/// whole failed.
#[must_use]
pub fn blame(probe: &Probe, failure: &Failure) -> CheckId {
    let suspect = match failure.class() {
        Class::Transport | Class::Endpoint => CheckId::Reach,
        Class::Credential => CheckId::Token,
        Class::ProviderAccess => match failure.code() {
            Code::ProviderModelAccess | Code::ProviderModelUnavailable => CheckId::Model,
            // A block by country or address may not even come from the API.
            Code::ProviderRegionBlocked => CheckId::Reach,
            _ => CheckId::Token,
        },
        _ => CheckId::Reach,
    };
    if probe.decides.contains(&suspect) {
        return suspect;
    }
    probe.decides.first().copied().unwrap_or(suspect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNG: Probe = Probe {
        request: ProbeRequest::Model,
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
            request: ProbeRequest::Identity,
            decides: &[CheckId::Token],
        };
        assert_eq!(
            blame(&alone, &Failure::new(Code::TransportDns, "x")),
            CheckId::Token
        );
    }
}
