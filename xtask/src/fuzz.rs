//! `cargo xtask fuzz [TARGET] --seconds N`: installs the fuzzing tools, collects seeds and test
//! goldens, and runs the targets one after the other.

use std::path::{Path, PathBuf};

use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::steps::Steps;

/// A fuzz target and its maximum useful input length.
struct FuzzTarget {
    name: &'static str,
    longest: u32,
}

/// Runs the targets whose names contain `word` for the given number of seconds each, and prints a
/// table at the end.
///
/// # Errors
/// `Missing` when a tool could not be installed or no target matches; `Steps`, naming the targets
/// with findings.
pub(crate) fn run(repository: &Repository, word: &str, seconds: u32) -> Result<(), Failure> {
    let chosen: Vec<&FuzzTarget> = match TARGETS.iter().find(|target| target.name == word) {
        Some(exact) => vec![exact],
        None => TARGETS
            .iter()
            .filter(|target| target.name.contains(word))
            .collect(),
    };
    if chosen.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(Failure::Missing {
            part: format!("a target called `{word}`"),
            remedy: format!("there are {}", names.join(", ")),
        });
    }
    let program = prepare(repository)?;
    let mut steps = Steps::start("fuzz");
    for target in chosen {
        steps.run(target.name, || fuzz(repository, &program, target, seconds));
    }
    steps.finish()
}

