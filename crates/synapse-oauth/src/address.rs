//! Validates URLs in foreign metadata: https, or http on this machine; no shell metacharacters, and
//! no local address unless the server itself is local. `synapse-http` judges the addresses of names.

use synapse_core::redact::Redactor;
use synapse_core::secure_url::{AddressScope, is_loopback};
use url::Url;

/// Why a URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is not a URL that begins with https://, or with http:// for this machine")]
    Scheme,
    #[error("it holds characters that no URL has, or that a shell reads")]
    Characters,
    #[error("it holds a user name, a password or a fragment")]
    Parts,
    #[error("it is longer than a URL may be")]
    Length,
    #[error("it leads to this machine or a private network, and the server is not there")]
    Place,
}

/// Parses the URL `text` from metadata, if a server at `server` may name it.
pub(crate) fn named_by(text: &str, server: &Url) -> Result<Url, Refused> {
    if text.len() > LONGEST {
        return Err(Refused::Length);
    }
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if !lower.starts_with("https://") && !lower.starts_with("http://") {
        return Err(Refused::Scheme);
    }
    if !text.bytes().all(is_harmless) {
        return Err(Refused::Characters);
    }
    let url = Url::parse(text).map_err(|_| Refused::Scheme)?;
    if url.host().is_none() {
        return Err(Refused::Scheme);
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || url.fragment().is_some() {
        return Err(Refused::Parts);
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(Refused::Scheme);
    }
    match (AddressScope::of_url(&url), AddressScope::of_url(server)) {
        (AddressScope::Public, _) => Ok(url),
        (its, servers) if its == servers => Ok(url),
        _ => Err(Refused::Place),
    }
}

/// Foreign text for a message: short, without tokens and control characters.
pub(crate) fn shown(text: &str) -> String {
    Redactor::none().clean(text, SHOWN)
}

/// RFC 3986 without characters that are special inside a word of a shell or PowerShell.
fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!&*+,=%".contains(&byte)
}

const LONGEST: usize = 2048;
const SHOWN: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, server: &str) -> Result<(), Refused> {
        named_by(text, &server.parse().unwrap()).map(drop)
    }

    #[test]
    fn what_could_run_something_is_refused() {
        for (text, refused) in [
            ("javascript:alert(1)", Refused::Scheme),
            ("file:///etc/passwd", Refused::Scheme),
            ("data:text/html,x", Refused::Scheme),
            ("-https://a.test/", Refused::Scheme),
            ("--new-window", Refused::Scheme),
            ("http://a.test/plain", Refused::Scheme),
            ("https://a.test/$(calc)", Refused::Characters),
            ("https://a.test/`calc`", Refused::Characters),
            ("https://a.test/a;calc", Refused::Characters),
            ("https://a.test/a|calc", Refused::Characters),
            ("https://a.test/'calc'", Refused::Characters),
            ("https://a.test/\"calc\"", Refused::Characters),
            ("https://a.test/a b", Refused::Characters),
            ("https://a.test/\r\nx", Refused::Characters),
            ("https://a.test/^calc", Refused::Characters),
            ("https://a.test\\@b.test/", Refused::Characters),
            ("https://u:p@a.test/", Refused::Parts),
            ("https://a.test/#x", Refused::Parts),
        ] {
            assert_eq!(judge(text, "https://mcp.test/mcp"), Err(refused), "{text}");
        }
        assert_eq!(
            judge("https://a.test/authorize?p=B2C_1&x=1", "https://mcp.test/"),
            Ok(())
        );
    }

    #[test]
    fn a_private_address_is_named_by_a_server_that_is_there() {
        for host in [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "[::ffff:127.0.0.1]",
            "10.0.0.1",
            "169.254.169.254",
            "100.64.1.1",
            "0.0.0.0",
            "[fd00::1]",
            "192.168.1.1",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "0x7f.1",
        ] {
            let text = format!("https://{host}/token");
            assert_eq!(
                judge(&text, "https://mcp.test/mcp"),
                Err(Refused::Place),
                "{host}"
            );
        }
        assert_eq!(
            judge("http://127.0.0.1:1/t", "http://localhost:2/mcp"),
            Ok(())
        );
        assert_eq!(judge("https://10.0.0.9/t", "https://10.0.0.1/mcp"), Ok(()));
        assert_eq!(
            judge("https://10.0.0.9/t", "http://127.0.0.1/mcp"),
            Err(Refused::Place)
        );
        assert_eq!(judge("https://as.test/t", "http://127.0.0.1/mcp"), Ok(()));
    }
}
