//! Flags of `connection` and `preflight`: both take the fields of a connection.

use clap::{Args, Subcommand};
use synapse_core::connection::{Draft, fields};
use synapse_core::engine::Naming;
use synapse_core::error::{Code, Failure, Help, Remedy};
use synapse_core::gate::NetworkGate;
use synapse_core::preflight::Reach;
use synapse_core::provider::{ProviderKind, TokenNeed};

use super::limits::{LimitFlags, NONE};

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Check a connection and save it when every check passes; at a terminal, asks for what is missing
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArguments),
    /// List the connections
    List,
    /// Show one connection
    Show {
        /// Its name
        name: String,
    },
    /// Change a connection; it is checked again before it is saved
    Edit(EditArguments),
    /// Choose the default connection, or show it
    Default {
        /// The connection
        name: Option<String>,

        /// Choose none
        #[arg(long, conflicts_with = "name")]
        clear: bool,
    },
    /// Rename a connection; its calls so far keep the old name
    Rename {
        /// The connection
        name: String,

        /// Its new name
        new: String,

        /// Rename even though this month's usage will no longer count against its limits
        #[arg(long)]
        restart_limits: bool,
    },
    /// Add a copy of a connection, including credential reference and confirmed host
    Copy {
        /// The connection
        name: String,

        /// The name of the new one
        new: String,
    },
    /// Remove a connection; its history stays
    Remove {
        /// Its name
        name: String,

        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    /// Its name: letters, digits, `.`, `_` and `-`
    pub(crate) name: Option<String>,

    /// Provider: openai, huggingface, anthropic, ollama, …; `synapse providers` lists them.
    /// Asked for when left out, at a terminal
    #[arg(long)]
    pub(crate) provider: Option<String>,

    /// Model id; on Hugging Face, pin a sub-provider as MODEL:PROVIDER. Asked for
    /// when left out, at a terminal
    #[arg(long)]
    pub(crate) model: Option<String>,

    #[arg(long, value_name = "REF", help = fields::CREDENTIAL.hint)]
    pub(crate) credential: Option<String>,

    #[command(flatten)]
    pub(crate) draft: DraftFlags,

    #[arg(long, help = fields::NETWORK.hint)]
    pub(crate) allow_network: bool,

    /// Save without any network check; the record says which checks are unproven
    #[arg(long, conflicts_with = "live")]
    pub(crate) offline: bool,

    /// Also send one small paid prompt
    #[arg(long)]
    pub(crate) live: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// Its name
    pub(crate) name: String,

    /// Provider: openai, huggingface, anthropic, ollama, …; `synapse providers` lists them
    #[arg(long)]
    pub(crate) provider: Option<String>,

    /// Model id
    #[arg(long)]
    pub(crate) model: Option<String>,

    /// Where the token is: file:~/path, keyring:NAME, vault:…, op://…, env:NAME, …
    #[arg(long, value_name = "REF")]
    pub(crate) credential: Option<String>,

    #[command(flatten)]
    pub(crate) draft: DraftFlags,

    /// Turn on network access (open the gate)
    #[arg(long, conflicts_with = "deny_network")]
    pub(crate) allow_network: bool,

    /// Turn off network access (close the gate): no socket, no secret read
    #[arg(long)]
    pub(crate) deny_network: bool,

    /// Save without any network check; the record says which checks are unproven
    #[arg(long, conflicts_with = "live")]
    pub(crate) offline: bool,

    /// Also send one small paid prompt
    #[arg(long)]
    pub(crate) live: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PreflightArguments {
    /// The connection to check
    #[arg(conflicts_with_all = ["all", "provider"])]
    pub(crate) name: Option<String>,

    /// Check every connection
    #[arg(long, conflicts_with = "provider")]
    pub(crate) all: bool,

    /// Check a new connection instead of a saved one: openai, huggingface, anthropic, ollama, …
    #[arg(long, requires = "model")]
    pub(crate) provider: Option<String>,

    /// Model id of a new connection; only with --provider
    #[arg(long, requires = "provider")]
    pub(crate) model: Option<String>,

    /// Where the token is: file:~/path, keyring:NAME, vault:…, op://…, env:NAME, …; only with
    /// --provider
    #[arg(long, value_name = "REF", requires = "provider")]
    pub(crate) credential: Option<String>,

    #[command(flatten)]
    pub(crate) draft: DraftFlags,

    /// Turn on network access (open the gate) for this check
    #[arg(long, requires = "provider")]
    pub(crate) allow_network: bool,

    /// Make only the local checks
    #[arg(long, conflicts_with = "live")]
    pub(crate) offline: bool,

    /// Also send one small paid prompt
    #[arg(long)]
    pub(crate) live: bool,
}

/// The optional fields of a connection.
#[derive(Debug, Args, Default)]
pub(crate) struct DraftFlags {
    #[arg(long, value_name = "URL", help = fields::BASE_URL.hint)]
    pub(crate) base_url: Option<String>,

    #[arg(long, value_name = "ID", help = fields::ORGANIZATION.hint)]
    pub(crate) organization: Option<String>,

    #[arg(long = "openai-project", alias = "project", value_name = "ID", help = fields::PROJECT.hint)]
    pub(crate) project: Option<String>,

    #[arg(long, value_name = "NAME", help = fields::BILL_TO.hint)]
    pub(crate) bill_to: Option<String>,

    #[arg(long, value_name = "SECONDS", help = fields::TIMEOUT.hint)]
    pub(crate) timeout: Option<u64>,

    #[arg(long, value_name = "N", value_parser = cap, help = fields::MAX_TOKENS.hint)]
    pub(crate) max_tokens: Option<u64>,

    #[arg(long, value_name = "URL", help = fields::PROXY.hint)]
    pub(crate) proxy: Option<String>,

    #[arg(long, conflicts_with = "deny_plain_http", help = fields::PLAIN_HTTP.hint)]
    pub(crate) allow_plain_http: bool,

    /// Allow plain http to this machine only, which is the default
    #[arg(long)]
    pub(crate) deny_plain_http: bool,

    #[command(flatten)]
    pub(crate) limits: LimitFlags,
}

impl DraftFlags {
    /// Whether any of them is given.
    pub(crate) const fn any(&self) -> bool {
        self.base_url.is_some()
            || self.organization.is_some()
            || self.project.is_some()
            || self.bill_to.is_some()
            || self.timeout.is_some()
            || self.max_tokens.is_some()
            || self.proxy.is_some()
            || self.allow_plain_http
            || self.deny_plain_http
            || self.limits.any()
    }

    /// Writes the given fields into `draft`. `none`, or an empty text, removes a field.
    pub(crate) fn apply(&self, draft: &mut Draft) {
        let set = |field: &mut Option<String>, flag: &Option<String>| {
            if let Some(text) = flag {
                *field = is_some(text).then(|| text.clone());
            }
        };
        set(&mut draft.base_url, &self.base_url);
        set(&mut draft.organization, &self.organization);
        set(&mut draft.project, &self.project);
        set(&mut draft.bill_to, &self.bill_to);
        set(&mut draft.proxy, &self.proxy);
        if self.allow_plain_http {
            draft.allow_plain_http = true;
        }
        if self.deny_plain_http {
            draft.allow_plain_http = false;
        }
        if self.timeout.is_some() {
            draft.timeout_seconds = self.timeout;
        }
        if let Some(cap) = self.max_tokens {
            draft.max_tokens = (cap > 0).then_some(cap);
        }
        self.limits.apply(draft);
    }
}

impl CreateArguments {
    /// The draft that the flags describe.
    pub(crate) fn to_draft(&self) -> Draft {
        let mut draft = Draft {
            provider: self.provider.clone().unwrap_or_default(),
            model: self.model.clone().unwrap_or_default(),
            credential: self.credential.clone(),
            gate: gate(self.allow_network),
            ..Draft::default()
        };
        self.draft.apply(&mut draft);
        draft
    }

    /// Whether a required field is missing.
    pub(crate) fn lacks(&self) -> bool {
        !self.lacked().is_empty()
    }

    /// Whether the provider requires a key and no credential is given.
    pub(crate) fn lacks_key(&self) -> bool {
        let provider = self.provider.as_deref().unwrap_or_default();
        let needs_one = provider
            .parse::<ProviderKind>()
            .is_ok_and(|kind| kind.profile().token == TokenNeed::Required);
        needs_one && self.credential.is_none()
    }

    /// The error for missing fields when no question can be asked for them.
    pub(crate) fn lacking(&self) -> Failure {
        Failure::new(
            Code::UsageInvalidArguments,
            format!("`connection create` needs {}", self.lacked().join(", ")),
        )
        .cause("no question can be asked: stdin or stderr is not a terminal")
        .remedy(
            "see all flags",
            &Remedy::ReadHelp {
                of: Help::CreateConnection,
            },
        )
    }

    fn lacked(&self) -> Vec<&'static str> {
        [
            ("NAME", &self.name),
            ("--provider", &self.provider),
            ("--model", &self.model),
        ]
        .into_iter()
        .filter_map(|(word, given)| given.is_none().then_some(word))
        .collect()
    }
}

