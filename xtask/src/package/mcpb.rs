//! The MCP bundle: one file that a desktop client installs on double click. One per platform,
//! because a bundle of all programs would be too large to download.

use serde_json::Value;

use super::archive::{ArchiveEntry, zip};
use super::{Making, Product, put};
use crate::failure::Failure;

/// Builds the bundle for the platform.
///
/// # Errors
/// `File` when a part cannot be read or the bundle cannot be written, `Unreadable` when the
/// manifest is invalid JSON.
pub(super) fn make(making: &Making<'_>) -> Result<Vec<Product>, Failure> {
    let mut manifest: Value = making.json("packaging/mcpb/manifest.json")?;
    let program = format!("server/{}", making.platform.program());
    put(&mut manifest, "/version", making.version)?;
    put(&mut manifest, "/server/entry_point", program.as_str())?;
    let command = format!("${{__dirname}}/{program}");
    put(&mut manifest, "/server/mcp_config/command", command)?;
    let systems = vec![making.platform.system.node_name()];
    put(&mut manifest, "/compatibility/platforms", systems)?;
    let mut parts = vec![
        ArchiveEntry::data("manifest.json", format!("{manifest:#}\n")),
        ArchiveEntry::program(program, making.bytes.clone()),
    ];
    parts.extend(making.licences("")?);
    let archive = making.archived(zip(&parts, making.effort))?;
    let name = format!("synapse-{}{EXTENSION}", making.platform.triple);
    Ok(vec![making.write(&name, &archive)?])
}

pub(super) const EXTENSION: &str = ".mcpb";
