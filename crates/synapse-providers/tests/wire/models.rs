//! The list of models: one request, with the token only where needed, and its finding for the
//! connection's model.

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::connection::Draft;
use synapse_core::engine::Models;
use synapse_core::{Code, Engine, Failure, Ports};
use synapse_documents::ModelsDocument;
use synapse_providers::Providers;
use synapse_testkit::ports::{
    FixedClock, FixedSecret, MemoryConnections, MemoryLedger, MemoryPrices, NamedRemedies,
    SequentialCallIds,
};
use synapse_testkit::provider_doubles::{
    HuggingFaceDouble, HuggingFaceFault, OpenAiDouble, OpenAiFault, Route,
};
use synapse_testkit::raw::{RawServer, Reply};

use crate::bench::draft;

struct Asked {
    result: Result<Models, Failure>,
    secrets_read: usize,
    prices: Vec<(String, String)>,
}

async fn ask(draft: &Draft, token: &str) -> Asked {
    let ledger = Arc::new(MemoryLedger::new());
    let secrets = Arc::new(FixedSecret::new(token));
    let prices = Arc::new(MemoryPrices::new());
    let engine = Engine::new(Ports {
        connections: Arc::new(MemoryConnections::new().with("c", draft.clone())),
        providers: Arc::new(Providers::new("synapse-test")),
        secrets: secrets.clone(),
        ledger: ledger.clone(),
        reader: ledger,
        prices: prices.clone(),
        clock: Arc::new(FixedClock::default()),
        call_ids: Arc::new(SequentialCallIds::new()),
        observers: synapse_core::ports::CallObservers::default(),
    });
    let result = engine.models(Some("c")).await;
    Asked {
        result,
        secrets_read: secrets.reads(),
        prices: prices
            .all()
            .into_keys()
            .map(|key| (key.model, key.sub_provider))
            .collect(),
    }
}

fn view(models: &Models, search: Option<&str>) -> Value {
    serde_json::to_value(ModelsDocument::new(models, search, &NamedRemedies)).unwrap()
}

#[tokio::test]
async fn openai_lists_the_owners_models_for_one_request_with_the_token() {
    let double = OpenAiDouble::start();
    let mut draft = draft("openai", OpenAiDouble::SMALL_MODEL, &double.base_url());
    draft.organization = Some("org-1".into());
    let asked = ask(&draft, OpenAiDouble::KEY).await;
    let document = view(&asked.result.unwrap(), None);
    let request = double.server().only_request();
    assert_eq!((request.method(), request.target()), ("GET", "/v1/models"));
    let bearer = format!("Bearer {}", OpenAiDouble::KEY);
    assert_eq!(request.header("authorization"), Some(bearer.as_str()));
    assert_eq!(request.header("openai-organization"), Some("org-1"));
    assert_eq!((asked.secrets_read, asked.prices), (1, vec![]));

    assert_eq!(document["schema"], "synapse.models/1");
    assert_eq!(document["total"], 3);
    assert_eq!(
        document["models"][0],
        json!({
            "id": OpenAiDouble::SMALL_MODEL,
            "created": "2025-04-10T20:22:22.000Z",
            "owned_by": "system",
            "shutdown_date": "2026-10-23",
            "sub_providers": null,
            "context_length": null,
            "input_pico_usd": null,
            "output_pico_usd": null,
            "size_bytes": null,
            "parameter_size": null,
            "quantization": null,
        })
    );
    assert_eq!(document["models"][1]["shutdown_date"], Value::Null);
    assert_eq!(document["check"]["outcome"], "warn");
    let detail = document["check"]["detail"].as_str().unwrap();
    assert!(detail.contains("shut down on 2026-10-23"), "{detail}");
}

