//! The servers declared in a client's files by anybody. Read only.

use std::path::PathBuf;

use serde_json::{Map, Value};
use synapse_core::Failure;

use crate::client::{Client, Scope};
use crate::entry::NAME;
use crate::failure::invalid;
use crate::file;
use crate::format::{self, Text};
use crate::machine::Machine;

/// A server in another program's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its entry, verbatim.
    pub entry: Map<String, Value>,
    /// The file.
    pub file: PathBuf,
}

/// The servers of `client` on `machine`, by precedence of its files; excludes Synapse itself, and
/// lower-precedence duplicates.
///
/// # Errors
/// `ide.*` when an existing file cannot be read.
pub fn servers(client: &Client, machine: &Machine) -> Result<Vec<Declared>, Failure> {
    let mut found: Vec<Declared> = Vec::new();
    for site in client.sites(machine) {
        if site.scope == Scope::Local || site.reader.is_some() {
            continue;
        }
        let Some(bytes) = file::read(&site.file)? else {
            continue;
        };
        let text = Text::of(&bytes).map_err(|why| invalid(&site.file, why))?;
        let value =
            format::read(client.format, text.as_str()).map_err(|why| invalid(&site.file, why))?;
        let Some(Value::Object(entries)) = value.get(client.key) else {
            continue;
        };
        for (name, entry) in entries {
            let is_known = name == NAME || found.iter().any(|each| each.name == *name);
            if let (false, Value::Object(entry)) = (is_known, entry) {
                found.push(Declared {
                    name: name.clone(),
                    entry: entry.clone(),
                    file: site.file.clone(),
                });
            }
        }
    }
    Ok(found)
}
