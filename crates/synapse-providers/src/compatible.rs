//! The adapter of every server that speaks OpenAI's wire format. What differs from one to the next
//! stands in the provider's profile; here is only what the profile's words mean on the wire.

mod judge;
mod key;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::gate::NetworkPermit;
use synapse_core::models::{Listed, ModelList};
use synapse_core::preflight::{CheckId, Climbed, Finding, Rung};
use synapse_core::price::{PriceKey, SeenPrice};
use synapse_core::provider::{
    Exchanged, ModelIndex, Provider, ProviderProfile, Tariff, TokenNeed, Unlisted,
};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;
use synapse_core::{BaseUrl, Connection, ModelId, Origin};
use synapse_http::HttpClient;
use url::Url;

use crate::classify::Asked;
use crate::found::{self, ALL, LIST};
use crate::reply::{completion_call, redactor, reply_reader};
use crate::send::{Call, Sender, judged, or_shape};
use crate::wire::foreign;
use crate::wire::model::ModelInfo;
use crate::wire::request::Dialect;

/// A connection to a server that speaks OpenAI's wire format.
#[derive(Debug)]
pub struct Compatible {
    sender: Sender,
}

impl Compatible {
    /// The adapter of `connection` over `http`. Opens no socket.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        let sender = Sender::new(http, connection);
        Self { sender }
    }
}

#[async_trait]
impl Provider for Compatible {
    fn origins(&self) -> Vec<Origin> {
        vec![self.sender.origin().clone()]
    }

    async fn chat(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        request: &ChatRequest,
    ) -> Exchanged<ChatReply> {
        let dialect = Dialect::Compatible(self.profile().token_cap);
        let call = completion_call(&self.sender, dialect, secret, request);
        let (read, redactor) = (reply_reader(secret), redactor(secret));
        let mut served_by = None;
        let mut exchanged = self
            .sender
            .prompt(permit, call, |value| {
                served_by =
                    foreign::sub_provider(value).map(|name| redactor.clean(&name, MAX_NAME));
                let mut reply = read(value)?;
                foreign::fill_in(&mut reply, value);
                Ok(reply)
            })
            .await;
        if let Err(failure) = &exchanged.outcome {
            served_by = failure.context.get("served_by").cloned();
        }
        exchanged.exchange.served_by = exchanged.exchange.served_by.or(served_by);
        exchanged
    }

    fn rungs(&self) -> &'static [Rung] {
        match (self.profile().models, self.profile().unlisted) {
            (ModelIndex::Public, _) => &[PUBLIC_LIST, KEY],
            (ModelIndex::OllamaTags, _) => &[TAGS, LIST],
            (_, Unlisted::AskAlone) => &[LIST, ALONE],
            (ModelIndex::OfTheOwner | ModelIndex::Catalogue, _) => &[LIST],
        }
    }

    async fn climb(
        &self,
        rung: &Rung,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        match rung.id {
            id if id == KEY.id => self.climb_key(permit, secret, model).await,
            id if id == ALONE.id => self.climb_alone(permit, secret, model).await,
            id if id == TAGS.id => self.climb_tags(permit, secret, model).await,
            id if id == PUBLIC_LIST.id => self.climb_list(permit, None, model, LIST_URL).await,
            _ => self.climb_list(permit, secret, model, LIST_URL).await,
        }
    }

    fn model_list(&self) -> ModelList {
        match self.profile().models {
            ModelIndex::Public => ModelList::Public,
            ModelIndex::OfTheOwner | ModelIndex::OllamaTags | ModelIndex::Catalogue => {
                ModelList::OfTheOwner
            }
        }
    }

    async fn list_models(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
    ) -> Exchanged<Listed> {
        let secret = secret.filter(|_| self.model_list() == ModelList::OfTheOwner);
        let model = &self.sender.connection().model;
        let redactor = redactor(secret);
        let index = match self.profile().models {
            ModelIndex::OllamaTags => TAGS_URL,
            ModelIndex::OfTheOwner | ModelIndex::Public | ModelIndex::Catalogue => LIST_URL,
        };
        let listed = self.ask(permit, secret, model, index).await;
        judged(listed, |all| {
            let all = all?;
            let own = self.judge(model, &all, &redactor).unwrap_or_else(|| {
                let unlisted = found::unlisted(model.as_str(), all.len(), self.sender.host());
                Finding::Warn(format!(
                    "{unlisted}; whether it can be had all the same, preflight asks"
                ))
            });
            let prices = self.prices(&all);
            let shown: Vec<ModelInfo> = all.into_iter().map(judge::shown).collect();
            Ok(Listed {
                own,
                models: ModelInfo::listed(&shown, &redactor),
                prices,
            })
        })
    }

    /// As the list last stated it, where the one who lists the models serves them. A router's own
    /// list says nothing of what its sub-provider takes.
    fn quote(&self, asked: &ModelId) -> Tariff {
        match self.profile().models {
            ModelIndex::OfTheOwner => Tariff::Kept(self.price_key(asked.as_str())),
            ModelIndex::Public | ModelIndex::OllamaTags | ModelIndex::Catalogue => Tariff::Unknown,
        }
    }

    /// The price of the model as it was asked for: an answer by another one has another price.
    fn tariff(&self, asked: &ModelId, reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        match reply.model.as_deref() {
            Some(served) if served != asked.as_str() => Tariff::Unknown,
            _ => self.quote(asked),
        }
    }
}

