//! Packages for npm, PyPI, MCP clients and Debian, and the container image: each is built from the
//! twin, installed into an empty home with its users' tool, and produces an answer.

mod container;
mod versions;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::Value;
use synapse_tests::Home;
use synapse_tests::process::Run;
use synapse_tests::third_party::{MCPB, NODE, NPM, PYTHON_1, XTASK, installed};
use tempfile::TempDir;

use crate::{TWIN, interop};

#[test]
fn npm_starts_the_program_of_this_platform() {
    let workshop = Workshop::new();
    let packages = workshop.pack::<2>(&program(workshop.path()), "npm");
    let home = workshop.directory("home");
    let words = [
        "install",
        "--offline",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ];
    let words = words
        .map(OsString::from)
        .into_iter()
        .chain(packages.map(OsString::from));
    npm(&home, words).within(&home).output().with_code(0);
    let synapse = home.join("node_modules/.bin/synapse");
    shows_the_whole_path(&synapse, &home);
    interop::typescript_uses(&synapse);
}

#[test]
fn npm_says_what_is_missing_when_it_left_the_program_out() {
    let workshop = Workshop::new();
    let packages = workshop.pack::<2>(&script(workshop.path()), "npm");
    let starter = packages.last().unwrap();
    let home = workshop.directory("home");
    let words = [
        "install",
        "--offline",
        "--omit=optional",
        "--no-audit",
        "--no-fund",
    ];
    let words = words
        .map(OsString::from)
        .into_iter()
        .chain([starter.into()]);
    npm(&home, words).within(&home).output().with_code(0);
    let output = with_node(
        Run::new(&home.join("node_modules/.bin/synapse"), ["demo"]),
        &home,
    );
    let output = output.output().with_code(1);
    assert!(
        output.stderr.contains("no program of Synapse for"),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains("--omit=optional"),
        "{}",
        output.stderr
    );
}

#[test]
fn pip_installs_the_wheel() {
    let workshop = Workshop::new();
    let [wheel] = workshop.pack(&program(workshop.path()), "wheel");
    let home = workshop.directory("home");
    let environment = workshop.path().join("environment");
    let python = installed(PYTHON_1);
    let words = ["-m", "venv", "--without-pip"].map(OsStr::new).into_iter();
    let made = Run::new(&python, words.chain([environment.as_os_str()]));
    made.env("HOME", &home).output().with_code(0);
    let inside = environment.join("bin/python");
    let words = [
        OsStr::new("-m"),
        OsStr::new("pip"),
        OsStr::new("--python"),
        inside.as_os_str(),
        OsStr::new("install"),
        OsStr::new("--quiet"),
        OsStr::new("--no-index"),
        OsStr::new("--no-deps"),
        wheel.as_os_str(),
    ];
    Run::new(&python, words)
        .env("HOME", &home)
        .output()
        .with_code(0);
    shows_the_whole_path(&environment.join("bin/synapse"), &home);
    // The command of `uvx synapse-runtime`, and the module.
    let by_name = environment.join("bin/synapse-runtime");
    interop::python_uses(&[by_name.as_os_str(), OsStr::new("serve")]);
    let module = Run::new(&inside, ["-m", "synapse_runtime", "--version"]).env("HOME", &home);
    assert_eq!(module.output().with_code(0).stdout, version());
}

#[test]
fn an_mcp_bundle_is_valid_and_serves() {
    let workshop = Workshop::new();
    let [bundle] = workshop.pack(&program(workshop.path()), "mcpb");
    let unpacked = workshop.path().join("unpacked");
    let home = workshop.directory("home");
    let mcpb = |words: &[&OsStr]| {
        let words = [installed(MCPB).into_os_string()]
            .into_iter()
            .chain(words.iter().map(OsString::from));
        let run = with_node(Run::new(&installed(NODE), words), &home);
        run.output().with_code(0)
    };
    mcpb(&[
        OsStr::new("unpack"),
        bundle.as_os_str(),
        unpacked.as_os_str(),
    ]);
    let manifest = unpacked.join("manifest.json");
    mcpb(&[OsStr::new("validate"), manifest.as_os_str()]);
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let configured = &manifest["server"]["mcp_config"];
    assert_eq!(configured["args"], serde_json::json!(["serve"]));
    let command = configured["command"].as_str().unwrap();
    let command = command.replace("${__dirname}", unpacked.to_str().unwrap());
    shows_the_whole_path(Path::new(&command), &home);
    interop::typescript_uses(Path::new(&command));
}

