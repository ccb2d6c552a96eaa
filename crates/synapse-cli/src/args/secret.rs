//! Flags of `secret`. No flag or argument takes a value: a command line ends up in shell histories
//! and is visible to every process of the machine.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Store a new secret: typed at a hidden prompt, or read from stdin
    #[command(after_help = SET_EXAMPLES)]
    Set {
        /// Where to store it: file:/path, keyring:NAME or vault:local/NAME
        reference: String,
    },
    /// Show where a reference leads and whether a secret exists, without showing it
    Check {
        /// The reference
        reference: String,
    },
    /// List the known references, and the connections that use them
    List,
    /// Replace an existing secret: typed at a hidden prompt, or read from stdin
    Rotate {
        /// Its reference
        reference: String,
    },
    /// Remove a secret permanently
    Remove {
        /// Its reference
        reference: String,

        /// Even if a connection uses it
        #[arg(long)]
        force: bool,

        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Seal the local vault under another key: a passphrase, or a key file
    Rekey {
        /// The new key file; when left out, a new passphrase is asked for
        #[arg(long, value_name = "PATH")]
        key_file: Option<PathBuf>,
    },
}

const SET_EXAMPLES: &str = "\
Examples:
  synapse secret set file:~/.synapse/openai.token
  synapse secret set keyring:openai
  some-password-manager get openai | synapse secret set vault:local/openai";