impl Compatible {
    fn profile(&self) -> &'static ProviderProfile {
        self.sender.profile()
    }

    /// Sends one request for the models at `index`.
    async fn ask(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
        index: Index,
    ) -> Exchanged<Vec<ModelInfo>> {
        let url = (index.url)(&self.sender.connection().base_url);
        let call = Call::get(url, secret, Asked::Model(model.as_str()));
        let read = or_shape(index.read);
        self.sender.exchange(permit, call, read).await
    }

    async fn climb_list(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
        index: Index,
    ) -> Exchanged<Climbed> {
        let listed = self.ask(permit, secret, model, index).await;
        judged(listed, |all| {
            let outcome = all.map(|all| self.climbed(secret, model, &all));
            found::unless_unreadable(outcome, secret, self.sender.host())
        })
    }

    /// What a list proves. A model that it leaves out stays open where it can be asked for alone.
    fn climbed(&self, secret: Option<&BoundSecret>, model: &ModelId, all: &[ModelInfo]) -> Climbed {
        let mut findings = vec![(CheckId::Reach, found::answers(self.sender.host()))];
        if self.model_list() == ModelList::OfTheOwner {
            findings.push((CheckId::Token, self.token(secret)));
        }
        let model = self.judge(model, all, &redactor(secret));
        findings.extend(model.map(|finding| (CheckId::Model, finding)));
        Climbed {
            findings,
            prices: self.prices(all),
        }
    }

    /// What an answer with the list says about the token.
    fn token(&self, secret: Option<&BoundSecret>) -> Finding {
        let host = self.sender.host();
        match (secret, self.profile().token) {
            (None, _) => Finding::Ok(format!("none is needed: {host} answered without one")),
            (Some(_), TokenNeed::Required) => found::accepts(host),
            (Some(_), TokenNeed::Optional) => Finding::Warn(format!(
                "not refused; whether {host} looks at it cannot be told"
            )),
        }
    }

    /// Ollama's own list, else, for a server in front of it, the list that every server has.
    async fn climb_tags(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        let listed = self.climb_list(permit, secret, model, TAGS_URL).await;
        judged(listed, |outcome| {
            found::unless_absent(outcome, Climbed::default)
        })
    }

    /// Asks for a model that the list left out.
    async fn climb_alone(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        let url = self.sender.url(&["models", model.as_str()]);
        let call = Call::get(url, secret, Asked::Model(model.as_str()));
        let read = or_shape(ModelInfo::read);
        let looked_up = self.sender.exchange(permit, call, read).await;
        judged(looked_up, |info| {
            let finding = info.map(|info| found::exists(model, &info, &redactor(secret)));
            let absent = || judge::unproven(model, self.sender.host());
            let finding = found::unless_absent(finding, absent)?;
            Ok(vec![(CheckId::Model, finding)].into())
        })
    }

    /// What the key may still spend, from its own endpoint; free of charge.
    async fn climb_key(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        let call = Call::get(self.sender.url(&["key"]), secret, Asked::Identity);
        let page = self.profile().token_page;
        let read = or_shape(|value| key::judge(value, model, page));
        let asked = self.sender.exchange(permit, call, read).await;
        judged(asked, |finding| {
            let absent = || found::untold_token(self.sender.host(), "/key");
            let finding = found::unless_absent(finding, absent)?;
            Ok(vec![(CheckId::Token, finding)].into())
        })
    }

    fn judge(&self, model: &ModelId, all: &[ModelInfo], redactor: &Redactor) -> Option<Finding> {
        let (provider, host) = (self.sender.connection().provider, self.sender.host());
        judge::listed(provider, model, all, host, redactor)
    }

    /// What the listed models cost, where the one who lists them serves them, and states prices at
    /// all: then a model without one has none any more.
    fn prices(&self, all: &[ModelInfo]) -> Vec<SeenPrice> {
        let states_prices = all.iter().any(|info| info.rates.input.is_some());
        if self.profile().models != ModelIndex::OfTheOwner || !states_prices {
            return Vec::new();
        }
        all.iter()
            .filter_map(|info| {
                Some(SeenPrice {
                    key: self.price_key(info.id.as_deref()?),
                    rates: info.rates,
                })
            })
            .collect()
    }

    fn price_key(&self, model: &str) -> PriceKey {
        self.sender.price_key(model, self.profile().name)
    }
}

/// Where a list of models is, and how it reads.
#[derive(Clone, Copy)]
struct Index {
    url: fn(&BaseUrl) -> Url,
    read: fn(&Value) -> Option<Vec<ModelInfo>>,
}

const LIST_URL: Index = Index {
    url: |base| base.join(&["models"]),
    read: |value| ModelInfo::read_list(value).or_else(|| ModelInfo::read_bare_list(value)),
};
const TAGS_URL: Index = Index {
    url: |base| base.at_root("/api/tags"),
    read: ModelInfo::read_tags,
};
const MAX_NAME: usize = 200;
const TAGS: Rung = Rung {
    id: "tags",
    decides: ALL,
};
/// Made only when the list left the model out.
const ALONE: Rung = Rung {
    id: "model",
    decides: &[CheckId::Model],
};
const PUBLIC_LIST: Rung = Rung {
    id: "public",
    decides: &[CheckId::Reach, CheckId::Model],
};
const KEY: Rung = Rung {
    id: "key",
    decides: &[CheckId::Token],
};
