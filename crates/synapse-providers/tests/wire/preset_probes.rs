//! Preflight over the compatible adapter: what each request proves, with and without a token, and
//! what a missing model means at each provider.

use synapse_core::connection::Draft;
use synapse_core::preflight::{CheckId, Finding};
use synapse_core::provider::ProviderKind;
use synapse_core::{Failure, Remedy};
use synapse_testkit::raw::{ClosedPort, RawServer, RecordedRequest, Reply};

use crate::bench::{Bench, draft, words};

async fn climb(draft: &Draft) -> Vec<(CheckId, Finding)> {
    let bench = Bench::new(draft, TOKEN);
    let secret = Some(&bench.secret).filter(|_| draft.credential.is_some());
    bench.climb(secret).await
}

fn text(findings: &[(CheckId, Finding)], wanted: CheckId) -> String {
    let found = findings.iter().find(|(id, _)| *id == wanted);
    match &found.unwrap().1 {
        Finding::Ok(text) | Finding::Warn(text) => text.clone(),
        Finding::Fail(failure) => format!("{failure:?}"),
        Finding::Doubt(_) | Finding::Missing(_) | Finding::Skip(_) => {
            unreachable!("no rung finds that")
        }
    }
}

fn keyless(provider: &str, model: &str, base_url: &str) -> Draft {
    Draft {
        credential: None,
        ..draft(provider, model, base_url)
    }
}

fn targets(server: &RawServer) -> Vec<String> {
    let target = |request: &RecordedRequest| request.target().to_owned();
    server.requests().iter().map(target).collect()
}

fn tags() -> RawServer {
    let tag = |name: &str, family: &str| {
        format!(
            r#"{{"name":"{name}","size":2019393189,"details":{{"family":"{family}","parameter_size":"3.2B","quantization_level":"Q4_K_M"}}}}"#
        )
    };
    let list = format!(
        r#"{{"models":[{},{},{}]}}"#,
        tag("llama3.2:latest", "llama"),
        tag("qwen3:8b", "qwen3"),
        tag("nomic-embed-text:latest", "nomic-bert")
    );
    RawServer::always(Reply::json(200, list))
}

