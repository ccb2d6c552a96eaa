//! A prompt that an upstream server hands to the model of the IDE: counted against the limits of the
//! connection that its entry names, and seen in the history. Nothing is sent from here.

use std::fmt;

use super::Engine;
use super::call::OpenCall;
use crate::call::{Caller, Operation};
use crate::error::Failure;
use crate::limits::UsageEstimate;
use crate::receipt::Receipt;

/// What an upstream asks the model of the IDE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplingCall {
    /// The connection whose limits count it.
    pub connection: String,
    /// Through which IDE and for which server it comes.
    pub caller: Caller,
    /// The model that the upstream would like, when it names one.
    pub model: Option<String>,
    /// Bytes of the whole request.
    pub bytes: u64,
    /// The longest answer, in tokens, when it names one.
    pub max_tokens: Option<u64>,
}

/// What the IDE says of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SamplingAnswer {
    /// The model that answered.
    pub model: Option<String>,
    /// Why it stopped.
    pub finish_reason: Option<String>,
    /// Bytes of the answer.
    pub bytes: u64,
}

/// A sampling that the limits allow and whose row is durable.
///
/// Dropping it closes its row as cancelled. Tokens and money stay unknown either way, because IDEs
/// report neither: against limits the estimate counts.
pub struct OpenSampling {
    call: OpenCall,
}

impl Engine {
    /// Opens the row of a sampling and holds it against the limits of its connection.
    ///
    /// The connection's gate plays no part: its provider is not asked.
    ///
    /// # Errors
    /// `config.*` without a usable connection of that name, `policy.budget-exceeded` when the limits
    /// do not allow it, `storage.*` when they cannot be checked.
    pub async fn sample(&self, asked: SamplingCall) -> Result<OpenSampling, Failure> {
        let connection = self.stored(&asked.connection)?.usable()?;
        let mut receipt =
            Receipt::begin(self.ports.call_ids.next(), &connection, &connection.model);
        IDE.clone_into(&mut receipt.provider);
        IDE.clone_into(&mut receipt.exchange.host);
        receipt.model_requested = asked.model.unwrap_or_else(|| ANY.to_owned());
        let mut call = OpenCall::begin(&self.ports, Operation::Sample, asked.caller, receipt, None);
        if let Some(limits) = &connection.limits {
            let demand = UsageEstimate::of_text(asked.bytes, asked.max_tokens);
            if let Err(failure) = call.reserve(&connection.name, limits, demand).await {
                call.finish(Some(&failure), None, |_| ()).await?;
                return Err(failure);
            }
        }
        let departure = call.departure();
        if let Err(failure) = departure.departing(asked.bytes).await {
            call.finish(Some(&failure), None, |_| ()).await?;
            return Err(failure);
        }
        departure.departed();
        Ok(OpenSampling {
            call: call.sending(asked.bytes),
        })
    }
}

impl OpenSampling {
    /// Closes the row with what the IDE answered.
    ///
    /// # Errors
    /// `storage.*` when a ledger that is required cannot be written.
    pub async fn answered(self, answer: SamplingAnswer) -> Result<(), Failure> {
        let closed = self.call.finish(None, None, |receipt| {
            receipt.model_served = answer.model;
            receipt.finish_reason = answer.finish_reason;
            receipt.exchange.bytes_in = answer.bytes;
        });
        closed.await.map(drop)
    }
}

impl fmt::Debug for OpenSampling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenSampling")
            .finish_non_exhaustive()
    }
}

/// Who answers: not the provider of the connection.
const IDE: &str = "ide";
/// The model that is asked for when the upstream leaves the choice to the IDE.
const ANY: &str = "any";
