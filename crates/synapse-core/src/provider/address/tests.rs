//! Wrong base URLs of each vendor, and their corrections.

use super::*;
use crate::connection::Draft;

/// The failure of a base URL with all hints, or nothing if it is accepted.
fn refused(provider: ProviderKind, base_url: &str) -> Option<(Code, String)> {
    let draft = Draft {
        provider: provider.to_string(),
        model: "m".into(),
        credential: Some("env:KEY".into()),
        base_url: Some(base_url.into()),
        ..Draft::default()
    };
    let failure = draft.parse("c".parse().unwrap()).err()?.failure;
    let hints: Vec<String> = failure
        .hints()
        .iter()
        .map(|hint| hint.text.clone())
        .collect();
    Some((failure.code(), hints.join(" | ")))
}

#[test]
fn a_wrong_base_url_is_refused_with_the_right_one() {
    use ProviderKind as Kind;
    let (invalid, mismatch) = (Code::EndpointInvalidUrl, Code::EndpointPathMismatch);
    for (provider, given, code, meant) in [
        (
            Kind::OpenAi,
            "https://api.openai.com",
            mismatch,
            "https://api.openai.com/v1",
        ),
        (
            Kind::OpenAi,
            "https://gateway.test:8443",
            mismatch,
            "https://gateway.test:8443/v1",
        ),
        (
            Kind::OpenAi,
            "https://api.openai.com/v1/models/",
            mismatch,
            "https://api.openai.com/v1",
        ),
        (
            Kind::OpenAi,
            "https://api.openai.com/v1/v1",
            mismatch,
            "https://api.openai.com/v1",
        ),
        (
            Kind::OpenAi,
            "http://api.openai.com/v1",
            invalid,
            "https://api.openai.com/v1",
        ),
        (
            Kind::HuggingFace,
            "https://router.huggingface.co/v1/chat/completions",
            mismatch,
            "https://router.huggingface.co/v1",
        ),
        (
            Kind::Anthropic,
            "https://api.anthropic.com/v1/messages",
            mismatch,
            "https://api.anthropic.com/v1",
        ),
        (
            Kind::Groq,
            "https://api.groq.com",
            mismatch,
            "https://api.groq.com/openai/v1",
        ),
        (
            Kind::Groq,
            "https://api.groq.com/v1",
            mismatch,
            "https://api.groq.com/openai/v1",
        ),
        (
            Kind::Groq,
            "https://api.groq.com/openai",
            mismatch,
            "https://api.groq.com/openai/v1",
        ),
        (
            Kind::Groq,
            "https://api.groq.com/openai/v1/chat/completions",
            mismatch,
            "https://api.groq.com/openai/v1",
        ),
        (
            Kind::Groq,
            "http://api.groq.com",
            invalid,
            "https://api.groq.com/openai/v1",
        ),
        (
            Kind::Groq,
            "api.groq.com",
            invalid,
            "https://api.groq.com/openai/v1",
        ),
        // The host's vendor determines the path, whatever the preset.
        (
            Kind::OpenAiCompatible,
            "https://api.groq.com",
            mismatch,
            "https://api.groq.com/openai/v1",
        ),
        (
            Kind::OpenRouter,
            "https://openrouter.ai",
            mismatch,
            "https://openrouter.ai/api/v1",
        ),
        (
            Kind::OpenRouter,
            "https://openrouter.ai/api",
            mismatch,
            "https://openrouter.ai/api/v1",
        ),
        (
            Kind::OpenRouter,
            "https://openrouter.ai/v1",
            mismatch,
            "https://openrouter.ai/api/v1",
        ),
        (
            Kind::Gemini,
            "https://generativelanguage.googleapis.com",
            mismatch,
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        (
            Kind::Gemini,
            "https://generativelanguage.googleapis.com/v1beta/models",
            mismatch,
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        (
            Kind::Gemini,
            "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent?alt=sse",
            mismatch,
            "https://generativelanguage.googleapis.com/v1beta/openai",
        ),
        (
            Kind::Azure,
            "https://res.openai.azure.com",
            mismatch,
            "https://res.openai.azure.com/openai/v1",
        ),
        (
            Kind::Azure,
            "https://res.services.ai.azure.com/models",
            mismatch,
            "https://res.services.ai.azure.com/openai/v1",
        ),
        (
            Kind::Azure,
            "https://res.openai.azure.com/openai/v1/chat/completions",
            mismatch,
            "https://res.openai.azure.com/openai/v1",
        ),
        (
            Kind::Azure,
            "https://gateway.test/azure/openai/deployments/large/chat/completions",
            mismatch,
            "https://gateway.test/azure/openai/v1",
        ),
        (
            Kind::Ollama,
            "http://localhost:11434",
            mismatch,
            "http://localhost:11434/v1",
        ),
        (
            Kind::Ollama,
            "localhost:11434",
            invalid,
            "http://localhost:11434/v1",
        ),
        (
            Kind::Ollama,
            "192.168.1.20:11434",
            invalid,
            "http://192.168.1.20:11434/v1",
        ),
        (
            Kind::Ollama,
            "ollama:11434",
            invalid,
            "http://ollama:11434/v1",
        ),
        (
            Kind::Ollama,
            "http://0.0.0.0:11434/v1",
            invalid,
            "http://127.0.0.1:11434/v1",
        ),
        (
            Kind::Ollama,
            "0.0.0.0:11434",
            invalid,
            "http://127.0.0.1:11434/v1",
        ),
        (
            Kind::Ollama,
            "http://[::]:11434",
            invalid,
            "http://127.0.0.1:11434/v1",
        ),
        (
            Kind::Ollama,
            "nonsense",
            invalid,
            "for example http://127.0.0.1:11434/v1",
        ),
        (
            Kind::OpenAiCompatible,
            "localhost:8080/v1",
            invalid,
            "http://localhost:8080/v1",
        ),
        (
            Kind::OpenAiCompatible,
            "https://api.perplexity.ai/chat/completions",
            mismatch,
            "give the base only: https://api.perplexity.ai",
        ),
    ] {
        let (seen, hints) = refused(provider, given).unwrap_or_else(|| panic!("{given}"));
        assert_eq!(seen, code, "{given}: {hints}");
        let whole = hints
            .split([' ', '|'])
            .any(|word| meant.ends_with(word) && !word.is_empty());
        assert!(hints.contains(meant) && whole, "{given}: {hints}");
    }
}

#[test]
fn a_deployment_is_named_as_the_model() {
    for given in [
        "https://res.openai.azure.com/openai/deployments/large/chat/completions?api-version=1",
        "https://res.openai.azure.com/openai/deployments/large/chat/completions",
        "https://res.openai.azure.com/openai/deployments/large",
        "https://res.openai.azure.com/openai/deployments/large/",
    ] {
        for provider in [ProviderKind::Azure, ProviderKind::OpenAiCompatible] {
            let (code, hints) = refused(provider, given).unwrap();
            assert_eq!(code, Code::EndpointPathMismatch, "{given}");
            let (base, model) = ("https://res.openai.azure.com/openai/v1", "--model large");
            assert!(
                hints.contains(base) && hints.contains(model),
                "{given}: {hints}"
            );
        }
    }
}

#[test]
fn what_may_be_right_is_taken() {
    use ProviderKind as Kind;
    for (provider, given) in [
        (Kind::OpenAiCompatible, "https://api.perplexity.ai"),
        (Kind::OpenAiCompatible, "https://api.perplexity.ai/"),
        (Kind::OpenAiCompatible, "http://127.0.0.1:8080"),
        (
            Kind::OpenAiCompatible,
            "https://gateway.test/some/other/path",
        ),
        (Kind::DeepSeek, "https://api.deepseek.com"),
        (Kind::DeepSeek, "https://api.deepseek.com/beta"),
        (Kind::Anthropic, "https://api.deepseek.com/anthropic"),
        (
            Kind::Anthropic,
            "https://res.services.ai.azure.com/anthropic/v1",
        ),
        (Kind::Azure, "https://res.openai.azure.com/openai/v1/"),
        (
            Kind::Azure,
            "https://res.services.ai.azure.com/api/projects/p/openai/v1",
        ),
        (Kind::Azure, "http://127.0.0.1:8080/openai/v1"),
        (Kind::OpenAi, "https://eu.api.openai.com/v1"),
        (Kind::Ollama, "http://127.0.0.1:9/v1"),
    ] {
        assert_eq!(refused(provider, given), None, "{provider} {given}");
    }
}

/// The same mistakes for every preset: no hint contains an unintended host, port or path.
#[test]
fn every_hint_of_every_preset_keeps_host_and_port() {
    let mistakes = [
        "{origin}",
        "{origin}/",
        "{origin}{api}/chat/completions",
        "{origin}{api}/models",
        "{origin}{api}/",
        "{host}",
        "{host}{api}",
        "{origin}{api}/v1/v1",
        "{origin}{api}/chat/completions?api-version=1",
        "{origin}/openai/deployments/d/chat/completions",
    ];
    let mut count = 0;
    for provider in ProviderKind::ALL {
        let profile = provider.profile();
        let own = Url::parse(profile.base_url_example).unwrap();
        for origin in [
            own.origin().ascii_serialization(),
            "https://gateway.test:8443".to_owned(),
            "http://127.0.0.1:4321".to_owned(),
        ] {
            for mistake in mistakes {
                let given = mistake
                    .replace("{origin}", &origin)
                    .replace("{host}", origin.split_once("://").unwrap().1)
                    .replace("{api}", &profile.api_path());
                let Some((_, hints)) = refused(provider, &given) else {
                    continue;
                };
                for url in hints.split(' ').filter(|word| word.contains("://")) {
                    let named = Url::parse(url).unwrap();
                    assert_eq!(
                        named.origin().ascii_serialization(),
                        origin,
                        "{provider} {given}: {hints}"
                    );
                    assert_eq!(refused(provider, url), None, "{provider} {given}: {hints}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 200, "only {count} hints were looked at");
}

/// Every way out of plain http that a hint names works with the first try.
#[test]
fn every_hint_for_a_server_in_the_network_has_the_path_of_the_api() {
    let mut count = 0;
    for provider in ProviderKind::ALL {
        let api = provider.profile().api_path();
        for host in ["192.168.1.20:4321", "box.lan:4321", "[fd00::5]:4321"] {
            for path in ["", "/", "/chat/completions", &api] {
                let given = format!("http://{host}{path}");
                let (_, hints) = refused(provider, &given).unwrap();
                for url in hints.split([' ', ',']).filter(|word| word.contains("://")) {
                    let port = Url::parse(url).unwrap().port();
                    assert_eq!(port, Some(4321), "{provider} {given}: {hints}");
                    assert_eq!(refused(provider, url), None, "{provider} {given}: {hints}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 200, "only {count} hints were looked at");
}

#[test]
fn the_host_in_a_profile_is_that_of_its_url() {
    for provider in ProviderKind::ALL {
        if let Some(base) = provider.profile().base_url {
            let url = Url::parse(base).unwrap();
            assert_eq!(Some(host_in(base)), url.host_str(), "{base}");
        }
    }
}
