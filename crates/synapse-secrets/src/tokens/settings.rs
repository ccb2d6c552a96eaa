//! `oauth.toml`: the store of token records; files by default.

use synapse_core::{Code, Failure};
use synapse_home::Home;
use synapse_home::failure::{of_file, rely_on, shown};
use toml_edit::DocumentMut;

use super::Backend;

pub(super) fn backend(home: &Home) -> Result<Backend, Failure> {
    let path = home.oauth_settings();
    let Some(text) = synapse_files::read(&path, CAP).map_err(of_file)? else {
        return Ok(Backend::Files);
    };
    rely_on(home, &path)?;
    let invalid = |why: &str| {
        Failure::new(
            Code::ConfigInvalidValue,
            format!("{} does not say where tokens are kept", shown(&path)),
        )
        .cause(why)
        .hint("write `store = \"file\"` or `store = \"keyring\"`, and nothing else")
        .with("file", shown(&path))
    };
    let text = String::from_utf8(text).map_err(|_| invalid("it is not UTF-8 text"))?;
    let document: DocumentMut = text.parse().map_err(|_| invalid("it is not TOML"))?;
    if document.iter().any(|(name, _)| name != STORE) {
        return Err(invalid("it has another member than `store`"));
    }
    match document.get(STORE).and_then(|item| item.as_str()) {
        Some("file") => Ok(Backend::Files),
        Some("keyring") => Ok(Backend::Keyring),
        _ => Err(invalid("`store` is neither `file` nor `keyring`")),
    }
}

const STORE: &str = "store";
const CAP: u64 = 4096;
