//! Flags of `setup`: each answers one of its questions.

use clap::Args;
use synapse_core::connection::Draft;
use synapse_core::gate::NetworkGate;

use super::connection::DraftFlags;

#[derive(Debug, Args, Default)]
pub(crate) struct SetupArguments {
    /// Provider: openai, huggingface, anthropic, ollama, …; `synapse providers` lists them.
    /// Asked for when left out
    #[arg(long)]
    pub(crate) provider: Option<String>,

    /// Where the key is, or with --key-stdin will be stored: file:~/path, keyring:NAME, vault:…,
    /// …; asked for when left out
    #[arg(long, value_name = "REF")]
    pub(crate) credential: Option<String>,

    /// Read the key from stdin and store it at --credential
    #[arg(long, requires_all = ["credential", "yes"])]
    pub(crate) key_stdin: bool,

    /// Turn on network access (open the gate): allow live calls to the provider's hosts
    #[arg(long)]
    pub(crate) allow_network: bool,

    /// Model id; asked for when left out
    #[arg(long)]
    pub(crate) model: Option<String>,

    /// Name of the connection; the provider's when left out
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// Clients to add Synapse to, separated by commas, or `detected`, or `none`; with
    /// --yes, none by default
    #[arg(long, value_name = "CLIENT", value_delimiter = ',')]
    pub(crate) ide: Vec<String>,

    /// A first prompt: one request, which may cost money
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,

    /// Ask nothing: the flags are the answers, and everything they name is written
    #[arg(long, short)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) draft: DraftFlags,
}

impl SetupArguments {
    /// The draft that the flags describe; omitted fields are empty.
    pub(crate) fn to_draft(&self) -> Draft {
        let mut draft = Draft {
            provider: self.provider.clone().unwrap_or_default(),
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
        draft
    }
}

pub(crate) const SETUP_EXAMPLES: &str = "\
Asks for a provider, a key, the network, a model, your IDEs and a first prompt. Each question \
names the command that does the same, and nothing is written before it is shown. Esc leaves at \
any question, and a second run goes on where the first was left.

Examples:
  synapse setup
  synapse setup --provider ollama
  synapse setup --yes --provider openai --credential env:OPENAI_API_KEY \\
      --allow-network --model MODEL --ide detected
  printf %s \"$KEY\" | synapse setup --yes --key-stdin --provider openai \\
      --credential file:~/.synapse/openai.token --allow-network --model MODEL";
