//! The Anthropic adapter: `/messages` and `/models`, in the API's own words.
//!
//! Knows how a prompt and an answer are written there. What a non-answer means is in `classify`.

mod messages;
mod model;
mod prices;
mod reply;
mod request;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkPermit;
use synapse_core::models::{Listed, ModelList};
use synapse_core::preflight::{CheckId, Climbed, Finding, Rung};
use synapse_core::provider::{Exchanged, Provider, Tariff};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::{Connection, ModelId, Origin};
use synapse_http::{HttpClient, Method};
use url::Url;

use self::model::{ModelInfo, Page};
pub(crate) use self::prices::AnthropicPrices;
use crate::classify::{Asked, Problem};
use crate::found::{accepts, answers};
use crate::reply::{redactor, spare};
use crate::send::{Call, Sender};

/// A connection to Anthropic, or to a server that speaks its Messages API.
#[derive(Debug)]
pub struct Anthropic {
    connection: Connection,
    sender: Sender,
    prices: Arc<AnthropicPrices>,
}

impl Anthropic {
    /// The adapter of `connection` over `http`. Opens no socket.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        Self::with_prices(http, connection, Arc::default())
    }

    /// The same with a price list that is shared, so that it is read once.
    pub(crate) fn with_prices(
        http: Arc<HttpClient>,
        connection: Connection,
        prices: Arc<AnthropicPrices>,
    ) -> Self {
        Self {
            sender: Sender::new(http, &connection),
            connection,
            prices,
        }
    }

    /// The request as JSON.
    fn body(&self, request: &ChatRequest) -> Result<Vec<u8>, Failure> {
        let body = request::body(request, &self.connection.name)?;
        serde_json::to_vec(&body).map_err(|error| {
            let message = "the request cannot be written as JSON; nothing was sent";
            Failure::new(Code::UsageInvalidArguments, message).caused_by(&error)
        })
    }
}

#[async_trait]
impl Provider for Anthropic {
    fn origins(&self) -> Vec<Origin> {
        vec![self.connection.base_url.origin()]
    }

    fn check(&self, request: &ChatRequest) -> Result<(), Failure> {
        self.body(request).map(|_| ())
    }

    async fn chat(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        request: &ChatRequest,
    ) -> Exchanged<ChatReply> {
        let body = match self.body(request) {
            Ok(body) => body,
            Err(failure) => return self.unsent(failure),
        };
        let call = Call {
            method: Method::Post,
            url: self.connection.base_url.join(&["messages"]),
            headers: vec![VERSION],
            secret,
            body: Some(body),
            asked: asked(&request.model),
        };
        self.sender
            .exchange(permit, call, reply_reader(secret))
            .await
    }

    fn rungs(&self) -> &'static [Rung] {
        &RUNGS
    }

    async fn climb(
        &self,
        rung: &Rung,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        let redactor = redactor(secret);
        if rung.id == LIST.id {
            let listed = self.list(permit, secret, model).await;
            return Exchanged {
                exchange: listed.exchange,
                outcome: listed.outcome.map(|page| {
                    self.accepted(self.judge_listed(model, &page, &redactor))
                        .into()
                }),
            };
        }
        let url = self.connection.base_url.join(&["models", model.as_str()]);
        let looked_up = self
            .ask(permit, secret, model, url, |value| {
                ModelInfo::read(value).ok_or(Problem::Shape)
            })
            .await;
        let outcome = match looked_up.outcome {
            Ok(info) => Ok(self
                .accepted(self.model_finding(model, &info, &redactor))
                .into()),
            // Not every server of this wire format has a lookup; the list decides then.
            Err(failure) if failure.code == Code::EndpointPathMismatch && !self.is_own_host() => {
                Ok(Climbed::default())
            }
            Err(failure) => Err(failure),
        };
        Exchanged {
            exchange: looked_up.exchange,
            outcome,
        }
    }

    fn model_list(&self) -> ModelList {
        ModelList::OfTheOwner
    }

    async fn list_models(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
    ) -> Exchanged<Listed> {
        let model = &self.connection.model;
        let redactor = redactor(secret);
        let asked = self.list(permit, secret, model).await;
        Exchanged {
            exchange: asked.exchange,
            outcome: asked.outcome.map(|page| Listed {
                own: self.judge_listed(model, &page, &redactor),
                models: page
                    .models
                    .iter()
                    .map(|info| info.listed(&redactor))
                    .collect(),
                prices: Vec::new(),
            }),
        }
    }

    fn quote(&self, asked: &ModelId) -> Tariff {
        self.listed([asked.as_str()])
    }

    /// By the model that answered, else by the one that was asked.
    fn tariff(&self, asked: &ModelId, reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        self.listed(reply.model.as_deref().into_iter().chain([asked.as_str()]))
    }
}

