//! The rules of each vendor, one file each: the meaning of its errors, the remedies, and the spelling
//! of its models' names. A vendor without a file has none of its own.
//!
//! Its profile is a row of `synapse_core::provider`, the prefix of its tokens one of
//! `synapse-redact`.

mod anthropic;
mod azure;
mod deepseek;
mod gemini;
mod groq;
mod huggingface;
mod llamacpp;
mod lmstudio;
mod ollama;
mod openai;
mod openrouter;
mod vllm;
mod xai;

use synapse_core::ModelId;
use synapse_core::error::Failure;
use synapse_core::provider::ProviderKind;

pub(crate) use self::openai::NO_CHAT;
use crate::verdict::Classification;
use crate::wire::error::ErrorBody;

/// A vendor's own rules.
#[derive(Debug)]
pub(crate) struct Vendor {
    /// The meaning of an error without a code, by status and words: differs from that of OpenAI.
    pub(crate) judge: fn(u16, &ErrorBody) -> Option<Classification>,
    pub(crate) remedies: Remedies,
    pub(crate) names: Names,
}

/// Remedies of a vendor.
#[derive(Debug)]
pub(crate) struct Remedies {
    /// For a token that lacks a permission.
    pub(crate) permission: &'static str,
    /// For a token of another account.
    pub(crate) account: Account,
    /// For a model that the account may not use.
    pub(crate) model_access: &'static [Step],
    /// For a missing model.
    pub(crate) model_unavailable: &'static [Step],
    /// For a model that its list does not have.
    pub(crate) unlisted: Step,
}

/// The source of the account.
#[derive(Debug)]
pub(crate) enum Account {
    /// A setting of the connection.
    Setting(&'static str),
    /// The token itself.
    Key(&'static str),
}

/// One step; `{model}` is replaced with the requested model.
#[derive(Debug)]
pub(crate) enum Step {
    Hint(&'static str),
    Run(&'static str, &'static str),
}

/// Spelling of the names of models in a list.
#[derive(Debug)]
pub(crate) struct Names {
    /// Whether a listed name is that of the requested model.
    pub(crate) is: fn(&str, &ModelId) -> bool,
    /// Whether no list contains the requested model, which may be served nevertheless.
    pub(crate) is_elsewhere: fn(&ModelId) -> bool,
    /// Whether the server answers with its own model, whatever is requested.
    pub(crate) answers_to_any: bool,
}

/// The rules of a vendor.
pub(crate) const fn of(provider: ProviderKind) -> &'static Vendor {
    match provider {
        ProviderKind::OpenAi => &openai::VENDOR,
        ProviderKind::HuggingFace => &huggingface::VENDOR,
        ProviderKind::Anthropic => &anthropic::VENDOR,
        ProviderKind::OpenRouter => &openrouter::VENDOR,
        ProviderKind::Groq => &groq::VENDOR,
        ProviderKind::DeepSeek => &deepseek::VENDOR,
        ProviderKind::XAi => &xai::VENDOR,
        ProviderKind::Gemini => &gemini::VENDOR,
        ProviderKind::Azure => &azure::VENDOR,
        ProviderKind::Ollama => &ollama::VENDOR,
        ProviderKind::LmStudio => &lmstudio::VENDOR,
        ProviderKind::LlamaCpp => &llamacpp::VENDOR,
        ProviderKind::Vllm => &vllm::VENDOR,
        _ => &ANY,
    }
}

impl Step {
    /// Adds it to a failure that concerns `model`.
    pub(crate) fn add(&self, failure: Failure, model: &str) -> Failure {
        match self {
            Self::Hint(text) => failure.hint(text.replace(MODEL, model)),
            Self::Run(text, command) => failure.shell(*text, command.replace(MODEL, model)),
        }
    }
}

/// The id without `models/`, which Gemini lists before each id; it accepts both.
pub(crate) fn bare(id: &str) -> &str {
    id.strip_prefix("models/").unwrap_or(id)
}

/// A vendor without rules of its own.
const ANY: Vendor = Vendor {
    judge: |_, _| None,
    remedies: REMEDIES,
    names: NAMES,
};

const REMEDIES: Remedies = Remedies {
    permission: "give the key the permission that the message names",
    account: Account::Setting(
        "remove `organization` and `project` (a project key needs neither), or correct them",
    ),
    model_access: &[Step::Hint(
        "enable {model} for the project or accept its terms, or choose another model",
    )],
    model_unavailable: &[Step::Hint(
        "check the spelling, and that it is a chat model",
    )],
    unlisted: Step::Hint("copy the id of a listed model; upper and lower case count"),
};

const NAMES: Names = Names {
    is: |listed, asked| bare(listed) == bare(asked.as_str()),
    is_elsewhere: |_| false,
    answers_to_any: false,
};

const MODEL: &str = "{model}";
