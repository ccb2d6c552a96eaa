//! Connections: as written ([`Draft`]), as parsed ([`Connection`]), and as cleared for saving
//! ([`PreflightPass`]).

mod account;
mod binding;
pub mod fields;
mod proof;

use std::str::FromStr;
use std::time::Duration;

pub use self::account::{Account, HeaderText};
pub use self::proof::PreflightRecord;
use crate::credential::CredentialRef;
use crate::endpoint::{BaseUrl, Origin, Payload, PlainHttp};
use crate::error::{Code, Failure, Remedy};
use crate::gate::NetworkGate;
use crate::limits::{DraftLimits, Limits};
use crate::name::{ConnectionName, ModelId};
use crate::nearest::nearest;
use crate::provider::{ProviderKind, TokenNeed, address};
use crate::redact::{REDACTED, Redactor, is_opaque};
pub use crate::value::ProxyUrl;

/// A connection as written in a file or on the command line. Not validated yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// Provider kind.
    pub provider: String,
    /// Model id.
    pub model: String,
    /// Base URL, if not the provider's own.
    pub base_url: Option<String>,
    /// Credential reference, if the provider requires a token.
    pub credential: Option<String>,
    /// Network gate.
    pub gate: NetworkGate,
    /// Total seconds a call may take.
    pub timeout_seconds: Option<u64>,
    /// Default cap on answer tokens, for prompts without their own.
    pub max_tokens: Option<u64>,
    /// OpenAI organization.
    pub organization: Option<String>,
    /// OpenAI project.
    pub project: Option<String>,
    /// Hugging Face organization to bill.
    pub bill_to: Option<String>,
    /// HTTP proxy; none by default.
    pub proxy: Option<String>,
    /// Whether the base URL may use plain http to a private address.
    pub allow_plain_http: bool,
    /// Limits on its calls per day or month.
    pub limits: DraftLimits,
    /// Whether prompts and answers are recorded in the ledger. Off by default.
    pub record_text: bool,
}

/// A field of a draft, named as in connections.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `provider`
    Provider,
    /// `model`
    Model,
    /// `base_url`
    BaseUrl,
    /// `credential`
    Credential,
    /// `timeout_seconds`
    Timeout,
    /// `max_tokens`
    MaxTokens,
    /// `organization`
    Organization,
    /// `project`
    Project,
    /// `bill_to`
    BillTo,
    /// `proxy`
    Proxy,
    /// `limits`
    Limits,
}

impl Field {
    /// The key in connections.toml.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::BaseUrl => "base_url",
            Self::Credential => "credential",
            Self::Timeout => "timeout_seconds",
            Self::MaxTokens => "max_tokens",
            Self::Organization => "organization",
            Self::Project => "project",
            Self::BillTo => "bill_to",
            Self::Proxy => "proxy",
            Self::Limits => "limits",
        }
    }
}

/// An invalid field of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFailure {
    /// The first invalid field.
    pub field: Field,
    /// Its failure.
    pub failure: Failure,
}

/// A validated connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub name: ConnectionName,
    /// The provider kind.
    pub provider: ProviderKind,
    /// The model.
    pub model: ModelId,
    /// The effective base URL.
    pub base_url: BaseUrl,
    /// The credential reference; `None` if no credential is sent.
    pub credential: Option<CredentialRef>,
    /// The network gate.
    pub gate: NetworkGate,
    /// The total time a call may take.
    pub timeout: Duration,
    /// Default cap on answer tokens, for prompts without their own.
    pub max_tokens: Option<u64>,
    /// Headers that identify the account.
    pub account: Account,
    /// The proxy, if configured.
    pub proxy: Option<ProxyUrl>,
    /// Limits on its calls per day or month.
    pub limits: Option<Limits>,
    /// Whether prompts and answers are recorded in the ledger.
    pub record_text: bool,
    /// The host confirmed for its credential, if any.
    pub bound_to: Option<Origin>,
    /// The confirmed proxy, if any.
    pub bound_proxy: Option<ProxyUrl>,
}

