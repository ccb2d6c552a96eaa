//! Stores prices found in model lists, and looks up that of an answer. Sends nothing.

use crate::chat::ChatReply;
use crate::cost::Cost;
use crate::error::Failure;
use crate::name::ModelId;
use crate::price::{PriceList, SeenPrice};
use crate::provider::{Provider, Tariff};
use crate::receipt::Exchange;

use super::Ports;

/// Stores prices just stated by a router.
pub(super) async fn keep(ports: &Ports, prices: Vec<SeenPrice>) -> Result<(), Failure> {
    if prices.is_empty() {
        return Ok(());
    }
    ports.prices.keep(ports.clock.now(), prices).await
}

/// The known prices of a call before it is sent.
pub(super) async fn quote(
    ports: &Ports,
    provider: &dyn Provider,
    asked: &ModelId,
) -> Option<PriceList> {
    // Unreadable prices count as unknown; the ledger reports its own problem.
    look_up(ports, provider.quote(asked)).await.0
}

async fn look_up(ports: &Ports, tariff: Tariff) -> (Option<PriceList>, Option<Failure>) {
    match tariff {
        Tariff::Listed(prices) => (Some(prices), None),
        Tariff::Unknown => (None, None),
        Tariff::Kept(key) => match ports.prices.find(&key).await {
            Ok(prices) => (prices, None),
            Err(failure) => (None, Some(failure)),
        },
    }
}

/// The cost of a call, according to its answer. Unreadable prices leave it unknown, with a warning.
pub(super) async fn cost(
    ports: &Ports,
    provider: &dyn Provider,
    asked: &ModelId,
    told: Option<&ChatReply>,
    exchange: &Exchange,
) -> (Cost, Option<Failure>) {
    let Some(reply) = told else {
        return (Cost::default(), None);
    };
    let (prices, failure) = look_up(ports, provider.tariff(asked, reply, exchange)).await;
    let cost = Cost::of(&reply.usage, &reply.billing, prices.as_ref());
    (cost, failure)
}
