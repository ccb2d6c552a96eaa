//! The price of a call before it is sent, needed for limits: where each adapter takes it from, and
//! that a limit on cost enforces it.

use synapse_core::chat::{ChatReply, Message, Role};
use synapse_core::connection::Draft;
use synapse_core::engine::ChatCall;
use synapse_core::limits::DraftLimits;
use synapse_core::money::PriceKey;
use synapse_core::provider::{Access, Tariff};
use synapse_core::receipt::Exchange;
use synapse_core::{Code, Failure, Origin, Ports};
use synapse_testkit::ports::{FixedSecret, MemoryPrices};
use synapse_testkit::provider_doubles::{AnthropicDouble, HuggingFaceDouble, OpenAiDouble};
use synapse_testkit::raw::{RawServer, Reply};

use crate::bench::{Bench, draft};
use crate::costs::Product;

/// The price quoted for `model` by the adapter of `provider` at `base_url`, or at its default.
fn quote(provider: &str, base_url: Option<&str>, model: &str) -> Tariff {
    let draft = match base_url {
        Some(base_url) => draft(provider, model, base_url),
        None => draft_at_home(provider, model),
    };
    let bench = Bench::new(&draft, "fake-token");
    bench.provider.quote(&bench.connection.model)
}

fn kept(base_url: &str, model: &str, sub_provider: &str) -> Tariff {
    Tariff::Kept(PriceKey {
        origin: Origin::of(&base_url.parse().unwrap()),
        model: model.to_owned(),
        sub_provider: sub_provider.to_owned(),
    })
}

#[test]
fn a_shipped_list_quotes_its_models_for_its_owner_alone() {
    for (provider, own, model, dated) in [
        (
            "openai",
            "https://api.openai.com/v1",
            OpenAiDouble::MODEL,
            "gpt-5.6-terra-2026-07-01",
        ),
        (
            "anthropic",
            "https://api.anthropic.com/v1",
            AnthropicDouble::ALIAS,
            AnthropicDouble::MODEL,
        ),
    ] {
        let quoted = quote(provider, None, model);
        assert!(
            matches!(quoted, Tariff::Listed(_)),
            "{provider}: {quoted:?}"
        );
        assert_eq!(quote(provider, Some(own), model), quoted);
        assert_eq!(
            quote(provider, None, dated),
            quoted,
            "the price of its alias"
        );
        assert_eq!(quote(provider, None, "no-such-model"), Tariff::Unknown);
        let proxy = quote(provider, Some("https://proxy.example/v1"), model);
        assert_eq!(proxy, Tariff::Unknown, "a proxy charges what it likes");
    }
}

/// The sub-provider of an unpinned model is unknown, even if a policy chooses it.
#[test]
fn the_router_quotes_for_the_pinned_sub_provider_alone() {
    let router = "https://router.huggingface.co/v1";
    for name in ["novita", "together"] {
        let quoted = quote("huggingface", None, &format!("org/m:{name}"));
        assert_eq!(quoted, kept(router, "org/m", name));
    }
    for unpinned in [
        "org/m",
        "org/m:fastest",
        "org/m:cheapest",
        "org/m:preferred",
    ] {
        let quoted = quote("huggingface", None, unpinned);
        assert_eq!(quoted, Tariff::Unknown, "{unpinned}");
    }
}

/// A router's own list does not give its sub-provider's price, nor does a model catalogue that of a
/// deployment.
#[test]
fn a_compatible_server_quotes_what_it_lists_and_serves_itself() {
    let base_url = "http://127.0.0.1:9/v1";
    for provider in ["groq", "together", "openai-compatible", "vllm"] {
        let quoted = quote(provider, Some(base_url), "org/m");
        assert_eq!(quoted, kept(base_url, "org/m", provider));
    }
    for provider in ["openrouter", "azure", "ollama"] {
        let quoted = quote(provider, Some(base_url), "org/m");
        assert_eq!(quoted, Tariff::Unknown, "{provider}");
    }
}

