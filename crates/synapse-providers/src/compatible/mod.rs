//! The adapter for OpenAI-compatible servers. Differences between servers are in the provider's
//! profile; this module implements them on the wire.

mod key;
mod rules;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::Failure;
use synapse_core::money::{PriceKey, SeenPrice};
use synapse_core::preflight::{CheckId, Finding, Probe, ProbeRequest, ProbeResult};
use synapse_core::provider::models::{Listed, ModelList};
use synapse_core::provider::{
    Access, Exchanged, ModelIndex, OutgoingRequest, Provider, ProviderProfile, Tariff, TokenNeed,
    Unlisted,
};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::{BaseUrl, Connection, ModelId, Origin};
use synapse_http::HttpClient;
use url::Url;

use crate::classify::Asked;
use crate::clean::redactor;
use crate::found::{self, ALL, LIST};
use crate::json::{Seen, WHOLE};
use crate::list::{List, list_reader};
use crate::reply::{completion_call, prepared_call, reply_reader};
use crate::send::{AnswerReader, Call, Sender, judged, judged_off_runtime, or_shape};
use crate::wire::foreign;
use crate::wire::model::{Entries, ModelInfo};
use crate::wire::request::Dialect;

/// A connection to an OpenAI-compatible server.
#[derive(Debug, Clone)]
pub struct Compatible {
    sender: Sender,
}

