//! Base URLs per vendor: the API's path on its host, and corrections of wrong base URLs. General
//! URL rules are in `endpoint`.

use url::{Host, Url};

use super::{ProviderKind, ProviderProfile, Wire};
use crate::endpoint::BaseUrl;
use crate::error::{Code, Failure};
use crate::secure_url::is_loopback;

impl ProviderProfile {
    /// The path of its API, such as `/v1`.
    #[must_use]
    pub fn api_path(&self) -> String {
        let example = Url::parse(self.base_url_example);
        example.map_or_else(|_| String::new(), |url| trimmed(url.path()))
    }

    /// The base URL of this API at the host and port of `base`.
    #[must_use]
    pub fn base_url_at(&self, base: &BaseUrl) -> String {
        with_path(&base.join(&[]), &self.api_path())
    }
}

/// Refuses an invalid URL, suggesting the intended one.
///
/// # Errors
/// `endpoint.invalid-url` without a scheme or with the wildcard address; `endpoint.path-mismatch`
/// for a query on a wrong path.
pub(crate) fn check_text(provider: ProviderKind, text: &str) -> Result<(), Failure> {
    let text = text.trim();
    let profile = provider.profile();
    if !text.contains("://") {
        let failure = invalid("the base URL has no scheme");
        return Err(match guessed(text) {
            Some(url) => {
                let meant = with_path(&url, &Meant::of(provider, &url).path);
                failure.hint(format!("write it whole: {meant}"))
            }
            None => failure.hint(format!(
                "write it whole, for example {}",
                profile.base_url_example
            )),
        });
    }
    let url = Url::parse(text).map_err(|error| {
        invalid("that is not a URL")
            .cause(error.to_string())
            .hint(format!(
                "write it whole, for example {}",
                profile.base_url_example
            ))
    })?;
    let usable = matches!(url.scheme(), "http" | "https") && bare_of_secrets(&url);
    if !usable {
        return Ok(());
    }
    if is_unspecified(&url) {
        let here = on_this_machine(&url);
        let path = Meant::of(provider, &here).path;
        return Err(
            invalid("that address is for listening, and cannot be contacted")
                .hint(format!("use {}", with_path(&here, &path))),
        );
    }
    if url.scheme() == "http" && owner(&url).is_some() {
        let meant = with_path(&url, &Meant::of(provider, &url).path);
        return Err(invalid("plain http would send everything unencrypted")
            .hint(format!("use {meant}"))
            .hint("http is taken for loopback addresses only"));
    }
    match url.query() {
        Some(_) if url.scheme() == "https" || is_loopback(&url) => check_url(provider, &url),
        _ => Ok(()),
    }
}

/// Refuses a base URL whose path cannot be the API's, suggesting the right one.
///
/// # Errors
/// `endpoint.path-mismatch`.
pub(crate) fn check(provider: ProviderKind, base: &BaseUrl) -> Result<(), Failure> {
    check_url(provider, &base.join(&[]))
}

/// The URL with the path of the API, if its own path cannot be that.
pub(crate) fn corrected(provider: ProviderKind, text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok().filter(bare_of_secrets)?;
    let meant = Meant::of(provider, &url);
    meant.flaw.is_some().then(|| with_path(&url, &meant.path))
}

fn check_url(provider: ProviderKind, url: &Url) -> Result<(), Failure> {
    let meant = Meant::of(provider, url);
    let right = with_path(url, &meant.path);
    let failure = |message: String| {
        Failure::new(Code::EndpointPathMismatch, message)
            .in_field("base_url")
            .with("host", url.host_str().unwrap_or_default())
    };
    let given = trimmed(url.path());
    let failure = match meant.flaw {
        None => return Ok(()),
        Some(AddressFlaw::NoPath) if meant.path == "/v1" => {
            failure("the base URL has no path".to_owned())
                .hint(format!("most APIs live under /v1: use {right}"))
        }
        Some(AddressFlaw::NoPath) => failure("the base URL has no path".to_owned())
            .hint(format!("the API is under {}: use {right}", meant.path)),
        Some(AddressFlaw::Endpoint) => failure("the base URL already names an endpoint".to_owned())
            .hint(format!("give the base only: {right}")),
        Some(AddressFlaw::Repeated) => {
            failure("the base URL repeats a part of its path".to_owned())
                .hint(format!("use {right}"))
        }
        Some(AddressFlaw::OtherPath) => {
            failure(format!("the API of {} is not under {given}", host(url)))
                .hint(format!("use {right}"))
        }
    };
    Err(match meant.deployment {
        Some(name) => failure
            .cause("that address needs an api-version with each request; the v1 API needs none")
            .hint(format!("name the deployment as the model: --model {name}")),
        None => failure,
    })
}