impl Draft {
    /// Whether this draft changes only local fields of `previous`: limits, the token cap, recording
    /// of texts and the timeout.
    pub(crate) fn differs_locally(&self, previous: &Self) -> bool {
        let Self {
            limits,
            max_tokens,
            record_text,
            timeout_seconds,
            ..
        } = self.clone();
        let changed = Self {
            limits,
            max_tokens,
            record_text,
            timeout_seconds,
            ..previous.clone()
        };
        self != previous && *self == changed
    }

    /// Validates the draft as the connection `name`.
    ///
    /// # Errors
    /// The first invalid field, in the order of [`Field`].
    pub fn parse(&self, name: ConnectionName) -> Result<Connection, Box<FieldFailure>> {
        let provider: ProviderKind = at(Field::Provider, self.provider.parse())?;
        let model = at(Field::Model, self.model.parse())?;
        let base_url = at(Field::BaseUrl, self.parse_base_url(provider))?;
        let credential = at(Field::Credential, self.parse_credential(provider))?;
        if let (true, Some(reference)) = (sends_in_clear(&base_url), &credential) {
            return at(
                Field::BaseUrl,
                Err(credential_in_clear(&base_url, reference)),
            );
        }
        let timeout = at(Field::Timeout, self.parse_timeout(provider))?;
        if self.max_tokens == Some(0) {
            let failure = Failure::new(Code::ConfigInvalidValue, "max_tokens is 0");
            let cause = "an answer takes at least one token";
            return at(Field::MaxTokens, Err(failure.cause(cause)));
        }
        let account = self.parse_account(provider)?;
        let proxy = match &self.proxy {
            Some(text) => Some(at(Field::Proxy, text.parse())?),
            None => None,
        };
        if let (true, Some(proxy)) = (base_url.is_plain(), &proxy) {
            return at(Field::Proxy, Err(proxy_in_clear(&base_url, proxy)));
        }
        let limits = at(Field::Limits, self.limits.parse())?;
        Ok(Connection {
            name,
            provider,
            model,
            base_url,
            credential,
            gate: self.gate,
            timeout,
            max_tokens: self.max_tokens,
            account,
            proxy,
            limits,
            record_text: self.record_text,
            bound_to: None,
            bound_proxy: None,
        })
    }

    fn parse_base_url(&self, provider: ProviderKind) -> Result<BaseUrl, Failure> {
        let profile = provider.profile();
        let plain = if self.allow_plain_http {
            PlainHttp::PrivateNetwork
        } else {
            PlainHttp::ThisMachine
        };
        let payload = match self.credential {
            Some(_) => Payload::Credential,
            None => Payload::Prompts,
        };
        match self.base_url.as_deref().or(profile.base_url) {
            Some(text) => {
                address::check_text(provider, text)?;
                let base_url = BaseUrl::read(text, plain, payload).map_err(|failure| {
                    // The hints name the URL with the path of the API.
                    let corrected = address::corrected(provider, text);
                    let of_corrected = |text: String| BaseUrl::read(&text, plain, payload).err();
                    corrected.and_then(of_corrected).unwrap_or(failure)
                })?;
                address::check(provider, &base_url)?;
                Ok(base_url)
            }
            None => Err(Failure::new(
                Code::ConfigInvalidValue,
                format!("a connection to {} needs its base URL", profile.title),
            )
            .cause("every owner has another one")
            .remedy(
                "add the server's own base URL",
                &Remedy::AddFlag {
                    flag: format!("--base-url={}", profile.base_url_example).into(),
                },
            )),
        }
    }

