//! Installs Debian packages where apt-get and the necessary rights exist.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Installs packages as root, or through `sudo -n`, which never asks for a password.
///
/// # Errors
/// `Missing`, with the command to run, without apt-get or the rights to use it; `Exit` when apt-get
/// fails.
pub(crate) fn install(repository: &Repository, packages: &[&str]) -> Result<(), Failure> {
    let names = packages.join(" ");
    let missing = |remedy: String| Failure::Missing {
        part: format!("the package {names}"),
        remedy,
    };
    if Invocation::new(repository, "apt-get")
        .arg("--version")
        .capture()
        .is_err()
    {
        return Err(missing(
            "install it with the package manager of this system".to_owned(),
        ));
    }
    let Some(privilege) = privilege(repository) else {
        return Err(missing(format!("run `sudo apt-get install -y {names}`")));
    };
    let apt_get = || {
        let run = match privilege {
            Privilege::Root => Invocation::new(repository, "env"),
            Privilege::Sudo => Invocation::new(repository, "sudo").args(["-n", "env"]),
        };
        run.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
    };
    apt_get().arg("update").run_aside()?;
    apt_get()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages)
        .run_aside()
}

/// How to run a command as root.
#[derive(Debug, Clone, Copy)]
enum Privilege {
    Root,
    Sudo,
}

fn privilege(repository: &Repository) -> Option<Privilege> {
    let user = Invocation::new(repository, "id").arg("-u").capture();
    if user.is_ok_and(|id| id.trim() == "0") {
        return Some(Privilege::Root);
    }
    let sudo = Invocation::new(repository, "sudo")
        .args(["-n", "true"])
        .capture();
    sudo.is_ok().then_some(Privilege::Sudo)
}
