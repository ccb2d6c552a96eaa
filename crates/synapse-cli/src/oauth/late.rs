//! A token source that opens its store on first use: starting `serve` performs no I/O.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use synapse_core::ports::TokenSource;
use synapse_core::secret::BoundSecret;
use synapse_core::upstream::UpstreamName;
use synapse_core::{Failure, NetworkPermit};
use synapse_oauth::Tokens;
use synapse_store::HubPlace;
use url::Url;

use crate::context::Context;

/// The tokens of one configuration. If the store cannot be opened, the call fails and the next one
/// retries.
#[derive(Debug, Clone)]
pub(crate) struct LateTokens {
    context: Context,
    place: HubPlace,
    issuer: Option<String>,
    opened: Arc<OnceLock<Tokens>>,
}

impl LateTokens {
    /// The tokens of `place`. Touches nothing.
    pub(crate) fn new(context: &Context, place: &HubPlace) -> Self {
        Self {
            context: context.clone(),
            place: place.clone(),
            issuer: None,
            opened: Arc::default(),
        }
    }

    fn open(&self) -> Result<Arc<dyn TokenSource>, Failure> {
        let tokens = match self.opened.get() {
            Some(tokens) => tokens.clone(),
            None => {
                let engine = super::engine(&self.context, self.place.home())?;
                let tokens = Tokens::new(engine, self.place.key());
                self.opened.get_or_init(|| tokens).clone()
            }
        };
        Ok(match &self.issuer {
            Some(issuer) => tokens.of_issuer(issuer),
            None => Arc::new(tokens),
        })
    }
}

#[async_trait]
impl TokenSource for LateTokens {
    fn of_issuer(&self, issuer: &str) -> Arc<dyn TokenSource> {
        Arc::new(Self {
            issuer: Some(issuer.to_owned()),
            ..self.clone()
        })
    }

    async fn token(
        &self,
        permit: &NetworkPermit,
        server: &UpstreamName,
        url: &Url,
    ) -> Result<Option<BoundSecret>, Failure> {
        self.open()?.token(permit, server, url).await
    }

    async fn refused(
        &self,
        server: &UpstreamName,
        url: &Url,
        sent: Option<&BoundSecret>,
        status: u16,
        challenges: &[String],
    ) -> Failure {
        match self.open() {
            Ok(tokens) => tokens.refused(server, url, sent, status, challenges).await,
            Err(failure) => failure,
        }
    }
}
