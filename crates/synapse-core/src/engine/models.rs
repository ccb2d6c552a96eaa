//! The models use case: gate, secret if the list requires it, one GET. Leaves no row, because it
//! cannot cost anything; prices in the list are stored.

use crate::connection::{Connection, Draft};
use crate::error::{Code, Failure};
use crate::gate::NetworkPermit;
use crate::money::SeenPrice;
use crate::nearest::likest;
use crate::preflight::Finding;
use crate::provider::models::{Listed, ModelList};
use crate::provider::{Access, Exchanged};
use crate::receipt::Exchange;
use crate::redact::printable_line;
use crate::time::Timestamp;

use super::{Engine, Ports, access};

/// The models of a connection's provider.
#[derive(Debug)]
pub struct Models {
    /// The connection; for a draft, its description.
    pub connection: Connection,
    /// The subject of the list.
    pub asked_for: AskedFor,
    /// The listed ids most similar to an unlisted model, best first.
    pub nearest: Vec<String>,
    /// The whole list.
    pub listed: Listed,
    /// Time of the request.
    pub listed_at: Timestamp,
    /// The wire facts.
    pub exchange: Exchange,
    /// Warnings, for example about prices that could not be stored.
    pub warnings: Vec<Failure>,
}

/// The subject of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFor {
    /// A saved connection.
    Connection,
    /// A draft with a model.
    Draft,
    /// A draft without a model: findings about a model are meaningless.
    Choice,
}

impl Engine {
    /// Requests the model list of the provider of `connection`, or of the default or only one:
    /// exactly one request, or none.
    ///
    /// The secret is only read if the list requires it.
    ///
    /// # Errors
    /// `config.*` without a usable connection, `gate.network-disabled`, `credential.*`, or the
    /// failure of the request.
    pub async fn models(&self, connection: Option<&str>) -> Result<Models, Failure> {
        let connection = self.chosen(connection).await?;
        let permit = access::permit(&connection)?;
        let mut models = self
            .listed(connection, &permit, AskedFor::Connection)
            .await?;
        let prices = std::mem::take(&mut models.listed.prices);
        let kept = keep_prices(&self.ports, prices).await;
        models.warnings.extend(kept.err());
        Ok(models)
    }

    /// Requests the model list of the provider in `draft`: exactly one request, or none. The draft
    /// may lack a model. Writes nothing; prices stay in the list.
    ///
    /// # Errors
    /// `config.*` for the draft, `gate.network-disabled`, `credential.*`, or the failure of the
    /// request.
    pub async fn models_of(&self, draft: &Draft) -> Result<Models, Failure> {
        let mut draft = draft.clone();
        let asked_for = if draft.model.is_empty() {
            AskedFor::Choice
        } else {
            AskedFor::Draft
        };
        if asked_for == AskedFor::Choice {
            ANY_MODEL.clone_into(&mut draft.model);
        }
        let parsed = draft.parse(DRAFT_NAME.parse()?);
        let mut connection = parsed.map_err(|wrong| wrong.failure)?;
        // The owner has just named both.
        connection.bound_to = Some(connection.base_url.origin());
        connection.bound_proxy.clone_from(&connection.proxy);
        let permit = connection
            .gate
            .permit([connection.base_url.origin()])
            .map_err(|failure| access::open_gate_hint(failure, None))?;
        self.listed(connection, &permit, asked_for).await
    }

    /// Adds the listed models most similar to a missing one, and suggests the first. Requests the
    /// list again, which is free; a failure of that request is ignored.
    pub async fn with_nearest(&self, draft: &Draft, failure: Failure) -> Failure {
        let is_named = failure
            .causes()
            .iter()
            .any(|cause| cause.starts_with(NEAREST));
        if failure.code() != Code::ProviderModelUnavailable || is_named {
            return failure;
        }
        match self.models_of(draft).await {
            Ok(models) => match models.nearest.first() {
                Some(first) => failure
                    .cause(format!("{NEAREST}: {}", models.nearest.join(", ")))
                    .did_you_mean(&draft.model, first),
                None => failure,
            },
            Err(_) => failure,
        }
    }

    /// All refusals precede the single send.
    async fn listed(
        &self,
        connection: Connection,
        permit: &NetworkPermit,
        asked_for: AskedFor,
    ) -> Result<Models, Failure> {
        let listed_at = self.ports.clock.now();
        let provider = self.ports.providers.provider(&connection)?;
        let secret = match provider.model_list() {
            ModelList::Public => None,
            ModelList::OfTheOwner => access::secret(&self.ports, &connection, permit)
                .await?
                .map(|(secret, _)| secret),
        };
        let access = Access::new(permit, secret.as_ref());
        let Exchanged { exchange, outcome } = provider.list_models(access).await;
        let mut listed = outcome?;
        let warnings = std::mem::take(&mut listed.warnings);
        let nearest = match asked_for {
            AskedFor::Choice => Vec::new(),
            AskedFor::Connection | AskedFor::Draft if listed.models.len() <= MANY => {
                near(&listed, connection.model.as_str())
            }
            AskedFor::Connection | AskedFor::Draft => {
                let model = connection.model.clone();
                let nearest = move || (near(&listed, model.as_str()), listed);
                let (nearest, all) = self.ports.run_blocking(nearest).await?;
                listed = all;
                nearest
            }
        };
        Ok(Models {
            connection,
            asked_for,
            nearest,
            listed,
            listed_at,
            exchange,
            warnings,
        })
    }
}

/// Stores prices just stated by a router.
pub(super) async fn keep_prices(ports: &Ports, prices: Vec<SeenPrice>) -> Result<(), Failure> {
    if prices.is_empty() {
        return Ok(());
    }
    ports.prices.keep(ports.clock.now(), prices).await
}

const NEAREST: &str = "listed, and spelled nearly so";

/// The listed ids most similar to `model`, unless it is listed itself.
fn near(listed: &Listed, model: &str) -> Vec<String> {
    let ids = || listed.models.iter().map(|model| model.id.as_str());
    let is_named = |id: &str| model == id || model.strip_prefix(id).is_some_and(is_suffix);
    if matches!(listed.own, Finding::Ok(_)) || ids().any(is_named) {
        return Vec::new();
    }
    let near = likest(model, ids(), NEAR).into_iter();
    near.map(printable_line).collect()
}

/// Whether `rest` selects a sub-provider, as in `MODEL:PROVIDER`.
fn is_suffix(rest: &str) -> bool {
    rest.starts_with(':')
}

/// More models take a millisecond to compare with a name.
const MANY: usize = 200;
/// Number of suggestions for an unlisted model.
const NEAR: usize = 3;
const DRAFT_NAME: &str = "draft";
/// Placeholder for a model not chosen yet.
const ANY_MODEL: &str = "any";
