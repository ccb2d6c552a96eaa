//! The findings of preflight and the model list at Anthropic, with their number of requests.

use serde_json::json;
use synapse_core::error::Code;
use synapse_core::preflight::{CheckId, Finding};
use synapse_core::provider::models::Listed;
use synapse_testkit::provider_doubles::{AnthropicDouble, AnthropicFault, Route};
use synapse_testkit::raw::{RawServer, Reply};

use crate::bench::{Bench, draft, failed};

async fn climb(bench: &Bench) -> Result<Vec<(CheckId, Finding)>, (CheckId, Code)> {
    let found = bench.climb(Some(&bench.secret)).await;
    failed(&found).map_or(Ok(found), Err)
}

fn of_model(findings: &[(CheckId, Finding)]) -> &Finding {
    let found = findings.iter().find(|(id, _)| *id == CheckId::Model);
    &found.unwrap().1
}

#[tokio::test]
async fn one_lookup_proves_reach_token_and_model() {
    let double = AnthropicDouble::start();
    let mut draft = draft("anthropic", AnthropicDouble::MODEL, &double.base_url());
    draft.max_tokens = Some(512);
    let findings = climb(&Bench::new(&draft, AnthropicDouble::KEY))
        .await
        .unwrap();
    let model = AnthropicDouble::MODEL;
    let origin = double.server().origin();
    let host = origin.host();
    assert_eq!(
        findings,
        [
            (CheckId::Reach, Finding::Ok(format!("{host} answers"))),
            (CheckId::Token, Finding::Ok(format!("{host} accepts it"))),
            (CheckId::Model, Finding::Ok(format!("{model} exists"))),
        ]
    );
    let request = double.server().only_request();
    assert_eq!(request.method(), "GET");
    assert_eq!(request.target(), format!("/v1/models/{model}"));
    assert_eq!(request.header("x-api-key"), Some(AnthropicDouble::KEY));
    assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn an_alias_says_what_it_stands_for_and_a_cap_beyond_the_model_is_a_warning() {
    let double = AnthropicDouble::start();
    let mut draft = draft("anthropic", AnthropicDouble::ALIAS, &double.base_url());
    let findings = climb(&Bench::new(&draft, AnthropicDouble::KEY))
        .await
        .unwrap();
    let exists = format!(
        "{} exists and is {}",
        AnthropicDouble::ALIAS,
        AnthropicDouble::MODEL
    );
    let uncapped = "as the connection sets no --max-tokens, every prompt has to";
    let told = Finding::Ok(format!("{exists}; {uncapped}"));
    assert_eq!(of_model(&findings), &told);

    draft.model = AnthropicDouble::MODEL.into();
    for (cap, is_warning) in [(64_000, false), (64_001, true)] {
        draft.max_tokens = Some(cap);
        let findings = climb(&Bench::new(&draft, AnthropicDouble::KEY))
            .await
            .unwrap();
        let finding = of_model(&findings);
        assert_eq!(
            matches!(finding, Finding::Warn(_)),
            is_warning,
            "{finding:?}"
        );
    }
    assert_eq!(double.server().heads(), 3);
}

#[tokio::test]
async fn failures_are_put_where_they_belong() {
    use AnthropicFault as Fault;
    for (fault, expected) in [
        (
            Fault::KeyRejected,
            (CheckId::Token, Code::CredentialTokenRejected),
        ),
        (
            Fault::MissingPermission,
            (CheckId::Token, Code::CredentialTokenPermission),
        ),
        (
            Fault::WorkspaceMissing,
            (CheckId::Token, Code::ProviderAccountScope),
        ),
        (
            Fault::RegionBlocked,
            (CheckId::Reach, Code::ProviderRegionBlocked),
        ),
        (
            Fault::Overloaded,
            (CheckId::Reach, Code::ProviderOverloaded),
        ),
        (
            Fault::CaptivePortal,
            (CheckId::Reach, Code::EndpointNotAnApi),
        ),
    ] {
        let double = AnthropicDouble::with_faults([(Route::Model, fault.clone())]);
        let draft = draft("anthropic", AnthropicDouble::MODEL, &double.base_url());
        let failed = climb(&Bench::new(&draft, AnthropicDouble::KEY)).await;
        assert_eq!(failed, Err(expected), "{fault:?}");
        assert_eq!(double.server().heads(), 1, "{fault:?}");
    }
    let double = AnthropicDouble::start();
    let unknown = draft("anthropic", "claude-none", &double.base_url());
    assert_eq!(
        climb(&Bench::new(&unknown, AnthropicDouble::KEY)).await,
        Err((CheckId::Model, Code::ProviderModelUnavailable))
    );
    let wrong = draft("anthropic", AnthropicDouble::MODEL, &double.base_url());
    assert_eq!(
        climb(&Bench::new(&wrong, "sk-ant-fake-and-revoked")).await,
        Err((CheckId::Token, Code::CredentialTokenRejected))
    );
}

#[tokio::test]
async fn a_server_without_lookup_is_asked_for_its_list() {
    let double = AnthropicDouble::with_faults([(Route::Model, AnthropicFault::PathNotFound)]);
    for (model, is_listed) in [(AnthropicDouble::MODEL, true), ("claude-none", false)] {
        let draft = draft("anthropic", model, &double.base_url());
        let findings = climb(&Bench::new(&draft, AnthropicDouble::KEY))
            .await
            .unwrap();
        let finding = of_model(&findings);
        assert_eq!(matches!(finding, Finding::Ok(_)), is_listed, "{finding:?}");
    }
    let targets: Vec<String> = double
        .server()
        .requests()
        .iter()
        .map(|request| request.target().to_owned())
        .collect();
    let list = "/v1/models?limit=1000";
    let lookup = |model: &str| format!("/v1/models/{model}");
    assert_eq!(
        targets,
        [
            &lookup(AnthropicDouble::MODEL),
            list,
            &lookup("claude-none"),
            list
        ]
    );

    let nothing = AnthropicDouble::with_faults([
        (Route::Model, AnthropicFault::PathNotFound),
        (Route::Models, AnthropicFault::PathNotFound),
    ]);
    let draft = draft("anthropic", AnthropicDouble::MODEL, &nothing.base_url());
    assert_eq!(
        climb(&Bench::new(&draft, AnthropicDouble::KEY)).await,
        Err((CheckId::Reach, Code::EndpointPathMismatch))
    );
    assert_eq!(nothing.server().heads(), 2);
}

async fn list(server: &RawServer, model: &str) -> Listed {
    let draft = draft("anthropic", model, server.url("/v1").as_str());
    let bench = Bench::new(&draft, "fake-token");
    let before = server.heads();
    let listed = bench
        .provider
        .list_models(synapse_core::provider::Access::new(
            &bench.permit,
            Some(&bench.secret),
        ))
        .await;
    assert_eq!(server.heads() - before, 1);
    listed.outcome.unwrap()
}

#[tokio::test]
async fn the_list_is_one_request_and_says_when_there_is_more() {
    let page = |has_more: bool| {
        let body = json!({
            "data": [
                {"type": "model", "id": "claude-opus-4-8", "created_at": "2026-05-28T00:00:00Z",
                    "display_name": "Claude Opus 4.8", "max_input_tokens": 1_000_000, "max_tokens": 128_000},
                {"type": "model", "id": "m-fake-token\u{1b}", "created_at": "soon"},
                {"type": "model"},
            ],
            "has_more": has_more,
        });
        RawServer::always(Reply::json(200, body.to_string()))
    };
    let whole = page(false);
    let listed = list(&whole, "claude-opus-4-8").await;
    assert_eq!(listed.own, Finding::Ok("claude-opus-4-8 exists".into()));
    let seen: Vec<_> = listed
        .models
        .iter()
        .map(|model| {
            let created = model.created.map(|time| time.to_string());
            (model.id.as_str(), created, model.context_length)
        })
        .collect();
    let created = Some("2026-05-28T00:00:00.000Z".to_owned());
    assert_eq!(seen[0], ("claude-opus-4-8", created, Some(1_000_000)));
    assert_eq!((seen[1].1.clone(), seen[1].2), (None, None));
    assert!(seen[1].0.starts_with("m-[redacted]") && !seen[1].0.contains('\u{1b}'));
    assert_eq!((seen.len(), listed.prices.len()), (2, 0));
    assert_eq!(whole.only_request().target(), "/v1/models?limit=1000");

    let first = page(true);
    let more = "the list has more, which were not asked for";
    for (model, is_listed) in [("claude-opus-4-8", true), ("claude-none", false)] {
        let own = list(&first, model).await.own;
        let told = match &own {
            Finding::Ok(told) if is_listed => told,
            Finding::Warn(told) if !is_listed => told,
            other => panic!("{other:?}"),
        };
        assert!(told.ends_with(more), "{told}");
    }
}

#[tokio::test]
async fn the_list_knows_an_alias_by_the_dated_name_alone() {
    let ids = [
        "claude-haiku-4-5-20251001",
        "claude-opus-4-8",
        "claude-opus-4-8-beta",
    ];
    let data: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
    let server = RawServer::always(Reply::json(200, json!({"data": data}).to_string()));
    for (model, told) in [
        (
            "claude-haiku-4-5",
            Some("claude-haiku-4-5 exists and is claude-haiku-4-5-20251001"),
        ),
        ("claude-opus-4-8", Some("claude-opus-4-8 exists")),
        ("claude-opus-4", None),
        ("claude-haiku-4", None),
    ] {
        let own = list(&server, model).await.own;
        match told {
            Some(told) => assert_eq!(own, Finding::Ok(told.into())),
            None => assert!(matches!(own, Finding::Warn(_)), "{model}: {own:?}"),
        }
    }
}

#[tokio::test]
async fn failures_of_the_list_have_codes() {
    for (fault, code) in [
        (AnthropicFault::KeyRejected, Code::CredentialTokenRejected),
        (AnthropicFault::PathNotFound, Code::EndpointPathMismatch),
        (AnthropicFault::Overloaded, Code::ProviderOverloaded),
        (
            AnthropicFault::Scripted(Reply::json(200, "[]")),
            Code::ProviderBadResponse,
        ),
    ] {
        let double = AnthropicDouble::with_faults([(Route::Models, fault.clone())]);
        let draft = draft("anthropic", AnthropicDouble::MODEL, &double.base_url());
        let bench = Bench::new(&draft, AnthropicDouble::KEY);
        let listed = bench
            .provider
            .list_models(synapse_core::provider::Access::new(
                &bench.permit,
                Some(&bench.secret),
            ))
            .await;
        assert_eq!(listed.outcome.unwrap_err().code(), code, "{fault:?}");
        assert_eq!(double.server().heads(), 1, "{fault:?}");
    }
}
