//! The Hugging Face router adapter: `/chat/completions`, the public `/models/{id}`, and the Hub's
//! `whoami-v2`, the only free check of a token.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::{Code, Failure};
use synapse_core::money::SeenPrice;
use synapse_core::preflight::{CheckId, Finding, Probe, ProbeRequest, ProbeResult};
use synapse_core::provider::models::{Listed, ModelList};
use synapse_core::provider::{
    Access, Exchanged, OutgoingRequest, Provider, ProviderKind, Tariff, TokenCap,
};
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::{Connection, ModelId, Origin};
use synapse_http::HttpClient;
use url::Url;

use crate::classify::Asked;
use crate::clean::redactor;
use crate::found;
use crate::json::WHOLE;
use crate::list::{List, list_reader};
use crate::reply::{complete, completion_call};
use crate::send::{Call, Sender, judged, judged_off_runtime, or_shape};
use crate::vendors;
use crate::whoami;
use crate::wire::model::ModelInfo;
use crate::wire::request::Dialect;

/// A connection to the Hugging Face inference router.
#[derive(Debug, Clone)]
pub struct HuggingFace {
    sender: Sender,
    identity: Url,
}

impl HuggingFace {
    /// The adapter for `connection` over `http`. Opens no socket.
    ///
    /// Tokens of the real router are checked at the Hub; with another base URL the identity
    /// endpoint is expected at that origin, so that the token never leaves it.
    #[must_use]
    pub fn new(http: Arc<HttpClient>, connection: Connection) -> Self {
        let own_origin = connection.base_url.at_root(WHOAMI);
        let sender = Sender::new(http, connection);
        let identity = match sender.host() {
            // The constant is a valid URL, checked by a test; the fallback is never taken.
            ROUTER => Url::parse(HUB_WHOAMI).unwrap_or(own_origin),
            _ => own_origin,
        };
        Self { sender, identity }
    }
}

#[async_trait]
impl Provider for HuggingFace {
    fn origins(&self) -> Vec<Origin> {
        let mut origins = vec![self.sender.origin().clone()];
        let identity = Origin::of(&self.identity);
        if !origins.contains(&identity) {
            origins.push(identity);
        }
        origins
    }

    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        let dialect = Dialect::Compatible(TokenCap::MaxTokens);
        completion_call(&self.sender, dialect, None, request).map(Call::outgoing)
    }

    async fn chat(&self, access: Access<'_>, request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        let dialect = Dialect::Compatible(TokenCap::MaxTokens);
        let bill_to = self.bill_to().map(|name| ("X-HF-Bill-To", name));
        let account = bill_to.into_iter().collect();
        complete(&self.sender, access, dialect, account, request).await
    }

    fn probes(&self) -> &'static [Probe] {
        &PROBES
    }

    async fn probe(
        &self,
        probe: &Probe,
        access: Access<'_>,
        model: &ModelId,
    ) -> Exchanged<ProbeResult> {
        match probe.request {
            ProbeRequest::Identity | ProbeRequest::Key => self.probe_identity(access).await,
            ProbeRequest::Models | ProbeRequest::PublicModels | ProbeRequest::LocalModels => {
                self.probe_list(access).await
            }
            ProbeRequest::Model => self.probe_model(access, model).await,
        }
    }

    fn model_list(&self) -> ModelList {
        ModelList::Public
    }

    /// Never sends the token or `X-HF-Bill-To`: the list is public.
    async fn list_models(&self, access: Access<'_>) -> Exchanged<Listed> {
        let asked = Asked::Model(self.sender.connection().model.as_str());
        let call = Call::get(self.sender.url(&["models"]), None, asked);
        let reader = list_reader(ModelInfo::read_list, None);
        let listed = self.sender.exchange(access.permit(), call, reader).await;
        let this = self.clone();
        judged_off_runtime(listed, move |list| Ok(this.listed(list))).await
    }

    /// Without a pinned sub-provider, the price is unknown in advance.
    fn quote(&self, asked: &ModelId) -> Tariff {
        match asked.split_suffix() {
            (model, Some(name)) if !POLICIES.contains(&name) => {
                Tariff::Kept(self.sender.price_key(model, name))
            }
            _ => Tariff::Unknown,
        }
    }

    /// The price of the sub-provider named in the answer, never of the cheapest or first one.
    fn tariff(&self, asked: &ModelId, _reply: &ChatReply, exchange: &Exchange) -> Tariff {
        match &exchange.served_by {
            Some(name) => Tariff::Kept(self.sender.price_key(asked.split_suffix().0, name)),
            None => Tariff::Unknown,
        }
    }
}

impl HuggingFace {
    fn bill_to(&self) -> Option<&str> {
        let bill_to = self.sender.connection().account.bill_to.as_ref();
        bill_to.map(|name| name.as_str())
    }

