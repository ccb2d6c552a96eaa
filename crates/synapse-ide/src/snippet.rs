//! The entry as text to paste, in each client's format.

use synapse_core::redact::printable_json;
use synapse_core::{Code, Failure};

use crate::client::{Client, Scope};
use crate::entry::{Entry, NAME};
use crate::failure::install_remedy;
use crate::format::{self, Edit, Text};

/// A file content for `client` with only our entry.
///
/// # Errors
/// `ide.not-supported` when a path cannot be represented in this format or displayed.
pub fn snippet(client: &Client, entry: &Entry) -> Result<String, Failure> {
    let path = vec![client.key.to_owned(), NAME.to_owned()];
    let edit = Edit::Set(path, entry.fresh(client));
    let text = format::edit(client.format, &Text::default(), &[edit])
        .map_err(|why| unshowable(client).cause(why))?;
    shown(client, text.as_str())
}

/// A terminal-safe form of the text with the same meaning to the client: a path may contain
/// invisible characters or direction overrides.
fn shown(client: &Client, text: &str) -> Result<String, Failure> {
    let shown = printable_json(text);
    let means_the_same = shown == text
        || matches!(
            (format::read(client.format, &shown), format::read(client.format, text)),
            (Ok(shown), Ok(text)) if shown == text
        );
    if means_the_same {
        return Ok(shown);
    }
    Err(unshowable(client))
}

fn unshowable(client: &Client) -> Failure {
    Failure::new(
        Code::IdeNotSupported,
        "the entry cannot be shown: a path in it has characters that a terminal must not show",
    )
    .remedy("let Synapse write it", &install_remedy(client, Scope::User))
    .with("client", client.id())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_a_terminal_must_not_show_is_escaped_and_means_the_same() {
        let home = "/home/\u{202e}x\u{7f}/.synapse";
        let entry = Entry::new(Path::new("/usr/bin/synapse")).unwrap();
        let entry = entry.with_home(Path::new(home)).unwrap();
        for client in crate::CLIENTS {
            match snippet(client, &entry) {
                Ok(text) => {
                    assert_eq!(synapse_core::redact::printable(&text), text, "{client}");
                    let meant = format::read(client.format, &text).unwrap().to_string();
                    assert!(meant.contains('\u{202e}'), "{client}: {meant}");
                }
                Err(failure) => assert_eq!(failure.code(), Code::IdeNotSupported, "{client}"),
            }
        }
    }
}
