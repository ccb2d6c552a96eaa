//! Hints for every preset, failure, address and credential: none names a URL that contradicts the
//! preset, drops a port, or mentions a missing credential.

use std::collections::BTreeSet;

use synapse_core::provider::TokenNeed;
use synapse_core::{BaseUrl, Connection, Draft, Origin};
use synapse_http::{ProxyReason, TlsReason, TransportKind};
use url::Url;

use super::*;

/// One answer per class of failure.
const ANSWERS: [(u16, &str); 22] = [
    (400, r#"{"message":"no"}"#),
    (400, r#"{"message":"no","param":"temperature"}"#),
    (401, r#"{"message":"no"}"#),
    (401, r#"{"message":"no","code":"incorrect_hostname"}"#),
    (401, r#"{"message":"no","code":"mismatched_project"}"#),
    (401, r#"{"message":"no","code":"organization_restricted"}"#),
    (402, "{}"),
    (403, r#"{"message":"no"}"#),
    (403, r#"{"message":"subscription required for this model"}"#),
    (403, "<html>no</html>"),
    (403, r#"{"message":"gated"}"#),
    (404, "Not Found"),
    (404, r#"{"code":"model_not_found","message":"no"}"#),
    (405, ""),
    (410, ""),
    (413, "{}"),
    (429, "{}"),
    (429, r#"{"message":"limit: 0"}"#),
    (500, "{}"),
    (
        500,
        r#"{"message":"requires more system memory than there is"}"#,
    ),
    (503, "{}"),
    (307, ""),
];

fn urls(text: &str) -> Vec<Url> {
    text.split([' ', '`', ','])
        .filter(|word| word.contains("://"))
        .map(|word| Url::parse(word).unwrap_or_else(|_| panic!("{word}")))
        .collect()
}

/// The known addresses of a preset and of the connection's server.
fn known(provider: ProviderKind, base_url: &BaseUrl) -> BTreeSet<String> {
    let profile = provider.profile();
    let token_page = Some(profile.token_page).filter(|_| profile.token == TokenNeed::Required);
    let own_pages = match provider {
        HuggingFace => Some("https://huggingface.co/settings/inference-providers"),
        ProviderKind::OpenRouter => Some("https://openrouter.ai/settings/privacy"),
        _ => None,
    };
    let row = [profile.base_url, token_page, own_pages];
    let own = [profile.base_url_at(base_url), base_url.to_string()];
    let all = row.into_iter().flatten().map(str::to_owned).chain(own);
    all.map(|url| Url::parse(&url).unwrap().to_string())
        .collect()
}

#[test]
fn no_hint_contradicts_what_is_known() {
    let mut looked_at = 0;
    let mut codes = BTreeSet::new();
    for provider in ProviderKind::ALL {
        for base in [
            provider.profile().base_url_example,
            "https://gateway.test:8443/other",
            "http://127.0.0.1:4321/v1",
            "http://127.0.0.1:4321/v2",
            "https://root.test",
        ] {
            let base_url: BaseUrl = base.parse().unwrap();
            for (sent, credential) in [(true, true), (false, true), (false, false)] {
                for (status, body) in ANSWERS {
                    let headers = if body.starts_with('<') { HTML } else { JSON };
                    let redactor = if sent {
                        Redactor::for_secret("fake-secret-value")
                    } else {
                        Redactor::none()
                    };
                    let origin = base_url.origin();
                    let url = base_url.join(&["chat", "completions"]);
                    let failure = classify(&Answer {
                        provider,
                        asked: Asked::Model("org/some-model"),
                        account: false,
                        credential,
                        base_url: &base_url,
                        host: origin.host(),
                        url: url.as_str(),
                        status,
                        headers: &Pairs(headers),
                        body: body.as_bytes(),
                        redactor: &redactor,
                    });
                    let what = format!("{provider} {base} {status} {body} {credential}");
                    assert!(!failure.hints().is_empty(), "{what}: no next step");
                    codes.insert(failure.code().as_str());
                    for hint in failure.hints() {
                        check(provider, &base_url, &failure, &hint.text, credential, &what);
                        looked_at += 1;
                    }
                }
            }
        }
    }
    assert!(looked_at > 16 * 5 * 3 * 22, "{looked_at}");
    assert!(codes.len() >= 14, "{codes:?}");
}

fn check(
    provider: ProviderKind,
    base_url: &BaseUrl,
    failure: &Failure,
    hint: &str,
    credential: bool,
    what: &str,
) {
    for url in urls(hint) {
        let known = known(provider, base_url);
        assert!(known.contains(url.as_str()), "{what}: {hint}");
        if url.host_str() == Some(base_url.host()) {
            assert_eq!(Origin::of(&url), base_url.origin(), "{what}: {hint}");
        }
    }
    // Where the server requires a token, the hint says how to add one.
    if !credential && failure.code() != Code::CredentialTokenRejected {
        for word in [" key", "token:", "token ", "credential", "api key"] {
            assert!(!hint.to_lowercase().contains(word), "{what}: {hint}");
        }
    }
    if provider == ProviderKind::OpenAiCompatible {
        assert!(!hint.contains("openai.com"), "{what}: {hint}");
    }
}

/// Every way a request can fail without a complete answer.
const LOST: [TransportKind; 25] = [
    TransportKind::NotPermitted,
    TransportKind::Internal,
    TransportKind::Dns,
    TransportKind::Refused,
    TransportKind::Unreachable,
    tls(TlsReason::NoRoots),
    tls(TlsReason::UnknownIssuer),
    tls(TlsReason::WrongName),
    tls(TlsReason::Expired),
    tls(TlsReason::NotYetValid),
    tls(TlsReason::Authority),
    tls(TlsReason::BadCertificate),
    tls(TlsReason::NotTls),
    tls(TlsReason::HandshakeRefused),
    TransportKind::Proxy {
        reason: ProxyReason::AuthenticationRequired,
    },
    TransportKind::Proxy {
        reason: ProxyReason::TunnelRefused,
    },
    TransportKind::Proxy {
        reason: ProxyReason::Unreachable,
    },
    TransportKind::ConnectTimeout,
    TransportKind::ResponseTimeout,
    TransportKind::Interrupted,
    TransportKind::Truncated,
    TransportKind::BodyTooLarge { cap: 1 },
    TransportKind::Undecodable,
    TransportKind::NotHttp,
    TransportKind::Malformed,
];

const fn tls(reason: TlsReason) -> TransportKind {
    TransportKind::Tls { reason }
}

/// The same for requests without an answer: the steps also fit the owner of the server.
#[test]
fn no_hint_for_a_lost_request_contradicts_what_is_known() {
    let mut looked_at = 0;
    for provider in ProviderKind::ALL {
        let example = provider.profile().base_url_example;
        for base in [
            example,
            "https://gateway.test:8443/other",
            "http://127.0.0.1:4321/v1",
        ] {
            let connection = connection(provider, base);
            let own = connection.base_url.is_loopback()
                && provider.profile().token == TokenNeed::Optional;
            for (kind, maybe_billed) in LOST
                .into_iter()
                .flat_map(|kind| [(kind, true), (kind, false)])
            {
                let hints = lost(kind, maybe_billed, &connection);
                assert!(
                    !hints.is_empty(),
                    "{provider} {base} {kind:?}: no next step"
                );
                for hint in &hints {
                    let text = &hint.text;
                    let what = format!("{provider} {base} {kind:?}: {text}");
                    for url in urls(text) {
                        assert!(
                            known(provider, &connection.base_url).contains(url.as_str()),
                            "{what}"
                        );
                    }
                    // A broken connection has nothing to do with a credential.
                    for word in [" key", "token", "credential"] {
                        assert!(!text.to_lowercase().contains(word), "{what}");
                    }
                    for word in ["usage page", "report it to the provider", "VPN and proxy"] {
                        assert!(!own || !text.contains(word), "{what}");
                    }
                    let starts = text.contains("start the server");
                    let startable = provider.profile().start.is_some();
                    assert!(
                        !starts || startable || connection.base_url.is_loopback(),
                        "{what}"
                    );
                    looked_at += 1;
                }
                let says_billed = hints.iter().any(|hint| hint.text.contains("usage page"));
                assert_eq!(
                    says_billed,
                    maybe_billed && !own,
                    "{provider} {base} {kind:?}"
                );
            }
        }
    }
    assert!(looked_at > 16 * 3 * 2 * LOST.len(), "{looked_at}");
}

fn connection(provider: ProviderKind, base_url: &str) -> Connection {
    let draft = Draft {
        provider: provider.to_string(),
        model: "org/some-model".to_owned(),
        base_url: Some(base_url.to_owned()),
        credential: (provider.profile().token == TokenNeed::Required).then(|| "env:KEY".to_owned()),
        ..Draft::default()
    };
    draft.parse("c".parse().unwrap()).unwrap()
}

#[test]
fn a_server_of_ones_own_is_called_that() {
    let hints = |body: &str| format!("{:?}", of_ollama(500, body).hints());
    assert!(hints("{}").contains("your machine"));
    let memory = hints(r#"{"error":"model requires more system memory (9 GiB) than there is"}"#);
    assert!(
        memory.contains("smaller") && memory.contains("free memory"),
        "{memory}"
    );
    assert!(!memory.contains("report it"), "{memory}");
}

/// A new token of a closed account would not help.
#[test]
fn a_closed_account_is_not_asked_for_another_token() {
    let body = r#"{"message":"no","code":"organization_restricted"}"#;
    let closed = failure(ProviderKind::Groq, false, 400, JSON, body);
    let hints = format!("{:?}", closed.hints());
    assert_eq!(closed.code(), Code::CredentialTokenRejected);
    assert!(
        hints.contains("does not help") && !hints.contains("create a token"),
        "{hints}"
    );
}