#[tokio::test]
async fn ollama_is_proven_by_its_own_list_without_a_token() {
    use CheckId::{Model, Reach, Token};
    for (model, verdict, said) in [
        ("llama3.2", "ok", "(3.2B, Q4_K_M)"),
        ("llama3.2:latest", "ok", "exists"),
        ("LLAMA3.2", "ok", "exists"),
        ("qwen3:8b", "ok", "exists"),
        ("nomic-embed-text", "warn", "does not chat"),
        ("gpt-oss:120b-cloud", "warn", "only --live"),
        ("llama3.1", "fail", "ollama pull llama3.1"),
        ("llama3.1", "fail", "spelled nearly so: llama3.2:latest"),
        ("qwen3", "fail", "spelled nearly so: qwen3:8b"),
    ] {
        let server = tags();
        let base_url = server.url("/v1");
        let found = climb(&keyless("ollama", model, base_url.as_str())).await;
        let expected = [(Reach, "ok"), (Token, "ok"), (Model, verdict)];
        assert_eq!(words(&found), expected, "{model}");
        assert!(
            text(&found, Model).contains(said),
            "{}",
            text(&found, Model)
        );
        assert!(text(&found, Token).starts_with("not required"));
        let request = server.only_request();
        assert_eq!(request.target(), "/api/tags");
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn a_token_that_a_local_server_may_not_look_at_is_not_called_proven() {
    let server = tags();
    let found = climb(&draft("ollama", "llama3.2", server.url("/v1").as_str())).await;
    assert_eq!(words(&found)[1], (CheckId::Token, "warn"));
}

#[tokio::test]
async fn a_server_in_front_of_ollama_is_asked_for_the_usual_list() {
    let server = RawServer::start(|request| match request.path() {
        "/v1/models" => Reply::json(200, r#"{"data":[{"id":"llama3.2:latest"}]}"#),
        _ => Reply::typed(404, "text/plain", "404 page not found"),
    });
    let found = climb(&keyless("ollama", "llama3.2", server.url("/v1").as_str())).await;
    assert_eq!(words(&found).last(), Some(&(CheckId::Model, "ok")));
    assert_eq!(targets(&server), ["/api/tags", "/v1/models"]);
}

/// OpenRouter's list proves nothing about the key, and its `/key` nothing about the model.
#[tokio::test]
async fn openrouter_is_proven_by_a_public_list_and_by_its_key() {
    use CheckId::{Model, Reach, Token};
    let server = |key: Reply| {
        RawServer::start(move |request| match request.path() {
            "/api/v1/models" => Reply::json(
                200,
                r#"{"data":[{"id":"a/b","pricing":{"prompt":"0.000001","completion":"0.000002"}},{"id":"a/d:free"}]}"#,
            ),
            "/api/v1/key" => key.clone(),
            _ => Reply::status(404),
        })
    };
    let whole = r#"{"data":{"limit":100,"limit_remaining":74.5,"is_free_tier":false}}"#;
    let spent = r#"{"data":{"limit":5,"limit_remaining":0}}"#;
    let rejected = r#"{"error":{"message":"User not found.","code":401}}"#;
    for (key, verdict, said) in [
        (Reply::json(200, whole), "ok", "$74.5 of $100"),
        (Reply::json(200, spent), "fail", "CreditsExhausted"),
        (Reply::json(401, rejected), "fail", "TokenRejected"),
        (Reply::status(404), "warn", "only --live"),
    ] {
        let server = server(key);
        let found = climb(&draft("openrouter", "a/b", server.url("/api/v1").as_str())).await;
        let expected = [(Reach, "ok"), (Model, "ok"), (Token, verdict)];
        assert_eq!(words(&found), expected, "{said}");
        assert!(
            text(&found, Token).contains(said),
            "{}",
            text(&found, Token)
        );
        assert_eq!(targets(&server), ["/api/v1/models", "/api/v1/key"]);
        let bearer = |index: usize| {
            server.requests()[index]
                .header("authorization")
                .map(str::to_owned)
        };
        assert_eq!(bearer(0), None, "the list is public");
        assert_eq!(bearer(1).as_deref(), Some("Bearer fake-token"));
    }
    for (model, verdict) in [
        ("a/b:nitro", "ok"),
        ("a/b:free", "fail"),
        ("a/d:free", "ok"),
        ("a/d", "fail"),
        ("a/c", "fail"),
        ("openrouter/fusion", "warn"),
    ] {
        let server = server(Reply::json(200, whole));
        let found = climb(&draft("openrouter", model, server.url("/api/v1").as_str())).await;
        assert_eq!(words(&found)[1], (Model, verdict), "{model}");
    }
}

#[tokio::test]
async fn a_model_that_the_list_leaves_out_is_asked_for_alone_where_that_can_tell() {
    let alias = r#"{"id":"grok-4-0709","object":"model"}"#;
    let unknown =
        r#"{"code":"Some requested entity was not found","error":"The model x does not exist"}"#;
    for (alone, verdict) in [
        (Reply::json(200, alias), "ok"),
        (Reply::json(404, unknown), "fail"),
        (Reply::typed(404, "text/plain", "Not Found"), "warn"),
    ] {
        let server = RawServer::start(move |request| match request.path() {
            "/v1/models" => Reply::json(200, r#"{"data":[{"id":"grok-4-0709"}]}"#),
            _ => alone.clone(),
        });
        let found = climb(&draft("xai", "grok-4-latest", server.url("/v1").as_str())).await;
        assert_eq!(words(&found).last(), Some(&(CheckId::Model, verdict)));
        assert_eq!(targets(&server), ["/v1/models", "/v1/models/grok-4-latest"]);
    }
    let server = RawServer::always(Reply::json(200, r#"{"data":[{"id":"grok-4"}]}"#));
    let found = climb(&draft("xai", "grok-4", server.url("/v1").as_str())).await;
    assert_eq!(words(&found).len(), 3);
    assert_eq!(server.heads(), 1, "what is listed needs no second request");
}

#[tokio::test]
async fn what_a_list_leaves_out_means_what_it_means_at_that_provider() {
    let server = RawServer::always(Reply::json(200, r#"{"data":[{"id":"Listed"}]}"#));
    for (provider, verdict) in [
        ("deepseek", "warn"),
        ("together", "warn"),
        ("azure", "warn"),
        ("lmstudio", "warn"),
        ("llamacpp", "warn"),
        ("openai-compatible", "warn"),
        ("vllm", "fail"),
    ] {
        let found = climb(&draft(provider, "absent", server.url("/v1").as_str())).await;
        assert_eq!(
            words(&found).last(),
            Some(&(CheckId::Model, verdict)),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn a_key_that_may_not_read_models_is_not_condemned() {
    let refusal =
        r#"{"code":"c","error":"The API key does not have permission to access this endpoint."}"#;
    let server = RawServer::always(Reply::json(403, refusal));
    let found = climb(&draft("xai", "grok-4", server.url("/v1").as_str())).await;
    use CheckId::{Model, Reach, Token};
    assert_eq!(
        words(&found),
        [(Reach, "ok"), (Token, "warn"), (Model, "warn")]
    );
}

/// Without a token nothing was accepted, whatever the list's error.
#[tokio::test]
async fn a_list_that_is_refused_without_a_token_proves_nothing_of_one() {
    let server = RawServer::always(Reply::json(403, r#"{"error":"Forbidden"}"#));
    for (provider, draft) in [
        ("vllm", keyless("vllm", "m", server.url("/v1").as_str())),
        // Its list is asked for without the token that it has.
        (
            "openrouter",
            draft("openrouter", "a/b", server.url("/v1").as_str()),
        ),
    ] {
        let before = server.heads();
        let found = climb(&draft).await;
        let [(_, Finding::Fail(failure))] = found.as_slice() else {
            panic!("{provider}: {found:?}")
        };
        assert_eq!(failure.code().as_str(), "provider.request-rejected");
        assert_eq!(server.heads() - before, 1, "{provider}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_token_after_all_says_how_to_give_it_one() {
    let server = RawServer::always(Reply::json(401, r#"{"error":"Unauthorized"}"#));
    let found = climb(&keyless("vllm", "m", server.url("/v1").as_str())).await;
    let said = text(&found, CheckId::Token);
    assert!(
        said.contains("TokenRejected") && said.contains("--credential file:PATH"),
        "{said}"
    );
    assert!(said.contains("none was sent"), "{said}");
}

#[tokio::test]
async fn a_local_server_that_is_not_there_comes_with_the_command_that_starts_it() {
    let port = ClosedPort::new();
    let base_url = format!("http://127.0.0.1:{}/v1", port.port());
    for (provider, start) in [
        ("ollama", Some("ollama serve")),
        ("lmstudio", Some("lms server start")),
        ("llamacpp", Some("llama-server -m MODEL.gguf")),
        ("vllm", Some("vllm serve MODEL")),
        ("openai-compatible", None),
    ] {
        let bench = Bench::new(&keyless(provider, "m", &base_url), TOKEN);
        let failure: Failure = bench.prompt("hi").await.outcome.unwrap_err();
        assert_eq!(failure.code().as_str(), "transport.refused");
        let remedy = failure.hints().iter().find_map(|hint| hint.remedy.clone());
        assert_eq!(remedy, start.map(Remedy::shell), "{provider}");
    }
}

#[test]
fn every_preset_of_this_machine_is_on_loopback_and_can_be_started() {
    for kind in ProviderKind::ALL {
        let profile = kind.profile();
        if let (Some(_), Some(base)) = (profile.start, profile.base_url) {
            assert!(base.starts_with("http://127.0.0.1:"), "{kind}: {base}");
        }
    }
}

const TOKEN: &str = "fake-token";
