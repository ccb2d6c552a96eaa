//! What is known of a provider kind without asking it: the columns of the table in `profiles`.

use std::time::Duration;

/// What is known of a provider kind without asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderProfile {
    /// The word in files and on the command line.
    pub name: &'static str,
    /// The name people use.
    pub title: &'static str,
    /// The wire format it speaks.
    pub wire: Wire,
    /// The base URL unless the connection overrides it; `None` when every owner has another one.
    pub base_url: Option<&'static str>,
    /// How a base URL of this provider looks.
    pub base_url_example: &'static str,
    /// The total time a call may take unless the connection overrides it. Long, because an answer
    /// is not streamed: see the provider's own client defaults.
    pub timeout: Duration,
    /// Whether it asks for a token.
    pub token: TokenNeed,
    /// How tokens of this provider begin. A hint only: unknown prefixes are accepted.
    pub token_prefixes: &'static [&'static str],
    /// Where its owner creates a token, or learns how.
    pub token_page: &'static str,
    /// How the token is sent.
    pub authorization: Authorization,
    /// The field in which a cap on the answer is sent.
    pub token_cap: TokenCap,
    /// Where its models are listed.
    pub models: ModelIndex,
    /// What it means when that list does not have a model.
    pub unlisted: Unlisted,
    /// How its owner starts it, when it runs on a machine of theirs.
    pub start: Option<&'static str>,
    /// Where its vendor documents the API.
    pub documentation: &'static str,
    /// What is different here, for people who come from another provider.
    pub differences: &'static [&'static str],
}

/// A wire format, and with it the adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// OpenAI's own chat completions.
    OpenAi,
    /// The Hugging Face router: chat completions, routed to sub-providers.
    HuggingFace,
    /// Chat completions as other servers understand them.
    Compatible,
    /// Anthropic's messages.
    Anthropic,
}

impl Wire {
    /// The word in documents.
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

/// Whether a provider asks for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenNeed {
    /// Nothing works without one.
    Required,
    /// A connection may do without: nothing is read and nothing is sent then.
    Optional,
}

/// How the token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// `Authorization: Bearer TOKEN`, RFC 6750.
    Bearer,
    /// The token alone, in a header of this name.
    Header(&'static str),
}

/// The field in which a cap on the answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenCap {
    /// `max_completion_tokens`; OpenAI's newer models refuse the older field.
    MaxCompletionTokens,
    /// `max_tokens`; many servers silently ignore the newer field.
    MaxTokens,
}

impl TokenCap {
    /// The field on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxTokens => "max_tokens",
        }
    }
}

/// Where a provider lists its models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelIndex {
    /// `models` below the base, with the token, as OpenAI has it.
    OfTheOwner,
    /// `models` below the base, for anybody.
    Public,
    /// Ollama's own `/api/tags` at the root of the host, which knows size and quantization.
    OllamaTags,
    /// `models` below the base, with the token; it says what the vendor has, and not what this
    /// owner can ask for.
    Catalogue,
}

/// What it means that a provider's list does not have a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unlisted {
    /// The model cannot be had: the list is whole.
    Absent,
    /// Nothing yet: `models/{id}` also knows names that the list leaves out, and decides.
    AskAlone,
    /// Nothing: it may answer all the same, and only a prompt can tell.
    Unproven,
}
