//! Programs that check a release: the planner, the workflow linter, the documentation builder and
//! the MCP bundle validator; also this tool, for the tests of packages.

use std::path::PathBuf;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::{npm, python};

/// Paths of the installed parts.
#[derive(Debug)]
pub(crate) struct Release {
    /// The script of the bundle validator.
    pub(crate) mcpb: PathBuf,
    /// The directory with the other programs.
    pub(crate) tools: PathBuf,
    /// This tool.
    pub(crate) xtask: PathBuf,
}

/// Installs the pinned versions if missing.
///
/// # Errors
/// Same as [`npm::install`] and [`python::environment`]; `File` when this program has no path.
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<Release, Failure> {
    let bundles = npm::install(repository, node, "mcpb", &[MCPB])?;
    let tools = python::environment(repository, "release", |directory| {
        PROGRAMS.iter().try_for_each(|program| {
            Invocation::new(repository, directory.join("bin").join(program))
                .arg("--version")
                .capture()
                .map(drop)
        })
    })?;
    let xtask = std::env::current_exe().map_err(|source| Failure::File {
        path: PathBuf::from("xtask"),
        action: "found",
        source,
    })?;
    Ok(Release {
        mcpb: bundles.join(MCPB),
        tools: tools.join("bin"),
        xtask,
    })
}

const MCPB: &str = "node_modules/@anthropic-ai/mcpb/dist/cli/cli.js";
const PROGRAMS: [&str; 3] = ["actionlint", "dist", "mdbook"];
