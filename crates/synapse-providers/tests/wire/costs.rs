//! The cost of a call, from the answer to the receipt: whole chats through the use case against the
//! doubles, each with the expected number of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use synapse_core::chat::{ChatReply, Message, Role, Usage};
use synapse_core::connection::Draft;
use synapse_core::engine::{ChatCall, PreflightCall};
use synapse_core::money::{Cost, CostSource, PriceList, Rates, ServiceTier};
use synapse_core::preflight::Reach;
use synapse_core::provider::Tariff;
use synapse_core::receipt::Exchange;
use synapse_core::{Code, Engine, Failure, Ports};
use synapse_providers::Providers;
use synapse_testkit::ports::{
    FixedClock, FixedSecret, MemoryConnections, MemoryLedger, MemoryPrices, SequentialCallIds,
};
use synapse_testkit::provider_doubles::{HuggingFaceDouble, HuggingFaceFault, OpenAiDouble, Route};
use synapse_testkit::raw::{RawServer, Reply};

use crate::bench::{Bench, draft};

/// The use cases over one connection, with real adapters and in-memory ports.
pub(crate) struct Product {
    pub(crate) engine: Engine,
    ledger: Arc<MemoryLedger>,
    clock: Arc<FixedClock>,
}

impl Product {
    fn new(draft: &Draft, token: &str, prices: MemoryPrices) -> Self {
        Self::with_secret(draft, FixedSecret::new(token), prices)
    }

    pub(crate) fn with_secret(draft: &Draft, secret: FixedSecret, prices: MemoryPrices) -> Self {
        let ledger = Arc::new(MemoryLedger::new());
        let clock = Arc::new(FixedClock::default());
        let engine = Engine::new(Ports {
            connections: Arc::new(MemoryConnections::new().with("c", draft.clone())),
            providers: Arc::new(Providers::new("synapse-test")),
            secrets: Arc::new(secret),
            ledger: ledger.clone(),
            reader: ledger.clone(),
            prices: Arc::new(prices),
            clock: clock.clone(),
            call_ids: Arc::new(SequentialCallIds::new()),
            observers: synapse_core::ports::CallObservers::default(),
        });
        Self {
            engine,
            ledger,
            clock,
        }
    }

    /// Sends one prompt; returns the cost of the receipt, checked against the row, and the
    /// warnings.
    async fn chat(&self, model: Option<&str>) -> (Cost, Vec<Failure>) {
        let outcome = self
            .engine
            .chat(ChatCall {
                model: model.map(Into::into),
                messages: vec![Message::new(Role::User, "hi")],
                ..ChatCall::default()
            })
            .await
            .unwrap();
        outcome.result.unwrap();
        let row = self.ledger.entries().pop().unwrap();
        assert_eq!(row.receipt, outcome.receipt);
        (outcome.receipt.cost, outcome.warnings)
    }

    async fn preflight(&self) {
        let stored = self.engine.stored("c").unwrap();
        let call = PreflightCall::saved(stored, Reach::Free);
        let report = self.engine.preflight(call).await;
        assert!(report.passed(), "{:?}", report.failure());
        assert_eq!(report.warnings, []);
    }
}

fn hugging_face(double: &HuggingFaceDouble, suffix: &str) -> Draft {
    let model = format!("{}{suffix}", HuggingFaceDouble::MODEL);
    draft("huggingface", &model, &double.base_url())
}