    /// The prices of `model` at all sub-providers, including unknown ones.
    fn prices(&self, model: &str, info: &ModelInfo) -> Vec<SeenPrice> {
        let offers = info.providers.iter().flatten();
        offers
            .map(|offer| SeenPrice {
                key: self.sender.price_key(model, &offer.sub_provider),
                rates: offer.rates,
            })
            .collect()
    }

    fn listed(&self, list: List) -> Listed {
        let all = &list.models;
        let model = &self.sender.connection().model;
        let (name, suffix) = model.split_suffix();
        let own = match all.iter().find(|info| info.id.as_deref() == Some(name)) {
            Some(info) => judge_model(model, suffix, info),
            None => {
                let unlisted = found::unlisted(name, all.len(), self.sender.host());
                let failure =
                    Failure::new(Code::ProviderModelUnavailable, unlisted).with("model", model);
                let step = &vendors::of(ProviderKind::HuggingFace).remedies.unlisted;
                Finding::Fail(step.add(failure, name))
            }
        };
        let prices = all
            .iter()
            .filter_map(|info| Some(self.prices(info.id.as_deref()?, info)))
            .flatten()
            .collect();
        Listed {
            models: ModelInfo::listed(all, &Redactor::none()),
            own: list.unless_cut(own, self.sender.host()),
            prices,
            warnings: list.warnings,
        }
    }

    /// Without the token: the endpoint is public and proves nothing about it.
    async fn probe_model(&self, access: Access<'_>, model: &ModelId) -> Exchanged<ProbeResult> {
        let (name, suffix) = model.split_suffix();
        let url = self.sender.url(&["models", name]);
        let call = Call::get(url, None, Asked::Model(model.as_str()));
        let read = or_shape(&WHOLE, |value| {
            // Some deployments wrap the object like the list endpoint.
            let wrapped = value.pointer("/data/0").or_else(|| value.get("data"));
            ModelInfo::read(wrapped.unwrap_or(value))
        });
        let looked_up = self.sender.exchange(access.permit(), call, read).await;
        judged(looked_up, |info| {
            let outcome = info.map(|info| {
                let finding = judge_model(model, suffix, &info);
                self.probed(finding, self.prices(name, &info))
            });
            // A wrong path, an unknown model or a server without lookup: the list decides.
            found::unless_absent(outcome, ProbeResult::default)
        })
    }

    /// The public list decides if the lookup was inconclusive.
    async fn probe_list(&self, access: Access<'_>) -> Exchanged<ProbeResult> {
        let listed = self.list_models(access).await;
        judged(listed, |listed| {
            let listed = listed?;
            Ok(self.probed(listed.own, listed.prices))
        })
    }

    fn probed(&self, model: Finding, prices: Vec<SeenPrice>) -> ProbeResult {
        let reach = found::answers(self.sender.host());
        ProbeResult {
            findings: vec![(CheckId::Reach, reach), (CheckId::Model, model)],
            prices,
        }
    }

    async fn probe_identity(&self, access: Access<'_>) -> Exchanged<ProbeResult> {
        let call = Call::get(self.identity.clone(), access.secret(), Asked::Identity);
        let page = self.sender.profile().token_page;
        let (bill_to, redactor) = (self.bill_to().map(str::to_owned), redactor(access.secret()));
        let read = or_shape(&WHOLE, move |value| {
            whoami::judge(value, bill_to.as_deref(), page, &redactor)
        });
        let asked = self.sender.exchange(access.permit(), call, read).await;
        judged(asked, |finding| {
            let finding = judge_identity(self.sender.host(), finding)?;
            Ok(vec![(CheckId::Token, finding)].into())
        })
    }
}

/// The Hub has the endpoint; another server without it proves nothing about the token.
fn judge_identity(host: &str, finding: Result<Finding, Failure>) -> Result<Finding, Failure> {
    match host {
        ROUTER => finding,
        host => found::unless_absent(finding, || found::untold_token(host, WHOAMI)),
    }
}

