//! The way to a send, the same for every use case: the open gate, then the secret, bound to the
//! origins of the permit and refused when its prefix says that it cannot work here.

use crate::binding;
use crate::connection::Connection;
use crate::error::{Code, Failure};
use crate::gate::NetworkPermit;
use crate::name::ConnectionName;
use crate::provider::ProviderKind;
use crate::secret::BoundSecret;

use super::Ports;

/// The permit for the API of a saved connection.
pub(super) fn permit(connection: &Connection) -> Result<NetworkPermit, Failure> {
    connection
        .gate
        .permit([connection.base_url.origin()])
        .map_err(|failure| open_gate_hint(failure, Some(&connection.name)))
}

/// The connection's secret, if its owner confirmed where it goes, bound to what the permit covers, and how it was found.
pub(super) async fn secret(
    ports: &Ports,
    connection: &Connection,
    permit: &NetworkPermit,
) -> Result<(BoundSecret, String), Failure> {
    binding::check(connection)?;
    let resolved = ports
        .secrets
        .resolve(permit, &connection.credential)
        .await?;
    let secret = BoundSecret::new(resolved.value, permit.origins().to_vec());
    check_vendor(connection, &secret)?;
    Ok((secret, resolved.found))
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
fn check_vendor(connection: &Connection, secret: &BoundSecret) -> Result<(), Failure> {
    let wrong = |message: &str| {
        Err(
            Failure::new(Code::CredentialWrongVendor, message.to_owned())
                .cause("its prefix says so; it was not sent")
                .hint(format!(
                    "reference a token of {}: {}",
                    connection.provider.profile().title,
                    connection.provider.profile().token_page
                ))
                .with("reference", &connection.credential),
        )
    };
    match connection.provider {
        ProviderKind::OpenAi if secret.starts_with("hf_") => {
            wrong("this is a Hugging Face token, and the connection is to OpenAI")
        }
        ProviderKind::OpenAi if secret.starts_with("sk-admin-") => {
            wrong("this is an OpenAI admin key, which cannot chat")
        }
        ProviderKind::HuggingFace if secret.starts_with("sk-") => {
            wrong("this is an OpenAI-style key, and the connection is to Hugging Face")
        }
        ProviderKind::HuggingFace if secret.starts_with("api_org_") => {
            wrong("this is a legacy organization token, which the router does not take")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Draft;

    fn verdict(provider: &str, token: &str) -> Option<Code> {
        let draft = Draft {
            provider: provider.into(),
            model: "m".into(),
            credential: "env:TOKEN".into(),
            ..Draft::default()
        };
        let connection = draft.parse("c".parse().unwrap()).unwrap();
        let secret = BoundSecret::new(token.into(), Vec::new());
        let failure = check_vendor(&connection, &secret).err()?;
        assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        Some(failure.code)
    }

    #[test]
    fn a_prefix_of_another_vendor_is_refused_and_an_unknown_one_is_not() {
        let wrong = Some(Code::CredentialWrongVendor);
        assert_eq!(verdict("openai", "hf_fake"), wrong);
        assert_eq!(verdict("openai", "sk-admin-fake"), wrong);
        assert_eq!(verdict("huggingface", "sk-proj-fake"), wrong);
        assert_eq!(verdict("huggingface", "api_org_fake"), wrong);
        assert_eq!(verdict("openai", "sk-proj-fake"), None);
        assert_eq!(verdict("openai", "anything"), None);
        assert_eq!(verdict("huggingface", "hf_fake"), None);
    }
}