#[tokio::test]
async fn a_preflight_tells_the_price_by_which_later_chats_are_estimated() {
    let double = HuggingFaceDouble::start();
    let draft = hugging_face(&double, ":novita");
    let product = Product::new(&draft, HuggingFaceDouble::TOKEN, MemoryPrices::new());
    assert_eq!(product.chat(None).await, (Cost::default(), vec![]));
    assert_eq!(double.server().heads(), 1, "chat fetches no price");

    let preflight_at = product.engine.ports().clock.now();
    product.preflight().await;
    product.clock.advance(Duration::from_secs(3600));
    assert_eq!(double.server().heads(), 3);
    // 9 prompt tokens at 1.69 and 3 completion tokens at 3.38 USD per million.
    let estimated = Cost {
        amount_nano_usd: Some(9 * 1_690 + 3 * 3_380),
        source: CostSource::Estimated,
        priced_at: Some(preflight_at),
    };
    assert_eq!(product.chat(None).await, (estimated, vec![]));
    // An unpinned model has the price of the sub-provider named in the answer.
    let unpinned = product.chat(Some(HuggingFaceDouble::MODEL)).await;
    assert_eq!(unpinned, (estimated, vec![]));
    // A live sub-provider without a price.
    let other = format!("{}:featherless-ai", HuggingFaceDouble::MODEL);
    assert_eq!(product.chat(Some(&other)).await, (Cost::default(), vec![]));
    assert_eq!(double.server().heads(), 6);
}

