//! The servers that a client's files declare, whoever wrote them. Only reads.

use std::path::PathBuf;

use serde_json::{Map, Value};
use synapse_core::Failure;

use crate::client::{Client, Scope};
use crate::entry::NAME;
use crate::failure::invalid;
use crate::file;
use crate::format::{self, Text};
use crate::machine::Machine;

/// A server of another program's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its name there.
    pub name: String,
    /// Its entry, as that program writes it.
    pub entry: Map<String, Value>,
    /// The file.
    pub file: PathBuf,
}

/// The servers that `client` has on `machine`, those of the file that wins first; Synapse itself is
/// not among them, and of two of one name only the one that wins.
///
/// # Errors
/// `ide.*` when a file is there and cannot be read.
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
