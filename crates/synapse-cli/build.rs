//! Tells the program what it was built for and from which commit, for `synapse --version --json`. Reads files and runs
//! nothing. The commit is told of an optimised build alone: otherwise each commit would compile the program again.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script: cargo talks to it in variables and reads its stdout"
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

/// The commit that cargo wrote into a package of crates.io.
fn of_package(here: &Path) -> Option<String> {
    let text = fs::read_to_string(here.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    commit(rest.split('"').nth(1)?)
}

/// The commit that the checkout above is at, as gitrepository-layout(5) keeps it.
fn of_checkout(here: &Path) -> Option<String> {
    let mut above = here.ancestors().map(|directory| directory.join(".git"));
    let directory = directory(&above.find(|path| path.exists())?)?;
    let head = read(&directory.join("HEAD"))?;
    let Some(reference) = head.strip_prefix("ref: ").map(str::trim) else {
        return commit(head.trim());
    };
    // Another worktree keeps its branches in the first one.
    let common = fs::read_to_string(directory.join("commondir"));
    let common = common.map_or_else(|_| directory.clone(), |path| directory.join(path.trim()));
    let loose = read(&common.join(reference)).and_then(|text| commit(text.trim()));
    loose.or_else(|| {
        let packed = read(&common.join("packed-refs"))?;
        let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
        commit(lines.find(|(_, name)| *name == reference)?.0)
    })
}

/// What `.git` is or, in another worktree, names.
fn directory(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = fs::read_to_string(git).ok()?;
    let named = text.strip_prefix("gitdir: ")?.trim();
    Some(git.parent()?.join(named))
}

/// Reads a file, and has cargo run this again when it changes.
fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    println!("cargo:rerun-if-changed={}", path.display());
    Some(text)
}

/// A name of a commit, and nothing else.
fn commit(text: &str) -> Option<String> {
    let whole =
        (text.len() == 40 || text.len() == 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| text.to_owned())
}
