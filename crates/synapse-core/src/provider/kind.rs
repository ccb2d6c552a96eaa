//! The supported kinds of providers.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Failure};
use crate::nearest::nearest;

use super::profile::ProviderProfile;
use super::profiles;

/// A supported kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProviderKind {
    /// `api.openai.com`, chat completions.
    OpenAi,
    /// The Hugging Face inference router.
    HuggingFace,
    /// `api.anthropic.com`, messages.
    Anthropic,
    /// Any OpenAI-compatible server.
    OpenAiCompatible,
    /// OpenRouter.
    OpenRouter,
    /// Groq.
    Groq,
    /// DeepSeek.
    DeepSeek,
    /// xAI.
    XAi,
    /// Mistral.
    Mistral,
    /// Together AI.
    Together,
    /// Gemini's OpenAI-compatible endpoint.
    Gemini,
    /// Azure OpenAI's `v1` endpoint.
    Azure,
    /// Ollama on this machine.
    Ollama,
    /// LM Studio on this machine.
    LmStudio,
    /// `llama-server` of llama.cpp on this machine.
    LlamaCpp,
    /// vLLM on this machine.
    Vllm,
}

impl ProviderKind {
    /// Every kind, in the order of help texts.
    pub const ALL: [Self; 16] = [
        Self::OpenAi,
        Self::HuggingFace,
        Self::Anthropic,
        Self::OpenRouter,
        Self::Groq,
        Self::DeepSeek,
        Self::XAi,
        Self::Mistral,
        Self::Together,
        Self::Gemini,
        Self::Azure,
        Self::Ollama,
        Self::LmStudio,
        Self::LlamaCpp,
        Self::Vllm,
        Self::OpenAiCompatible,
    ];

    /// The profile of this kind.
    #[must_use]
    pub const fn profile(self) -> &'static ProviderProfile {
        match self {
            Self::OpenAi => &profiles::OPENAI,
            Self::HuggingFace => &profiles::HUGGING_FACE,
            Self::Anthropic => &profiles::ANTHROPIC,
            Self::OpenAiCompatible => &profiles::OPENAI_COMPATIBLE,
            Self::OpenRouter => &profiles::OPENROUTER,
            Self::Groq => &profiles::GROQ,
            Self::DeepSeek => &profiles::DEEPSEEK,
            Self::XAi => &profiles::XAI,
            Self::Mistral => &profiles::MISTRAL,
            Self::Together => &profiles::TOGETHER,
            Self::Gemini => &profiles::GEMINI,
            Self::Azure => &profiles::AZURE,
            Self::Ollama => &profiles::OLLAMA,
            Self::LmStudio => &profiles::LM_STUDIO,
            Self::LlamaCpp => &profiles::LLAMA_CPP,
            Self::Vllm => &profiles::VLLM,
        }
    }

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.profile().name
    }
}

impl FromStr for ProviderKind {
    type Err = Failure;

    /// # Errors
    /// `config.unknown-provider` with the list of names.
    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
                let failure =
                    Failure::new(Code::ConfigUnknownProvider, "that provider is not known")
                        .cause(format!("known providers are: {}", names.join(", ")));
                match nearest(text, names.iter().copied()) {
                    Some(near) => failure.did_you_mean(text, near),
                    None => failure.hint("write the name exactly as listed"),
                }
                .hint("any server of OpenAI's wire format is openai-compatible, with --base-url")
                .in_field("provider")
            })
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::BaseUrl;

    #[test]
    fn names_parse_back_and_base_urls_pass_their_own_rules() {
        for kind in ProviderKind::ALL {
            let profile = kind.profile();
            assert_eq!(kind.as_str().parse(), Ok(kind));
            for base in profile
                .base_url
                .into_iter()
                .chain([profile.base_url_example])
            {
                assert!(base.parse::<BaseUrl>().is_ok(), "{kind}: {base}");
            }
        }
        let failure = "opnai".parse::<ProviderKind>().unwrap_err();
        assert_eq!(failure.code(), Code::ConfigUnknownProvider);
        assert!(
            failure
                .causes()
                .iter()
                .any(|cause| cause.contains("openai, huggingface"))
        );
    }

    #[test]
    fn every_kind_stands_in_the_list_once() {
        let mut names: Vec<&str> = ProviderKind::ALL.iter().map(|kind| kind.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ProviderKind::ALL.len());
    }
}