/// Installs a compiler that can instrument, a C++ compiler and cargo-fuzz; returns the path of the
/// latter.
fn prepare(repository: &Repository) -> Result<PathBuf, Failure> {
    nightly(repository)?;
    cpp_compiler(repository)?;
    let directory = repository.target("third-party/cargo-fuzz")?;
    // cargo does nothing if this version is installed.
    Invocation::cargo(repository)
        .args(["install", "--locked", "--profile", "dev"])
        .args(["--version", CARGO_FUZZ, "cargo-fuzz", "--root"])
        .arg(&directory)
        .env("CARGO_TARGET_DIR", directory.join("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()
        .map_err(|failure| Failure::Missing {
            part: format!("cargo-fuzz {CARGO_FUZZ}"),
            remedy: format!("{failure}; run `cargo install cargo-fuzz --version {CARGO_FUZZ}`"),
        })?;
    repository::remove_directory(&directory.join("build"))?;
    Ok(directory.join("bin").join("cargo-fuzz"))
}

fn nightly(repository: &Repository) -> Result<(), Failure> {
    let present = || {
        Invocation::new(repository, "rustup")
            .args(["run", "nightly", "rustc", "--version"])
            .capture()
    };
    if present().is_ok() {
        return Ok(());
    }
    let installed = Invocation::new(repository, "rustup")
        .args(["toolchain", "install", "nightly", "--profile", "minimal"])
        .run();
    if installed.is_ok() && present().is_ok() {
        Ok(())
    } else {
        Err(Failure::Missing {
            part: "a nightly compiler".to_owned(),
            remedy: "run `rustup toolchain install nightly --profile minimal`".to_owned(),
        })
    }
}

fn cpp_compiler(repository: &Repository) -> Result<(), Failure> {
    let present = || {
        Invocation::new(repository, "c++")
            .arg("--version")
            .capture()
            .map(drop)
    };
    present().or_else(|_missing| {
        apt::install(repository, &["build-essential"])?;
        present()
    })
}

fn fuzz(
    repository: &Repository,
    program: &Path,
    target: &FuzzTarget,
    seconds: u32,
) -> Result<(), Failure> {
    let name = target.name;
    let corpus = repository.target(&format!("fuzz-corpus/{name}"))?;
    let found = repository.target(&format!("fuzz-found/{name}"))?;
    let goldens = goldens(repository, name)?;
    let invocation = Invocation::new(repository, program)
        .in_directory(&repository.path("fuzz"))
        .args(["fuzz", "run", name])
        .arg(&corpus)
        .arg(repository.path(&format!("fuzz/seeds/{name}")))
        .args(&goldens)
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg(format!("-max_len={}", target.longest))
        .args(["-timeout=25", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .env("CARGO_TARGET_DIR", repository.target("fuzz")?);
    // Targets that read files create and remove thousands of them per second.
    let memory = Path::new("/dev/shm");
    let invocation = if memory.is_dir() {
        invocation.env("TMPDIR", memory)
    } else {
        invocation
    };
    invocation.run().map_err(|failure| Failure::Found {
        target: name,
        source: Box::new(failure),
    })
}

/// A directory with the bodies of the goldens that are inputs of the target, if any.
fn goldens(repository: &Repository, target: &str) -> Result<Option<PathBuf>, Failure> {
    let Some((_, places)) = GOLDENS.iter().find(|(name, _)| *name == target) else {
        return Ok(None);
    };
    let directory = repository.target(&format!("fuzz-goldens/{target}"))?;
    for file in repository.text_files()? {
        let is_golden = places
            .iter()
            .any(|(folder, ending)| file.path.starts_with(folder) && file.path.ends_with(ending));
        if !is_golden {
            continue;
        }
        let name = file.path.replace('/', "-");
        repository::write(&directory.join(name), &body(&file.text))?;
    }
    Ok(Some(directory))
}

/// The body inside a golden, or the whole golden.
fn body(text: &str) -> String {
    let golden: Option<serde_json::Value> = serde_json::from_str(text).ok();
    match golden.as_ref().and_then(|golden| golden.get("body")) {
        Some(serde_json::Value::String(body)) => body.clone(),
        Some(body) => body.to_string(),
        None => text.to_owned(),
    }
}

const fn target(name: &'static str, longest: u32) -> FuzzTarget {
    FuzzTarget { name, longest }
}

/// All targets, fastest first.
const TARGETS: [FuzzTarget; 17] = [
    target("mcp_server_lines", 16_384),
    target("mcp_client_lines", 16_384),
    target("answers", 16_384),
    target("errors", 8192),
    target("models", 8192),
    target("sse", 4096),
    target("references", 1024),
    target("oauth_documents", 8192),
    target("oauth_challenges", 4096),
    target("oauth_callbacks", 4096),
    target("edits", 4096),
    target("connections", 4096),
    target("upstreams", 4096),
    target("records", 8192),
    target("ledger", 192),
    target("redactor", 2048),
    target("redactor_time", 256),
];

/// The goldens of a target: folder and suffix.
type Goldens = (&'static str, &'static [(&'static str, &'static str)]);

const GOLDENS: [Goldens; 3] = [
    (
        "answers",
        &[
            ("crates/synapse-providers/tests/golden/response", ".json"),
            ("crates/synapse-providers/tests/golden/anthropic", ".json"),
            (
                "crates/synapse-providers/tests/golden/compatible",
                "chat.json",
            ),
        ],
    ),
    (
        "models",
        &[(
            "crates/synapse-providers/tests/golden/compatible",
            "models.json",
        )],
    ),
    (
        "mcp_client_lines",
        &[("crates/synapse-hub/tests/it/catalogues", ".json")],
    ),
];

const CARGO_FUZZ: &str = "0.13.2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_source_and_seeds_and_every_source_is_a_target() {
        let repository = Repository::locate();
        let manifest = repository.read("fuzz/Cargo.toml").unwrap().unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for FuzzTarget { name, .. } in TARGETS {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            let seeds = repository.path(&format!("fuzz/seeds/{name}"));
            assert!(seeds.read_dir().unwrap().next().is_some(), "{name}");
        }
        for (name, _) in GOLDENS {
            assert!(
                goldens(&repository, name)
                    .unwrap()
                    .unwrap()
                    .read_dir()
                    .unwrap()
                    .count()
                    > 2
            );
        }
    }

    #[test]
    fn the_body_of_a_golden_is_taken_out() {
        assert_eq!(body(r#"{"body":{"a":1},"reply":{}}"#), r#"{"a":1}"#);
        assert_eq!(body(r#"{"body":"x","reply":{}}"#), "x");
        assert_eq!(body(r#"{"tools":[]}"#), r#"{"tools":[]}"#);
        assert_eq!(body("x"), "x");
    }
}
