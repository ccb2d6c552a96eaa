//! Flags of `models`.

use clap::Args;
use synapse_core::connection::Draft;
use synapse_core::gate::NetworkGate;

use super::connection::DraftFlags;

#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// The connection; the default one, or the only one, when left out
    #[arg(
        conflicts_with_all = ["provider", "model", "credential", "allow_network"]
    )]
    pub(crate) name: Option<String>,

    /// Only models with this text in their id or in the name of a sub-provider, case-insensitive
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,

    /// List a provider's models instead of a connection's: openai, huggingface, anthropic, ollama, …
    #[arg(long)]
    pub(crate) provider: Option<String>,

    /// Check only this model against the list; if it is not listed, show the most similar ones
    #[arg(long, requires = "provider")]
    pub(crate) model: Option<String>,

    /// Where the token is: file:~/path, keyring:NAME, vault:…, op://…, env:NAME, …; only with
    /// --provider
    #[arg(long, value_name = "REF", requires = "provider")]
    pub(crate) credential: Option<String>,

    /// Turn on network access (open the gate) for this one request
    #[arg(long, requires = "provider")]
    pub(crate) allow_network: bool,

    #[command(flatten)]
    pub(crate) draft: DraftFlags,
}

impl ModelsArguments {
    /// The draft that the flags describe, when they describe one.
    pub(crate) fn to_draft(&self) -> Option<Draft> {
        let mut draft = Draft {
            provider: self.provider.clone()?,
            model: self.model.clone().unwrap_or_default(),
            credential: self.credential.clone(),
            gate: if self.allow_network {
                NetworkGate::Open
            } else {
                NetworkGate::Closed
            },
            ..Draft::default()
        };
        self.draft.apply(&mut draft);
        Some(draft)
    }
}
