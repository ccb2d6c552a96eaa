//! The way to a send, the same for every use case: the open gate, then the secret, bound to the
//! origins of the permit and refused when its prefix says that it cannot work here.

use crate::connection::Connection;
use crate::credential::CredentialRef;
use crate::error::{Code, Failure};
use crate::gate::NetworkPermit;
use crate::name::ConnectionName;
use crate::provider::{ProviderKind, TokenNeed};
use crate::secret::BoundSecret;

use super::Ports;

/// The permit for the API of a saved connection.
pub(super) fn permit(connection: &Connection) -> Result<NetworkPermit, Failure> {
    connection
        .gate
        .permit([connection.base_url.origin()])
        .map_err(|failure| open_gate_hint(failure, Some(&connection.name)))
}

/// The connection's secret, if its owner confirmed where it goes, bound to what the permit covers,
/// and how it was found; `None` when the connection has none, and thus nothing is read.
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
    let secret = BoundSecret::new(resolved.value, permit.origins().to_vec());
    check_vendor(connection.provider, reference, &secret)?;
    Ok(Some((secret, resolved.found)))
}

/// Adds the command that opens the gate of a saved connection, or the flag for a new one.
pub(super) fn open_gate_hint(failure: Failure, saved: Option<&ConnectionName>) -> Failure {
    match saved {
        Some(name) => failure.with("connection", name).command(
            "open the gate, if you want live calls",
            format!("synapse connection edit {name} --allow-network"),
        ),
        None => failure.hint("add --allow-network, if you want live calls"),
    }
}

/// Refuses a token whose prefix says that it belongs to another vendor or cannot chat.
///
/// A prefix is a hint: only those that nobody else uses are judged, and a server that does without
/// a token may take any.
fn check_vendor(
    provider: ProviderKind,
    reference: &CredentialRef,
    secret: &BoundSecret,
) -> Result<(), Failure> {
    let profile = provider.profile();
    if profile.token == TokenNeed::Optional {
        return Ok(());
    }
    let Some(stamp) = STAMPS.iter().find(|stamp| secret.starts_with(stamp.prefix)) else {
        return Ok(());
    };
    let message = match stamp.owner {
        Owner::Nobody => stamp.title.to_owned(),
        Owner::Of(owner) if owner == provider => return Ok(()),
        // Several vendors use it; the router is none of them.
        Owner::Several if provider != ProviderKind::HuggingFace => return Ok(()),
        Owner::Of(_) | Owner::Several => {
            format!(
                "{}, and the connection is to {}",
                stamp.title, profile.title
            )
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

/// A prefix that says whose token it is.
struct Stamp {
    prefix: &'static str,
    owner: Owner,
    title: &'static str,
}

/// Who takes a token.
enum Owner {
    /// One provider.
    Of(ProviderKind),
    /// More than one provider.
    Several,
    /// No provider takes it for chat.
    Nobody,
}

/// The first that fits decides, so the longer prefix of two stands first.
const STAMPS: [Stamp; 12] = [
    Stamp::nobody(
        "sk-admin-",
        "this is an OpenAI admin key, which cannot chat",
    ),
    Stamp::nobody(
        "sk-ant-admin",
        "this is an Anthropic admin key, which cannot chat",
    ),
    Stamp::nobody(
        "api_org_",
        "this is a legacy Hugging Face organization token, which the router does not take",
    ),
    Stamp::of(
        "sk-ant-",
        ProviderKind::Anthropic,
        "this is an Anthropic key",
    ),
    Stamp::of(
        "sk-or-",
        ProviderKind::OpenRouter,
        "this is an OpenRouter key",
    ),
    Stamp::of("sk-proj-", ProviderKind::OpenAi, "this is an OpenAI key"),
    Stamp::of("sk-svcacct-", ProviderKind::OpenAi, "this is an OpenAI key"),
    Stamp::of(
        "hf_",
        ProviderKind::HuggingFace,
        "this is a Hugging Face token",
    ),
    Stamp::of("gsk_", ProviderKind::Groq, "this is a Groq key"),
    Stamp::of("xai-", ProviderKind::XAi, "this is an xAI key"),
    Stamp::of("AIza", ProviderKind::Gemini, "this is a Google key"),
    Stamp::new("sk-", Owner::Several, "this is an OpenAI-style key"),
];

impl Stamp {
    const fn new(prefix: &'static str, owner: Owner, title: &'static str) -> Self {
        Self {
            prefix,
            owner,
            title,
        }
    }

    const fn of(prefix: &'static str, owner: ProviderKind, title: &'static str) -> Self {
        Self::new(prefix, Owner::Of(owner), title)
    }

    const fn nobody(prefix: &'static str, title: &'static str) -> Self {
        Self::new(prefix, Owner::Nobody, title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(provider: &str, token: &str) -> Option<Code> {
        let reference = "env:TOKEN".parse().unwrap();
        let secret = BoundSecret::new(token.into(), Vec::new());
        let failure = check_vendor(provider.parse().unwrap(), &reference, &secret).err()?;
        assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        Some(failure.code)
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
