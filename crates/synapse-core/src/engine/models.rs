//! The models use case: gate, secret where the list needs one, one GET. It leaves no row, because
//! it cannot cost anything; the prices that come along are kept.

use crate::connection::{Connection, Draft};
use crate::error::Failure;
use crate::gate::NetworkPermit;
use crate::models::{Listed, ModelList};
use crate::nearest::likest;
use crate::preflight::Finding;
use crate::provider::Exchanged;
use crate::receipt::Exchange;
use crate::redact::printable_line;
use crate::time::Timestamp;

use super::{Engine, access, pricing};

/// The models of a connection's provider.
#[derive(Debug)]
pub struct Models {
    /// The connection; before there is one, what the draft describes.
    pub connection: Connection,
    /// Whose list it is.
    pub asked_for: AskedFor,
    /// The listed ids that are spelled most like a model that is not listed, nearest first.
    pub nearest: Vec<String>,
    /// The whole list.
    pub listed: Listed,
    /// When it was asked for.
    pub listed_at: Timestamp,
    /// What went over the wire.
    pub exchange: Exchange,
    /// What did not go well beside the list, such as prices that cannot be kept.
    pub warnings: Vec<Failure>,
}

/// What a list was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFor {
    /// A saved connection.
    Connection,
    /// A draft that names a model.
    Draft,
    /// A draft without a model: what the list says of one means nothing.
    Choice,
}

impl Engine {
    /// Asks the provider of `connection` for its models: exactly one request, or none.
    ///
    /// The secret is read only when the list is that of the token's owner.
    ///
    /// # Errors
    /// `config.*` without a usable connection, `gate.network-disabled`, `credential.*`, or whatever
    /// the request met.
    pub async fn models(&self, connection: &str) -> Result<Models, Failure> {
        let connection = self.connection(Some(connection))?;
        let permit = access::permit(&connection)?;
        let mut models = self
            .listed(connection, &permit, AskedFor::Connection)
            .await?;
        let prices = std::mem::take(&mut models.listed.prices);
        let kept = pricing::keep(&self.ports, prices).await;
        models.warnings.extend(kept.err());
        Ok(models)
    }

    /// Asks the provider that `draft` describes for its models: exactly one request, or none. The
    /// draft may lack a model. Writes nothing; the prices that come along stay in the list.
    ///
    /// # Errors
    /// `config.*` for the draft, `gate.network-disabled`, `credential.*`, or whatever the request
    /// met.
    pub async fn models_of(&self, draft: &Draft) -> Result<Models, Failure> {
        let mut draft = draft.clone();
        let asked_for = match draft.model.is_empty() {
            true => AskedFor::Choice,
            false => AskedFor::Draft,
        };
        if asked_for == AskedFor::Choice {
            ANY_MODEL.clone_into(&mut draft.model);
        }
        let parsed = draft.parse(DRAFT_NAME.parse()?);
        let mut connection = parsed.map_err(|wrong| wrong.failure)?;
        // Its owner has just named both.
        connection.bound_to = Some(connection.base_url.origin());
        connection.bound_proxy.clone_from(&connection.proxy);
        let permit = connection
            .gate
            .permit([connection.base_url.origin()])
            .map_err(|failure| access::open_gate_hint(failure, None))?;
        self.listed(connection, &permit, asked_for).await
    }

    /// Everything that can be refused comes before the one send.
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
        let Exchanged { exchange, outcome } = provider.list_models(permit, secret.as_ref()).await;
        let mut listed = outcome?;
        let warnings = std::mem::take(&mut listed.warnings);
        let nearest = match asked_for {
            AskedFor::Choice => Vec::new(),
            AskedFor::Connection | AskedFor::Draft => near(&listed, connection.model.as_str()),
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

/// The listed ids that are spelled most like `model`, when it is not listed itself.
fn near(listed: &Listed, model: &str) -> Vec<String> {
    let ids = || listed.models.iter().map(|model| model.id.as_str());
    let is_named = |id: &str| model == id || model.strip_prefix(id).is_some_and(is_suffix);
    if matches!(listed.own, Finding::Ok(_)) || ids().any(is_named) {
        return Vec::new();
    }
    let near = likest(model, ids(), NEAR).into_iter();
    near.map(printable_line).collect()
}

/// Whether `rest` chooses among those who serve a model, as in `MODEL:PROVIDER`.
fn is_suffix(rest: &str) -> bool {
    rest.starts_with(':')
}

/// How many names are shown in place of one that is not listed.
const NEAR: usize = 3;
const DRAFT_NAME: &str = "draft";
/// Stands in for a model that is still to be chosen.
const ANY_MODEL: &str = "any";
