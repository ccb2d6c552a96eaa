//! A provider without a network: returns scripted answers and counts requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::ports::ProviderFactory;
use synapse_core::preflight::{CheckId, Finding, Probe, ProbeRequest, ProbeResult};
use synapse_core::provider::models::{Listed, ListedModel, ModelList};
use synapse_core::provider::{Access, Exchanged, OutgoingRequest};
use synapse_core::receipt::Exchange;
use synapse_core::{Code, Connection, Failure, ModelId, Origin, Provider};

/// A [`Provider`] that never opens a socket. Its one free probe decides reachability, token and
/// model.
#[derive(Debug)]
pub struct StubProvider {
    origins: Vec<Origin>,
    /// Length reported for every request body.
    body_length: u64,
    state: Mutex<StubState>,
}

#[derive(Debug, Default)]
struct StubState {
    chats: Vec<ChatRequest>,
    probes: usize,
    replies: VecDeque<Result<ChatReply, Failure>>,
    probe_failure: Option<Failure>,
    lists: usize,
    listed: Vec<ListedModel>,
    with_token: usize,
    refusal: Option<Failure>,
    hangs: bool,
}

impl StubProvider {
    /// A provider with these origins.
    #[must_use]
    pub fn new(origins: Vec<Origin>) -> Self {
        Self {
            origins,
            body_length: 0,
            state: Mutex::default(),
        }
    }

    /// Sets the length of request bodies.
    #[must_use]
    pub const fn with_body_length(mut self, bytes: u64) -> Self {
        self.body_length = bytes;
        self
    }

    /// Queues the answer to the next chat.
    pub fn will_answer(&self, answer: Result<ChatReply, Failure>) {
        self.lock().replies.push_back(answer);
    }

    /// Lists this many models from now on, named by their number.
    pub fn will_list(&self, models: usize) {
        let models = (0..models).map(|number| ListedModel {
            id: number.to_string(),
            ..ListedModel::default()
        });
        self.will_list_models(models.collect());
    }

    /// Fails every probe from now on.
    pub fn will_fail_probes(&self, failure: Failure) {
        self.lock().probe_failure = Some(failure);
    }

    /// Never answers a probe from now on.
    pub fn will_hang(&self) {
        self.lock().hangs = true;
    }

    /// Refuses every request from now on, before sending.
    pub fn will_refuse(&self, failure: Failure) {
        self.lock().refusal = Some(failure);
    }

    /// Lists these models from now on.
    pub fn will_list_models(&self, models: Vec<ListedModel>) {
        self.lock().listed = models;
    }

    /// Number of chats sent with a token.
    #[must_use]
    pub fn chats_with_token(&self) -> usize {
        self.lock().with_token
    }

    /// All chats sent.
    #[must_use]
    pub fn chats(&self) -> Vec<ChatRequest> {
        self.lock().chats.clone()
    }

    /// Number of probes sent.
    #[must_use]
    pub fn probe_count(&self) -> usize {
        self.lock().probes
    }

    /// Number of model lists requested.
    #[must_use]
    pub fn lists(&self) -> usize {
        self.lock().lists
    }

    fn lock(&self) -> MutexGuard<'_, StubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(&self) -> Exchange {
        Exchange {
            attempts: 1,
            host: self
                .origins
                .first()
                .map(|origin| origin.host().to_owned())
                .unwrap_or_default(),
            ..Exchange::default()
        }
    }
}

#[async_trait]
impl Provider for StubProvider {
    fn origins(&self) -> Vec<Origin> {
        self.origins.clone()
    }

    fn check(&self, _request: &ChatRequest) -> Result<(), Failure> {
        self.lock().refusal.clone().map_or(Ok(()), Err)
    }

    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        Ok(OutgoingRequest {
            url: "https://stub.example/".to_owned(),
            body: request.transcript(),
        })
    }

    async fn chat(&self, access: Access<'_>, request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        if let Err(refusal) = access.permit().departing(self.body_length).await {
            return Exchanged {
                exchange: Exchange {
                    attempts: 0,
                    ..self.exchange()
                },
                outcome: Err(refusal),
            };
        }
        if let Some(departure) = access.permit().departure() {
            departure.departed();
        }
        let mut state = self.lock();
        state.with_token += usize::from(access.secret().is_some());
        state.chats.push(ChatRequest::clone(request));
        let outcome = state.replies.pop_front().unwrap_or_else(|| {
            Err(Failure::new(
                Code::InternalInvariant,
                "the test gave no answer for this chat",
            ))
        });
        drop(state);
        let maybe_billed = outcome.is_ok();
        Exchanged {
            exchange: Exchange {
                maybe_billed,
                http_status: outcome.is_ok().then_some(200),
                ..self.exchange()
            },
            outcome,
        }
    }

    fn model_list(&self) -> ModelList {
        ModelList::OfTheOwner
    }

    async fn list_models(&self, _access: Access<'_>) -> Exchanged<Listed> {
        let mut state = self.lock();
        state.lists += 1;
        let models = state.listed.clone();
        drop(state);
        Exchanged {
            exchange: self.exchange(),
            outcome: Ok(Listed {
                models,
                own: Finding::Ok("stubbed".to_owned()),
                prices: Vec::new(),
                warnings: Vec::new(),
            }),
        }
    }

    fn probes(&self) -> &'static [Probe] {
        &[Probe {
            request: ProbeRequest::Model,
            decides: &[CheckId::Reach, CheckId::Token, CheckId::Model],
        }]
    }

    async fn probe(
        &self,
        probe: &Probe,
        _access: Access<'_>,
        _model: &ModelId,
    ) -> Exchanged<ProbeResult> {
        if self.lock().hangs {
            std::future::pending::<()>().await;
        }
        let mut state = self.lock();
        state.probes += 1;
        let outcome = match &state.probe_failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(probe
                .decides
                .iter()
                .map(|id| (*id, Finding::Ok("stubbed".to_owned())))
                .collect::<Vec<_>>()
                .into()),
        };
        drop(state);
        Exchanged {
            exchange: self.exchange(),
            outcome,
        }
    }
}

/// A [`ProviderFactory`] that returns the same provider for every connection.
#[derive(Debug)]
pub struct StubProviders {
    provider: Arc<StubProvider>,
}

impl StubProviders {
    /// Always returns `provider`.
    #[must_use]
    pub const fn new(provider: Arc<StubProvider>) -> Self {
        Self { provider }
    }
}

impl ProviderFactory for StubProviders {
    fn provider(&self, _connection: &Connection) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::clone(&self.provider) as Arc<dyn Provider>)
    }
}
