//! Sampling: a prompt from an upstream server to the IDE's model, counted against the limits of the
//! configured connection and recorded in the history. Sends nothing.

use std::fmt;

use super::Engine;
use super::call::OpenCall;
use crate::call::{Caller, Operation};
use crate::error::Failure;
use crate::limits::UsageEstimate;
use crate::receipt::Receipt;

/// An upstream's request to the IDE's model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplingCall {
    /// The connection whose limits apply.
    pub connection: String,
    /// The IDE and the server.
    pub caller: Caller,
    /// The model preferred by the upstream.
    pub model: Option<String>,
    /// Size of the whole request.
    pub bytes: u64,
    /// Maximum answer tokens, if stated.
    pub max_tokens: Option<u64>,
}

/// The IDE's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SamplingAnswer {
    /// The model that answered.
    pub model: Option<String>,
    /// Why it stopped.
    pub finish_reason: Option<String>,
    /// Size of the answer.
    pub bytes: u64,
}

/// An admitted sampling request with a durable row.
///
/// Dropping it completes its row as cancelled. Tokens and cost stay unknown in any case, because
/// IDEs report neither: the reservation counts against limits.
pub struct OpenSampling {
    call: OpenCall,
}

impl Engine {
    /// Opens the row of a sampling request and checks the limits of its connection.
    ///
    /// Independent of the connection's gate: its provider is not contacted.
    ///
    /// # Errors
    /// `config.*` without a usable connection of that name, `policy.budget-exceeded` if a limit
    /// refuses it, `storage.*` if limits cannot be checked.
    pub async fn sample(&self, asked: SamplingCall) -> Result<OpenSampling, Failure> {
        let connection = self.chosen(Some(&asked.connection)).await?;
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
    /// Completes the row with the IDE's answer.
    ///
    /// # Errors
    /// `storage.*` if a required ledger cannot be written.
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

/// Replaces the connection's provider in the row.
const IDE: &str = "ide";
/// The model if the upstream leaves the choice to the IDE.
const ANY: &str = "any";
