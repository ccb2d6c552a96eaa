//! Flags of `secret`. No flag or argument takes a value: a command line ends up in shell histories
//! and is visible to every process of the machine.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Keep a new secret: typed at a hidden prompt, or read from stdin
    #[command(after_help = SET_EXAMPLES)]
    Set {
        /// Where to keep it: file:/path, keyring:NAME or vault:local/NAME
        reference: String,
    },
    /// Say where a reference leads and what is there, without showing it
    Check {
        /// The reference
        reference: String,
    },
    /// List the references that are known, and which connections use them
    List,
    /// Replace a secret that is there: typed at a hidden prompt, or read from stdin
    Rotate {
        /// Where it is kept
        reference: String,
    },
    /// Remove a secret for good
    Remove {
        /// Where it is kept
        reference: String,

        /// Also when a connection uses it
        #[arg(long)]
        force: bool,

        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Seal the local vault under another key: a passphrase, or a key file
    Rekey {
        /// The file of the new key; without it, a new passphrase is asked for
        #[arg(long, value_name = "PATH")]
        key_file: Option<PathBuf>,
    },
}

const SET_EXAMPLES: &str = "\
Examples:
  synapse secret set file:~/.synapse/openai.token
  synapse secret set keyring:openai
  some-password-manager get openai | synapse secret set vault:local/openai";