impl Compatible {
    /// The adapter for `connection` over `http`. Opens no socket.
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

    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        let dialect = Dialect::Compatible(self.profile().token_cap);
        completion_call(&self.sender, dialect, None, request).map(Call::outgoing)
    }

    async fn chat(&self, access: Access<'_>, request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        let dialect = Dialect::Compatible(self.profile().token_cap);
        let call = prepared_call(&self.sender, dialect, access.secret(), request).await;
        let (AnswerReader { shape, read, .. }, redactor) =
            (reply_reader(access.secret()), redactor(access.secret()));
        let reader = AnswerReader {
            shape,
            stated: Some(foreign::stated),
            read: move |seen: &Seen| {
                let mut reply = read(seen)?;
                foreign::fill_in(&mut reply, &seen.value);
                let served_by = foreign::sub_provider(&seen.value);
                Ok((reply, served_by.map(|name| redactor.clean(&name, MAX_NAME))))
            },
        };
        let Exchanged {
            mut exchange,
            outcome,
        } = self.sender.prompt(access.permit(), call, reader).await;
        let served_by = match &outcome {
            Ok((_, served_by)) => served_by.clone(),
            Err(failure) => failure.sub_provider().map(str::to_owned),
        };
        exchange.served_by = exchange.served_by.or(served_by);
        Exchanged {
            exchange,
            outcome: outcome.map(|(reply, _)| reply),
        }
    }

    fn probes(&self) -> &'static [Probe] {
        match (self.profile().models, self.profile().unlisted) {
            (ModelIndex::Public, _) => &[PUBLIC_LIST, KEY],
            (ModelIndex::OllamaTags, _) => &[TAGS, LIST],
            (_, Unlisted::AskAlone) => &[LIST, ALONE],
            (ModelIndex::OfTheOwner | ModelIndex::Catalogue, _) => &[LIST],
        }
    }

    async fn probe(
        &self,
        probe: &Probe,
        access: Access<'_>,
        model: &ModelId,
    ) -> Exchanged<ProbeResult> {
        match probe.request {
            ProbeRequest::Key | ProbeRequest::Identity => self.probe_key(access, model).await,
            ProbeRequest::Model => self.probe_alone(access, model).await,
            ProbeRequest::LocalModels => self.probe_tags(access, model).await,
            ProbeRequest::PublicModels => {
                let access = access.without_secret();
                self.probe_list(access, model, LIST_URL).await
            }
            ProbeRequest::Models => self.probe_list(access, model, LIST_URL).await,
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

    async fn list_models(&self, access: Access<'_>) -> Exchanged<Listed> {
        let access = match self.model_list() {
            ModelList::OfTheOwner => access,
            ModelList::Public => access.without_secret(),
        };
        let index = match self.profile().models {
            ModelIndex::OllamaTags => TAGS_URL,
            ModelIndex::OfTheOwner | ModelIndex::Public | ModelIndex::Catalogue => LIST_URL,
        };
        let model = &self.sender.connection().model;
        let listed = self.ask(access, model, index).await;
        let (this, redactor) = (self.clone(), redactor(access.secret()));
        judged_off_runtime(listed, move |list| {
            let model = &this.sender.connection().model;
            let own = this.judge(model, &list, &redactor).unwrap_or_else(|| {
                let count = list.models.len();
                let unlisted = found::unlisted(model.as_str(), count, this.sender.host());
                Finding::Warn(format!(
                    "{unlisted}; preflight checks whether it is available anyway"
                ))
            });
            let prices = this.prices(&list.models);
            let shown: Vec<ModelInfo> = list.models.into_iter().map(rules::shown).collect();
            Ok(Listed {
                own,
                models: ModelInfo::listed(&shown, &redactor),
                prices,
                warnings: list.warnings,
            })
        })
        .await
    }

    /// The last listed price, if the lister also serves the model. A router's own list does not
    /// give its sub-provider's price.
    fn quote(&self, asked: &ModelId) -> Tariff {
        match self.profile().models {
            ModelIndex::OfTheOwner => Tariff::Kept(self.price_key(asked.as_str())),
            ModelIndex::Public | ModelIndex::OllamaTags | ModelIndex::Catalogue => Tariff::Unknown,
        }
    }

    /// The price of the requested model: an answer from another one has another price.
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
    async fn ask(&self, access: Access<'_>, model: &ModelId, index: Index) -> Exchanged<List> {
        let url = (index.url)(&self.sender.connection().base_url);
        let call = Call::get(url, access.secret(), Asked::Model(model.as_str()));
        let reader = list_reader(index.read, access.secret());
        self.sender.exchange(access.permit(), call, reader).await
    }

    async fn probe_list(
        &self,
        access: Access<'_>,
        model: &ModelId,
        index: Index,
    ) -> Exchanged<ProbeResult> {
        let listed = self.ask(access, model, index).await;
        let (this, model, redactor) = (self.clone(), model.clone(), redactor(access.secret()));
        let has_secret = access.secret().is_some();
        let probed = judged_off_runtime(listed, move |list| {
            Ok(this.probed(has_secret, &model, &list, &redactor))
        });
        judged(probed.await, |outcome| {
            found::unless_unreadable(outcome, access.secret(), self.sender.host())
        })
    }

    /// The findings of a list. A model it omits stays open if it can be looked up.
    fn probed(
        &self,
        has_secret: bool,
        model: &ModelId,
        list: &List,
        redactor: &Redactor,
    ) -> ProbeResult {
        let mut findings = vec![(CheckId::Reach, found::answers(self.sender.host()))];
        if self.model_list() == ModelList::OfTheOwner {
            findings.push((CheckId::Token, self.token(has_secret)));
        }
        let model = self.judge(model, list, redactor);
        findings.extend(model.map(|finding| (CheckId::Model, finding)));
        ProbeResult {
            findings,
            prices: self.prices(&list.models),
        }
    }

    /// The finding for the token from an answer with the list.
    fn token(&self, has_secret: bool) -> Finding {
        let host = self.sender.host();
        match (has_secret, self.profile().token) {
            (false, _) => Finding::Ok(format!("not required: {host} answered without one")),
            (true, TokenNeed::Required) => found::accepts(host),
            (true, TokenNeed::Optional) => {
                Finding::Warn(format!("not refused; whether {host} checks it is unknown"))
            }
        }
    }

    /// Ollama's own list; for a proxy in front of it, the common list.
    async fn probe_tags(&self, access: Access<'_>, model: &ModelId) -> Exchanged<ProbeResult> {
        let listed = self.probe_list(access, model, TAGS_URL).await;
        judged(listed, |outcome| {
            found::unless_absent(outcome, ProbeResult::default)
        })
    }

    /// Looks up a model that the list omits.
    async fn probe_alone(&self, access: Access<'_>, model: &ModelId) -> Exchanged<ProbeResult> {
        let url = self.sender.url(&["models", model.as_str()]);
        let call = Call::get(url, access.secret(), Asked::Model(model.as_str()));
        let read = or_shape(&WHOLE, ModelInfo::read);
        let looked_up = self.sender.exchange(access.permit(), call, read).await;
        judged(looked_up, |info| {
            let finding = info.map(|info| found::exists(model, &info, &redactor(access.secret())));
            let absent = || rules::unproven(model, self.sender.host());
            let finding = found::unless_absent(finding, absent)?;
            Ok(vec![(CheckId::Model, finding)].into())
        })
    }

    /// The key's remaining limit, from its own endpoint; free of charge.
    async fn probe_key(&self, access: Access<'_>, model: &ModelId) -> Exchanged<ProbeResult> {
        let call = Call::get(self.sender.url(&["key"]), access.secret(), Asked::Identity);
        let page = self.profile().token_page;
        let model = model.clone();
        let read = or_shape(&WHOLE, move |value| key::judge(value, &model, page));
        let asked = self.sender.exchange(access.permit(), call, read).await;
        judged(asked, |finding| {
            let absent = || found::untold_token(self.sender.host(), "/key");
            let finding = found::unless_absent(finding, absent)?;
            Ok(vec![(CheckId::Token, finding)].into())
        })
    }

    fn judge(&self, model: &ModelId, list: &List, redactor: &Redactor) -> Option<Finding> {
        let (provider, host) = (self.sender.connection().provider, self.sender.host());
        let finding = rules::listed(provider, model, &list.models, host, redactor)?;
        Some(list.unless_cut(finding, host))
    }

    /// Prices of the listed models, if the lister serves them and states any: a model without one
    /// then has no price any more.
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

/// The location and format of a model list.
#[derive(Clone, Copy)]
struct Index {
    url: fn(&BaseUrl) -> Url,
    read: fn(&Value) -> Option<Entries>,
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
const TAGS: Probe = Probe {
    request: ProbeRequest::LocalModels,
    decides: ALL,
};
/// Sent only if the list omitted the model.
const ALONE: Probe = Probe {
    request: ProbeRequest::Model,
    decides: &[CheckId::Model],
};
const PUBLIC_LIST: Probe = Probe {
    request: ProbeRequest::PublicModels,
    decides: &[CheckId::Reach, CheckId::Model],
};
const KEY: Probe = Probe {
    request: ProbeRequest::Key,
    decides: &[CheckId::Token],
};
