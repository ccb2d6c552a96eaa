//! Third-party programs that tests run as peers, installed under `target/third-party` at pinned
//! versions and passed to tests as absolute paths, or installed from system packages.
//!
//! A part that cannot be installed fails the run. Tests never skip because of it.

mod aimock;
mod browser;
mod collector;
mod container;
mod debian;
mod mcp;
mod node;
mod npm;
pub(crate) mod python;
mod release;

use std::path::{Path, PathBuf};

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::mcp::Mcp;
use crate::third_party::release::Release;

/// Paths of the installed programs.
#[derive(Debug)]
pub(crate) struct ThirdParty {
    node: PathBuf,
    npm: PathBuf,
    aimock: PathBuf,
    browser: PathBuf,
    collector: PathBuf,
    /// The archive of a container's base.
    container: PathBuf,
    /// The Python with DuckDB and Polars.
    engines: PathBuf,
    mcp: Mcp,
    release: Release,
}

/// Installs missing parts. Does nothing if all are present at the pinned versions.
///
/// # Errors
/// `Missing` when a part could not be installed.
pub(crate) fn prepare(repository: &Repository) -> Result<ThirdParty, Failure> {
    debian::prepare(repository)?;
    let node = node::provide(repository)?;
    eprintln!("node: {} ({})", node.program().display(), node.version());
    Ok(ThirdParty {
        aimock: aimock::install(repository, &node)?,
        browser: browser::install(repository, &node)?,
        collector: collector::install(repository)?,
        container: container::install(repository)?,
        engines: python::install(repository, "engines", "duckdb, polars")?,
        mcp: mcp::install(repository, &node)?,
        release: release::install(repository, &node)?,
        npm: node.npm_path().to_owned(),
        node: node.program().to_owned(),
    })
}

/// Installs missing parts and prints the variables as shell assignments, for `eval "$(cargo xtask
/// third-party)"` before a plain `cargo test`.
///
/// # Errors
/// Same as [`prepare`].
pub(crate) fn print_environment(repository: &Repository) -> Result<(), Failure> {
    for (name, path) in prepare(repository)?.environment() {
        println!("export {name}='{}'", path.display());
    }
    Ok(())
}

impl ThirdParty {
    /// Returns the variables for the tests.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 16] {
        [
            ("SYNAPSE_TEST_NODE", &self.node),
            ("SYNAPSE_TEST_NPM", &self.npm),
            ("SYNAPSE_TEST_AIMOCK", &self.aimock),
            ("SYNAPSE_TEST_BROWSER", &self.browser),
            ("SYNAPSE_TEST_COLLECTOR", &self.collector),
            ("SYNAPSE_TEST_CONTAINER", &self.container),
            ("SYNAPSE_TEST_ENGINES", &self.engines),
            ("SYNAPSE_TEST_MCP_CONFORMANCE", &self.mcp.conformance),
            ("SYNAPSE_TEST_MCP_TYPESCRIPT", &self.mcp.typescript),
            ("SYNAPSE_TEST_MCP_SERVERS", &self.mcp.servers),
            ("SYNAPSE_TEST_OAUTH", &self.mcp.oauth),
            ("SYNAPSE_TEST_MCP_PYTHON_1", &self.mcp.python_1),
            ("SYNAPSE_TEST_MCP_PYTHON_2", &self.mcp.python_2),
            ("SYNAPSE_TEST_MCPB", &self.release.mcpb),
            ("SYNAPSE_TEST_RELEASE", &self.release.tools),
            ("SYNAPSE_TEST_XTASK", &self.release.xtask),
        ]
    }
}

/// Makes a download trust this machine's certificate authorities: node and pip bring their own
/// list, which lacks those of TLS-inspecting networks. Existing settings are kept.
fn trusting_this_machine(download: Invocation) -> Invocation {
    let Some(bundle) = CERTIFICATES
        .iter()
        .find(|bundle| Path::new(bundle).is_file())
    else {
        return download;
    };
    ["NODE_EXTRA_CA_CERTS", "PIP_CERT"]
        .into_iter()
        .filter(|name| std::env::var_os(name).is_none())
        .fold(download, |download, name| download.env(name, bundle))
}

/// System locations of certificate authorities: Debian, Fedora, macOS and others.
const CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];