    fn parse_credential(&self, provider: ProviderKind) -> Result<Option<CredentialRef>, Failure> {
        let profile = provider.profile();
        match (&self.credential, profile.token) {
            (Some(text), _) => text.parse().map(Some),
            (None, TokenNeed::Optional) => Ok(None),
            (None, TokenNeed::Required) => Err(Failure::new(
                Code::ConfigInvalidValue,
                format!("a connection to {} needs a credential", profile.title),
            )
            .remedy(
                "add --credential, with the place of the token",
                &Remedy::AddFlag {
                    flag: format!("--credential=file:~/.synapse/{provider}.token").into(),
                },
            )
            .hint(format!("create a token: {}", profile.token_page))),
        }
    }

    fn parse_timeout(&self, provider: ProviderKind) -> Result<Duration, Failure> {
        match self.timeout_seconds {
            None => Ok(provider.profile().timeout),
            Some(seconds @ 1..=MAX_TIMEOUT_SECONDS) => Ok(Duration::from_secs(seconds)),
            Some(_) => Err(
                Failure::new(Code::ConfigInvalidValue, "that timeout is out of range")
                    .cause(format!("a timeout is 1 to {MAX_TIMEOUT_SECONDS} seconds")),
            ),
        }
    }

    fn parse_account(&self, provider: ProviderKind) -> Result<Account, Box<FieldFailure>> {
        let parse = |field: Field, text: &Option<String>, owner: ProviderKind| match text {
            None => Ok(None),
            Some(text) if owner == provider => at(field, text.parse::<HeaderText>().map(Some)),
            Some(_) => at(
                field,
                Err(Failure::new(
                    Code::ConfigInvalidValue,
                    format!("`{}` is not a setting of {provider}", field.as_str()),
                )
                .cause(format!("it belongs to connections of {owner}"))
                .hint("remove it")),
            ),
        };
        Ok(Account {
            organization: parse(
                Field::Organization,
                &self.organization,
                ProviderKind::OpenAi,
            )?,
            project: parse(Field::Project, &self.project, ProviderKind::OpenAi)?,
            bill_to: parse(Field::BillTo, &self.bill_to, ProviderKind::HuggingFace)?,
        })
    }
}

/// A connection with proof that it may be saved: made only by a preflight report, because every
/// check passed or the owner asked to save it offline, which the record then states.
#[derive(Debug, Clone)]
pub struct PreflightPass {
    draft: Draft,
    connection: Connection,
    record: PreflightRecord,
}

impl PreflightPass {
    pub(crate) const fn new(draft: Draft, connection: Connection, record: PreflightRecord) -> Self {
        Self {
            draft,
            connection,
            record,
        }
    }

    /// The draft, as the user wrote it.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The validated connection.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The proven checks, and their time.
    #[must_use]
    pub const fn record(&self) -> &PreflightRecord {
        &self.record
    }
}

impl FromStr for ProxyUrl {
    type Err = Failure;