/// An answer of the requested model is charged the quoted price.
#[test]
fn an_answer_as_asked_is_charged_as_quoted() {
    for (provider, model) in [
        ("openai", OpenAiDouble::MODEL),
        ("anthropic", AnthropicDouble::MODEL),
        ("huggingface", "org/m:novita"),
        ("groq", "org/m"),
        ("openrouter", "org/m"),
    ] {
        let bench = Bench::new(&draft_at_home(provider, model), "fake-token");
        let exchange = Exchange {
            served_by: Some("novita".into()),
            ..Exchange::default()
        };
        let model = &bench.connection.model;
        let charged = bench
            .provider
            .tariff(model, &ChatReply::default(), &exchange);
        assert_eq!(charged, bench.provider.quote(model), "{provider}");
    }
}

fn draft_at_home(provider: &str, model: &str) -> Draft {
    Draft {
        base_url: None,
        ..draft(provider, model, "")
    }
}

/// A limit far below the cost of one capped prompt.
fn limited(draft: Draft) -> Draft {
    Draft {
        max_tokens: Some(1_000_000),
        limits: DraftLimits {
            usd_per_day: Some("0.01".into()),
            ..DraftLimits::default()
        },
        ..draft
    }
}

/// A product that refuses every prompt, at the latest because the secret is unreadable.
fn product(draft: &Draft) -> Product {
    let missing = Failure::new(Code::CredentialMissing, "there is none");
    Product::with_secret(draft, FixedSecret::failing(missing), MemoryPrices::new())
}

async fn refusal(product: &Product) -> Code {
    let call = ChatCall {
        messages: vec![Message::new(Role::User, "hi")],
        ..ChatCall::default()
    };
    let outcome = product.engine.chat(call).await.unwrap();
    assert_eq!(outcome.receipt.exchange.attempts, 0);
    outcome.result.unwrap_err().code()
}

/// The hosts are real, but limits are checked before the secret is read, and this secret is
/// unreadable.
#[tokio::test]
async fn a_limit_of_money_holds_where_a_shipped_list_knows_the_price() {
    for (provider, model, expected) in [
        ("openai", OpenAiDouble::MODEL, Code::PolicyBudgetExceeded),
        (
            "anthropic",
            AnthropicDouble::MODEL,
            Code::PolicyBudgetExceeded,
        ),
        ("openai", "no-such-model", Code::CredentialMissing),
        ("anthropic", "no-such-model", Code::CredentialMissing),
    ] {
        let product = product(&limited(draft_at_home(provider, model)));
        assert_eq!(refusal(&product).await, expected, "{provider} {model}");
    }
}

/// Each sub-provider has its own price, and an unseen model has none.
#[tokio::test]
async fn a_limit_of_money_holds_by_the_prices_that_a_list_stated() {
    let pricing = r#"{"prompt": "0.00000015", "completion": "0.0000006"}"#;
    let groq = RawServer::always(Reply::json(
        200,
        format!(r#"{{"data":[{{"id":"m","pricing":{pricing}}},{{"id":"unpriced"}}]}}"#),
    ));
    let router = HuggingFaceDouble::start();
    let pinned = |name: &str| format!("{}:{name}", HuggingFaceDouble::MODEL);
    let base_url = router.base_url();
    let groq_url = groq.url("/v1").to_string();
    for (provider, base_url, model, expected) in [
        (
            "groq",
            &groq_url,
            "m".to_owned(),
            Code::PolicyBudgetExceeded,
        ),
        (
            "groq",
            &groq_url,
            "unpriced".to_owned(),
            Code::CredentialMissing,
        ),
        (
            "huggingface",
            &base_url,
            pinned("novita"),
            Code::PolicyBudgetExceeded,
        ),
        (
            "huggingface",
            &base_url,
            pinned("featherless-ai"),
            Code::CredentialMissing,
        ),
    ] {
        let draft = limited(draft(provider, &model, base_url));
        let product = product(&draft);
        let unseen = refusal(&product).await;
        assert_eq!(unseen, Code::CredentialMissing, "nothing was seen yet");
        let bench = Bench::new(&draft, "fake-token");
        let secret = Some(&bench.secret);
        let listed = bench
            .provider
            .list_models(Access::new(&bench.permit, secret))
            .await;
        let Ports { clock, prices, .. } = product.engine.ports();
        let seen = listed.outcome.unwrap().prices;
        prices.keep(clock.now(), seen).await.unwrap();
        assert_eq!(refusal(&product).await, expected, "{provider} {model}");
    }
    assert_eq!((groq.heads(), router.server().heads()), (2, 2));
}
