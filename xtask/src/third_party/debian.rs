//! Debian packages that tests need: a keyring with its own bus, the password store with gpg, a
//! browser, shells, the two formatters of man pages, and a builder of container images.

use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Installs the packages of programs missing from PATH.
///
/// # Errors
/// `Missing`, with the command to run, when a package could not be installed.
pub(super) fn prepare(repository: &Repository) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        // The tests of these programs are Linux only.
        return Ok(());
    }
    let missing = || {
        PROGRAMS
            .iter()
            .filter(|(program, _)| !answers(repository, program))
    };
    let mut packages: Vec<_> = missing().map(|(_, package)| *package).collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    apt::install(repository, &packages)?;
    match missing().next() {
        None => Ok(()),
        Some((program, package)) => Err(Failure::Missing {
            part: format!("the program {program}"),
            remedy: format!("the package {package} should have brought it"),
        }),
    }
}

fn answers(repository: &Repository, program: &str) -> bool {
    // mandoc has no `--version`.
    let (program, words): (_, &[&str]) = match program {
        "mandoc" => ("sh", &["-c", "command -v mandoc"]),
        _ => (program, &["--version"]),
    };
    Invocation::new(repository, program)
        .args(words)
        .capture()
        .is_ok()
}

/// Programs and their packages.
const PROGRAMS: &[(&str, &str)] = &[
    ("buildah", "buildah"),
    ("chromium", "chromium"),
    ("dbus-run-session", "dbus-daemon"),
    ("dpkg-deb", "dpkg"),
    ("elvish", "elvish"),
    ("fish", "fish"),
    ("gnome-keyring-daemon", "gnome-keyring"),
    ("gpg", "gnupg"),
    ("gpg-agent", "gpg-agent"),
    ("man", "man-db"),
    ("mandoc", "mandoc"),
    ("mmdebstrap", "mmdebstrap"),
    ("pass", "pass"),
    ("zsh", "zsh"),
];
