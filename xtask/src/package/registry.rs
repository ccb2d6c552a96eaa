//! `server.json`, by which the MCP registry lists a server: the committed one, with this version and with the bundles that
//! are in the directory beside it, each with the checksum that a client compares.

use serde_json::{Value, json};

use super::{HOMEPAGE, Making, Product, digest, mcpb, put};
use crate::failure::Failure;
use crate::repository;

/// Writes the file.
///
/// # Errors
/// `File` when a bundle cannot be read or the file cannot be written, `Unreadable` when the committed one is no JSON.
pub(super) fn make(making: &Making<'_>) -> Result<Vec<Product>, Failure> {
    let mut server: Value = making.json(COMMITTED)?;
    put(&mut server, "/version", making.version)?;
    let packages = server.get("packages").and_then(Value::as_array);
    let mut packages = packages.cloned().unwrap_or_default();
    for package in &mut packages {
        put(package, "/version", making.version)?;
    }
    for (name, bytes) in repository::files_ending(making.directory, mcpb::EXTENSION)? {
        packages.push(json!({
            "registryType": "mcpb",
            "identifier": format!("{HOMEPAGE}/releases/download/v{}/{name}", making.version),
            "fileSha256": hexadecimal(&digest(&bytes)),
            "transport": { "type": "stdio" },
        }));
    }
    put(&mut server, "/packages", packages)?;
    Ok(vec![making.write(
        "server.json",
        format!("{server:#}\n").as_bytes(),
    )?])
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) const COMMITTED: &str = "packaging/server.json";
