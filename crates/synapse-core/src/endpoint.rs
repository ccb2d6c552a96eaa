//! Parsing of base URLs and origins, before any socket is opened.

use std::str::FromStr;

use url::Url;

use crate::error::{Code, Failure};
use crate::redact::holds_token;
use crate::value::secure_url::{SecureUrl, SecureUrlError, is_private};
pub use crate::value::{BaseUrl, Origin};

impl BaseUrl {
    /// Parses the base URL of a connection that sends `payload`, permitting plain http as far as
    /// `plain` allows. If it allows more than this machine, the caller must ensure that no
    /// credential is sent.
    ///
    /// # Errors
    /// Same as [`BaseUrl::from_str`].
    pub(crate) fn read(text: &str, plain: PlainHttp, payload: Payload) -> Result<Self, Failure> {
        let mut url = match text.parse::<SecureUrl>() {
            Ok(url) => url.into_url(),
            Err(SecureUrlError::PlainHttp(url))
                if plain == PlainHttp::PrivateNetwork && is_private(&url) =>
            {
                url
            }
            Err(error) => return Err(refused(error, payload)),
        };
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        check_host(&url)?;
        Ok(Self::of_checked(url))
    }
}

impl FromStr for BaseUrl {
    type Err = Failure;

    /// # Errors
    /// `endpoint.invalid-url` for an invalid URL; `endpoint.path-mismatch` for a host without an
    /// API; `endpoint.gone` for a host known to be retired.
    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::read(text, PlainHttp::ThisMachine, Payload::Credential)
    }
}

/// Where plain http is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    /// This machine only.
    ThisMachine,
    /// Also private addresses.
    PrivateNetwork,
}

/// The sensitive data that a connection sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Prompts and the credential.
    Credential,
    /// Prompts only; the connection has no credential.
    Prompts,
}

impl FromStr for Origin {
    type Err = Failure;

    /// # Errors
    /// `endpoint.invalid-url` if it is not exactly an origin.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let origin = text.parse::<Url>().map(|url| Self::of(&url));
        match origin {
            Ok(origin) if origin.as_str() == text => Ok(origin),
            _ => Err(invalid("that is not an origin")
                .cause("an origin is scheme, host and port, such as https://api.openai.com")),
        }
    }
}

/// The failure for an invalid base URL, with the remedy.
fn refused(error: SecureUrlError, payload: Payload) -> Failure {
    match error {
        SecureUrlError::NoUrl(error) => invalid("that is not a URL").cause(error.to_string()).hint(
            "write it whole, for example https://api.openai.com/v1 or http://127.0.0.1:8080/v1",
        ),
        SecureUrlError::NoHost => invalid("the base URL has no host").hint(
            "write it whole, for example https://api.openai.com/v1 or http://127.0.0.1:8080/v1",
        ),
        SecureUrlError::Scheme(scheme) => {
            invalid(format!("the scheme `{scheme}` is not supported"))
                .hint("use https, or http for a loopback address")
        }
        SecureUrlError::UserInfo => invalid("the base URL contains a user name or password")
            .hint("remove it; the credential reference is the one place for a secret"),
        SecureUrlError::QueryOrFragment => invalid("the base URL has a query or a fragment")
            .hint("remove everything from `?` or `#` on"),
        SecureUrlError::PlainHttp(url) => plain_http(&url, payload),
    }
}

/// The refusal of plain http to another machine, with ways to encrypt.
fn plain_http(url: &Url, payload: Payload) -> Failure {
    let failure = invalid(match payload {
        Payload::Credential => "plain http would send the credential unencrypted",
        Payload::Prompts => "plain http would send every prompt unencrypted",
    });
    let mut encrypted = url.clone();
    // A token in place of an address is not repeated.
    if encrypted.set_scheme("https").is_err() || holds_token(url.as_str()) {
        return failure;
    }
    let encrypted = encrypted.as_str().trim_end_matches('/');
    let host = url.host_str().unwrap_or_default();
    if !is_private(url) && !is_local_name(host) {
        return failure
            .hint(format!("use {encrypted}"))
            .hint("http is taken for loopback addresses only");
    }
    let port = url.port_or_known_default().unwrap_or_default();
    // Ports below 1024 require root.
    let local = if port < 1024 { 8000 + port } else { port };
    let failure = failure
        .hint(format!(
            "put a TLS proxy in front of it and use {encrypted}"
        ))
        .hint(format!(
            "or reach it through a tunnel: ssh -N -L {local}:127.0.0.1:{port} {}, \
             then use http://127.0.0.1:{local}{}",
            host.trim_matches(['[', ']']),
            url.path().trim_end_matches('/')
        ));
    match (payload, is_private(url)) {
        (Payload::Prompts, true) => failure
            .hint("or accept it: with --allow-plain-http prompts go to this address unencrypted"),
        (Payload::Prompts, false) => {
            failure.hint("--allow-plain-http takes its private address, not its name")
        }
        (Payload::Credential, _) => failure.hint(
            "--allow-plain-http is for a private address and a connection without a credential",
        ),
    }
}

