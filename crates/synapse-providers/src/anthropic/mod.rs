//! The Anthropic adapter: `/messages` and `/models`.
//!
//! Knows the format of prompts and answers. Errors are classified in `classify`.

mod messages;
mod model;
mod prices;
mod refusal;
mod reply;
mod request;

#[cfg(any(test, fuzzing))]
pub(crate) use self::reply::{read as read_message, stated as stated_message};

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::Failure;
use synapse_core::preflight::{Finding, Probe, ProbeRequest, ProbeResult};
use synapse_core::provider::models::{Listed, ModelList};
use synapse_core::provider::{Access, Exchanged, OutgoingRequest, Provider, Tariff};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::{Connection, ConnectionName, ModelId, Origin};
use synapse_http::HttpClient;
use url::Url;

use self::model::{AnthropicModel, ModelPage};
use crate::blocking::written_body;
use crate::classify::{Asked, Problem};
use crate::clean::redactor;
use crate::found::{self, LOOKUP_THEN_LIST};
use crate::json::{Seen, WHOLE};
use crate::prices::ShippedPrices;
use crate::reply::{finish, says_nothing};
use crate::send::{AnswerReader, Call, Header, Sender, judged, judged_off_runtime, or_shape};
use crate::wire::MAX_WORD;
use crate::wire::model::MODELS;
use crate::wire::request::written;

/// A connection to Anthropic, or to a server compatible with its Messages API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    sender: Sender,
    prices: Arc<ShippedPrices>,
}

impl Anthropic {
    fn post<'a>(
        &self,
        secret: Option<&'a BoundSecret>,
        request: &'a ChatRequest,
        body: Vec<u8>,
    ) -> Call<'a> {
        let asked = Asked::Model(request.model.as_str());
        Call::post(self.sender.url(&["messages"]), secret, asked, body)
    }

    /// The adapter for `connection` over `http`. Opens no socket.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        Self::with_prices(http, connection, Arc::new(ShippedPrices::of_anthropic()))
    }

    /// The same with a shared price list, so that it is parsed once.
    pub(crate) fn with_prices(
        http: Arc<HttpClient>,
        connection: Connection,
        prices: Arc<ShippedPrices>,
    ) -> Self {
        let sender = Sender::new(http, connection).with_headers(&[VERSION]);
        Self { sender, prices }
    }
}

/// The body of `request` for the connection `name`.
fn body(request: &ChatRequest, name: &ConnectionName) -> Result<Vec<u8>, Failure> {
    request::body(request, name).and_then(|body| written(&request.parameters, &body))
}

#[async_trait]
impl Provider for Anthropic {
    fn origins(&self) -> Vec<Origin> {
        vec![self.sender.origin().clone()]
    }