#[test]
fn dpkg_unpacks_the_program_with_its_completions() {
    let workshop = Workshop::new();
    let [package] = workshop.pack(&program(workshop.path()), "deb");
    let root = workshop.directory("root");
    let words = [
        OsStr::new("--extract"),
        package.as_os_str(),
        root.as_os_str(),
    ];
    dpkg(words).output().with_code(0);
    for file in [
        "usr/share/doc/synapse-runtime/copyright",
        "usr/share/bash-completion/completions/synapse",
        "usr/share/zsh/vendor-completions/_synapse",
        "usr/share/fish/vendor_completions.d/synapse.fish",
    ] {
        assert!(root.join(file).is_file(), "{file}");
    }
    let synapse = root.join("usr/bin/synapse");
    let manual = Run::new(&synapse, ["help", "--man"]).env("HOME", root.as_os_str());
    let has_manual = manual.output().code == 0;
    let page = root.join("usr/share/man/man1/synapse.1.gz");
    assert_eq!(
        page.is_file(),
        has_manual,
        "the manual of a program that has one"
    );
    shows_the_whole_path(&synapse, &workshop.directory("home"));
    interop::python_uses(&[synapse.as_os_str(), OsStr::new("serve")]);
}

#[test]
fn the_same_program_makes_the_same_packages() {
    let workshop = Workshop::new();
    let program = script(workshop.path());
    let made = |kind: &str| -> Vec<Vec<u8>> {
        let paths = workshop.make(&program, kind);
        paths
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect()
    };
    for kind in ["npm", "wheel", "mcpb", "deb"] {
        assert_eq!(made(kind), made(kind), "{kind}");
    }
}

/// A directory for building and installing packages.
struct Workshop(TempDir);

impl Workshop {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A new directory in it.
    fn directory(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Builds packages of a kind and checks their number.
    #[track_caller]
    fn pack<const N: usize>(&self, program: &Path, kind: &str) -> [PathBuf; N] {
        self.make(program, kind).try_into().unwrap()
    }

    /// Builds packages of a kind and returns their paths.
    #[track_caller]
    fn make(&self, program: &Path, kind: &str) -> Vec<PathBuf> {
        let out = self.path().join("packages");
        let words = ["package", kind, "--store", "--binary"].map(OsStr::new);
        let more = [program.as_os_str(), OsStr::new("--out"), out.as_os_str()];
        let run = Run::new(&installed(XTASK), words.into_iter().chain(more));
        let output = run.env("PATH", "/usr/bin:/bin").output().with_code(0);
        output.stdout.lines().map(PathBuf::from).collect()
    }
}

/// The twin without symbols, which make up most of it.
fn program(directory: &Path) -> PathBuf {
    let program = directory.join("twin");
    let words = [OsStr::new("-o"), program.as_os_str(), OsStr::new(TWIN)];
    let strip = Run::new(Path::new("/usr/bin/strip"), words);
    strip.output().with_code(0);
    program
}

/// A small program that names the symbol from which a package derives its C library version.
fn script(directory: &Path) -> PathBuf {
    let script = directory.join("script");
    crate::write(&script, "#!/bin/sh\n# GLIBC_2.17\necho \"$@\"\n");
    synapse_tests::home::set_mode(&script, 0o755);
    script
}

/// The demo needs no key or network, and checks itself.
#[track_caller]
fn shows_the_whole_path(synapse: &Path, home: &Path) {
    let run = |word: &str| {
        with_node(Run::new(synapse, [word]), home)
            .output()
            .with_code(0)
    };
    assert_eq!(run("--version").stdout, version());
    run("demo");
}

/// The twin's version.
fn version() -> String {
    Home::new(TWIN).run(["--version"]).with_code(0).stdout
}

fn npm(home: &Path, words: impl Iterator<Item = OsString>) -> Run {
    let npm = installed(NPM);
    let run = match npm.extension() {
        Some(_) => Run::new(
            &installed(NODE),
            [npm.into_os_string()].into_iter().chain(words),
        ),
        None => Run::new(&npm, words),
    };
    with_node(run, home)
}

/// Runs like a user with Node and that home.
fn with_node(run: Run, home: &Path) -> Run {
    let node = installed(NODE);
    let directory = node.parent().unwrap().display();
    let path = format!("{directory}:/usr/bin:/bin");
    run.env("HOME", home).env("PATH", path)
}

fn dpkg<'a>(words: impl IntoIterator<Item = &'a OsStr>) -> Run {
    Run::new(Path::new("/usr/bin/dpkg-deb"), words).env("PATH", "/usr/bin:/bin")
}