/// Whether a name looks like one of a local network.
fn is_local_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    !name.contains('.')
        || [".local", ".lan", ".home.arpa", ".internal"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

fn check_host(url: &Url) -> Result<(), Failure> {
    let host = url.host_str().unwrap_or_default();
    if host == "api-inference.huggingface.co" {
        return Err(
            Failure::new(Code::EndpointGone, format!("{host} was retired"))
                .hint(format!("use {HUGGING_FACE_BASE}"))
                .with("host", host),
        );
    }
    if host == "huggingface.co" || host == "www.huggingface.co" {
        return Err(mismatch(
            url,
            format!("{host} is the web site and not the inference router"),
        )
        .hint(format!("use {HUGGING_FACE_BASE}")));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::EndpointInvalidUrl, message).in_field("base_url")
}

fn mismatch(url: &Url, message: String) -> Failure {
    Failure::new(Code::EndpointPathMismatch, message)
        .in_field("base_url")
        .with("host", url.host_str().unwrap_or_default())
}

const HUGGING_FACE_BASE: &str = "https://router.huggingface.co/v1";
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_that_of_the_url_standard() {
        for url in [
            "https://api.openai.com/v1",
            "https://API.example:443/",
            "http://127.0.0.1:8080/v1?x#y",
            "http://[::1]:11434/v1",
            "https://[2001:db8::1]/",
            "https://b\u{fc}cher.example:8443/",
            "https://user:word@example.com:1/",
            "ftp://example.com/",
            "file:///tmp/x",
            "data:text/plain,x",
        ] {
            let url: Url = url.parse().unwrap();
            let standard = url.origin().ascii_serialization();
            assert_eq!(Origin::of(&url).as_str(), standard, "{url}");
        }
    }

    #[test]
    fn good_bases_lose_only_their_trailing_slash() {
        for (given, kept) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
            ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
            ("http://[::1]:8080/openai", "http://[::1]:8080/openai"),
            ("http://localhost:1234/v1", "http://localhost:1234/v1"),
            ("http://m.localhost:1234/v1", "http://m.localhost:1234/v1"),
            (
                "https://example.test:8443/a/b/v1",
                "https://example.test:8443/a/b/v1",
            ),
        ] {
            assert_eq!(given.parse::<BaseUrl>().unwrap().as_str(), kept);
        }
    }

    /// The table of wrong base URLs: each is refused before any socket is opened.
    #[test]
    fn wrong_bases_are_refused_with_the_right_one() {
        for (given, code, hint) in [
            (
                "router.huggingface.co/v1",
                Code::EndpointInvalidUrl,
                "write it whole",
            ),
            (
                "ftp://router.huggingface.co/v1",
                Code::EndpointInvalidUrl,
                "use https",
            ),
            (
                "http://api.openai.com/v1",
                Code::EndpointInvalidUrl,
                "use https://api.openai.com/v1",
            ),
            (
                "https://u:p@api.openai.com/v1",
                Code::EndpointInvalidUrl,
                "remove it",
            ),
            (
                "https://api.openai.com/v1?x=1",
                Code::EndpointInvalidUrl,
                "remove everything",
            ),
            (
                "https://api.openai.com/v1#x",
                Code::EndpointInvalidUrl,
                "remove everything",
            ),
            (
                "https://huggingface.co/v1",
                Code::EndpointPathMismatch,
                "https://router.huggingface.co/v1",
            ),
            (
                "https://api-inference.huggingface.co/models",
                Code::EndpointGone,
                "https://router.huggingface.co/v1",
            ),
        ] {
            let failure = given.parse::<BaseUrl>().unwrap_err();
            assert_eq!(failure.code(), code, "{given}");
            let shown = failure
                .hints()
                .first()
                .map(|each| each.text.as_str())
                .unwrap_or_default();
            assert!(shown.contains(hint), "{given}: {shown}");
        }
    }

    /// The hints for plain http contain the whole URL, ways to encrypt, and the credential only if
    /// there is one.
    #[test]
    fn plain_http_is_refused_with_the_ways_to_encrypt_it() {
        let sending = |text: &str, payload| {
            let failure = BaseUrl::read(text, PlainHttp::ThisMachine, payload).unwrap_err();
            assert_eq!(failure.code(), Code::EndpointInvalidUrl, "{text}");
            let hints: Vec<String> = failure
                .hints()
                .iter()
                .map(|hint| hint.text.clone())
                .collect();
            hints.join("\n")
        };
        let hints = |text: &str| sending(text, Payload::Prompts);
        let public = hints("http://api.example.com:8000/v1/");
        assert!(
            public.starts_with("use https://api.example.com:8000/v1\n"),
            "{public}"
        );
        assert!(!public.contains("--allow-plain-http"), "{public}");
        let private = hints("http://192.168.1.7:1234/v1");
        for said in [
            "use https://192.168.1.7:1234/v1",
            "ssh -N -L 1234:127.0.0.1:1234 192.168.1.7, then use http://127.0.0.1:1234/v1",
            "--allow-plain-http",
        ] {
            assert!(private.contains(said), "{private}");
        }
        assert!(hints("http://[fd00::1]/v1").contains("ssh -N -L 8080:127.0.0.1:80 fd00::1,"));
        for name in ["http://nas:1234/v1", "http://nas.local:1234/v1"] {
            assert!(hints(name).contains("takes its private address, not its name"));
        }
        for url in [
            "http://192.168.1.7:1234/v1",
            "http://nas:1234/v1",
            "http://api.example.com/v1",
        ] {
            assert!(!hints(url).contains("credential"), "{}", hints(url));
        }
        let with_one = sending("http://192.168.1.7:1234/v1", Payload::Credential);
        assert!(
            with_one.contains("a connection without a credential"),
            "{with_one}"
        );
    }

    #[test]
    fn plain_http_to_a_private_address_is_a_base_url_of_its_own_making() {
        let read = |text: &str| BaseUrl::read(text, PlainHttp::PrivateNetwork, Payload::Prompts);
        let private = read("http://192.168.1.7:1234/v1/").unwrap();
        assert_eq!(private.as_str(), "http://192.168.1.7:1234/v1");
        assert!(private.is_plain() && !private.is_loopback());
        for text in [
            "http://api.example.com/v1",
            "http://nas.local/v1",
            "http://8.8.8.8/v1",
            "http://u@192.168.1.7/v1",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let secure = read("https://192.168.1.7/v1").unwrap();
        assert!(!secure.is_plain());
    }

    #[test]
    fn joining_keeps_the_base_path_and_escapes_what_a_segment_may_not_hold() {
        let base: BaseUrl = "https://h.test/v1".parse().unwrap();
        assert_eq!(
            base.join(&["chat", "completions"]).as_str(),
            "https://h.test/v1/chat/completions"
        );
        assert_eq!(
            base.join(&["models", "a b?c#d"]).path(),
            "/v1/models/a%20b%3Fc%23d"
        );
        assert_eq!(
            base.at_root("/api/whoami-v2").as_str(),
            "https://h.test/api/whoami-v2"
        );
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let origin = |text: &str| Origin::of(&Url::parse(text).unwrap());
        assert_eq!(origin("https://a.test/x"), origin("https://a.test:443/y"));
        assert_ne!(origin("https://a.test"), origin("https://a.test:8443"));
        assert_ne!(origin("https://a.test"), origin("http://a.test"));
        assert_eq!(origin("http://127.0.0.1:80").host(), "127.0.0.1");
        assert_eq!(origin("http://127.0.0.1:81").host(), "127.0.0.1:81");
    }
}
