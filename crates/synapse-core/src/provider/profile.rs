//! Static facts about a provider kind: the columns of the table in `profiles`.

use std::time::Duration;

/// Static facts about a provider kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderProfile {
    /// Its name in files and on the command line.
    pub name: &'static str,
    /// Its display name.
    pub title: &'static str,
    /// Its wire format.
    pub wire: Wire,
    /// The default base URL; `None` if it differs per user.
    pub base_url: Option<&'static str>,
    /// An example base URL.
    pub base_url_example: &'static str,
    /// The default total timeout of a call. Long, because answers are not streamed: see the
    /// provider's own client defaults.
    pub timeout: Duration,
    /// Whether it requires a token.
    pub token: TokenNeed,
    /// Known token prefixes. A hint only: unknown prefixes are accepted.
    pub token_prefixes: &'static [&'static str],
    /// The page to create a token, or documentation about it.
    pub token_page: &'static str,
    /// How to send the token.
    pub authorization: Authorization,
    /// The field for the cap on answer tokens.
    pub token_cap: TokenCap,
    /// The location of its model list.
    pub models: ModelIndex,
    /// The meaning of a model missing in that list.
    pub unlisted: Unlisted,
    /// The command that starts it, if it runs locally.
    pub start: Option<&'static str>,
    /// The vendor's API documentation.
    pub documentation: &'static str,
    /// Differences from other providers, for new users.
    pub differences: &'static [&'static str],
}

/// A wire format, which determines the adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// OpenAI's own chat completions.
    OpenAi,
    /// The Hugging Face router: chat completions, routed to sub-providers.
    HuggingFace,
    /// Chat completions as implemented by compatible servers.
    Compatible,
    /// Anthropic's messages.
    Anthropic,
}

impl Wire {
    /// Its name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::HuggingFace => "huggingface",
            Self::Compatible => "openai-compatible",
            Self::Anthropic => "anthropic-messages",
        }
    }
}

/// Whether a provider requires a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenNeed {
    /// Required.
    Required,
    /// Optional: without one nothing is read or sent.
    Optional,
}

/// How to send the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// `Authorization: Bearer TOKEN`, RFC 6750.
    Bearer,
    /// The token alone, in this header.
    Header(&'static str),
}

/// The field for the cap on answer tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenCap {
    /// `max_completion_tokens`; OpenAI's newer models reject the older field.
    MaxCompletionTokens,
    /// `max_tokens`; many servers silently ignore the newer field.
    MaxTokens,
}

impl TokenCap {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxTokens => "max_tokens",
        }
    }
}

/// The location of a model list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelIndex {
    /// `models` below the base, with the token, like OpenAI.
    OfTheOwner,
    /// `models` below the base, public.
    Public,
    /// Ollama's `/api/tags` at the host's root, which has size and quantization.
    OllamaTags,
    /// `models` below the base, with the token; lists the vendor's catalogue rather than this
    /// user's models.
    Catalogue,
}

/// The meaning of a model missing in a provider's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unlisted {
    /// The model does not exist: the list is complete.
    Absent,
    /// Inconclusive: `models/{id}` also knows unlisted names, and decides.
    AskAlone,
    /// Inconclusive: only a prompt can tell.
    Unproven,
}
