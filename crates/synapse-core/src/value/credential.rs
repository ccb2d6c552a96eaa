//! Credential references: the place of a secret, never its value.

use std::fmt;

/// A reference to a secret. Resolves in exactly one place or fails; there is no fallback.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialRef {
    /// `file:/absolute/path` or `file:~/path`: a file with a single line.
    File(String),
    /// `env:NAME`: an environment variable of the process that sends.
    Env(String),
    /// `keyring:ACCOUNT`: an item of the service `synapse` in the system's keyring.
    Keyring(String),
    /// `vault:local/NAME`: an entry of Synapse's own encrypted vault.
    LocalVault(String),
    /// `vault:MOUNT/PATH#FIELD`: a field in a key-value engine of HashiCorp Vault or OpenBao.
    Vault(VaultSecret),
    /// `op://vault/item/field`: read by the 1Password program; kept verbatim.
    OnePassword(String),
    /// `pass:PATH`: the first line of an entry of the password store.
    Pass(String),
    /// `systemd:NAME`: a credential passed to this service by systemd.
    Systemd(String),
    /// `cmd:["program","argument"]`: the single line printed by a program. No shell is involved.
    Command(Vec<String>),
}

/// One field of a secret in a key-value engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VaultSecret {
    /// The mount of the engine.
    pub mount: String,
    /// The path below the mount, without `data/`.
    pub path: String,
    /// The name of the field.
    pub field: String,
    /// The version of the engine.
    pub engine: KvEngine,
}

/// The key-value engines of Vault and OpenBao.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KvEngine {
    /// Version 1, written `?kv=1`.
    V1,
    /// Version 2 with versioning; the default.
    #[default]
    V2,
}

impl CredentialRef {
    /// Whether it resolves from this process or one small file, in microseconds; others may involve
    /// a person, a program, a server or a service.
    #[must_use]
    pub const fn answers_at_once(&self) -> bool {
        matches!(self, Self::File(_) | Self::Env(_) | Self::Systemd(_))
    }

    /// The scheme before the colon.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Env(_) => "env",
            Self::Keyring(_) => "keyring",
            Self::LocalVault(_) | Self::Vault(_) => "vault",
            Self::OnePassword(_) => "op",
            Self::Pass(_) => "pass",
            Self::Systemd(_) => "systemd",
            Self::Command(_) => "cmd",
        }
    }

    /// Whether resolving may use the network: through a server, or a program.
    #[must_use]
    pub const fn may_use_network(&self) -> bool {
        match self {
            Self::Vault(_) | Self::OnePassword(_) | Self::Command(_) => true,
            Self::File(_)
            | Self::Env(_)
            | Self::Keyring(_)
            | Self::LocalVault(_)
            | Self::Pass(_)
            | Self::Systemd(_) => false,
        }
    }
}

impl fmt::Display for CredentialRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "file:{path}"),
            Self::Env(name) => write!(formatter, "env:{name}"),
            Self::Keyring(account) => write!(formatter, "keyring:{account}"),
            Self::LocalVault(name) => write!(formatter, "vault:{LOCAL}/{name}"),
            Self::Vault(secret) => write!(formatter, "vault:{secret}"),
            Self::OnePassword(reference) => formatter.write_str(reference),
            Self::Pass(path) => write!(formatter, "pass:{path}"),
            Self::Systemd(name) => write!(formatter, "systemd:{name}"),
            Self::Command(words) => {
                let words = serde_json::to_string(words).map_err(|_| fmt::Error)?;
                write!(formatter, "cmd:{words}")
            }
        }
    }
}

impl fmt::Display for VaultSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A mount of several segments, or with the reserved name, is separated by `//`.
        let plain = !self.mount.contains('/') && self.mount != LOCAL;
        let separator = if plain { "/" } else { "//" };
        let query = match self.engine {
            KvEngine::V1 => "?kv=1",
            KvEngine::V2 => "",
        };
        let Self {
            mount, path, field, ..
        } = self;
        write!(formatter, "{mount}{separator}{path}{query}#{field}")
    }
}

/// The reserved mount of Synapse's own vault.
pub(crate) const LOCAL: &str = "local";