    fn check(&self, request: &ChatRequest) -> Result<(), Failure> {
        request::body(request, &self.sender.connection().name).map(|_| ())
    }

    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        body(request, &self.sender.connection().name)
            .map(|body| self.post(None, request, body).outgoing())
    }

    async fn chat(&self, access: Access<'_>, request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        let name = self.sender.connection().name.clone();
        let body = written_body(request, move |request| body(request, &name)).await;
        let call = body.map(|body| self.post(access.secret(), request, body));
        self.sender
            .prompt(access.permit(), call, reply_reader(access.secret()))
            .await
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
        if probe.request == ProbeRequest::Models {
            let listed = self.list(access, model).await;
            let (this, model) = (self.clone(), model.clone());
            return judged_off_runtime(listed, move |page| {
                Ok(this.accepted(this.judge_listed(&model, &page, &redactor)))
            })
            .await;
        }
        let url = self.sender.url(&["models", model.as_str()]);
        let reader = or_shape(&WHOLE, AnthropicModel::read);
        let looked_up = self.ask(access, model, url, reader).await;
        judged(looked_up, |info| {
            let outcome =
                info.map(|info| self.accepted(self.model_finding(model, &info, &redactor)));
            // Not every compatible server has a lookup; the list decides then.
            if self.is_own_host() {
                outcome
            } else {
                found::unless_absent(outcome, ProbeResult::default)
            }
        })
    }

    fn model_list(&self) -> ModelList {
        ModelList::OfTheOwner
    }

    async fn list_models(&self, access: Access<'_>) -> Exchanged<Listed> {
        let model = &self.sender.connection().model;
        let listed = self.list(access, model).await;
        let (this, redactor) = (self.clone(), redactor(access.secret()));
        judged_off_runtime(listed, move |page| {
            let model = &this.sender.connection().model;
            let models = page.models.iter();
            Ok(Listed {
                own: this.judge_listed(model, &page, &redactor),
                models: models.map(|info| info.listed(&redactor)).collect(),
                prices: Vec::new(),
                warnings: page.warnings,
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

impl Anthropic {
    /// Sends one request for the largest page of models. Further pages are not requested.
    async fn list(&self, access: Access<'_>, model: &ModelId) -> Exchanged<ModelPage> {
        let mut url = self.sender.url(&["models"]);
        url.set_query(Some(LONGEST_PAGE));
        let redactor = redactor(access.secret());
        let reader = AnswerReader {
            shape: &MODELS,
            stated: None,
            read: move |seen: &Seen| ModelPage::read(seen, &redactor).ok_or(Problem::Shape),
        };
        self.ask(access, model, url, reader).await
    }

    /// Sends one request to the models endpoint.
    async fn ask<T: Send + 'static>(
        &self,
        access: Access<'_>,
        model: &ModelId,
        url: Url,
        reader: AnswerReader<impl FnOnce(&Seen) -> Result<T, Problem> + Send + 'static>,
    ) -> Exchanged<T> {
        let call = Call::get(url, access.secret(), Asked::Model(model.as_str()));
        self.sender.exchange(access.permit(), call, reader).await
    }

    /// The finding of a list for `model`, which may be an alias of a dated id. Other names may work
    /// too, so absence proves nothing.
    fn judge_listed(&self, model: &ModelId, page: &ModelPage, redactor: &Redactor) -> Finding {
        let find = |is: &dyn Fn(&str) -> bool| page.models.iter().find(|info| is(&info.id));
        let listed = find(&|id| id == model.as_str())
            .or_else(|| find(&|id| prices::alias(id) == Some(model.as_str())));
        let count = page.models.len();
        let more = if page.has_more {
            "; the list has more, which were not asked for"
        } else {
            ""
        };
        match listed {
            None => {
                let unlisted = found::unlisted(model.as_str(), count, self.sender.host());
                Finding::Warn(format!("{unlisted}{more}"))
            }
            Some(info) => match self.model_finding(model, info, redactor) {
                Finding::Ok(seen) => Finding::Ok(format!("{seen}{more}")),
                other => other,
            },
        }
    }

    fn model_finding(
        &self,
        model: &ModelId,
        info: &AnthropicModel,
        redactor: &Redactor,
    ) -> Finding {
        let alias = if info.id == model.as_str() {
            String::new()
        } else {
            format!(" and is {}", redactor.clean(&info.id, MAX_WORD))
        };
        match (self.sender.connection().max_tokens, info.max_tokens) {
            (Some(cap), Some(most)) if cap > most => Finding::Warn(format!(
                "{model} exists{alias}, answers with at most {most} tokens, and the connection \
                 asks for up to {cap}"
            )),
            _ => Finding::Ok(format!("{model} exists{alias}")),
        }
    }

    fn accepted(&self, model: Finding) -> ProbeResult {
        let model = match (model, self.sender.connection().max_tokens) {
            (Finding::Ok(seen), None) => Finding::Ok(format!("{seen}; {UNCAPPED}")),
            (finding, _) => finding,
        };
        found::accepted(self.sender.host(), model)
    }

    /// Whether the connection uses Anthropic's own host.
    fn is_own_host(&self) -> bool {
        self.sender.connection().base_url.host() == OWN_HOST
    }
}

/// Reads a message. Only the secret itself is removed from the answer.
fn reply_reader(
    secret: Option<&BoundSecret>,
) -> AnswerReader<impl FnOnce(&Seen) -> Result<ChatReply, Problem> + Send + 'static> {
    let redactor = redactor(secret);
    AnswerReader {
        shape: &reply::MESSAGE,
        stated: Some(reply::stated),
        read: move |seen: &Seen| {
            let mut reply = reply::read(&seen.value).ok_or(Problem::Shape)?;
            if says_nothing(&reply, seen) {
                return Err(Problem::Shape);
            }
            finish(&mut reply, seen, 0, &redactor);
            Ok(reply)
        },
    }
}

/// The relevant parts of a message.
#[cfg(any(test, fuzzing))]
pub(crate) const MESSAGE_SHAPE: &crate::json::Shape = &reply::MESSAGE;

/// The ids on a page of models.
#[cfg(any(test, fuzzing))]
pub(crate) fn listed_ids(seen: &Seen, redactor: &Redactor) -> Vec<String> {
    let models = ModelPage::read(seen, redactor).unwrap_or_default().models;
    let listed = models.iter().map(|model| model.listed(redactor).id);
    listed.collect()
}

/// The API version, required in every request
/// (<https://platform.claude.com/docs/en/api/versioning>).
const VERSION: Header<'static> = ("anthropic-version", "2023-06-01");
/// The default page size is 20, the maximum 1000.
const LONGEST_PAGE: &str = "limit=1000";
const OWN_HOST: &str = "api.anthropic.com";
/// Reported by preflight, because the connection's owner can fix it permanently.
const UNCAPPED: &str = "as the connection sets no --max-tokens, every prompt has to";
