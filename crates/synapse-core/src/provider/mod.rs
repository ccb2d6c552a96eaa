//! Providers: the port that an adapter implements, and the kinds that a connection can name.

pub(crate) mod address;
mod kind;
mod profile;
mod profiles;

use std::fmt;

use async_trait::async_trait;

use crate::chat::{ChatReply, ChatRequest};
use crate::endpoint::Origin;
use crate::error::Failure;
use crate::gate::NetworkPermit;
use crate::models::{Listed, ModelList};
use crate::name::ModelId;
use crate::preflight::{Probe, ProbeResult};
use crate::price::{PriceKey, PriceList};
use crate::receipt::Exchange;
use crate::secret::BoundSecret;

pub use kind::ProviderKind;
pub use profile::{
    Authorization, ModelIndex, ProviderProfile, TokenCap, TokenNeed, Unlisted, Wire,
};

/// What one send did, and what came of it.
#[derive(Debug)]
pub struct Exchanged<T> {
    /// What went over the wire, also when it failed.
    pub exchange: Exchange,
    /// The answer, or the classified failure.
    pub outcome: Result<T, Failure>,
}

/// A request that is ready to leave, without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingRequest {
    /// Where it goes.
    pub url: String,
    /// Its body, exactly.
    pub body: String,
}

/// An adapter to one provider, made for one connection.
///
/// Every method that sends does so exactly once: no retry, no redirect, no fallback.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// Every origin that chat or a preflight rung contacts.
    fn origins(&self) -> Vec<Origin>;

    /// Refuses a request that this API has no place for. Sends nothing, and comes before the gate.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, naming the argument.
    fn check(&self, _request: &ChatRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// The request that [`Provider::chat`] would send. Sends nothing.
    ///
    /// # Errors
    /// `usage.invalid-arguments` for what this API has no place for.
    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure>;

    /// Sends one chat request, without a token when there is no secret.
    ///
    /// The request is sent as given: nothing is added, nothing is defaulted.
    async fn chat(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        request: &ChatRequest,
    ) -> Exchanged<ChatReply>;

    /// The network rungs of this provider's preflight ladder, in order.
    fn rungs(&self) -> &'static [Probe];

    /// Sends the one request of `rung` and reports what it proved, check by check.
    ///
    /// A failure is attributed to the check that it speaks of. No findings leave the rung's checks
    /// to the next rung that decides them.
    async fn climb(
        &self,
        rung: &Probe,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<ProbeResult>;

    /// Whether the list of models needs the token.
    fn model_list(&self) -> ModelList;

    /// Sends one request for the list of models, with `secret` as [`Provider::model_list`] says.
    async fn list_models(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
    ) -> Exchanged<Listed>;

    /// Says where the price of a call stands that is yet to be sent. Sends nothing.
    fn quote(&self, _asked: &ModelId) -> Tariff {
        Tariff::Unknown
    }

    /// Says where the price of an answered call stands. Sends nothing.
    fn tariff(&self, _asked: &ModelId, _reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        Tariff::Unknown
    }
}

/// Where the price of a call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tariff {
    /// In a list that the adapter has.
    Listed(PriceList),
    /// Among the prices that were kept when their owner last looked at the models.
    Kept(PriceKey),
    /// Nowhere.
    Unknown,
}
