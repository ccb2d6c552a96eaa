//! The free network probes of a provider, and their results.

use crate::check::{CheckId, Finding};
use crate::money::SeenPrice;

/// A free network probe: one request that decides some checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Its id, for the adapter.
    pub request: ProbeRequest,
    /// The checks it decides, in order.
    pub decides: &'static [CheckId],
}

/// The request of a probe. Each adapter sends some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeRequest {
    /// Looks up the model by name.
    Model,
    /// Lists the models that the token may use.
    Models,
    /// Lists all models, without the token.
    PublicModels,
    /// Lists the models on the server's own disk.
    LocalModels,
    /// Asks whom the token belongs to, and what it may do.
    Identity,
    /// Asks how much the key may still spend.
    Key,
}

/// The result of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProbeResult {
    /// Findings per check.
    pub findings: Vec<(CheckId, Finding)>,
    /// Prices in the response.
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