/// A pinned sub-provider must be live; an unpinned model needs any live one.
fn judge_model(model: &ModelId, suffix: Option<&str>, info: &ModelInfo) -> Finding {
    if info.providers.is_none() {
        return Finding::Warn(format!("{model} exists; its sub-providers are not listed"));
    }
    let live = info.live();
    let shown = Redactor::none().clean(&live.join(", "), 200);
    let nobody = |message: String| {
        let failure = Failure::new(Code::ProviderModelUnavailable, message)
            .with("model", model)
            .hint("enable sub-providers: https://huggingface.co/settings/inference-providers");
        Finding::Fail(if shown.is_empty() {
            failure.cause("no sub-provider is live")
        } else {
            failure
                .cause(format!("live sub-providers: {shown}"))
                .hint(format!(
                    "pin one of them, for example {}:{}",
                    model.split_suffix().0,
                    shown.split(", ").next().unwrap_or("PROVIDER")
                ))
        })
    };
    match suffix {
        _ if live.is_empty() => nobody(format!("no provider serves {model} now")),
        Some(policy) if POLICIES.contains(&policy) => Finding::Ok(format!(
            "live at {shown}; Hugging Face chooses (`:{policy}`) and may fail over by itself"
        )),
        None => Finding::Ok(format!(
            "live at {shown}; Hugging Face chooses and may fail over by itself (pin one as MODEL:PROVIDER)"
        )),
        Some(pinned) if live.contains(&pinned) => Finding::Ok(format!("live at {pinned}, pinned")),
        Some(pinned) => nobody(format!("`{pinned}` does not serve this model now")),
    }
}

const ROUTER: &str = "router.huggingface.co";
const HUB_WHOAMI: &str = "https://huggingface.co/api/whoami-v2";
const WHOAMI: &str = "/api/whoami-v2";
const POLICIES: [&str; 3] = ["fastest", "cheapest", "preferred"];
const DECIDES: &[CheckId] = &[CheckId::Reach, CheckId::Model];
const LOOKUP: Probe = Probe {
    request: ProbeRequest::Model,
    decides: DECIDES,
};
/// Sent only if the lookup was inconclusive.
const LIST: Probe = Probe {
    request: ProbeRequest::Models,
    decides: DECIDES,
};
const IDENTITY: Probe = Probe {
    request: ProbeRequest::Identity,
    decides: &[CheckId::Token],
};
const PROBES: [Probe; 3] = [LOOKUP, LIST, IDENTITY];

#[cfg(test)]
mod tests {
    use synapse_core::Draft;
    use synapse_http::HttpConfig;

    use super::*;

    fn origins(base_url: Option<&str>) -> Vec<String> {
        let draft = Draft {
            provider: "huggingface".into(),
            model: "org/model".into(),
            credential: Some("env:TOKEN".into()),
            base_url: base_url.map(Into::into),
            ..Draft::default()
        };
        let connection = draft.parse("hf".parse().unwrap()).unwrap();
        let http = Arc::new(HttpClient::new(HttpConfig::default()));
        let origins = HuggingFace::new(http, connection).origins();
        origins.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_token_goes_to_the_hub_only_from_the_real_router() {
        assert_eq!(
            origins(None),
            ["https://router.huggingface.co", "https://huggingface.co"]
        );
        assert_eq!(
            origins(Some("http://127.0.0.1:9/v1")),
            ["http://127.0.0.1:9"]
        );
    }

    #[test]
    fn the_hub_alone_has_to_know_whose_a_token_is() {
        let absent = || Err(Failure::new(Code::EndpointPathMismatch, "no such endpoint"));
        assert!(judge_identity(ROUTER, absent()).is_err());
        let Ok(Finding::Warn(text)) = judge_identity("127.0.0.1:9", absent()) else {
            panic!("a server like the router need not have it")
        };
        assert!(text.contains("127.0.0.1:9 has no /api/whoami-v2"), "{text}");
        let rejected = Err(Failure::new(Code::CredentialTokenRejected, "no"));
        assert!(judge_identity("127.0.0.1:9", rejected).is_err());
    }

    fn info(providers: &serde_json::Value) -> ModelInfo {
        ModelInfo::read(&serde_json::json!({"id": "org/model", "providers": providers})).unwrap()
    }

    #[test]
    fn a_pinned_sub_provider_has_to_be_live() {
        let info = info(&serde_json::json!([
            {"provider": "novita", "status": "live"}, {"provider": "groq", "status": "error"},
        ]));
        let judged = |model: &str| {
            let model: ModelId = model.parse().unwrap();
            judge_model(&model, model.split_suffix().1, &info)
        };
        assert!(matches!(judged("org/model:novita"), Finding::Ok(_)));
        assert!(matches!(judged("org/model:groq"), Finding::Fail(_)));
        let Finding::Ok(text) = judged("org/model") else {
            panic!("an unpinned model is fine")
        };
        assert!(text.contains("may fail over by itself"), "{text}");
    }

    #[test]
    fn a_model_that_nobody_serves_is_unavailable() {
        let model: ModelId = "org/model".parse().unwrap();
        let finding = judge_model(&model, None, &info(&serde_json::json!([])));
        let Finding::Fail(failure) = finding else {
            panic!("nobody serves it")
        };
        assert_eq!(failure.code(), Code::ProviderModelUnavailable);
    }
}
