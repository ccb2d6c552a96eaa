//! Passes the build target and the commit to the program, for `synapse --version --json`. Reads
//! files and runs no program. The commit is set only in optimised builds: otherwise every commit
//! would recompile the program.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script: cargo talks to it in variables"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(target) = std::env::var("TARGET") {
        println!("cargo:rustc-env=SYNAPSE_TARGET={target}");
    }
    let optimised = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let here = std::env::var("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let Some(here) = here.ok().filter(|_| optimised) else {
        return;
    };
    if let Some(commit) = of_package(&here).or_else(|| of_checkout(&here)) {
        println!("cargo:rustc-env=SYNAPSE_COMMIT={commit}");
    }
}

/// The commit that cargo recorded in a crates.io package.
fn of_package(here: &Path) -> Option<String> {
    let text = fs::read_to_string(here.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    commit(rest.split('"').nth(1)?)
}

/// The checked-out commit, read as described in gitrepository-layout(5).
fn of_checkout(here: &Path) -> Option<String> {
    let mut above = here.ancestors().map(|directory| directory.join(".git"));
    let directory = directory(&above.find(|path| path.exists())?)?;
    let head = read(&directory.join("HEAD"))?;
    let Some(reference) = head.strip_prefix("ref: ").map(str::trim) else {
        return commit(head.trim());
    };
    // A linked worktree keeps its branches in the main one.
    let common = fs::read_to_string(directory.join("commondir"));
    let common = common.map_or_else(|_| directory.clone(), |path| directory.join(path.trim()));
    let loose = read(&common.join(reference)).and_then(|text| commit(text.trim()));
    loose.or_else(|| {
        let packed = read(&common.join("packed-refs"))?;
        let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
        commit(lines.find(|(_, name)| *name == reference)?.0)
    })
}

/// The git directory: `.git` itself or, in a linked worktree, the directory that it names.
fn directory(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = fs::read_to_string(git).ok()?;
    let named = text.strip_prefix("gitdir: ")?.trim();
    Some(git.parent()?.join(named))
}

/// Reads a file and makes cargo rerun this script when it changes.
fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    println!("cargo:rerun-if-changed={}", path.display());
    Some(text)
}

/// Accepts only a commit id.
fn commit(text: &str) -> Option<String> {
    let whole =
        (text.len() == 40 || text.len() == 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| text.to_owned())
}