#[tokio::test]
async fn hugging_face_lists_for_anybody_and_no_token_is_read_or_sent() {
    let double = HuggingFaceDouble::start();
    let model = format!("{}:novita", HuggingFaceDouble::MODEL);
    let mut draft = draft("huggingface", &model, &double.base_url());
    draft.bill_to = Some(HuggingFaceDouble::ORGANIZATION.into());
    let asked = ask(&draft, HuggingFaceDouble::TOKEN).await;
    let models = asked.result.unwrap();
    let request = double.server().only_request();
    assert_eq!((request.method(), request.target()), ("GET", "/v1/models"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("x-hf-bill-to"), None);
    assert_eq!(asked.secrets_read, 0);
    let kept = |model: &str, name: &str| (model.to_owned(), name.to_owned());
    assert_eq!(
        asked.prices,
        [
            kept(HuggingFaceDouble::MODEL, "featherless-ai"),
            kept(HuggingFaceDouble::MODEL, "novita"),
            kept(HuggingFaceDouble::BROKEN_MODEL, "together"),
        ]
    );

    let document = view(&models, Some("DEEPSEEK"));
    assert_eq!(
        (&document["total"], &document["search"]),
        (&json!(2), &json!("DEEPSEEK"))
    );
    assert_eq!(document["models"].as_array().unwrap().len(), 1);
    assert_eq!(
        document["models"][0]["sub_providers"],
        json!([
            {
                "name": "novita", "live": true, "input_pico_usd": 1_690_000,
                "output_pico_usd": 3_380_000, "context_length": 1_048_576, "tools": true,
                "structured_output": false, "first_token_ms": 1490,
            },
            {
                "name": "featherless-ai", "live": true, "input_pico_usd": null,
                "output_pico_usd": null, "context_length": null, "tools": null,
                "structured_output": null, "first_token_ms": null,
            },
        ])
    );
    assert_eq!(document["check"]["outcome"], "ok");
    assert_eq!(document["check"]["detail"], "live at novita, pinned");
}

/// The finding for the connection's model: outcome and text.
async fn own(model: &str) -> (Value, String) {
    let double = HuggingFaceDouble::start();
    let draft = draft("huggingface", model, &double.base_url());
    let asked = ask(&draft, HuggingFaceDouble::TOKEN).await;
    let document = view(&asked.result.unwrap(), None);
    assert_eq!(double.server().heads(), 1);
    let check = &document["check"];
    (check["outcome"].clone(), check.to_string())
}

#[tokio::test]
async fn the_connections_own_model_is_judged() {
    let name = HuggingFaceDouble::MODEL;
    for (model, outcome, words) in [
        (format!("{name}:novita"), "ok", "live at novita, pinned"),
        (
            format!("{name}:groq"),
            "fail",
            "`groq` does not serve this model now",
        ),
        (
            name.to_owned(),
            "ok",
            "Hugging Face chooses and may fail over by itself",
        ),
        (format!("{name}:cheapest"), "ok", "may fail over by itself"),
        (
            HuggingFaceDouble::BROKEN_MODEL.to_owned(),
            "fail",
            "no sub-provider is live",
        ),
        (
            "no/such".to_owned(),
            "fail",
            "is not among the 2 models that",
        ),
    ] {
        let (seen, text) = own(&model).await;
        assert_eq!(seen, outcome, "{model}");
        assert!(text.contains(words), "{model}: {text}");
    }
}

#[tokio::test]
async fn failures_of_the_list_have_codes_and_nothing_is_asked_twice() {
    for (fault, code) in [
        (OpenAiFault::KeyRejected, Code::CredentialTokenRejected),
        (
            OpenAiFault::MissingScope("api.model.read"),
            Code::CredentialTokenPermission,
        ),
        (OpenAiFault::PlainNotFound, Code::EndpointPathMismatch),
        (OpenAiFault::Overloaded, Code::ProviderOverloaded),
        (
            OpenAiFault::Scripted(Reply::json(200, "[]")),
            Code::ProviderBadResponse,
        ),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Models, fault.clone())]);
        let draft = draft("openai", OpenAiDouble::MODEL, &double.base_url());
        let failure = ask(&draft, OpenAiDouble::KEY).await.result.unwrap_err();
        assert_eq!(failure.code(), code, "{fault:?}");
        assert_eq!(double.server().heads(), 1, "{fault:?}");
    }
    let fault = HuggingFaceFault::PlainNotFound;
    let double = HuggingFaceDouble::with_faults([(Route::Models, fault)]);
    let draft = draft("huggingface", HuggingFaceDouble::MODEL, &double.base_url());
    let asked = ask(&draft, HuggingFaceDouble::TOKEN).await;
    assert_eq!(asked.result.unwrap_err().code(), Code::EndpointPathMismatch);
    assert_eq!(double.server().heads(), 1);
}

#[tokio::test]
async fn a_list_that_says_the_token_back_or_steers_a_terminal_is_cleaned() {
    let body = json!({"data": [
        {"id": "m-fake-token", "owned_by": "a\u{1b}[2Jb", "created": u64::MAX},
        {"id": 7}, null, {"id": "n", "created": -1e99, "providers": [{"provider": 3}, 4]},
    ]});
    let server = RawServer::always(Reply::json(200, body.to_string()));
    let draft = draft("openai", "m", server.url("/v1").as_str());
    let document = view(&ask(&draft, "fake-token").await.result.unwrap(), None);
    let text = document.to_string();
    assert!(
        !text.contains("fake-token") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert_eq!(document["models"][0]["id"], "m-[redacted]");
    assert_eq!(document["models"][1]["sub_providers"], json!([]));
    assert_eq!(server.heads(), 1);
}

/// Such an entry can be neither requested nor shown.
#[tokio::test]
async fn an_entry_without_an_id_is_no_model() {
    let entries = json!([{"id": ""}, {"id": "m-1"}, {"id": null}, {"id": " "}, {"object": "model"},
        7, {"id": "m-2"}]);
    for provider in [
        "openai",
        "huggingface",
        "openai-compatible",
        "anthropic",
        "together",
    ] {
        let server = RawServer::always(Reply::json(200, json!({"data": entries}).to_string()));
        let draft = draft(provider, "org/m-1", server.url("/v1").as_str());
        let models = ask(&draft, "fake-token").await.result.unwrap();
        let document = view(&models, None);
        let ids = document["models"].as_array().unwrap().iter();
        let ids: Vec<&Value> = ids.map(|model| &model["id"]).collect();
        assert_eq!(ids, ["m-1", "m-2"], "{provider}");
        assert_eq!(document["total"], 2);
        let warning = &document["warnings"][0];
        assert_eq!(warning["code"], "provider.partly-unreadable");
        let causes = warning["causes"].to_string();
        assert!(
            causes.contains("5 entries without an id"),
            "{provider}: {causes}"
        );
        assert_eq!(server.heads(), 1);
    }
}

/// An unread part proves nothing about the requested model.
#[tokio::test]
async fn a_list_that_is_too_long_condemns_nobody() {
    let entries: Vec<Value> = (0..10_500)
        .map(|n| json!({"id": format!("m-{n}")}))
        .collect();
    let body = json!({"data": entries}).to_string();
    for provider in ["huggingface", "deepseek"] {
        let server = RawServer::always(Reply::json(200, body.clone()));
        let draft = draft(provider, "org/absent", server.url("/v1").as_str());
        let models = ask(&draft, "fake-token").await.result.unwrap();
        let document = view(&models, None);
        assert_eq!(document["total"], 10_000, "{provider}");
        assert_eq!(document["check"]["outcome"], "warn", "{provider}");
        let causes = document["warnings"][0]["causes"].to_string();
        assert!(causes.contains("500 more entries"), "{provider}: {causes}");
    }
}