    /// # Errors
    /// `config.invalid-value` if it is not an http or https URL, or contains credentials.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let failure = |cause: &str| {
            Failure::new(Code::ConfigInvalidValue, "that is not a proxy URL")
                .cause(cause.to_owned())
                .hint("write it like http://127.0.0.1:3128")
        };
        let url: url::Url = text
            .parse()
            .map_err(|error: url::ParseError| failure(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(failure("a proxy is http or https, with a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(failure("credentials in the proxy URL are not supported"));
        }
        Ok(Self::of_checked(url))
    }
}

/// Whether requests to `base_url` cross a network unencrypted.
fn sends_in_clear(base_url: &BaseUrl) -> bool {
    base_url.is_plain() && !base_url.is_loopback()
}

fn credential_in_clear(base_url: &BaseUrl, reference: &CredentialRef) -> Failure {
    Failure::new(
        Code::EndpointInvalidUrl,
        "plain http would send the credential unencrypted",
    )
    .cause("plain http to a private address is for servers that take no credential")
    .hint(format!(
        "put a TLS proxy in front of {} and use https, or reach it through a tunnel",
        base_url.origin().host()
    ))
    .hint("or leave the credential out, when the server needs none: --credential \"\"")
    .with("reference", reference)
    .with("host", base_url.origin().host())
}

fn proxy_in_clear(base_url: &BaseUrl, proxy: &ProxyUrl) -> Failure {
    Failure::new(
        Code::ConfigInvalidValue,
        "a proxy is not used for plain http",
    )
    .cause(format!(
        "{proxy} would get the credential and every prompt for {} unencrypted",
        base_url.origin()
    ))
    .hint("leave the proxy out (--proxy none), or use an https base URL")
    .with("host", base_url.origin().host())
}

/// The failure of a name in use.
#[must_use]
pub fn already_exists(name: &ConnectionName) -> Failure {
    Failure::new(
        Code::ConfigDuplicateName,
        format!("a connection called `{name}` already exists"),
    )
    .cause("nothing was changed")
    .remedy(
        "change it",
        &Remedy::EditConnection {
            connection: name.clone(),
        },
    )
    .remedy(
        "or look at it",
        &Remedy::ShowConnection {
            connection: name.clone(),
        },
    )
}

/// The failure of an unknown name.
#[must_use]
pub fn not_found(name: &str, known: &[ConnectionName]) -> Failure {
    let near = nearest(name, known.iter().map(ConnectionName::as_str));
    let given = name;
    let name = if is_opaque(name) {
        REDACTED.to_owned()
    } else {
        Redactor::none().clean(name, 64)
    };
    let failure = Failure::new(
        Code::ConfigNotFound,
        format!("no connection is called `{name}`"),
    );
    if known.is_empty() {
        return failure
            .cause("there is no connection yet")
            .remedy("set one up, step by step", &Remedy::SetUp)
            .remedy("or create one", &Remedy::CreateConnection);
    }
    let names: Vec<&str> = known.iter().map(ConnectionName::as_str).collect();
    let failure = failure.cause(format!("connections: {}", names.join(", ")));
    match near {
        Some(near) => failure.did_you_mean(given, near),
        None => failure,
    }
    .remedy("see them", &Remedy::ListConnections)
}

fn at<T>(field: Field, result: Result<T, Failure>) -> Result<T, Box<FieldFailure>> {
    result.map_err(|failure| {
        Box::new(FieldFailure {
            field,
            failure: failure.in_field(field.as_str()),
        })
    })
}

const MAX_TIMEOUT_SECONDS: u64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            provider: "openai".into(),
            model: "gpt-4.1-nano".into(),
            credential: Some("env:KEY".into()),
            ..Draft::default()
        }
    }

    fn field(draft: &Draft) -> (Field, Code) {
        let failure = draft.parse("c".parse().unwrap()).unwrap_err();
        (failure.field, failure.failure.code())
    }

    #[test]
    fn defaults_come_from_the_provider_and_the_gate_is_closed() {
        let connection = draft().parse("c".parse().unwrap()).unwrap();
        assert_eq!(connection.base_url.as_str(), "https://api.openai.com/v1");
        assert_eq!(connection.timeout, Duration::from_secs(600));
        assert_eq!(connection.gate, NetworkGate::Closed);
        assert_eq!(connection.proxy, None);
    }

    #[test]
    fn plain_http_takes_no_proxy_wherever_it_goes() {
        let through = |provider: &str, base_url: Option<&str>| Draft {
            provider: provider.into(),
            base_url: base_url.map(str::to_owned),
            proxy: Some("http://127.0.0.1:3128".into()),
            ..draft()
        };
        for (provider, base_url) in [
            ("openai", Some("http://127.0.0.1:1/v1")),
            ("openai", Some("http://localhost:1/v1")),
            ("ollama", None),
        ] {
            let refused = through(provider, base_url);
            assert_eq!(field(&refused), (Field::Proxy, Code::ConfigInvalidValue));
            let private = Draft {
                base_url: Some("http://192.168.1.7:1/v1".into()),
                allow_plain_http: true,
                credential: None,
                ..through("ollama", None)
            };
            assert_eq!(field(&private), (Field::Proxy, Code::ConfigInvalidValue));
        }
        let tunnelled = through("openai", Some("https://127.0.0.1:1/v1"));
        assert!(tunnelled.parse("c".parse().unwrap()).is_ok());
    }

    #[test]
    fn plain_http_to_a_private_address_is_allowed_by_name_and_without_a_credential() {
        let lan = |allow_plain_http, credential: Option<&str>, base_url: &str| Draft {
            provider: "ollama".into(),
            base_url: Some(base_url.into()),
            credential: credential.map(str::to_owned),
            allow_plain_http,
            ..draft()
        };
        let refused = (Field::BaseUrl, Code::EndpointInvalidUrl);
        let private = "http://192.168.1.7:11434/v1";
        assert_eq!(field(&lan(false, None, private)), refused);
        assert_eq!(field(&lan(true, Some("env:KEY"), private)), refused);
        assert_eq!(field(&lan(true, None, "http://nas.local:1/v1")), refused);
        assert_eq!(field(&lan(true, None, "http://api.test/v1")), refused);
        for (credential, base_url) in [
            (None, private),
            (Some("env:KEY"), "http://127.0.0.1:1/v1"),
            (Some("env:KEY"), "https://192.168.1.7:1/v1"),
        ] {
            let draft = lan(true, credential, base_url);
            assert!(draft.parse("c".parse().unwrap()).is_ok(), "{base_url}");
        }
    }

    #[test]
    fn a_credential_and_a_base_url_are_needed_where_the_provider_says_so() {
        let named = |provider: &str, base_url: Option<&str>| Draft {
            provider: provider.into(),
            model: "m".into(),
            base_url: base_url.map(Into::into),
            ..Draft::default()
        };
        let connection = named("ollama", None).parse("c".parse().unwrap()).unwrap();
        assert_eq!(connection.credential, None);
        assert_eq!(connection.base_url.as_str(), "http://127.0.0.1:11434/v1");
        assert_eq!(
            field(&named("groq", None)),
            (Field::Credential, Code::ConfigInvalidValue)
        );
        assert_eq!(
            field(&named("openai-compatible", None)),
            (Field::BaseUrl, Code::ConfigInvalidValue)
        );
        let own = named("openai-compatible", Some("http://127.0.0.1:9/v1"));
        assert!(own.parse("c".parse().unwrap()).is_ok());
    }

    #[test]
    fn each_wrong_field_is_named() {
        let wrong = |change: &dyn Fn(&mut Draft)| {
            let mut draft = draft();
            change(&mut draft);
            field(&draft)
        };
        assert_eq!(
            wrong(&|draft| draft.provider = "opnai".into()),
            (Field::Provider, Code::ConfigUnknownProvider)
        );
        assert_eq!(
            wrong(&|draft| draft.model = String::new()),
            (Field::Model, Code::ConfigInvalidValue)
        );
        assert_eq!(
            wrong(&|draft| draft.base_url = Some("nonsense".into())),
            (Field::BaseUrl, Code::EndpointInvalidUrl)
        );
        assert_eq!(
            wrong(&|draft| draft.credential = Some("nonsense".into())),
            (Field::Credential, Code::CredentialInvalidReference)
        );
        assert_eq!(
            wrong(&|draft| draft.timeout_seconds = Some(0)),
            (Field::Timeout, Code::ConfigInvalidValue)
        );
        assert_eq!(
            wrong(&|draft| draft.max_tokens = Some(0)),
            (Field::MaxTokens, Code::ConfigInvalidValue)
        );
        assert_eq!(
            wrong(&|draft| draft.bill_to = Some("acme".into())),
            (Field::BillTo, Code::ConfigInvalidValue)
        );
        assert_eq!(
            wrong(&|draft| draft.proxy = Some("socks5://h:1".into())),
            (Field::Proxy, Code::ConfigInvalidValue)
        );
    }
}
