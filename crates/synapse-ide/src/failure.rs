//! Failures of client files, with their paths.

use std::io;
use std::path::Path;

use synapse_core::redact::printable;
use synapse_core::{Code, Failure, Remedy};

use crate::client::{Client, Scope};

/// A path for messages.
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// The file cannot be read or written; `verb` is a participle.
pub(crate) fn unusable(path: &Path, verb: &str, error: &io::Error) -> Failure {
    Failure::new(
        Code::IdeFileUnusable,
        format!("{} cannot be {verb}", shown(path)),
    )
    .caused_by(error)
    .hint(if synapse_files::is_of_room(error.kind()) {
        "free some space on that file system"
    } else {
        "check owner and permissions of the file and of its directory"
    })
    .with("file", shown(path))
}

/// The file has the wrong type; `what` completes "… is".
pub(crate) fn unfit(path: &Path, what: &str) -> Failure {
    Failure::new(Code::IdeFileUnusable, format!("{} is {what}", shown(path)))
        .with("file", shown(path))
}

/// The file exceeds the size limit.
pub(crate) fn too_large(path: &Path) -> Failure {
    Failure::new(
        Code::IdeFileTooLarge,
        format!("{} is larger than 64 MiB", shown(path)),
    )
    .cause("it was not read, and is left as it is")
    .hint("make it smaller, for example by moving a history; or paste the entry by hand")
    .remedy("print the entry", &Remedy::PrintEntry { client: None })
    .with("file", shown(path))
}

/// Another file is mounted at this one.
pub(crate) fn mounted(path: &Path, mount: &Path) -> Failure {
    Failure::new(
        Code::IdeFileMounted,
        format!("{} is a mount point", shown(mount)),
    )
    .cause("a file is mounted there, as into a container; it cannot be replaced")
    .hint("change the file where it is mounted from, or mount the directory instead of the file")
    .with("file", shown(path))
    .with("mount_point", shown(mount))
}

/// The file has several hard links.
pub(crate) fn hard_linked(path: &Path, target: &Path, names: u64) -> Failure {
    Failure::new(
        Code::IdeFileHardLinked,
        format!("{} has {names} names", shown(target)),
    )
    .cause("it is hard-linked; its other names would keep the old content")
    .hint("make it a separate file, or a symbolic link to the other one, then try again")
    .with("file", shown(path))
}

/// The file's content cannot be edited safely.
pub(crate) fn invalid(path: &Path, why: impl Into<String>) -> Failure {
    Failure::new(
        Code::IdeFileInvalid,
        format!("{} cannot be edited safely", shown(path)),
    )
    .cause(why)
    .hint("repair the file; it was left as it is")
    .with("file", shown(path))
}

/// The file changed in the meantime; `since` completes "changed since".
pub(crate) fn changed(path: &Path, since: &str) -> Failure {
    Failure::new(
        Code::IdeFileChanged,
        format!("{} was changed since {since}", shown(path)),
    )
    .cause("nothing was written")
    .hint("review the file, then run the command again")
    .with("file", shown(path))
}

/// The client has no file for `scope` here.
pub(crate) fn without_file(client: &Client, scope: Scope) -> Failure {
    let failure = if client.has_files() {
        Failure::new(
            Code::IdeNotSupported,
            format!(
                "{} has no configuration file in {scope} scope on this system",
                client.title()
            ),
        )
    } else {
        Failure::new(
            Code::IdeNotSupported,
            format!(
                "{} has no configuration file that can be edited",
                client.title()
            ),
        )
        .hint(client.next_step())
    };
    failure
        .remedy(
            "print the entry",
            &Remedy::PrintEntry {
                client: Some(client.id().to_owned()),
            },
        )
        .with("client", client.id())
}

/// The remedy to write the entry of `client`.
pub(crate) fn install_remedy(client: &Client, scope: Scope) -> Remedy {
    Remedy::InstallEntry {
        client: Some(client.id().to_owned()),
        scope,
    }
}

/// The client has no entry of ours.
pub(crate) fn not_installed(client: &Client, scope: Scope, path: &Path) -> Failure {
    Failure::new(
        Code::IdeNotInstalled,
        format!("{} has no entry of Synapse", client.title()),
    )
    .cause(format!("{} has none called `synapse`", shown(path)))
    .remedy("install it", &install_remedy(client, scope))
    .with("client", client.id())
    .with("file", shown(path))
}
