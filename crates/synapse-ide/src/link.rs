//! Links that make a client add an entry after confirmation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use synapse_core::{Code, Failure};

use crate::client::{Client, LinkForm, Scope};
use crate::entry::{Entry, NAME};
use crate::failure::install_remedy;

/// Builds the link that makes `client` add `entry`.
///
/// # Errors
/// `ide.not-supported` when the client has no links, or none that can represent this entry.
pub fn link(client: &Client, entry: &Entry) -> Result<String, Failure> {
    let Some(form) = client.link else {
        return Err(refusal(
            client,
            &format!("{} cannot add an entry from a link", client.title()),
        ));
    };
    match form {
        LinkForm::Base64(prefix) => {
            let config = STANDARD.encode(entry.fresh(client).to_string());
            Ok(format!("{prefix}?name={NAME}&config={}", encoded(&config)))
        }
        LinkForm::Json(prefix) => {
            let mut named = Map::from_iter([("name".to_owned(), json!(NAME))]);
            if let Value::Object(fields) = entry.fresh(client) {
                named.extend(fields);
            }
            let config = Value::Object(named).to_string();
            Ok(format!("{prefix}?{}", encoded(&config)))
        }
        LinkForm::Goose => {
            if !entry.environment().is_empty() || !entry.passed().is_empty() {
                return Err(refusal(
                    client,
                    "a Goose link carries no environment, and this entry needs SYNAPSE_HOME",
                ));
            }
            let mut link = format!("goose://extension?cmd={}", encoded(entry.command()));
            for argument in entry.arguments() {
                link.push_str("&arg=");
                link.push_str(&encoded(&argument));
            }
            link.push_str(&format!("&id={NAME}&name=Synapse"));
            Ok(link)
        }
    }
}

fn refusal(client: &Client, message: &str) -> Failure {
    Failure::new(Code::IdeNotSupported, message)
        .remedy(
            "write the entry instead",
            &install_remedy(client, Scope::User),
        )
        .with("client", client.id())
}

/// Equivalent of `encodeURIComponent`.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn links_are_those_of_the_clients() {
        let entry = Entry::new(Path::new("/usr/bin/synapse")).unwrap();
        let of = |id| link(Client::named(id).unwrap(), &entry);
        let config = "eyJjb21tYW5kIjoiL3Vzci9iaW4vc3luYXBzZSIsImFyZ3MiOlsic2VydmUiXX0%3D";
        assert_eq!(
            of("cursor").unwrap(),
            format!("cursor://anysphere.cursor-deeplink/mcp/install?name=synapse&config={config}")
        );
        assert_eq!(
            of("lm-studio").unwrap(),
            format!("lmstudio://add_mcp?name=synapse&config={config}")
        );
        let json = "%7B%22name%22%3A%22synapse%22%2C%22type%22%3A%22stdio%22%2C%22command%22%3A\
                    %22%2Fusr%2Fbin%2Fsynapse%22%2C%22args%22%3A%5B%22serve%22%5D%7D";
        assert_eq!(of("vscode").unwrap(), format!("vscode:mcp/install?{json}"));
        assert_eq!(
            of("visual-studio").unwrap(),
            format!("vsweb+mcp:/install?{json}")
        );
        assert_eq!(
            of("goose").unwrap(),
            "goose://extension?cmd=%2Fusr%2Fbin%2Fsynapse&arg=serve&id=synapse&name=Synapse"
        );
        assert_eq!(of("codex").unwrap_err().code(), Code::IdeNotSupported);
    }

    #[test]
    fn a_link_says_everything_or_is_refused() {
        let entry = Entry::new(Path::new("/a b/synapse"))
            .and_then(|entry| entry.with_home(Path::new("/c&d")))
            .unwrap();
        let cursor = link(Client::named("cursor").unwrap(), &entry).unwrap();
        let (_, config) = cursor.rsplit_once("config=").unwrap();
        let config = percent_encoding::percent_decode_str(config)
            .decode_utf8()
            .unwrap();
        let decoded = STANDARD.decode(config.as_bytes()).unwrap();
        let value: Value = serde_json::from_slice(&decoded).unwrap();
        assert_eq!(value["command"], "/a b/synapse");
        assert_eq!(value["env"]["SYNAPSE_HOME"], "/c&d");
        let goose = link(Client::named("goose").unwrap(), &entry).unwrap_err();
        assert_eq!(goose.code(), Code::IdeNotSupported);
    }
}
