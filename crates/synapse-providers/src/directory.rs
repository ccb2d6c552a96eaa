//! Creates the adapter for a connection. HTTP clients are shared, one per proxy, and built on use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use synapse_core::connection::{Connection, ProxyUrl};
use synapse_core::error::Failure;
use synapse_core::ports::ProviderFactory;
use synapse_core::provider::{Provider, Wire};
use synapse_http::{ExchangeObserver, HttpClient, HttpConfig};

use crate::prices::ShippedPrices;
use crate::{Anthropic, Compatible, HuggingFace, OpenAi};

/// The factory for all provider kinds of this crate.
#[derive(Debug)]
pub struct Providers {
    user_agent: String,
    observer: Option<Arc<dyn ExchangeObserver>>,
    clients: Mutex<HashMap<Option<ProxyUrl>, Arc<HttpClient>>>,
    openai_prices: Arc<ShippedPrices>,
    anthropic_prices: Arc<ShippedPrices>,
}

impl Providers {
    /// Adapters with the user agent `user_agent`. Opens no socket and loads nothing.
    #[must_use]
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            user_agent: user_agent.into(),
            observer: None,
            clients: Mutex::default(),
            openai_prices: Arc::new(ShippedPrices::of_openai()),
            anthropic_prices: Arc::new(ShippedPrices::of_anthropic()),
        }
    }

    /// The same, with each exchange reported to `observer`.
    #[must_use]
    pub fn observed_by(self, observer: Option<Arc<dyn ExchangeObserver>>) -> Self {
        Self { observer, ..self }
    }

    fn client(&self, proxy: Option<&ProxyUrl>) -> Arc<HttpClient> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(proxy.cloned()).or_insert_with(|| {
            Arc::new(HttpClient::new(HttpConfig {
                user_agent: self.user_agent.clone(),
                proxy: proxy.cloned(),
                observer: self.observer.clone(),
                ..HttpConfig::default()
            }))
        });
        Arc::clone(client)
    }
}

impl ProviderFactory for Providers {
    fn provider(&self, connection: &Connection) -> Result<Arc<dyn Provider>, Failure> {
        let http = self.client(connection.proxy.as_ref());
        let connection = connection.clone();
        Ok(match connection.provider.profile().wire {
            Wire::OpenAi => {
                let prices = Arc::clone(&self.openai_prices);
                Arc::new(OpenAi::with_prices(http, connection, prices))
            }
            Wire::HuggingFace => Arc::new(HuggingFace::new(http, connection)),
            Wire::Anthropic => {
                let prices = Arc::clone(&self.anthropic_prices);
                Arc::new(Anthropic::with_prices(http, connection, prices))
            }
            Wire::Compatible => Arc::new(Compatible::new(http, connection)),
        })
    }
}
