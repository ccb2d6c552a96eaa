//! The npm packages: one per platform with the program, and the main one, which has all of them as
//! optional dependencies and starts the installed one. No install scripts.

use serde_json::json;

use super::archive::{ArchiveEntry, gzip, tar};
use super::platform::{PLATFORMS, Platform, System};
use super::{HOMEPAGE, LICENCE, Making, Product, REGISTRY_NAME, SUMMARY};
use crate::failure::Failure;

/// The name users install.
pub(super) const NAME: &str = "@synapse-runtime/synapse";

/// Builds the platform package and the main package.
///
/// # Errors
/// `File` when a part cannot be read or a package cannot be written.
pub(super) fn make(making: &Making<'_>) -> Result<Vec<Product>, Failure> {
    let platform = making.platform;
    let mut manifest = json!({
        "name": package(platform),
        "version": making.version,
        "description": format!("The program of {NAME} for {}", platform.triple),
        "license": LICENCE,
        "repository": repository(),
        "os": [platform.system.node_name()],
        "cpu": [platform.npm_processor],
        "files": ["bin"],
        "preferUnplugged": true,
    });
    let library = match platform.system {
        System::LinuxGnu => Some("glibc"),
        System::LinuxMusl => Some("musl"),
        System::MacOs | System::Windows => None,
    };
    if let (Some(library), Some(members)) = (library, manifest.as_object_mut()) {
        members.insert("libc".to_owned(), json!([library]));
    }
    let program = format!("package/bin/{}", platform.program());
    let mut parts = vec![
        ArchiveEntry::data("package/package.json", pretty(&manifest)),
        ArchiveEntry::program(program, making.bytes.clone()),
    ];
    parts.extend(making.licences("package/")?);
    let archive = making.archived(tar(&parts).and_then(|tar| gzip(&tar, making.effort)))?;
    let name = format!(
        "synapse-runtime-synapse-{}-{}.tgz",
        platform.npm, making.version
    );
    Ok(vec![making.write(&name, &archive)?, starter(making)?])
}

fn starter(making: &Making<'_>) -> Result<Product, Failure> {
    let platforms = PLATFORMS
        .iter()
        .map(|each| (package(each), json!(making.version)));
    let manifest = json!({
        "name": NAME,
        "version": making.version,
        "description": SUMMARY,
        "mcpName": REGISTRY_NAME,
        "license": LICENCE,
        "homepage": HOMEPAGE,
        "repository": repository(),
        "keywords": ["mcp", "modelcontextprotocol", "llm", "openai", "anthropic", "huggingface", "byok"],
        "bin": { "synapse": "bin/synapse.js" },
        "files": ["bin"],
        "engines": { "node": ">=18" },
        "optionalDependencies": platforms.collect::<serde_json::Map<_, _>>(),
    });
    let mut parts = vec![
        ArchiveEntry::data("package/package.json", pretty(&manifest)),
        ArchiveEntry::program(
            "package/bin/synapse.js",
            making.part("packaging/npm/synapse.js")?,
        ),
        ArchiveEntry::data("package/README.md", making.part("packaging/npm/README.md")?),
    ];
    parts.extend(making.licences("package/")?);
    let archive = making.archived(tar(&parts).and_then(|tar| gzip(&tar, making.effort)))?;
    making.write(
        &format!("synapse-runtime-synapse-{}.tgz", making.version),
        &archive,
    )
}

fn package(platform: &Platform) -> String {
    format!("{NAME}-{}", platform.npm)
}

fn repository() -> serde_json::Value {
    json!({ "type": "git", "url": format!("git+{HOMEPAGE}.git") })
}

fn pretty(manifest: &serde_json::Value) -> String {
    format!("{manifest:#}\n")
}
