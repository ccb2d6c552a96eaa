//! Paths of the third-party programs that tests use as peers. `cargo xtask test` installs them and
//! sets the variables.

use std::path::PathBuf;

/// The program or script named by `variable`. Never skips: a test that did not run proves nothing.
///
/// # Panics
/// If the variable is not set.
#[must_use]
pub fn installed(variable: &str) -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "how xtask tells where it installed what the tests need"
    )]
    let path = std::env::var_os(variable);
    let Some(path) = path else {
        panic!(
            "{variable} is not set: run `cargo xtask test`, or first \
             `eval \"$(cargo xtask third-party)\"`"
        );
    };
    PathBuf::from(path)
}

/// The directory for new pictures of the dashboard, if they are asked for.
#[must_use]
pub fn pictures() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "set by whoever makes the pictures of the guide anew"
    )]
    std::env::var_os("SYNAPSE_TEST_PICTURES").map(PathBuf::from)
}

/// The directory of the modules that drive a browser.
pub const BROWSER: &str = "SYNAPSE_TEST_BROWSER";
/// Node.
pub const NODE: &str = "SYNAPSE_TEST_NODE";
/// npm: a program, or a Node script if its name ends in `.js`.
pub const NPM: &str = "SYNAPSE_TEST_NPM";
/// The script of aimock.
pub const AIMOCK: &str = "SYNAPSE_TEST_AIMOCK";
/// The script of the official conformance suite of MCP.
pub const CONFORMANCE: &str = "SYNAPSE_TEST_MCP_CONFORMANCE";
/// The directory of the official TypeScript MCP clients.
pub const TYPESCRIPT: &str = "SYNAPSE_TEST_MCP_TYPESCRIPT";
/// The directory of `oidc-provider` and an MCP server that uses it.
pub const OAUTH: &str = "SYNAPSE_TEST_OAUTH";
/// The directory of the MCP reference servers.
pub const SERVERS: &str = "SYNAPSE_TEST_MCP_SERVERS";
/// The Python with version 1 of the official MCP client.
pub const PYTHON_1: &str = "SYNAPSE_TEST_MCP_PYTHON_1";
/// The Python with version 2 of the official MCP client.
pub const PYTHON_2: &str = "SYNAPSE_TEST_MCP_PYTHON_2";
/// An OpenTelemetry collector.
pub const COLLECTOR: &str = "SYNAPSE_TEST_COLLECTOR";
/// The archive of a container's base, a minimal Debian.
pub const CONTAINER: &str = "SYNAPSE_TEST_CONTAINER";
/// The Python with DuckDB and Polars.
pub const ENGINES: &str = "SYNAPSE_TEST_ENGINES";
/// The script of the validator of MCP bundles.
pub const MCPB: &str = "SYNAPSE_TEST_MCPB";
/// The directory of the release tools `dist`, `actionlint` and `mdbook`.
pub const RELEASE: &str = "SYNAPSE_TEST_RELEASE";
/// The developer tool of this repository, which builds the packages.
pub const XTASK: &str = "SYNAPSE_TEST_XTASK";