#[tokio::test]
async fn without_the_name_of_the_sub_provider_the_cost_is_unknown() {
    let completion = json!({
        "choices": [{"message": {"content": "Hello"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
    });
    let fault = HuggingFaceFault::Scripted(Reply::json(200, completion.to_string()));
    let double = HuggingFaceDouble::with_faults([(Route::Chat, fault)]);
    let draft = hugging_face(&double, ":novita");
    let product = Product::new(&draft, HuggingFaceDouble::TOKEN, MemoryPrices::new());
    product.preflight().await;
    assert_eq!(product.chat(None).await, (Cost::default(), vec![]));
    assert_eq!(double.server().heads(), 3);
}

#[tokio::test]
async fn free_is_known_and_what_is_free_no_longer_is_not() {
    let model = |offer: serde_json::Value| {
        let body = json!({"id": "org/m", "providers": [offer]}).to_string();
        HuggingFaceFault::Scripted(Reply::json(200, body))
    };
    let free = json!({"provider": "novita", "status": "live", "is_free": true});
    let silent = json!({"provider": "novita", "status": "live"});
    for (offer, expected) in [(free, Some(Rates::FREE)), (silent, Some(Rates::default()))] {
        let double = HuggingFaceDouble::with_faults([(Route::Model, model(offer))]);
        let draft = draft("huggingface", "org/m:novita", &double.base_url());
        let product = Product::new(&draft, HuggingFaceDouble::TOKEN, MemoryPrices::new());
        product.preflight().await;
        let connection = product.engine.connection(None).unwrap();
        let provider = product.engine.ports().providers.provider(&connection);
        let exchange = Exchange {
            served_by: Some("novita".into()),
            ..Exchange::default()
        };
        let tariff = provider
            .unwrap()
            .tariff(&connection.model, &ChatReply::default(), &exchange);
        let Tariff::Kept(key) = tariff else {
            panic!("{tariff:?}")
        };
        let kept = product.engine.ports().prices.find(&key).await.unwrap();
        let rates = kept.map(|list| list.tiers[&ServiceTier::Default]);
        assert_eq!(rates, expected);
    }
}

#[tokio::test]
async fn prices_that_cannot_be_read_leave_the_cost_unknown_with_a_warning() {
    let double = HuggingFaceDouble::start();
    let damaged = Failure::new(Code::StorageCorrupt, "it is damaged");
    let draft = hugging_face(&double, ":novita");
    let product = Product::new(
        &draft,
        HuggingFaceDouble::TOKEN,
        MemoryPrices::failing(damaged.clone()),
    );
    assert_eq!(product.chat(None).await, (Cost::default(), vec![damaged]));
    assert_eq!(double.server().heads(), 1);
}

#[tokio::test]
async fn another_server_of_the_openai_wire_has_unknown_prices() {
    let double = OpenAiDouble::start();
    let draft = draft("openai", OpenAiDouble::MODEL, &double.base_url());
    let product = Product::new(&draft, OpenAiDouble::KEY, MemoryPrices::new());
    assert_eq!(product.chat(None).await, (Cost::default(), vec![]));
    assert_eq!(double.server().heads(), 1);
}

#[tokio::test]
async fn money_that_the_answer_states_is_actual() {
    let body = json!({
        "choices": [{"message": {"content": "Hello"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "cost": 0.000_014, "estimated_cost": 7},
    });
    for provider in ["openai", "huggingface"] {
        let server = RawServer::always(Reply::json(200, body.to_string()));
        let draft = draft(provider, "org/m", server.url("/v1").as_str());
        let product = Product::new(&draft, "fake-token", MemoryPrices::new());
        let actual = Cost {
            amount_nano_usd: Some(14_000),
            source: CostSource::Actual,
            priced_at: None,
        };
        assert_eq!(product.chat(None).await, (actual, vec![]));
        assert_eq!(server.heads(), 1);
    }
}

/// The price list that the adapter of `provider` uses for an answer of `served` from this base URL.
pub(crate) fn listed(
    provider: &str,
    base_url: Option<&str>,
    asked: &str,
    served: Option<&str>,
) -> Option<PriceList> {
    let draft = Draft {
        base_url: base_url.map(Into::into),
        ..draft(provider, asked, "")
    };
    let bench = Bench::new(&draft, "fake-token");
    let reply = ChatReply {
        model: served.map(Into::into),
        ..ChatReply::default()
    };
    let tariff = bench
        .provider
        .tariff(&bench.connection.model, &reply, &Exchange::default());
    match tariff {
        Tariff::Listed(list) => Some(list),
        _ => None,
    }
}

#[test]
fn the_shipped_prices_are_those_of_openai_itself() {
    let model = OpenAiDouble::MODEL;
    assert!(listed("openai", None, model, None).is_some());
    assert!(listed("openai", Some("https://api.openai.com/v1"), model, None).is_some());
    // A regional host charges more for some models, a proxy anything.
    for other in [
        "https://eu.api.openai.com/v1",
        "https://api.openai.com.example/v1",
        "https://api.openai.com:8443/v1",
        "http://127.0.0.1:9/v1",
    ] {
        assert_eq!(listed("openai", Some(other), model, None), None, "{other}");
    }
    let other = listed("openai", None, model, Some("gpt-4.1-nano-2025-04-14"));
    assert_eq!(
        other,
        listed("openai", None, "gpt-4.1-nano", None),
        "served, then asked"
    );
    assert_eq!(listed("openai", None, "no-such-model", None), None);
}

/// An answer as OpenAI sends it, priced by OpenAI's list.
#[tokio::test]
async fn a_recorded_answer_has_its_golden_price() {
    for (tier, cached, audio, expected) in [
        (json!("default"), 0, 0, Some(14 * 2_000 + 4 * 12_000)),
        (json!(null), 10, 0, Some(4 * 2_000 + 10 * 200 + 4 * 12_000)),
        (json!("flex"), 10, 0, Some(4 * 1_000 + 10 * 100 + 4 * 6_000)),
        (json!("priority"), 0, 0, Some(14 * 4_000 + 4 * 24_000)),
        (json!("scale"), 0, 0, None),
        (json!("default"), 0, 1, None),
    ] {
        let body = json!({
            "model": OpenAiDouble::MODEL,
            "choices": [{"message": {"content": "Hello"}}],
            "usage": {
                "prompt_tokens": 14, "completion_tokens": 4,
                "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": audio},
            },
            "service_tier": tier,
        });
        let server = RawServer::always(Reply::json(200, body.to_string()));
        let draft = draft("openai", OpenAiDouble::MODEL, server.url("/v1").as_str());
        let reply = Bench::new(&draft, "fake")
            .prompt("hi")
            .await
            .outcome
            .unwrap();
        let list = listed("openai", None, OpenAiDouble::MODEL, reply.model.as_deref());
        let cost = Cost::of(&reply.usage, &reply.billing, list.as_ref());
        assert_eq!(cost.amount_nano_usd, expected, "{tier} {cached} {audio}");
        assert_eq!(cost.priced_at.is_some(), expected.is_some());
        assert_eq!(server.heads(), 1);
    }
    let nothing = Cost::of(
        &Usage::default(),
        &ChatReply::default().billing,
        listed("openai", None, OpenAiDouble::MODEL, None).as_ref(),
    );
    assert_eq!(nothing, Cost::default());
}

/// Groq and Together list prices of models they serve: once seen, they estimate later chats of that
/// model, but not an answer by another one.
#[tokio::test]
async fn prices_of_a_list_estimate_later_chats_of_the_same_model() {
    let looks = AtomicUsize::new(0);
    let server = RawServer::start(move |request| {
        if request.method() == "GET" {
            let prices = json!({"prompt": "0.00000015", "completion": "0.0000006"});
            let first = looks.fetch_add(1, Ordering::SeqCst) == 0;
            let own = if first { prices.clone() } else { json!(null) };
            let list = json!({"data": [{"id": "m", "pricing": own},
                {"id": "alias", "pricing": prices}]});
            return Reply::json(200, list.to_string());
        }
        let asked = request.json()["model"].clone();
        let served = if asked == "alias" { json!("m") } else { asked };
        let answer = json!({"model": served, "service_tier": "on_demand",
            "choices": [{"message": {"content": "ok"}}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}});
        Reply::json(200, answer.to_string())
    });
    let draft = draft("groq", "m", server.url("/openai/v1").as_str());
    let product = Product::new(&draft, "fake-token", MemoryPrices::new());
    let unknown = (Cost::default(), vec![]);
    assert_eq!(product.chat(None).await, unknown, "nothing was seen yet");
    product.engine.models(Some("c")).await.unwrap();
    let (estimate, warnings) = product.chat(None).await;
    assert_eq!(estimate.amount_nano_usd, Some(1000 * 150 + 100 * 600));
    assert_eq!((estimate.source, warnings), (CostSource::Estimated, vec![]));
    assert_eq!(product.chat(Some("alias")).await, unknown);
    assert_eq!(product.chat(Some("n")).await, unknown);
    product.engine.models(Some("c")).await.unwrap();
    let silent = product.chat(None).await;
    assert_eq!(silent, unknown, "what is not stated any more is not kept");
    assert_eq!(server.heads(), 7);
}

/// An unusable answer is still billed: the row has its tokens and cost.
#[tokio::test]
async fn a_failed_answer_that_states_its_money_costs_it() {
    let body = json!({
        "model": "m", "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "cost": 0.000_014, "is_byok": false},
    });
    for provider in ["openai", "huggingface", "openrouter"] {
        let server = RawServer::always(Reply::json(200, body.to_string()));
        let draft = draft(provider, "org/m", server.url("/v1").as_str());
        let product = Product::new(&draft, "fake-token", MemoryPrices::new());
        let call = ChatCall {
            messages: vec![Message::new(Role::User, "hi")],
            ..ChatCall::default()
        };
        let outcome = product.engine.chat(call).await.unwrap();
        assert_eq!(
            outcome.result.unwrap_err().code(),
            Code::ProviderEmptyResponse
        );
        let row = product.ledger.entries().pop().unwrap();
        assert_eq!(row.receipt, outcome.receipt);
        assert_eq!(row.receipt.usage.prompt_tokens, Some(9), "{provider}");
        assert_eq!(row.receipt.usage.completion_tokens, Some(3), "{provider}");
        assert_eq!(row.receipt.cost.amount_nano_usd, Some(14_000), "{provider}");
        assert_eq!(row.receipt.cost.source, CostSource::Actual);
        assert_eq!(server.heads(), 1);
    }
}