/// The intended URL.
struct Meant {
    path: String,
    /// The flaw of the given path.
    flaw: Option<AddressFlaw>,
    /// The deployment in the path (Azure).
    deployment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressFlaw {
    NoPath,
    Endpoint,
    Repeated,
    OtherPath,
}

impl Meant {
    fn of(provider: ProviderKind, url: &Url) -> Self {
        let given = trimmed(url.path());
        if let Some(azure) = Self::at_azure(provider, url, &given) {
            return azure;
        }
        let single = without_repeats(&given);
        let base = without_endpoint(&single);
        let flaw = match () {
            () if given.is_empty() => Some(AddressFlaw::NoPath),
            () if base != single => Some(AddressFlaw::Endpoint),
            () if single != given => Some(AddressFlaw::Repeated),
            () => None,
        };
        // The host's vendor determines the path, whatever the preset.
        let (api, known) = match owner(url) {
            Some(owner) => (owner.api_path(), true),
            None => (provider.profile().api_path(), false),
        };
        let at_root = if known {
            url.host_str().is_some_and(|host| AT_ROOT.contains(&host))
        } else {
            provider == ProviderKind::OpenAiCompatible
        };
        let cut_short = known && is_part(&base, &api) || is_native(url, &base);
        let (path, flaw) = match flaw {
            Some(AddressFlaw::NoPath) if at_root => (base, None),
            Some(AddressFlaw::Endpoint) if base.is_empty() && at_root && !known => (base, flaw),
            _ if base.is_empty() || cut_short => (api, flaw.or(Some(AddressFlaw::OtherPath))),
            _ => (base, flaw),
        };
        Self {
            path,
            flaw,
            deployment: None,
        }
    }

    /// Azure has its `v1` API under one path, and an older one under deployments, which requires a
    /// query.
    fn at_azure(provider: ProviderKind, url: &Url, given: &str) -> Option<Self> {
        let deployments = given.split_once("/openai/deployments");
        let host = host(url);
        let own = AZURE_HOSTS.iter().any(|suffix| host.ends_with(suffix));
        if provider.profile().wire == Wire::Anthropic || !(own || deployments.is_some()) {
            return None;
        }
        let name = deployments.and_then(|(_, behind)| behind.split('/').nth(1));
        let flaw = match given {
            "" => Some(AddressFlaw::NoPath),
            _ if given.ends_with(AZURE_API) => None,
            _ if deployments.is_some_and(|(_, behind)| behind.matches('/').count() < 2) => {
                Some(AddressFlaw::OtherPath)
            }
            _ if without_endpoint(given) != given => Some(AddressFlaw::Endpoint),
            _ => Some(AddressFlaw::OtherPath),
        };
        let (path, flaw) = match (flaw, deployments) {
            (None, _) => (given.to_owned(), None),
            // A gateway in front of Azure keeps its own path.
            (flaw, Some((before, _))) => (format!("{before}{AZURE_API}"), flaw),
            (flaw, None) => {
                let before = given.split_once(AZURE_API).map_or("", |(before, _)| before);
                (format!("{before}{AZURE_API}"), flaw)
            }
        };
        Some(Self {
            path,
            flaw,
            deployment: name.filter(|name| !name.is_empty()).map(str::to_owned),
        })
    }
}

/// The vendor that owns a URL's host.
fn owner(url: &Url) -> Option<&'static ProviderProfile> {
    let host = url.host_str()?;
    let profiles = ProviderKind::ALL.into_iter().map(ProviderKind::profile);
    profiles
        .filter(|profile| profile.start.is_none())
        .find(|profile| profile.base_url.map(host_in) == Some(host))
}

