//! Checks whether a secret is readable from here, by its location only. Reads no secret, starts no
//! program, opens no socket, and fails as reading would.

use synapse_core::credential::CredentialRef;
use synapse_core::{Code, Failure};
use synapse_home::failure::shown;

use super::bounded::bounded;
use super::command::find;
use super::file::{self, Modes};
use super::{Secrets, keyring, local_vault, pass, server, systemd, variable};

/// Checks the location that `reference` names.
pub(super) async fn reach(secrets: &Secrets, reference: &CredentialRef) -> Result<String, Failure> {
    match reference {
        CredentialRef::File(written) => {
            let path = file::expand(written, secrets.user_home.as_deref())?;
            let place = format!("the file system of {}", shown(&path));
            let home = secrets.home.clone();
            bounded(secrets.deadline, &place, move || {
                if let Some(home) = &home {
                    file::guarded(home, &path)?;
                }
                let mode = file::look(&path, Modes::OwnerOnly)?;
                Ok(format!("{}, {mode}not read", shown(&path)))
            })
            .await
        }
        CredentialRef::Env(name) => variable::reach(name, (secrets.environment)(name).as_deref()),
        CredentialRef::Keyring(account) => keyring::reach(secrets, account),
        CredentialRef::LocalVault(_) => local_vault::reach(secrets),
        CredentialRef::Vault(secret) => server::reach(secrets, secret).await,
        CredentialRef::OnePassword(_) => program(secrets, "op"),
        CredentialRef::Pass(path) => {
            let seen = program(secrets, "pass")?;
            pass::look(secrets, path)?;
            Ok(seen)
        }
        CredentialRef::Systemd(name) => systemd::reach(secrets, name),
        CredentialRef::Command(words) => program(secrets, words.first().map_or("", String::as_str)),
        _ => Err(Failure::new(
            Code::CredentialInvalidReference,
            "this kind of credential reference is not supported here",
        )),
    }
}

fn program(secrets: &Secrets, name: &str) -> Result<String, Failure> {
    let hint = "set PATH in the `env` of the entry, or refer to the key with file:PATH";
    find(secrets, name, hint)?;
    Ok(format!("`{name}` is there; not run"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;
    use std::sync::Arc;

    use synapse_core::ports::SecretResolver as _;
    use synapse_home::Home;

    use super::*;

    /// The result for `reference` with these variables, in a temporary user home.
    async fn seen(
        home: &Path,
        variables: &[(&'static str, &str)],
        reference: &str,
    ) -> Result<String, Code> {
        let variables: Vec<(&str, OsString)> = variables
            .iter()
            .map(|(name, value)| (*name, OsString::from(value)))
            .collect();
        let lookup = Arc::new(move |name: &str| {
            let found = variables.iter().find(|(each, _)| *each == name);
            found.map(|(_, value)| value.clone())
        });
        let secrets = Secrets::new(Some(home.to_owned()), lookup).at_home(Home::new(home));
        let reference = reference.parse::<CredentialRef>().unwrap();
        secrets
            .reach(&reference)
            .await
            .map_err(|failure| failure.code())
    }

    #[tokio::test]
    async fn each_kind_fails_as_reading_would() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let programs = home.join("bin");
        std::fs::create_dir(&programs).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/bin/sh", programs.join("pass")).unwrap();
        #[cfg(windows)]
        synapse_home::atomic::create(&programs.join("pass.exe"), b"").unwrap();
        let programs = programs.to_str().unwrap();
        for (variables, reference, code) in [
            (&[][..], "env:SOME_NAME", Code::CredentialMissing),
            (
                &[("SOME_NAME", "")],
                "env:SOME_NAME",
                Code::CredentialMissing,
            ),
            (&[], "file:~/key", Code::CredentialMissing),
            (&[], "file:~/", Code::CredentialNotAFile),
            (&[], "vault:local/a", Code::CredentialStoreNotFound),
            (&[], "vault:kv/a#b", Code::CredentialStoreNotConfigured),
            (&[], "op://a/b/c", Code::CredentialStoreNotFound),
            (
                &[("PATH", "/nowhere")],
                "pass:a",
                Code::CredentialStoreNotFound,
            ),
            // A store that is not passed on to the server.
            (
                &[("PATH", programs)],
                "pass:a",
                Code::CredentialStoreNotConfigured,
            ),
            (
                &[("PATH", programs), ("PASSWORD_STORE_DIR", programs)],
                "pass:a",
                Code::CredentialMissing,
            ),
            (&[], r#"cmd:["gone"]"#, Code::CredentialStoreNotFound),
            (&[], "systemd:a", Code::CredentialStoreNotConfigured),
        ] {
            let found = seen(home, variables, reference).await;
            assert_eq!(found, Err(code), "{reference}");
        }
        let set = seen(home, &[("SOME_NAME", "fake")], "env:SOME_NAME").await;
        assert_eq!(set.unwrap(), "environment variable SOME_NAME; not read");
        let there = seen(home, &[], r#"cmd:["/bin/sh"]"#).await;
        assert_eq!(there.is_ok(), cfg!(unix));
    }

    /// An IDE's check is not green where its server would refuse the file.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_directory_that_others_may_change_fails_as_reading_would() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().unwrap();
        let secrets = Home::new(home.path()).secrets();
        std::fs::create_dir(&secrets).unwrap();
        let key = secrets.join("key");
        synapse_home::atomic::create(&key, b"fake").unwrap();
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(&key, 0o600);
        set(&secrets, 0o700);
        let reference = format!("file:{}", key.display());
        assert!(seen(home.path(), &[], &reference).await.is_ok());
        set(&secrets, 0o770);
        let found = seen(home.path(), &[], &reference).await;
        assert_eq!(found, Err(Code::StorageModeTooOpen));
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[tokio::test]
    async fn a_keyring_needs_a_session_bus() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("bus");
        let address = format!("unix:path={},guid=0", socket.display());
        let variables = [("DBUS_SESSION_BUS_ADDRESS", address.as_str())];
        let found = seen(home.path(), &variables, "keyring:a").await;
        assert_eq!(found, Err(Code::CredentialStoreUnreachable));
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(seen(home.path(), &variables, "keyring:a").await.is_ok());
    }
}
