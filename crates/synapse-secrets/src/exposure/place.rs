//! Checks who owns a file, who may write to its directory, and whether it is in a public place.

use std::path::Path;

#[cfg(unix)]
use synapse_core::shell::quote;
use synapse_core::{Code, Failure};
use synapse_home::failure::shown;

/// The flaws of the location of the secret file at `path`.
pub(super) fn flaws(path: &Path) -> Vec<Failure> {
    [foreign_owner(path), public(path), exchangeable(path)]
        .into_iter()
        .flatten()
        .collect()
}

/// A name or a directory that is meant to be public.
fn public(path: &Path) -> Option<Failure> {
    let word = |text: &std::ffi::OsStr| text.to_string_lossy().to_lowercase();
    let ending = path.extension().map(word).unwrap_or_default();
    let by_name = PUBLIC_ENDINGS.contains(&ending.as_str())
        || path
            .file_stem()
            .map(word)
            .is_some_and(|stem| stem == "readme");
    let directory = path
        .parent()?
        .components()
        .map(|each| word(each.as_os_str()))
        .find(|each| PUBLIC_DIRECTORIES.iter().any(|public| each == public));
    let cause = match (by_name, directory) {
        (true, _) => format!("a file of that name is meant to be shared: .{ending}"),
        (false, Some(directory)) => format!("it is under `{directory}`, which is shared or synced"),
        (false, None) => return None,
    };
    Some(
        Failure::new(
            Code::CredentialPublicPlace,
            format!("the secret file {} is in a public place", shown(path)),
        )
        .cause(cause)
        .hint("move it to ~/.synapse, and change the reference")
        .with("file", shown(path)),
    )
}

/// A directory in which other users can replace the file.
#[cfg(unix)]
fn exchangeable(path: &Path) -> Option<Failure> {
    use std::os::unix::fs::MetadataExt as _;

    let directory = path.parent()?;
    let found = std::fs::metadata(directory).ok()?;
    let others = found.mode() & WRITE_OF_OTHERS != 0;
    let sticky = found.mode() & STICKY != 0;
    (others && !sticky).then(|| {
        Failure::new(
            Code::CredentialPublicPlace,
            format!("other users can replace the secret file {}", shown(path)),
        )
        .cause(format!(
            "its directory has mode {:04o}",
            found.mode() & 0o7777
        ))
        .shell(
            "allow only its owner to write there",
            format!("chmod go-w {}", quote(directory)),
        )
        .with("file", shown(path))
    })
}

#[cfg(unix)]
fn foreign_owner(path: &Path) -> Option<Failure> {
    use std::os::unix::fs::MetadataExt as _;

    let owner = std::fs::metadata(path).ok()?.uid();
    let own = rustix::process::geteuid().as_raw();
    (owner != own && owner != 0).then(|| {
        Failure::new(
            Code::CredentialForeignOwner,
            format!("the secret file {} belongs to another user", shown(path)),
        )
        .cause(format!("its owner has the id {owner}, and you have {own}"))
        .hint("create your own file, and change the reference")
        .with("file", shown(path))
    })
}

#[cfg(not(unix))]
fn exchangeable(_path: &Path) -> Option<Failure> {
    None
}

#[cfg(not(unix))]
fn foreign_owner(_path: &Path) -> Option<Failure> {
    None
}

#[cfg(unix)]
const WRITE_OF_OTHERS: u32 = 0o022;
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// Extensions of files that other programs read, render, serve or share.
const PUBLIC_ENDINGS: [&str; 14] = [
    "md", "html", "htm", "js", "ts", "css", "py", "rs", "ipynb", "pdf", "docx", "log", "csv", "svg",
];

const PUBLIC_DIRECTORIES: [&str; 12] = [
    "public",
    "public_html",
    "www",
    "htdocs",
    "wwwroot",
    "desktop",
    "downloads",
    "dropbox",
    "onedrive",
    "google drive",
    "icloud drive",
    "nextcloud",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_others_look_at_is_known_by_its_name() {
        for (path, flawed) in [
            ("/home/a/.synapse/openai.token", false),
            ("/run/secrets/openai", false),
            ("/home/a/project/README.md", true),
            ("/home/a/project/README", true),
            ("/home/a/public_html/key", true),
            ("/home/a/Dropbox/keys/openai.token", true),
            ("/srv/www/site/app.js", true),
            ("/home/a/publications/key", false),
        ] {
            assert_eq!(public(Path::new(path)).is_some(), flawed, "{path}");
        }
    }
}
