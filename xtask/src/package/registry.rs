//! `server.json`, the server's entry in the MCP registry: the committed file with the current
//! version and the bundles found in the output directory, each with its checksum.

use serde_json::{Value, json};

use super::{HOMEPAGE, Making, Product, digest, mcpb, put};
use crate::failure::Failure;
use crate::repository;

/// Writes the file.
///
/// # Errors
/// `File` when a bundle cannot be read or the file cannot be written, `Unreadable` when the
/// committed one is invalid JSON.
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
