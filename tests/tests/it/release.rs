//! The release process: `dist`'s plan, the workflows, the MCP registry entry, and the documentation
//! site.

use std::path::{Path, PathBuf};

use serde_json::Value;
use synapse_tests::process::Run;
use synapse_tests::third_party::{RELEASE, installed};
use tempfile::TempDir;

/// Asks `dist` for its plan.
pub(crate) const PLAN: [&str; 3] = ["plan", "--output-format=json", "--no-local-paths"];

#[test]
fn a_release_has_every_platform_and_both_installers() {
    let run = Run::new(&installed(RELEASE).join("dist"), PLAN);
    // Also fails when release.yml differs from dist's output.
    let planned = at_the_root(run).output().with_code(0).json();
    let releases = planned["releases"].as_array().unwrap();
    let [release] = releases.as_slice() else {
        panic!("one program is released: {releases:?}");
    };
    let files = release["artifacts"].as_array().unwrap();
    let files: Vec<_> = files.iter().filter_map(Value::as_str).collect();
    for platform in [
        "aarch64-apple-darwin.tar.xz",
        "aarch64-unknown-linux-gnu.tar.xz",
        "aarch64-unknown-linux-musl.tar.xz",
        "x86_64-apple-darwin.tar.xz",
        "x86_64-pc-windows-msvc.zip",
        "x86_64-unknown-linux-gnu.tar.xz",
        "x86_64-unknown-linux-musl.tar.xz",
    ] {
        let archive = format!("synapse-cli-{platform}");
        assert!(files.contains(&archive.as_str()), "{archive}: {files:?}");
        assert!(
            files.contains(&format!("{archive}.sha256").as_str()),
            "{archive}: {files:?}"
        );
    }
    for file in [
        "synapse-cli-installer.sh",
        "synapse-cli-installer.ps1",
        "synapse.rb",
        "sha256.sum",
    ] {
        assert!(files.contains(&file), "{file}: {files:?}");
    }
}

#[test]
fn the_workflows_are_sound() {
    let run = Run::new(
        &installed(RELEASE).join("actionlint"),
        ["-no-color", "-shellcheck=", "-pyflakes="],
    );
    let output = at_the_root(run).output();
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
}

#[test]
fn every_action_is_pinned_by_a_commit() {
    let mut pinned = 0;
    for (path, text) in workflows() {
        let lines = text.lines().filter_map(|line| line.split_once("uses:"));
        for (_, used) in lines {
            let used = used.split('#').next().unwrap().trim();
            if used.starts_with("./") {
                continue;
            }
            let (_, commit) = used.split_once('@').unwrap();
            let whole = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(whole, "{}: {used}", path.display());
            pinned += 1;
        }
    }
    assert!(pinned > 10, "{pinned}");
}

#[test]
fn no_workflow_has_a_token_of_its_own() {
    for (path, text) in workflows() {
        let secrets = text.split("secrets.").skip(1);
        for secret in secrets {
            let name: String = secret
                .chars()
                .take_while(|character| character.is_ascii_alphanumeric() || *character == '_')
                .collect();
            let known = ["GITHUB_TOKEN", "HOMEBREW_TAP_TOKEN"].contains(&name.as_str());
            assert!(known, "{}: {name}", path.display());
        }
    }
}

/// The rules of the registry's schema of 2025-12-11 that this file could break.
#[test]
fn the_registry_would_take_the_server() {
    let text = std::fs::read_to_string(root().join("packaging/server.json")).unwrap();
    let server: Value = serde_json::from_str(&text).unwrap();
    let name = server["name"].as_str().unwrap();
    let (namespace, program) = name.split_once('/').unwrap();
    let plain = |text: &str, more: &str| {
        let fits = |character: char| character.is_ascii_alphanumeric() || more.contains(character);
        !text.is_empty() && text.chars().all(fits)
    };
    assert!(plain(namespace, ".-") && plain(program, "._-"), "{name}");
    assert!((3..=200).contains(&name.len()), "{name}");
    for (member, most) in [("title", 100), ("description", 100), ("version", 255)] {
        let length = server[member].as_str().unwrap().chars().count();
        assert!((1..=most).contains(&length), "{member}: {length}");
    }
    assert_eq!(server["repository"]["source"], "github");
    for package in server["packages"].as_array().unwrap() {
        assert!(package["registryType"].is_string(), "{package}");
        assert!(package["identifier"].is_string(), "{package}");
        assert_ne!(package["version"], "latest", "{package}");
        assert_eq!(package["transport"]["type"], "stdio", "{package}");
        for argument in package["packageArguments"].as_array().unwrap() {
            assert_eq!(argument["type"], "positional", "{argument}");
            assert!(argument["value"].is_string(), "{argument}");
        }
    }
}

#[test]
fn the_site_is_built_with_every_page_and_search() {
    let site = TempDir::new().unwrap();
    let words = ["build", "docs", "--dest-dir", site.path().to_str().unwrap()];
    let run = Run::new(&installed(RELEASE).join("mdbook"), words).env("PATH", "/usr/bin:/bin");
    let output = at_the_root(run).output().with_code(0);
    assert!(!output.stderr.contains("ERROR"), "{}", output.stderr);
    for page in [
        "index.html",
        "guides/ide.html",
        "reference/errors.html",
        "adr/index.html",
    ] {
        assert!(site.path().join(page).is_file(), "{page}");
    }
    let files = std::fs::read_dir(site.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    assert!(
        names
            .into_iter()
            .any(|name| name.starts_with("searchindex"))
    );
}

/// Runs it at the repository root, with the variables cargo needs.
pub(crate) fn at_the_root(run: Run) -> Run {
    let cargo = Path::new(env!("CARGO"));
    let path = format!("{}:/usr/bin:/bin", cargo.parent().unwrap().display());
    run.within(&root()).env("PATH", path)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn workflows() -> Vec<(PathBuf, String)> {
    let directory = std::fs::read_dir(root().join(".github/workflows")).unwrap();
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    };
    directory.map(read).collect()
}
