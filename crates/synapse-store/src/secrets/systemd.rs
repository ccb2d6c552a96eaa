//! `systemd:` references: a file in the directory that systemd gave to this service.

use std::path::PathBuf;

use synapse_core::ports::ResolvedSecret;
use synapse_core::{Code, Failure};

use super::{Secrets, file};

/// Reads the credential `name`.
pub(super) async fn resolve(secrets: &Secrets, name: &str) -> Result<ResolvedSecret, Failure> {
    let directory = (secrets.environment)(DIRECTORY).filter(|value| !value.is_empty());
    let Some(directory) = directory
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    else {
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
    // systemd guards the directory and makes the files 0400 or 0440, as it sees fit.
    let resolved = file::read(secrets, directory.join(name), file::Modes::OfTheSystem).await?;
    Ok(ResolvedSecret {
        found: format!("credential `{name}` of systemd, {}", resolved.found),
        ..resolved
    })
}

const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
