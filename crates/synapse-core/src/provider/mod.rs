//! The port implemented by provider adapters, and the kinds of providers.

mod access;
pub(crate) mod address;
mod exchange;
mod kind;
pub mod models;
mod probe;
mod profile;
mod profiles;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::exchange::Exchange;
use self::models::{Listed, ModelList};
pub use self::probe::{Probe, ProbeRequest, ProbeResult};
use crate::chat::{ChatReply, ChatRequest};
use crate::endpoint::Origin;
use crate::error::Failure;
use crate::money::{PriceKey, PriceList};
use crate::name::ModelId;

pub use access::Access;
pub use kind::ProviderKind;
pub use profile::{
    Authorization, ModelIndex, ProviderProfile, TokenCap, TokenNeed, Unlisted, Wire,
};

/// An exchange and its result.
#[derive(Debug)]
pub struct Exchanged<T> {
    /// The wire facts, even of a failed exchange.
    pub exchange: Exchange,
    /// The answer, or the classified failure.
    pub outcome: Result<T, Failure>,
}

/// A request ready to be sent, without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingRequest {
    /// The URL.
    pub url: String,
    /// The exact body.
    pub body: String,
}

/// An adapter to one provider, made for one connection.
///
/// Every sending method sends exactly once: no retry, no redirect, no fallback.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// Every origin contacted by chat or preflight.
    fn origins(&self) -> Vec<Origin>;

    /// Refuses a request that the API cannot represent. Sends nothing, and precedes the gate.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, naming the argument.
    fn check(&self, _request: &ChatRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// The request that [`Provider::chat`] would send. Sends nothing.
    ///
    /// # Errors
    /// `usage.invalid-arguments` if the API cannot represent it.
    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure>;

    /// Sends one chat request, without a token if there is no secret.
    ///
    /// The request is sent unchanged: nothing is added or defaulted. It is shared so that a large one
    /// can be written on another thread without a copy.
    async fn chat(&self, access: Access<'_>, request: &Arc<ChatRequest>) -> Exchanged<ChatReply>;

    /// The network probes of this provider's preflight, in order.
    fn probes(&self) -> &'static [Probe];

    /// Sends the probe's single request and reports its findings per check.
    ///
    /// A failure is assigned to the check it concerns. Without findings, the next probe for the
    /// same checks decides.
    async fn probe(
        &self,
        probe: &Probe,
        access: Access<'_>,
        model: &ModelId,
    ) -> Exchanged<ProbeResult>;

    /// Whether the model list requires the token.
    fn model_list(&self) -> ModelList;

    /// Sends one request for the model list, with the secret as required by [`Provider::model_list`].
    async fn list_models(&self, access: Access<'_>) -> Exchanged<Listed>;

    /// The source of an unsent call's price. Sends nothing.
    fn quote(&self, _asked: &ModelId) -> Tariff {
        Tariff::Unknown
    }

    /// The source of an answered call's price. Sends nothing.
    fn tariff(&self, _asked: &ModelId, _reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        Tariff::Unknown
    }
}

/// The source of a call's price.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tariff {
    /// A list in the adapter.
    Listed(PriceList),
    /// Prices stored when a model list was last requested.
    Kept(PriceKey),
    /// None.
    Unknown,
}
