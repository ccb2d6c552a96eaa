//! The `oauth` object of an entry with variables and secrets resolved. The variables of Hugging
//! Face's guides apply only to its own origin.

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::error::{Code, Failure};
use synapse_core::gate::NetworkPermit;
use synapse_core::ports::SecretResolver;
use synapse_core::upstream::expand::{EnvFile, Surroundings, expand_text};
use synapse_core::upstream::{OAuthSettings, Piece, Template, Upstream, UpstreamTransport};
use synapse_hub::SystemPlaces;
use synapse_oauth::{HUGGING_FACE, LoginSettings};
use url::Url;

/// The resolvers of the settings.
pub(crate) struct Resolving<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) url: &'a Url,
    pub(crate) permit: &'a NetworkPermit,
    pub(crate) env_files: Vec<EnvFile>,
    pub(crate) environment: &'a (dyn Fn(&str) -> Option<String> + Send + Sync),
    pub(crate) secrets: &'a dyn SecretResolver,
}

/// Whether the entry sends its own credential.
pub(crate) fn has_authorization(upstream: &Upstream) -> bool {
    match &upstream.transport {
        UpstreamTransport::Stdio { .. } => false,
        UpstreamTransport::Http { headers, .. } => headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization")),
    }
}

/// The settings of a login.
///
/// # Errors
/// `config.unresolved-variable`, `credential.*` when the secret cannot be read or is a literal.
pub(crate) async fn login_settings(resolving: &Resolving<'_>) -> Result<LoginSettings, Failure> {
    let declared = resolving.upstream.oauth.clone().unwrap_or_default();
    let is_hugging_face = resolving.url.origin().ascii_serialization() == HUGGING_FACE;
    let vendor = |name: &str| {
        if is_hugging_face {
            resolving.vendor_variable(name)
        } else {
            None
        }
    };
    let OAuthSettings {
        client_id,
        client_secret,
        redirect_uri,
        callback_port,
        scopes,
        issuer,
        resource,
        client_metadata_url,
        server_metadata_url,
        pkce,
    } = declared;
    let own_client = client_id.is_some() || client_metadata_url.is_some();
    let (client_id, client_secret) = if own_client {
        (client_id, client_secret)
    } else {
        // Never combines the id of one client with the secret of another.
        (
            vendor(CLIENT_ID),
            client_secret.or_else(|| vendor(CLIENT_SECRET)),
        )
    };
    let redirect_uri = redirect_uri.or_else(|| vendor(REDIRECT_URI));
    if let Some(template) = &client_secret
        && template.texts().any(|text| !text.is_empty())
    {
        return Err(Failure::new(
            Code::CredentialLiteralToken,
            "the client's secret is written out in the entry",
        )
        .hint("write `${NAME}` and set the variable, or a reference such as `${keyring:NAME}`"));
    }
    Ok(LoginSettings {
        client_id: resolving.text(client_id).await?,
        client_secret: resolving.secret(client_secret).await?,
        redirect_uri: resolving.text(redirect_uri).await?,
        callback_port,
        scopes,
        issuer,
        resource,
        client_metadata_url,
        server_metadata_url,
        pkce,
    })
}

impl Resolving<'_> {
    /// A variable of the entry's `env`, otherwise of its `envFile`.
    fn vendor_variable(&self, name: &str) -> Option<Template> {
        let own = match &self.upstream.transport {
            UpstreamTransport::Stdio { .. } => None,
            UpstreamTransport::Http { variables, .. } => variables
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, template)| template.clone()),
        };
        own.or_else(|| {
            let set = |file: &EnvFile| file.variables.contains_key(name);
            self.env_files.iter().any(set).then(|| Template {
                pieces: vec![Piece::Variable {
                    name: name.to_owned(),
                    default: None,
                }],
            })
        })
    }

    async fn text(&self, template: Option<Template>) -> Result<Option<String>, Failure> {
        let resolved = self.secret(template).await?;
        Ok(resolved.map(|text| text.expose_secret().to_owned()))
    }

    async fn secret(&self, template: Option<Template>) -> Result<Option<SecretString>, Failure> {
        let Some(template) = template else {
            return Ok(None);
        };
        let surroundings = Surroundings {
            env_files: &self.env_files,
            environment: self.environment,
            search_path: None,
            home_directory: None,
            workspace: None,
            places: &SystemPlaces,
        };
        let expanded = expand_text(self.upstream, &template, &surroundings)?;
        let mut value = String::new();
        for piece in &expanded.pieces {
            match piece {
                Piece::Text(text) => value.push_str(text),
                Piece::Value { value: found, .. } => value.push_str(found.expose()),
                Piece::Secret(reference) => {
                    let found = self.secrets.resolve(self.permit, reference).await?;
                    value.push_str(found.value.expose_secret());
                }
                Piece::Variable { .. } | Piece::WorkspaceFolder => {
                    return Err(Failure::new(
                        Code::ConfigInvalidValue,
                        "a setting of `oauth` names what has no value here",
                    ));
                }
            }
        }
        Ok((!value.is_empty()).then(|| SecretString::from(value)))
    }
}

