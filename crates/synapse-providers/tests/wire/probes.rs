//! The network probes of preflight: what each request proves, and the check a failure is assigned
//! to.

use serde_json::json;
use synapse_core::connection::Draft;
use synapse_core::error::Code;
use synapse_core::preflight::CheckId;
use synapse_testkit::provider_doubles::{
    HuggingFaceDouble, HuggingFaceFault, OpenAiDouble, OpenAiFault, Route,
};
use synapse_testkit::raw::{RawServer, Reply};

use crate::bench::{Bench, draft, failed, words};

/// Findings in words, and the failure.
async fn climb(
    draft: &Draft,
    token: &str,
) -> (Vec<(CheckId, &'static str)>, Option<(CheckId, Code)>) {
    let bench = Bench::new(draft, token);
    let found = bench.climb(Some(&bench.secret)).await;
    (words(&found), failed(&found))
}

const ALL_OK: [(CheckId, &str); 3] = [
    (CheckId::Reach, "ok"),
    (CheckId::Token, "ok"),
    (CheckId::Model, "ok"),
];

#[tokio::test]
async fn openai_is_proven_by_one_lookup() {
    let double = OpenAiDouble::start();
    let draft = draft("openai", OpenAiDouble::MODEL, &double.base_url());
    assert_eq!(
        climb(&draft, OpenAiDouble::KEY).await,
        (ALL_OK.to_vec(), None)
    );
    let request = double.server().only_request();
    assert_eq!(
        request.target(),
        format!("/v1/models/{}", OpenAiDouble::MODEL)
    );
    assert_eq!(request.method(), "GET");
}

#[tokio::test]
async fn a_model_that_is_listed_and_cannot_chat_is_a_warning() {
    let double = OpenAiDouble::start();
    let draft = draft("openai", OpenAiDouble::EMBEDDING_MODEL, &double.base_url());
    let (seen, failed) = climb(&draft, OpenAiDouble::KEY).await;
    assert_eq!(
        (seen.last(), failed),
        (Some(&(CheckId::Model, "warn")), None)
    );
    assert_eq!(double.server().heads(), 1);
}

#[tokio::test]
async fn a_server_without_lookup_is_asked_for_its_list() {
    let list = r#"{"object":"list","data":[{"id":"m","object":"model"},{"id":7}]}"#;
    let server = RawServer::start(move |request| match request.path() {
        "/v1/models" => Reply::json(200, list),
        _ => Reply::json(404, r#"{"error":{"message":"Not found"}}"#),
    });
    let base_url = server.url("/v1").to_string();
    let (seen, failed) = climb(&draft("openai", "m", &base_url), "fake").await;
    assert_eq!((seen.as_slice(), failed), (ALL_OK.as_slice(), None));
    assert_eq!(server.heads(), 2);
    let (seen, failed) = climb(&draft("openai", "absent", &base_url), "fake").await;
    assert_eq!(
        (seen.last(), failed),
        (Some(&(CheckId::Model, "warn")), None)
    );
}

#[tokio::test]
async fn openai_failures_are_put_where_they_belong() {
    use OpenAiFault as Fault;
    for (fault, expected) in [
        (
            Fault::KeyRejected,
            (CheckId::Token, Code::CredentialTokenRejected),
        ),
        (
            Fault::MismatchedOrganization,
            (CheckId::Token, Code::ProviderAccountScope),
        ),
        (
            Fault::WrongRegionHost,
            (CheckId::Reach, Code::EndpointWrongRegionHost),
        ),
        (
            Fault::ModelAccess,
            (CheckId::Model, Code::ProviderModelAccess),
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
        let double = OpenAiDouble::with_faults([(Route::Model, fault.clone())]);
        let draft = draft("openai", OpenAiDouble::MODEL, &double.base_url());
        let (_, failed) = climb(&draft, OpenAiDouble::KEY).await;
        assert_eq!(failed, Some(expected), "{fault:?}");
    }
    let double = OpenAiDouble::start();
    let draft = draft("openai", "no-such-model", &double.base_url());
    let (_, failed) = climb(&draft, OpenAiDouble::KEY).await;
    assert_eq!(
        failed,
        Some((CheckId::Model, Code::ProviderModelUnavailable))
    );
}

#[tokio::test]
async fn a_key_that_may_not_read_models_is_not_condemned() {
    let fault = OpenAiFault::MissingScope("api.model.read");
    let double = OpenAiDouble::with_faults([(Route::Model, fault)]);
    let draft = draft("openai", OpenAiDouble::MODEL, &double.base_url());
    let (seen, failed) = climb(&draft, OpenAiDouble::KEY).await;
    assert_eq!(failed, None);
    assert!(seen.contains(&(CheckId::Token, "warn")), "{seen:?}");
}

#[tokio::test]
async fn hugging_face_is_proven_by_two_requests_and_only_one_carries_the_token() {
    let permitted = HuggingFaceFault::WhoamiOrganizationPermission;
    let double = HuggingFaceDouble::with_faults([(Route::Whoami, permitted)]);
    let model = format!("{}:novita", HuggingFaceDouble::MODEL);
    let mut draft = draft("huggingface", &model, &double.base_url());
    draft.bill_to = Some(HuggingFaceDouble::ORGANIZATION.into());
    let (seen, _) = climb(&draft, HuggingFaceDouble::TOKEN).await;
    let proven = [CheckId::Reach, CheckId::Model, CheckId::Token].map(|id| (id, "ok"));
    assert_eq!(seen, proven);
    let requests = double.server().requests();
    let facts: Vec<(String, bool, bool)> = requests
        .iter()
        .map(|request| {
            let has = |name: &str| request.header(name).is_some();
            (
                request.target().to_owned(),
                has("authorization"),
                has("x-hf-bill-to"),
            )
        })
        .collect();
    let model_path = format!("/v1/models/{}", HuggingFaceDouble::MODEL);
    assert_eq!(
        facts,
        [
            (model_path, false, false),
            ("/api/whoami-v2".to_owned(), true, false)
        ]
    );
}

/// Some deployments wrap the model like the list.
#[tokio::test]
async fn hugging_faces_lookup_is_read_bare_and_wrapped() {
    let model = json!({"id": "o/m", "providers": [{"provider": "novita", "status": "live"}]});
    for body in [
        model.clone(),
        json!({"data": model}),
        json!({"data": [model]}),
    ] {
        let reply = Reply::json(200, body.to_string());
        let fault = HuggingFaceFault::Scripted(reply);
        let double = HuggingFaceDouble::with_faults([(Route::Model, fault)]);
        let draft = draft("huggingface", "o/m:novita", &double.base_url());
        let (seen, _) = climb(&draft, HuggingFaceDouble::TOKEN).await;
        assert!(seen.contains(&(CheckId::Model, "ok")), "{body}: {seen:?}");
        assert_eq!(double.server().heads(), 2, "the lookup and the token");
    }
}

#[tokio::test]
async fn hugging_face_failures_are_put_where_they_belong() {
    use HuggingFaceFault as Fault;
    let climb_with = async |route: Route, fault: Fault| {
        let double = HuggingFaceDouble::with_faults([(route, fault)]);
        let draft = draft("huggingface", HuggingFaceDouble::MODEL, &double.base_url());
        climb(&draft, HuggingFaceDouble::TOKEN).await
    };
    let (_, failed) = climb_with(Route::Whoami, Fault::TokenRejected).await;
    assert_eq!(
        failed,
        Some((CheckId::Token, Code::CredentialTokenRejected))
    );
    let (_, failed) = climb_with(Route::Whoami, Fault::WhoamiWithoutPermission).await;
    assert_eq!(
        failed,
        Some((CheckId::Token, Code::CredentialTokenPermission))
    );
    let (seen, failed) = climb_with(Route::Whoami, Fault::WhoamiReadToken).await;
    assert_eq!(
        (seen.last(), failed),
        (Some(&(CheckId::Token, "warn")), None)
    );
    let (seen, failed) = climb_with(Route::Whoami, Fault::PlainNotFound).await;
    assert_eq!(
        (seen.last(), failed),
        (Some(&(CheckId::Token, "warn")), None)
    );
    let (seen, failed) = climb_with(Route::Model, Fault::PlainNotFound).await;
    assert_eq!(failed, None);
    assert!(
        seen.contains(&(CheckId::Model, "ok")),
        "the list tells what a missing lookup does not: {seen:?}"
    );
    let nothing = HuggingFaceDouble::with_faults([
        (Route::Model, Fault::PlainNotFound),
        (Route::Models, Fault::PlainNotFound),
    ]);
    let wrong = draft("huggingface", HuggingFaceDouble::MODEL, &nothing.base_url());
    let (_, failed) = climb(&wrong, HuggingFaceDouble::TOKEN).await;
    assert_eq!(failed, Some((CheckId::Reach, Code::EndpointPathMismatch)));
    assert_eq!(nothing.server().heads(), 2);

    let double = HuggingFaceDouble::start();
    let broken = draft(
        "huggingface",
        HuggingFaceDouble::BROKEN_MODEL,
        &double.base_url(),
    );
    let (seen, _) = climb(&broken, HuggingFaceDouble::TOKEN).await;
    assert!(seen.contains(&(CheckId::Model, "fail")), "{seen:?}");
}
