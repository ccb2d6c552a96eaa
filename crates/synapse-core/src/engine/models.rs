//! The models use case: gate, secret where the list needs one, one GET. It leaves no row, because
//! it cannot cost anything; the prices that come along are kept.

use crate::connection::Connection;
use crate::error::Failure;
use crate::models::{Listed, ModelList};
use crate::provider::Exchanged;
use crate::receipt::Exchange;
use crate::time::Timestamp;

use super::{Engine, access, pricing};

/// The models of a connection's provider.
#[derive(Debug)]
pub struct Models {
    /// The connection.
    pub connection: Connection,
    /// The whole list.
    pub listed: Listed,
    /// When it was asked for.
    pub listed_at: Timestamp,
    /// What went over the wire.
    pub exchange: Exchange,
    /// What did not go well beside the list, such as prices that cannot be kept.
    pub warnings: Vec<Failure>,
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
        let listed_at = self.ports.clock.now();
        let Exchanged { exchange, outcome } = self.list_models(&connection).await?;
        let mut listed = outcome?;
        let kept = pricing::keep(&self.ports, std::mem::take(&mut listed.prices)).await;
        let mut warnings = std::mem::take(&mut listed.warnings);
        warnings.extend(kept.err());
        Ok(Models {
            connection,
            listed,
            listed_at,
            exchange,
            warnings,
        })
    }

    /// Everything that can be refused comes before the one send.
    async fn list_models(&self, connection: &Connection) -> Result<Exchanged<Listed>, Failure> {
        let provider = self.ports.providers.provider(connection)?;
        let permit = access::permit(connection)?;
        let secret = match provider.model_list() {
            ModelList::Public => None,
            ModelList::OfTheOwner => access::secret(&self.ports, connection, &permit)
                .await?
                .map(|(secret, _)| secret),
        };
        Ok(provider.list_models(&permit, secret.as_ref()).await)
    }
}
