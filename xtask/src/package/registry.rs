//! `server.json`, by which the MCP registry lists a server: the committed one, with this version and with the bundles that
//! are in the directory beside it, each with the checksum that a client compares.

use serde_json::{Value, json};

use super::{HOMEPAGE, Making, Product, digest, mcpb};
use crate::failure::Failure;
use crate::repository;

/// Writes the file.
///
/// # Errors
/// `File` when a bundle cannot be read or the file cannot be written, `Unreadable` when the committed one is no JSON.
pub(super) fn make(making: &Making<'_>) -> Result<Vec<Product>, Failure> {
    let mut server: Value = making.json(COMMITTED)?;
    server["version"] = making.version.into();
    let mut packages = server["packages"].as_array().cloned().unwrap_or_default();
    for package in &mut packages {
        package["version"] = making.version.into();
    }
    for (name, bytes) in repository::files_ending(making.directory, mcpb::EXTENSION)? {
        packages.push(json!({
            "registryType": "mcpb",
            "identifier": format!("{HOMEPAGE}/releases/download/v{}/{name}", making.version),
            "fileSha256": hexadecimal(&digest(&bytes)),
            "transport": { "type": "stdio" },
        }));
    }
    server["packages"] = packages.into();
    Ok(vec![making.write(
        "server.json",
        format!("{server:#}\n").as_bytes(),
    )?])
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) const COMMITTED: &str = "packaging/server.json";
