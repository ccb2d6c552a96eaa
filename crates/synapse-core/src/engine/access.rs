//! Access for a send, shared by all use cases: the open gate, then the secret, bound to the
//! permit's origins and refused if its prefix rules it out.

use super::Ports;
use crate::connection::Connection;
use crate::credential::CredentialRef;
use crate::error::{Code, Failure, Remedy};
use crate::gate::NetworkPermit;
use crate::name::ConnectionName;
use crate::provider::{ProviderKind, TokenNeed};
use crate::redact::vendors::Issuer;
use crate::secret::BoundSecret;

/// The permit for the API of a saved connection.
pub(super) fn permit(connection: &Connection) -> Result<NetworkPermit, Failure> {
    connection
        .gate
        .permit([connection.base_url.origin()])
        .map_err(|failure| open_gate_hint(failure, Some(&connection.name)))
}

/// The connection's secret, if its owner confirmed the destination, bound to the permit's origins,
/// with its description; `None`, without reading anything, if the connection has none.
pub(super) async fn secret(
    ports: &Ports,
    connection: &Connection,
    permit: &NetworkPermit,
) -> Result<Option<(BoundSecret, String)>, Failure> {
    let Some(reference) = &connection.credential else {
        return Ok(None);
    };
    connection.check_binding()?;
    let resolved = ports.secrets.resolve(permit, reference).await?;
    let redactor = ports.secrets.redactor(&resolved.value);
    let secret = BoundSecret::new(resolved.value, permit.origins().to_vec());
    let secret = secret.with_redactor(redactor);
    check_vendor(connection.provider, reference, &secret)?;
    Ok(Some((secret, resolved.found)))
}

/// Adds the command that turns network access on for a saved connection, or the flag for a new one.
pub(super) fn open_gate_hint(failure: Failure, saved: Option<&ConnectionName>) -> Failure {
    match saved {
        Some(name) => failure.with("connection", name).remedy(
            "open the gate, if you want live calls",
            &Remedy::OpenGate {
                connection: name.clone(),
            },
        ),
        None => failure.remedy(
            "add --allow-network, if you want live calls",
            &Remedy::AddFlag {
                flag: "--allow-network".into(),
            },
        ),
    }
}

/// Refuses a token whose prefix shows that it belongs to another vendor or cannot chat.
///
/// Only unambiguous prefixes are judged, and a server without a required token may accept any.
fn check_vendor(
    provider: ProviderKind,
    reference: &CredentialRef,
    secret: &BoundSecret,
) -> Result<(), Failure> {
    let profile = provider.profile();
    if profile.token == TokenNeed::Optional {
        return Ok(());
    }
    let Some(issuer) = secret.issuer() else {
        return Ok(());
    };
    let (owner, title) = issued_by(issuer);
    let message = match owner {
        TokenOwner::Nobody => title.to_owned(),
        TokenOwner::Of(owner) if owner == provider => return Ok(()),
        // Used by several vendors, but not by the router.
        TokenOwner::Several if provider != ProviderKind::HuggingFace => return Ok(()),
        TokenOwner::Unknown => return Ok(()),
        TokenOwner::Of(_) | TokenOwner::Several => {
            format!("{title}, and the connection is to {}", profile.title)
        }
    };
    Err(Failure::new(Code::CredentialWrongVendor, message)
        .cause("its prefix says so; it was not sent")
        .hint(format!(
            "reference a token of {}: {}",
            profile.title, profile.token_page
        ))
        .with("reference", reference))
}

/// The providers that accept a token.
enum TokenOwner {
    /// One provider.
    Of(ProviderKind),
    /// More than one provider.
    Several,
    /// None accepts it for chat.
    Nobody,
    /// Unknown purpose.
    Unknown,
}

