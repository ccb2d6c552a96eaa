//! The entry as text to paste, in the form that each client reads.

use synapse_core::{Code, Failure};

use crate::client::Client;
use crate::entry::{Entry, NAME};
use crate::format::{self, Edit, Text};

/// The content of a file of `client` that has our entry and nothing else.
///
/// # Errors
/// `internal.invariant` when the entry cannot be written, which no entry can bring about.
pub fn snippet(client: &Client, entry: &Entry) -> Result<String, Failure> {
    let path = vec![client.key.to_owned(), NAME.to_owned()];
    let edit = Edit::Set(path, entry.fresh(client));
    let text = format::edit(client.format, &Text::default(), &[edit]).map_err(|why| {
        Failure::new(Code::InternalInvariant, "the snippet cannot be written").cause(why)
    })?;
    Ok(text.as_str().to_owned())
}