impl EditArguments {
    /// Whether any change is requested.
    pub(crate) const fn any(&self) -> bool {
        self.provider.is_some()
            || self.model.is_some()
            || self.credential.is_some()
            || self.allow_network
            || self.deny_network
            || self.draft.any()
    }

    /// The fields that are given, and so confirmed.
    pub(crate) const fn naming(&self) -> Naming {
        Naming {
            base_url: self.draft.base_url.is_some(),
            proxy: self.draft.proxy.is_some(),
        }
    }

    /// Writes the given fields into `draft`.
    pub(crate) fn apply(&self, draft: &mut Draft) {
        let set = |field: &mut String, flag: &Option<String>| {
            if let Some(text) = flag {
                field.clone_from(text);
            }
        };
        set(&mut draft.provider, &self.provider);
        set(&mut draft.model, &self.model);
        if let Some(text) = &self.credential {
            draft.credential = is_some(text).then(|| text.clone());
        }
        self.draft.apply(draft);
        if self.allow_network {
            draft.gate = NetworkGate::Open;
        }
        if self.deny_network {
            draft.gate = NetworkGate::Closed;
        }
    }
}

impl PreflightArguments {
    /// The draft that the flags describe, when they describe one.
    pub(crate) fn to_draft(&self) -> Option<Draft> {
        let mut draft = Draft {
            provider: self.provider.clone()?,
            model: self.model.clone()?,
            credential: self.credential.clone(),
            gate: gate(self.allow_network),
            ..Draft::default()
        };
        self.draft.apply(&mut draft);
        Some(draft)
    }
}

