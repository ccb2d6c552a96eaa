//! The Debian package: the program, its manual pages and completions where it can generate them,
//! and the files required by Debian policy. Built without dpkg, on any platform.

use super::archive::{ArchiveEntry, Effort, ar, gzip, tar};
use super::platform::glibc;
use super::{HOMEPAGE, Making, Product, SUMMARY};
use crate::command::Invocation;
use crate::failure::Failure;

const NAME: &str = "synapse-runtime";

/// Builds the package.
///
/// # Errors
/// `Unknown` when Debian has no such platform, `Refused` when the program fails to write its
/// completions, `File` when a part cannot be read or the package cannot be written.
pub(super) fn make(making: &Making<'_>) -> Result<Vec<Product>, Failure> {
    let architecture = making.platform.debian.ok_or_else(|| Failure::Unknown {
        what: "a platform of Debian",
        value: making.platform.triple.to_owned(),
    })?;
    let control = control(making, architecture)?;
    let control = tar(&[ArchiveEntry::data("./control", control)]);
    let control = making.archived(control.and_then(|tar| gzip(&tar, making.effort)))?;
    let files = files(making)?;
    let data = making.archived(tar(&files).and_then(|tar| gzip(&tar, making.effort)))?;
    let archive = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &control),
        ("data.tar.gz", &data),
    ]);
    let name = format!("{NAME}_{}_{architecture}.deb", making.version);
    Ok(vec![making.write(&name, &archive)?])
}

/// Debian already has a program of this name, with the same path.
fn control(making: &Making<'_>, architecture: &str) -> Result<String, Failure> {
    let minor = glibc(making.binary, &making.bytes)?;
    let size = making.bytes.len().div_ceil(1024);
    let version = making.version;
    Ok(format!(
        "Package: {NAME}\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: The Synapse developers <synapse-runtime@users.noreply.github.com>\n\
         Installed-Size: {size}\n\
         Depends: libc6 (>= 2.{minor}), libgcc-s1\n\
         Recommends: ca-certificates\n\
         Conflicts: synapse\n\
         Section: utils\n\
         Priority: optional\n\
         Homepage: {HOMEPAGE}\n\
         Description: {SUMMARY}\n \
         No account, no relay, no telemetry: an IDE starts it over stdio, and it sends\n \
         your prompt with your own key to the provider that you chose.\n"
    ))
}

fn files(making: &Making<'_>) -> Result<Vec<ArchiveEntry>, Failure> {
    let documents = format!("./usr/share/doc/{NAME}");
    let changelog = making.part("CHANGELOG.md")?;
    let changelog = making.archived(gzip(changelog.as_bytes(), Effort::Best))?;
    let mut files = vec![
        ArchiveEntry::program("./usr/bin/synapse", making.bytes.clone()),
        ArchiveEntry::data(
            format!("{documents}/copyright"),
            making.part("packaging/debian/copyright")?,
        ),
        ArchiveEntry::data(format!("{documents}/changelog.gz"), changelog),
    ];
    for (shell, path) in COMPLETIONS {
        let script = Invocation::new(making.repository, making.binary)
            .args(["completions", shell])
            .capture()?;
        files.push(ArchiveEntry::data(format!("./usr/share/{path}"), script));
    }
    files.extend(manual(making)?);
    Ok(files)
}

/// A manual page per command, if the program can generate them.
fn manual(making: &Making<'_>) -> Result<Vec<ArchiveEntry>, Failure> {
    let run = |words: &[&str]| {
        let program = Invocation::new(making.repository, making.binary);
        program.args(words).capture()
    };
    let Ok(names) = run(&["reference", "commands"]) else {
        return Ok(Vec::new());
    };
    let pages = names.lines().map(|name| {
        let words: Vec<_> = ["help", "--man"]
            .into_iter()
            .chain(name.split_whitespace())
            .collect();
        let page = run(&words)?;
        let page = making.archived(gzip(page.as_bytes(), Effort::Best))?;
        let file = std::iter::once("synapse").chain(name.split_whitespace());
        let file = file.collect::<Vec<_>>().join("-");
        Ok(ArchiveEntry::data(
            format!("./usr/share/man/man1/{file}.1.gz"),
            page,
        ))
    });
    pages.collect()
}

/// Each shell with its completion file below `/usr/share`.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions/synapse"),
    ("fish", "fish/vendor_completions.d/synapse.fish"),
    ("zsh", "zsh/vendor-completions/_synapse"),
];
