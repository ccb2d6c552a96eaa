//! Third-party MCP software: the official conformance suite, the official TypeScript and Python
//! SDKs, MCP Inspector, the reference servers and that of Hugging Face. Versions are in
//! `tests/third-party/mcp-*`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::{npm, python};

/// Paths of the installed parts.
#[derive(Debug)]
pub(crate) struct Mcp {
    /// The script of the conformance suite.
    pub(crate) conformance: PathBuf,
    /// The directory with the TypeScript SDKs and MCP Inspector.
    pub(crate) typescript: PathBuf,
    /// The directory with the reference servers.
    pub(crate) servers: PathBuf,
    /// The directory with an authorization server and an MCP server that uses it.
    pub(crate) oauth: PathBuf,
    /// The Python with version 1 of the SDK.
    pub(crate) python_1: PathBuf,
    /// The Python with version 2 of the SDK.
    pub(crate) python_2: PathBuf,
}

/// Installs the pinned versions if missing.
///
/// # Errors
/// Same as [`npm::install`] and [`python::install`].
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<Mcp, Failure> {
    let suite = npm::install(repository, node, "mcp-conformance", &[CONFORMANCE])?;
    Ok(Mcp {
        conformance: suite.join(CONFORMANCE),
        typescript: npm::install(repository, node, "mcp-typescript", &[INSPECTOR])?,
        // They lack `--help`: any non-option is a directory or a transport to them.
        servers: npm::install(repository, node, "mcp-servers", &[])?,
        oauth: npm::install(repository, node, "oauth", &[])?,
        python_1: python::install(repository, "mcp-python-1", "mcp")?,
        python_2: python::install(repository, "mcp-python-2", "mcp")?,
    })
}

const CONFORMANCE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
const INSPECTOR: &str =
    "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";