/// How far the preflight goes; clap excludes both at once.
pub(crate) const fn reach(offline: bool, live: bool) -> Reach {
    match (offline, live) {
        (true, _) => Reach::Offline,
        (false, true) => Reach::Live,
        (false, false) => Reach::Free,
    }
}

/// Whether `text` sets a field instead of removing it.
fn is_some(text: &str) -> bool {
    !text.is_empty() && text != NONE
}

/// Parses a cap; 0 means no cap.
fn cap(text: &str) -> Result<u64, String> {
    match text {
        NONE => Ok(0),
        text => text
            .parse()
            .map_err(|_| format!("it takes a whole number of tokens, or `{NONE}`")),
    }
}

const fn gate(allow_network: bool) -> NetworkGate {
    if allow_network {
        NetworkGate::Open
    } else {
        NetworkGate::Closed
    }
}

const CREATE_EXAMPLES: &str = "\
Local and free checks run first; nothing is saved if one fails. Without --allow-network network \
access stays off, and the connection can only be saved with --offline.

Examples:
  synapse connection create work --provider openai --model MODEL \\
      --credential file:~/.synapse/openai.token --allow-network
  synapse connection create hf --provider huggingface \\
      --model ORG/MODEL:PROVIDER --credential keyring:hf --allow-network
  synapse connection create local --provider ollama --model llama3.2 \\
      --allow-network
  synapse connection create later --provider openai --model MODEL \\
      --credential env:OPENAI_API_KEY --offline";

#[cfg(test)]
mod tests {
    use synapse_core::connection::fields::FIELDS;

    use super::*;

    #[test]
    fn every_field_has_its_flag() {
        for command in [
            CreateArguments::augment_args(clap::Command::new("create")),
            EditArguments::augment_args(clap::Command::new("edit")),
        ] {
            for field in FIELDS {
                let is_there = command.get_arguments().any(|argument| {
                    argument
                        .get_long()
                        .map(|long| format!("--{long}"))
                        .as_deref()
                        == Some(field.flag)
                });
                assert!(is_there, "{}: {}", command.get_name(), field.flag);
            }
        }
    }
}
