//! Where the programs of other people are that the tests run as a peer. `cargo xtask test` installs
//! them and says so in the environment.

use std::path::PathBuf;

/// The program or script that `cargo xtask test` names in `variable`. Never a reason to skip: a
/// test that did not run has shown nothing.
///
/// # Panics
/// When the variable is not set.
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

/// The directory into which the modules that drive a browser are installed.
pub const BROWSER: &str = "SYNAPSE_TEST_BROWSER";
/// Node.
pub const NODE: &str = "SYNAPSE_TEST_NODE";
/// npm: a program, or a script for Node where its name ends in `.js`.
pub const NPM: &str = "SYNAPSE_TEST_NPM";
/// The script of aimock.
pub const AIMOCK: &str = "SYNAPSE_TEST_AIMOCK";
/// The script of the official conformance suite of MCP.
pub const CONFORMANCE: &str = "SYNAPSE_TEST_MCP_CONFORMANCE";
/// The directory into which the official TypeScript clients of MCP are installed.
pub const TYPESCRIPT: &str = "SYNAPSE_TEST_MCP_TYPESCRIPT";
/// The directory into which `oidc-provider` and a server behind it are installed.
pub const OAUTH: &str = "SYNAPSE_TEST_OAUTH";
/// The directory into which the reference servers of MCP are installed.
pub const SERVERS: &str = "SYNAPSE_TEST_MCP_SERVERS";
/// The Python that has the official client of MCP, version 1.
pub const PYTHON_1: &str = "SYNAPSE_TEST_MCP_PYTHON_1";
/// The Python that has the official client of MCP, version 2.
pub const PYTHON_2: &str = "SYNAPSE_TEST_MCP_PYTHON_2";
/// The Python that has DuckDB and Polars.
pub const ENGINES: &str = "SYNAPSE_TEST_ENGINES";
/// The script of the validator of MCP bundles.
pub const MCPB: &str = "SYNAPSE_TEST_MCPB";
/// The directory with the programs that judge a release: `dist`, `actionlint` and `mdbook`.
pub const RELEASE: &str = "SYNAPSE_TEST_RELEASE";
/// The developer tool of this repository, which makes the packages.
pub const XTASK: &str = "SYNAPSE_TEST_XTASK";