/// The provider that accepts an issuer's tokens, and the issuer's name.
const fn issued_by(issuer: Issuer) -> (TokenOwner, &'static str) {
    match issuer {
        Issuer::OpenAi => (
            TokenOwner::Of(ProviderKind::OpenAi),
            "this is an OpenAI key",
        ),
        Issuer::OpenAiAdmin => (
            TokenOwner::Nobody,
            "this is an OpenAI admin key, which cannot chat",
        ),
        Issuer::Anthropic => (
            TokenOwner::Of(ProviderKind::Anthropic),
            "this is an Anthropic key",
        ),
        Issuer::AnthropicAdmin => (
            TokenOwner::Nobody,
            "this is an Anthropic admin key, which cannot chat",
        ),
        Issuer::OpenRouter => (
            TokenOwner::Of(ProviderKind::OpenRouter),
            "this is an OpenRouter key",
        ),
        Issuer::OpenAiStyle => (TokenOwner::Several, "this is an OpenAI-style key"),
        Issuer::HuggingFace => (
            TokenOwner::Of(ProviderKind::HuggingFace),
            "this is a Hugging Face token",
        ),
        Issuer::HuggingFaceOrganization => (
            TokenOwner::Nobody,
            "this is a legacy Hugging Face organization token, which the router does not take",
        ),
        Issuer::Groq => (TokenOwner::Of(ProviderKind::Groq), "this is a Groq key"),
        Issuer::XAi => (TokenOwner::Of(ProviderKind::XAi), "this is an xAI key"),
        Issuer::Google => (TokenOwner::Of(ProviderKind::Gemini), "this is a Google key"),
        _ => (TokenOwner::Unknown, "this is a token"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The prefixes in the providers' profiles agree with the common table.
    #[test]
    fn the_table_knows_the_prefixes_of_every_profile() {
        for provider in ProviderKind::ALL {
            for prefix in provider.profile().token_prefixes {
                let issuer = crate::redact::vendors::issuer(&format!("{prefix}fake"));
                let (owner, title) = issued_by(issuer.unwrap_or(Issuer::Other));
                assert!(
                    matches!(owner, TokenOwner::Several)
                        || matches!(owner, TokenOwner::Of(of) if of == provider),
                    "{prefix} of {provider:?}: {title}"
                );
            }
        }
    }

    fn verdict(provider: &str, token: &str) -> Option<Code> {
        let reference = "env:TOKEN".parse().unwrap();
        let secret = BoundSecret::new(token.into(), Vec::new());
        let failure = check_vendor(provider.parse().unwrap(), &reference, &secret).err()?;
        assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        Some(failure.code())
    }

    #[test]
    fn a_prefix_of_another_vendor_is_refused_and_an_unknown_one_is_not() {
        let wrong = Some(Code::CredentialWrongVendor);
        assert_eq!(verdict("openai", "hf_fake"), wrong);
        assert_eq!(verdict("openai", "sk-admin-fake"), wrong);
        assert_eq!(verdict("huggingface", "sk-proj-fake"), wrong);
        assert_eq!(verdict("huggingface", "sk-fake"), wrong);
        assert_eq!(verdict("huggingface", "api_org_fake"), wrong);
        assert_eq!(verdict("openai", "sk-ant-fake"), wrong);
        assert_eq!(verdict("anthropic", "sk-proj-fake"), wrong);
        assert_eq!(verdict("anthropic", "sk-ant-admin-fake"), wrong);
        assert_eq!(verdict("openrouter", "gsk_fake"), wrong);
        assert_eq!(verdict("anthropic", "sk-ant-fake"), None);
        assert_eq!(verdict("deepseek", "sk-fake"), None);
        assert_eq!(verdict("ollama", "hf_fake"), None);
        assert_eq!(verdict("openai-compatible", "sk-admin-fake"), None);
        assert_eq!(verdict("openai", "sk-proj-fake"), None);
        assert_eq!(verdict("openai", "anything"), None);
        assert_eq!(verdict("huggingface", "hf_fake"), None);
    }
}