const CLIENT_ID: &str = "HF_CLIENT_ID";
const CLIENT_SECRET: &str = "HF_CLIENT_SECRET";
const REDIRECT_URI: &str = "HF_REDIRECT_URI";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use synapse_core::gate::NetworkGate;
    use synapse_core::upstream::{Pin, Protocol, Relay, ToolFilter, UpstreamTimes};
    use synapse_testkit::ports::FixedSecret;

    use super::*;

    fn entry(variables: &[(&str, &str)], oauth: Option<OAuthSettings>) -> Upstream {
        let parsed =
            |(name, text): &(&str, &str)| ((*name).to_owned(), Template::parse(text).unwrap());
        Upstream {
            name: "hf".parse().unwrap(),
            transport: UpstreamTransport::Http {
                url: Template::text("https://unused.test"),
                headers: Vec::new(),
                variables: variables.iter().map(parsed).collect(),
            },
            disabled: false,
            note: None,
            groups: Vec::new(),
            tools: ToolFilter::default(),
            relay: Relay::default(),
            pin: Pin::default(),
            protocol: Protocol::default(),
            times: UpstreamTimes::default(),
            sampling_connection: None,
            env_file: None,
            oauth,
            ignored: Vec::new(),
        }
    }

    async fn resolved(
        upstream: &Upstream,
        url: &str,
        file: &[(&str, &str)],
    ) -> Result<LoginSettings, Failure> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables: BTreeMap<String, String> = file.iter().map(pair).collect();
        login_settings(&Resolving {
            upstream,
            url: &url.parse().unwrap(),
            permit: &NetworkGate::Open.permit([]).unwrap(),
            env_files: vec![EnvFile {
                path: ".env".to_owned(),
                variables,
            }],
            environment: &|_| None,
            secrets: &FixedSecret::new("fake-from-a-store"),
        })
        .await
    }

    const FILE: &[(&str, &str)] = &[
        (CLIENT_ID, "id-of-the-file"),
        (CLIENT_SECRET, "fake-of-the-file"),
        (REDIRECT_URI, "http://localhost:7000/oauth/callback"),
    ];
    const HERE: &str = "https://huggingface.co/mcp?login";

    #[tokio::test]
    async fn the_variables_of_the_guide_work_as_written_at_hugging_face() {
        let found = resolved(&entry(&[], None), HERE, FILE).await.unwrap();
        assert_eq!(found.client_id.as_deref(), Some("id-of-the-file"));
        assert_eq!(
            found.client_secret.unwrap().expose_secret(),
            "fake-of-the-file"
        );
        assert_eq!(
            found.redirect_uri.as_deref(),
            Some("http://localhost:7000/oauth/callback")
        );
    }

    #[tokio::test]
    async fn the_variables_of_the_guide_count_for_no_other_origin() {
        for elsewhere in [
            "https://huggingface.co.evil.test/mcp",
            "http://huggingface.co/mcp",
            "https://hf.co/mcp",
            "https://huggingface.co:8443/mcp",
        ] {
            let found = resolved(&entry(&[], None), elsewhere, FILE).await.unwrap();
            assert_eq!(found.client_id, None, "{elsewhere}");
            assert!(found.client_secret.is_none(), "{elsewhere}");
        }
    }

    #[tokio::test]
    async fn the_id_of_the_entry_is_not_joined_to_the_secret_of_the_guide() {
        let own = OAuthSettings {
            client_id: Some(Template::text("own")),
            ..OAuthSettings::default()
        };
        let found = resolved(&entry(&[], Some(own)), HERE, FILE).await.unwrap();
        assert_eq!(found.client_id.as_deref(), Some("own"));
        assert!(found.client_secret.is_none());
    }

    #[tokio::test]
    async fn a_secret_is_a_reference_or_a_variable() {
        let id = (CLIENT_ID, "id");
        let literal = entry(&[id, (CLIENT_SECRET, "fake-literal")], None);
        let failure = resolved(&literal, HERE, &[]).await.unwrap_err();
        assert_eq!(failure.code(), Code::CredentialLiteralToken);
        let reference = entry(&[id, (CLIENT_SECRET, "${keyring:hf-app}")], None);
        let found = resolved(&reference, HERE, &[]).await.unwrap();
        assert_eq!(
            found.client_secret.unwrap().expose_secret(),
            "fake-from-a-store"
        );
    }
}