impl Anthropic {
    /// The price of the first of `models` that the list has. Only Anthropic's own prices are
    /// shipped: another server of this wire format charges what it likes.
    fn listed<'a>(&self, models: impl IntoIterator<Item = &'a str>) -> Tariff {
        if self.connection.base_url.origin().as_str() != PRICED_ORIGIN {
            return Tariff::Unknown;
        }
        self.prices
            .find(models)
            .map_or(Tariff::Unknown, |list| Tariff::Listed(list.clone()))
    }

    /// Sends one request for the longest page of models that there is. What is behind it is not
    /// asked for.
    async fn list(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Page> {
        let mut url = self.connection.base_url.join(&["models"]);
        url.set_query(Some(LONGEST_PAGE));
        self.ask(permit, secret, model, url, |value| {
            Page::read(value).ok_or(Problem::Shape)
        })
        .await
    }

    /// Sends one request to the models endpoint.
    async fn ask<T>(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
        url: Url,
        read: impl FnOnce(&Value) -> Result<T, Problem> + Send,
    ) -> Exchanged<T> {
        let call = Call {
            method: Method::Get,
            url,
            headers: vec![VERSION],
            secret,
            body: None,
            asked: asked(model),
        };
        self.sender.exchange(permit, call, read).await
    }

    /// What a list says about `model`, which may be the alias of a dated one. Other names may answer
    /// as well, so their absence proves nothing.
    fn judge_listed(&self, model: &ModelId, page: &Page, redactor: &Redactor) -> Finding {
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
            None => Finding::Warn(format!(
                "{model} is not among the {count} models that {} lists{more}",
                self.host()
            )),
            Some(info) => match self.model_finding(model, info, redactor) {
                Finding::Ok(seen) => Finding::Ok(format!("{seen}{more}")),
                other => other,
            },
        }
    }

    fn model_finding(&self, model: &ModelId, info: &ModelInfo, redactor: &Redactor) -> Finding {
        let alias = if info.id == model.as_str() {
            String::new()
        } else {
            format!(" and is {}", redactor.clean(&info.id, MAX_WORD))
        };
        match (self.connection.max_tokens, info.max_tokens) {
            (Some(cap), Some(most)) if cap > most => Finding::Warn(format!(
                "{model} exists{alias}, answers with at most {most} tokens, and the connection \
                 asks for up to {cap}"
            )),
            _ => Finding::Ok(format!("{model} exists{alias}")),
        }
    }

    fn accepted(&self, model: Finding) -> Vec<(CheckId, Finding)> {
        let host = self.host();
        let model = match (model, self.connection.max_tokens) {
            (Finding::Ok(seen), None) => Finding::Ok(format!("{seen}; {UNCAPPED}")),
            (finding, _) => finding,
        };
        vec![
            (CheckId::Reach, answers(&host)),
            (CheckId::Token, accepts(&host)),
            (CheckId::Model, model),
        ]
    }

    /// A request that was refused before anything was sent.
    fn unsent<T>(&self, failure: Failure) -> Exchanged<T> {
        Exchanged {
            exchange: Exchange {
                host: self.host(),
                ..Exchange::default()
            },
            outcome: Err(failure),
        }
    }

    fn host(&self) -> String {
        self.connection.base_url.origin().host().to_owned()
    }

    /// Whether the connection goes to Anthropic itself and not to a server like it.
    fn is_own_host(&self) -> bool {
        self.connection.base_url.host() == OWN_HOST
    }
}

fn asked(model: &ModelId) -> Asked<'_> {
    Asked::Model {
        model: model.as_str(),
        account: false,
    }
}

/// Reads a message. The answer stays as it came, but for the secret itself.
fn reply_reader(
    secret: Option<&BoundSecret>,
) -> impl FnOnce(&Value) -> Result<ChatReply, Problem> + Send {
    let redactor = redactor(secret);
    move |value| {
        let mut reply = reply::read(value).ok_or(Problem::Shape)?;
        spare(&mut reply, &redactor);
        Ok(reply)
    }
}

/// The version of the API, which every request has to name
/// (<https://platform.claude.com/docs/en/api/versioning>).
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// A page has 20 models otherwise, and 1000 at most.
const LONGEST_PAGE: &str = "limit=1000";
const OWN_HOST: &str = "api.anthropic.com";
const PRICED_ORIGIN: &str = "https://api.anthropic.com";
/// Said by preflight, because it is the owner of the connection who can change it for good.
const UNCAPPED: &str = "as the connection sets no --max-tokens, every prompt has to";
/// As long as a model id may be.
const MAX_WORD: usize = 256;
const DECIDES: &[CheckId] = &[CheckId::Reach, CheckId::Token, CheckId::Model];
const LOOKUP: Rung = Rung {
    id: "model",
    decides: DECIDES,
};
/// Made only when the lookup decided nothing.
const LIST: Rung = Rung {
    id: "models",
    decides: DECIDES,
};
const RUNGS: [Rung; 2] = [LOOKUP, LIST];
