//! The container image, from the Dockerfile as it is.
//!
//! No registry is asked: the two images it starts from are made of a minimal Debian, and in the one
//! that compiles, `cargo` is a script that takes the built twin.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use synapse_tests::process::Run;
use synapse_tests::third_party::{CONTAINER, installed};
use tempfile::TempDir;

use super::{program, version};
use crate::interop;

#[test]
fn a_container_of_the_dockerfile_produces_an_answer() {
    let engine = Engine::new();
    engine.import(DEBIAN, &[]);
    let twin = program(engine.directory.path());
    let cargo = engine.directory.path().join("cargo");
    crate::write(&cargo, CARGO);
    synapse_tests::home::set_mode(&cargo, 0o755);
    engine.import(
        RUST,
        &[
            (&cargo, "/usr/local/bin/cargo"),
            (&twin, "/usr/local/share/twin"),
        ],
    );
    engine.build();

    let container = engine.from(IMAGE);
    let inside = |words: &[&str]| {
        let words = ["run", "--isolation", "chroot", &container, "--"]
            .into_iter()
            .chain(words.iter().copied());
        engine.run(words)
    };
    assert_eq!(inside(&["synapse", "--version"]), version());
    assert_eq!(inside(&["id", "--user"]), "10001\n", "not root");
    inside(&["synapse", "demo"]);
    let doctor = inside(&["synapse", "doctor"]);
    assert!(!doctor.contains("fail"), "{doctor}");

    interop::python_uses(&[engine.client_command(&container).as_os_str()]);
}

#[test]
fn the_image_starts_the_server_and_names_what_it_is_built_with() {
    let dockerfile = std::fs::read_to_string(repository().join(DOCKERFILE)).unwrap();
    for line in [
        format!("FROM {RUST} AS build"),
        format!("FROM {DEBIAN}"),
        "ENTRYPOINT [\"synapse\"]".to_owned(),
        "CMD [\"serve\"]".to_owned(),
    ] {
        assert!(dockerfile.lines().any(|found| found == line), "{line}");
    }
    let toolchain = std::fs::read_to_string(repository().join("rust-toolchain.toml")).unwrap();
    let version = RUST.split([':', '-']).nth(1).unwrap();
    assert!(
        toolchain.contains(&format!("channel = \"{version}\"")),
        "{toolchain}"
    );
}

/// A builder of images with a store of its own.
struct Engine {
    directory: TempDir,
}

impl Engine {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    /// Makes an image of the base and these files.
    fn import(&self, image: &str, files: &[(&Path, &str)]) {
        let container = self.from("scratch");
        let base = installed(CONTAINER);
        self.run([
            OsStr::new("add"),
            container.as_ref(),
            base.as_ref(),
            "/".as_ref(),
        ]);
        for (file, place) in files {
            self.run([
                OsStr::new("copy"),
                container.as_ref(),
                file.as_ref(),
                place.as_ref(),
            ]);
        }
        let name = format!("docker.io/library/{image}");
        self.run(["commit", "--quiet", "--squash", "--rm", &container, &name]);
    }

    /// Builds the Dockerfile of this repository.
    fn build(&self) {
        let file = repository().join(DOCKERFILE);
        let words = [
            "build",
            "--isolation",
            "chroot",
            "--pull-never",
            "--tag",
            IMAGE,
            "--file",
        ];
        let words = words.map(OsStr::new).into_iter();
        self.run(words.chain([file.as_os_str(), repository().as_os_str()]));
    }

    /// Makes a container of an image and returns its name.
    fn from(&self, image: &str) -> String {
        self.run(["from", "--pull-never", image]).trim().to_owned()
    }

    #[track_caller]
    fn run(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
        let words = self
            .store()
            .into_iter()
            .chain(words.into_iter().map(|word| word.as_ref().to_owned()));
        let run = Run::new(Path::new(BUILDAH), words)
            .env("HOME", self.directory.path())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        run.output().with_code(0).stdout
    }

    /// Where images and containers are kept.
    fn store(&self) -> [OsString; 6] {
        let place = |name: &str| self.directory.path().join(name).into_os_string();
        [
            "--storage-driver".into(),
            "vfs".into(),
            "--root".into(),
            place("store"),
            "--runroot".into(),
            place("run"),
        ]
    }

    /// A command that serves the home of its caller from the container, as a volume.
    fn client_command(&self, container: &str) -> PathBuf {
        let command = self.directory.path().join("serve-in-container");
        let store = self
            .store()
            .map(|word| word.into_string().unwrap())
            .join(" ");
        let script = format!(
            "#!/bin/sh\nexec {BUILDAH} {store} run --isolation chroot --user root --volume \"$HOME:$HOME\" \
             --env HOME=\"$HOME\" {container} -- synapse serve\n"
        );
        crate::write(&command, &script);
        synapse_tests::home::set_mode(&command, 0o755);
        command
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

const BUILDAH: &str = "/usr/bin/buildah";
const DOCKERFILE: &str = "packaging/docker/Dockerfile";
const IMAGE: &str = "localhost/synapse";
const RUST: &str = "rust:1.95.0-slim-bookworm";
const DEBIAN: &str = "debian:bookworm-slim";

/// In place of the compiler: refuses any other build than the one the Dockerfile asks for today.
const CARGO: &str = r#"#!/bin/sh
set -eu
[ "$*" = "build --locked --profile dist --package synapse-cli --bin synapse" ]
[ -f Cargo.lock ] && [ ! -e target ] && [ ! -e .git ]
mkdir -p target/dist
cp /usr/local/share/twin target/dist/synapse
"#;
