//! The OpenAI adapter: `/chat/completions` and `/models/{id}`.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::Failure;
use synapse_core::preflight::{Finding, Probe, ProbeRequest, ProbeResult};
use synapse_core::provider::models::{Listed, ModelList};
use synapse_core::provider::{Access, Exchanged, OutgoingRequest, Provider, Tariff};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::{Connection, ModelId, Origin};
use synapse_http::HttpClient;

use crate::classify::{Asked, Problem};
use crate::clean::redactor;
use crate::found::{self, LOOKUP_THEN_LIST};
use crate::json::{Seen, WHOLE};
use crate::list::{List, list_reader};
use crate::prices::ShippedPrices;
use crate::reply::{complete, completion_call};
use crate::send::{AnswerReader, Call, Header, Sender, judged, judged_off_runtime, or_shape};
use crate::vendors::NO_CHAT;
use crate::wire::model::ModelInfo;
use crate::wire::request::Dialect;

/// A connection to OpenAI, or to a compatible server.
#[derive(Debug, Clone)]
pub struct OpenAi {
    sender: Sender,
    prices: Arc<ShippedPrices>,
}

impl OpenAi {
    /// The adapter for `connection` over `http`. Opens no socket.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        Self::with_prices(http, connection, Arc::new(ShippedPrices::of_openai()))
    }

    /// The same with a shared price list, so that it is parsed once.
    pub(crate) fn with_prices(
        http: Arc<HttpClient>,
        connection: Connection,
        prices: Arc<ShippedPrices>,
    ) -> Self {
        let sender = Sender::new(http, connection);
        Self { sender, prices }
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn origins(&self) -> Vec<Origin> {
        vec![self.sender.origin().clone()]
    }

    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        let dialect = Dialect::OpenAi;
        completion_call(&self.sender, dialect, None, request).map(Call::outgoing)
    }

    async fn chat(&self, access: Access<'_>, request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        let account = self.account();
        complete(&self.sender, access, Dialect::OpenAi, account, request).await
    }

    fn probes(&self) -> &'static [Probe] {
        &LOOKUP_THEN_LIST
    }

    async fn probe(
        &self,
        probe: &Probe,
        access: Access<'_>,
        model: &ModelId,
    ) -> Exchanged<ProbeResult> {
        let redactor = redactor(access.secret());
        let accepted = |finding| found::accepted(self.sender.host(), finding);
        if probe.request == ProbeRequest::Models {
            let listed = self.list(access, model).await;
            let (this, model) = (self.clone(), model.clone());
            return judged_off_runtime(listed, move |list| {
                let finding = this.judge_listed(&model, &list, &redactor);
                Ok(found::accepted(this.sender.host(), finding))
            })
            .await;
        }
        let path = ["models", model.as_str()];
        let reader = or_shape(&WHOLE, ModelInfo::read);
        let looked_up = self.ask(access, model, &path, reader).await;
        judged(looked_up, |info| {
            let outcome = info.map(|info| accepted(model_finding(model, &info, &redactor)));
            // Not every compatible server has a lookup; the list decides then.
            let outcome = if self.is_own_host() {
                outcome
            } else {
                found::unless_absent(outcome, ProbeResult::default)
            };
            // A restricted key may lack `Models: Read`.
            found::unless_unreadable(outcome, access.secret(), self.sender.host())
        })
    }

    fn model_list(&self) -> ModelList {
        ModelList::OfTheOwner
    }

    async fn list_models(&self, access: Access<'_>) -> Exchanged<Listed> {
        let model = &self.sender.connection().model;
        let listed = self.list(access, model).await;
        let (this, redactor) = (self.clone(), redactor(access.secret()));
        judged_off_runtime(listed, move |list| {
            let model = &this.sender.connection().model;
            Ok(Listed {
                own: this.judge_listed(model, &list, &redactor),
                models: ModelInfo::listed(&list.models, &redactor),
                prices: Vec::new(),
                warnings: list.warnings,
            })
        })
        .await
    }

    fn quote(&self, asked: &ModelId) -> Tariff {
        self.prices.tariff(self.sender.origin(), None, asked)
    }

    fn tariff(&self, asked: &ModelId, reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        let served = reply.model.as_deref();
        self.prices.tariff(self.sender.origin(), served, asked)
    }
}

impl OpenAi {
    fn account(&self) -> Vec<Header<'_>> {
        let account = &self.sender.connection().account;
        [
            ("OpenAI-Organization", &account.organization),
            ("OpenAI-Project", &account.project),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?.as_str())))
        .collect()
    }

    /// Sends one request for all models.
    async fn list(&self, access: Access<'_>, model: &ModelId) -> Exchanged<List> {
        let reader = list_reader(ModelInfo::read_list, access.secret());
        self.ask(access, model, &["models"], reader).await
    }

    /// Sends one request to the models endpoint.
    async fn ask<T: Send + 'static>(
        &self,
        access: Access<'_>,
        model: &ModelId,
        path: &[&str],
        reader: AnswerReader<impl FnOnce(&Seen) -> Result<T, Problem> + Send + 'static>,
    ) -> Exchanged<T> {
        let asked = Asked::Model(model.as_str());
        let call = Call::get(self.sender.url(path), access.secret(), asked).account(self.account());
        self.sender.exchange(access.permit(), call, reader).await
    }

    /// The finding of a list for `model`.
    fn judge_listed(&self, model: &ModelId, list: &List, redactor: &Redactor) -> Finding {
        let all = &list.models;
        match all
            .iter()
            .find(|info| info.id.as_deref() == Some(model.as_str()))
        {
            Some(info) => model_finding(model, info, redactor),
            None => Finding::Warn(found::unlisted(
                model.as_str(),
                all.len(),
                self.sender.host(),
            )),
        }
    }

    /// Whether the connection uses OpenAI's own host.
    fn is_own_host(&self) -> bool {
        let base_url = &self.sender.connection().base_url;
        base_url.host().ends_with("api.openai.com")
    }
}

fn model_finding(model: &ModelId, info: &ModelInfo, redactor: &Redactor) -> Finding {
    match found::exists(model, info, redactor) {
        Finding::Ok(_) if NO_CHAT.iter().any(|word| model.as_str().contains(word)) => {
            Finding::Warn(format!(
                "{model} exists, but according to its name it does not chat; only --live shows it"
            ))
        }
        finding => finding,
    }
}
