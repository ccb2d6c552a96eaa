//! What judges a release: the program that plans it, the linter of its workflows, the builder of the documentation's
//! site and the validator of MCP bundles. This tool itself is handed over too, for the tests of what it packs.

use std::path::PathBuf;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::{npm, python};

/// Where each part is.
#[derive(Debug)]
pub(crate) struct Release {
    /// The script of the validator of bundles.
    pub(crate) mcpb: PathBuf,
    /// The directory with the other programs.
    pub(crate) tools: PathBuf,
    /// This tool.
    pub(crate) xtask: PathBuf,
}

/// Installs the pinned versions, unless they are there.
///
/// # Errors
/// As [`npm::install`] and [`python::environment`]; `File` when this program has no path.
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
