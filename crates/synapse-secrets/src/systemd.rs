//! `systemd:` references: a file in the credentials directory of this systemd service.

use std::path::PathBuf;

use synapse_core::ports::ResolvedSecret;
use synapse_core::{Code, Failure};

use super::{Secrets, file};

/// Reads the credential `name`.
pub(super) async fn resolve(secrets: &Secrets, name: &str) -> Result<ResolvedSecret, Failure> {
    let directory = directory(secrets, name)?;
    // systemd protects the directory and sets mode 0400 or 0440 on the files.
    let resolved = file::read(secrets, directory.join(name), file::Modes::OfTheSystem).await?;
    Ok(ResolvedSecret {
        found: format!("credential `{name}` of systemd, {}", resolved.found),
        ..resolved
    })
}

/// Checks that systemd provides the credential `name`, without reading it.
pub(super) fn reach(secrets: &Secrets, name: &str) -> Result<String, Failure> {
    let path = directory(secrets, name)?.join(name);
    file::look(&path, file::Modes::OfTheSystem)?;
    Ok(format!("credential `{name}` of systemd; not read"))
}

fn directory(secrets: &Secrets, name: &str) -> Result<PathBuf, Failure> {
    let given = (secrets.environment)(DIRECTORY).filter(|value| !value.is_empty());
    let Some(directory) = given.map(PathBuf::from).filter(|path| path.is_absolute()) else {
        return Err(Failure::new(
            Code::CredentialStoreNotConfigured,
            "systemd gave this process no credentials",
        )
        .cause(format!("{DIRECTORY} is not set to an absolute path"))
        .hint(format!(
            "start Synapse as a service with LoadCredential={name}:/path, or run it with \
             systemd-run --property=LoadCredential={name}:/path"
        ))
        .with("variable", DIRECTORY));
    };
    Ok(directory)
}

const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