/// The host in a URL of a profile, which is written as a parsed one: parsing all of them for each
/// connection takes longer than reading it.
fn host_in(base: &str) -> &str {
    let behind = base.split_once("://").map_or(base, |(_, behind)| behind);
    behind.split(['/', ':']).next().unwrap_or_default()
}

/// Whether `path` is a proper prefix or suffix of `api`.
fn is_part(path: &str, api: &str) -> bool {
    let segments = |path: &str| -> Vec<String> {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        segments.map(str::to_owned).collect()
    };
    let (path, api) = (segments(path), segments(api));
    path.len() < api.len() && (api.starts_with(&path) || api.ends_with(&path))
}

/// Whether the path belongs to Gemini's native API, which has another format.
fn is_native(url: &Url, path: &str) -> bool {
    host(url) == GEMINI_HOST && !path.split('/').any(|segment| segment == "openai")
}

/// Removes empty segments and duplicate `/v1`.
fn without_repeats(path: &str) -> String {
    let mut segments: Vec<&str> = path.split('/').filter(|each| !each.is_empty()).collect();
    segments.dedup_by(|one, other| one == other && *one == "v1");
    if segments.is_empty() {
        String::new()
    } else {
        format!("/{}", segments.join("/"))
    }
}

fn without_endpoint(path: &str) -> String {
    let base = ENDPOINTS
        .iter()
        .find_map(|endpoint| path.strip_suffix(endpoint));
    base.unwrap_or(path).to_owned()
}

/// The URL intended by a text without a scheme.
fn guessed(text: &str) -> Option<Url> {
    let secure = Url::parse(&format!("https://{text}")).ok()?;
    let bare_name = !host(&secure).contains(['.', ':']);
    let a_word = bare_name && secure.port().is_none() && !is_loopback(&secure);
    if a_word || !bare_of_secrets(&secure) {
        return None;
    }
    if is_unspecified(&secure) {
        return Url::parse(&format!("http://{text}"))
            .ok()
            .map(|url| on_this_machine(&url));
    }
    let local = match secure.host()? {
        Host::Ipv4(address) => address.is_loopback() || address.is_private(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(_) => bare_name,
    };
    if local {
        Url::parse(&format!("http://{text}")).ok()
    } else {
        Some(secure)
    }
}

fn bare_of_secrets(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

fn is_unspecified(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_unspecified(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn on_this_machine(url: &Url) -> Url {
    let mut here = url.clone();
    // A valid host for every http URL.
    let _ = here.set_host(Some("127.0.0.1"));
    here
}

/// `url` with another path; https if the host belongs to a vendor.
fn with_path(url: &Url, path: &str) -> String {
    let mut url = url.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    if owner(&url).is_some() {
        let _ = url.set_scheme("https");
    }
    url.as_str().trim_end_matches('/').to_owned()
}

fn trimmed(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::EndpointInvalidUrl, message).in_field("base_url")
}

/// Endpoints commonly pasted as base URL.
const ENDPOINTS: [&str; 6] = [
    "/chat/completions",
    "/completions",
    "/messages",
    "/models",
    "/responses",
    "/embeddings",
];
const AZURE_API: &str = "/openai/v1";
const AZURE_HOSTS: [&str; 3] = [
    ".openai.azure.com",
    ".services.ai.azure.com",
    ".cognitiveservices.azure.com",
];
const GEMINI_HOST: &str = "generativelanguage.googleapis.com";
/// Vendors whose API is also at the host's root (<https://api-docs.deepseek.com>).
const AT_ROOT: [&str; 1] = ["api.deepseek.com"];

#[cfg(test)]
mod tests;
