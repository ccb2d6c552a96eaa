//! The OpenAI adapter: `/chat/completions` and `/models/{id}`.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::Code;
use synapse_core::gate::NetworkPermit;
use synapse_core::models::{Listed, ModelList};
use synapse_core::preflight::{CheckId, Climbed, Finding, Rung};
use synapse_core::provider::{Exchanged, Provider, Tariff};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::{Connection, ModelId, Origin};
use synapse_http::HttpClient;

use crate::classify::{Asked, Problem};
use crate::found;
use crate::prices::OpenAiPrices;
use crate::reply::{redactor, reply_reader, unwritable};
use crate::send::{Call, Sender};
use crate::wire::model::ModelInfo;
use crate::wire::request::{Dialect, body};

/// A connection to OpenAI, or to a server that speaks its wire format.
#[derive(Debug)]
pub struct OpenAi {
    connection: Connection,
    sender: Sender,
    prices: Arc<OpenAiPrices>,
}

impl OpenAi {
    /// The adapter of `connection` over `http`. Opens no socket.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        Self::with_prices(http, connection, Arc::default())
    }

    /// The same with a price list that is shared, so that it is read once.
    pub(crate) fn with_prices(
        http: Arc<HttpClient>,
        connection: Connection,
        prices: Arc<OpenAiPrices>,
    ) -> Self {
        Self {
            sender: Sender::new(http, &connection),
            connection,
            prices,
        }
    }

    fn account_headers(&self) -> Vec<(&'static str, &str)> {
        let account = &self.connection.account;
        [
            ("OpenAI-Organization", &account.organization),
            ("OpenAI-Project", &account.project),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?.as_str())))
        .collect()
    }

    fn asked<'a>(&self, model: &'a ModelId) -> Asked<'a> {
        Asked::Model {
            model: model.as_str(),
            account: !self.account_headers().is_empty(),
        }
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn origins(&self) -> Vec<Origin> {
        vec![self.connection.base_url.origin()]
    }

    async fn chat(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        request: &ChatRequest,
    ) -> Exchanged<ChatReply> {
        let body = match body(Dialect::OpenAi, request) {
            Ok(body) => body,
            Err(error) => return unwritable(&self.connection, &error),
        };
        let url = self.connection.base_url.join(&["chat", "completions"]);
        let call = Call::post(url, secret, self.asked(&request.model), body)
            .headers(self.account_headers());
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
        if rung.id == LIST.id {
            return self.climb_list(permit, secret, model).await;
        }
        let looked_up = self
            .ask(
                permit,
                secret,
                model,
                &["models", model.as_str()],
                |value| ModelInfo::read(value).ok_or(Problem::Shape),
            )
            .await;
        let outcome = match looked_up.outcome {
            Ok(info) => Ok(self
                .accepted(model_finding(model, &info, &redactor(secret)))
                .into()),
            // Not every server of this wire format has a lookup; the list decides then.
            Err(failure) if failure.code == Code::EndpointPathMismatch && !self.is_own_host() => {
                Ok(Climbed::default())
            }
            // A restricted key may lack `Models: Read` and still be allowed to chat.
            Err(failure) if failure.code == Code::CredentialTokenPermission => {
                Ok(found::unreadable(&self.host()).into())
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
        let asked = self
            .ask(permit, secret, model, &["models"], |value| {
                ModelInfo::read_list(value).ok_or(Problem::Shape)
            })
            .await;
        Exchanged {
            exchange: asked.exchange,
            outcome: asked.outcome.map(|all| Listed {
                own: self.judge_listed(model, &all, &redactor),
                models: all
                    .iter()
                    .filter_map(|info| info.listed(&redactor))
                    .collect(),
                prices: Vec::new(),
            }),
        }
    }

    /// By the model that answered, else by the one that was asked. Only OpenAI's own prices are
    /// shipped: another server, and a regional host, which costs more for some models
    /// (<https://developers.openai.com/api/docs/models/gpt-5.4-pro>), has unknown ones.
    fn quote(&self, asked: &ModelId) -> Tariff {
        self.listed([asked.as_str()])
    }

    fn tariff(&self, asked: &ModelId, reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        self.listed(reply.model.as_deref().into_iter().chain([asked.as_str()]))
    }
}

impl OpenAi {
    /// The price of the first of `models` that the list has, where the list holds.
    fn listed<'a>(&self, models: impl IntoIterator<Item = &'a str>) -> Tariff {
        if self.connection.base_url.origin().as_str() != PRICED_ORIGIN {
            return Tariff::Unknown;
        }
        self.prices
            .find(models)
            .map_or(Tariff::Unknown, |list| Tariff::Listed(list.clone()))
    }

    async fn climb_list(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        let listed = self
            .ask(permit, secret, model, &["models"], |value| {
                ModelInfo::read_list(value).ok_or(Problem::Shape)
            })
            .await;
        let outcome = listed.outcome.map(|all| {
            self.accepted(self.judge_listed(model, &all, &redactor(secret)))
                .into()
        });
        Exchanged {
            exchange: listed.exchange,
            outcome,
        }
    }

    /// What a list says about `model`.
    fn judge_listed(&self, model: &ModelId, all: &[ModelInfo], redactor: &Redactor) -> Finding {
        match all
            .iter()
            .find(|info| info.id.as_deref() == Some(model.as_str()))
        {
            Some(info) => model_finding(model, info, redactor),
            None => Finding::Warn(format!(
                "{model} is not among the {} models that {} lists",
                all.len(),
                self.host()
            )),
        }
    }

    /// Sends one request to the models endpoint.
    async fn ask<T>(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
        path: &[&str],
        read: impl FnOnce(&Value) -> Result<T, Problem> + Send,
    ) -> Exchanged<T> {
        let url = self.connection.base_url.join(path);
        let call = Call::get(url, secret, self.asked(model)).headers(self.account_headers());
        self.sender.exchange(permit, call, read).await
    }

    fn accepted(&self, model: Finding) -> Vec<(CheckId, Finding)> {
        let host = self.host();
        vec![
            (CheckId::Reach, found::answers(&host)),
            (CheckId::Token, found::accepts(&host)),
            (CheckId::Model, model),
        ]
    }

    fn host(&self) -> String {
        self.connection.base_url.origin().host().to_owned()
    }

    /// Whether the connection goes to OpenAI itself and not to a server like it.
    fn is_own_host(&self) -> bool {
        self.connection.base_url.host().ends_with("api.openai.com")
    }
}

fn model_finding(model: &ModelId, info: &ModelInfo, redactor: &Redactor) -> Finding {
    if let Some(day) = &info.shutdown_date {
        return Finding::Warn(format!(
            "{model} exists and will be shut down on {}",
            redactor.clean(day, 40)
        ));
    }
    if NO_CHAT.iter().any(|word| model.as_str().contains(word)) {
        return Finding::Warn(format!(
            "{model} exists, and by its name it does not chat; only --live can tell"
        ));
    }
    Finding::Ok(format!("{model} exists"))
}

const PRICED_ORIGIN: &str = "https://api.openai.com";
/// Words in the names of listed models that answer at other endpoints. A hint only: the list of
/// models does not say what a model can do.
const NO_CHAT: [&str; 11] = [
    "embedding",
    "whisper",
    "tts",
    "transcribe",
    "dall-e",
    "image",
    "moderation",
    "sora",
    "realtime",
    "davinci",
    "babbage",
];
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
