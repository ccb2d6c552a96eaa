//! Providers: the profile of each kind as data, and the port that an adapter implements.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;

use crate::chat::{ChatReply, ChatRequest};
use crate::endpoint::Origin;
use crate::error::{Code, Failure};
use crate::gate::NetworkPermit;
use crate::models::{Listed, ModelList};
use crate::name::ModelId;
use crate::preflight::{Climbed, Rung};
use crate::price::{PriceKey, PriceList};
use crate::receipt::Exchange;
use crate::secret::BoundSecret;

/// A kind of provider that a connection can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProviderKind {
    /// `api.openai.com`, chat completions.
    OpenAi,
    /// The Hugging Face inference router.
    HuggingFace,
}

/// What is known of a provider kind without asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderProfile {
    /// The word in files and on the command line.
    pub name: &'static str,
    /// The name people use.
    pub title: &'static str,
    /// The base URL unless the connection overrides it.
    pub base_url: &'static str,
    /// The total time a call may take unless the connection overrides it. Long, because an answer
    /// is not streamed: see the provider's own client defaults.
    pub timeout: Duration,
    /// How tokens of this provider begin. A hint only: unknown prefixes are accepted.
    pub token_prefix: &'static str,
    /// Where its owner creates a token.
    pub token_page: &'static str,
}

impl ProviderKind {
    /// Every kind, in the order of help texts.
    pub const ALL: [Self; 2] = [Self::OpenAi, Self::HuggingFace];

    /// The profile of this kind.
    #[must_use]
    pub const fn profile(self) -> &'static ProviderProfile {
        match self {
            Self::OpenAi => &OPENAI,
            Self::HuggingFace => &HUGGING_FACE,
        }
    }

    /// The word in files and on the command line.
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
                Failure::new(Code::ConfigUnknownProvider, "that provider is not known")
                    .cause(format!("known providers are: {}", names.join(", ")))
                    .hint("write the name exactly as listed")
                    .with("field", "provider")
            })
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What one send did, and what came of it.
#[derive(Debug)]
pub struct Exchanged<T> {
    /// What went over the wire, also when it failed.
    pub exchange: Exchange,
    /// The answer, or the classified failure.
    pub outcome: Result<T, Failure>,
}

/// An adapter to one provider, made for one connection.
///
/// Every method that sends does so exactly once: no retry, no redirect, no fallback.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// Every origin that chat or a preflight rung contacts.
    fn origins(&self) -> Vec<Origin>;

    /// Sends one chat request.
    ///
    /// The request is sent as given: nothing is added, nothing is defaulted.
    async fn chat(
        &self,
        permit: &NetworkPermit,
        secret: &BoundSecret,
        request: &ChatRequest,
    ) -> Exchanged<ChatReply>;

    /// The network rungs of this provider's preflight ladder, in order.
    fn rungs(&self) -> &'static [Rung];

    /// Sends the one request of `rung` and reports what it proved, check by check.
    ///
    /// A failure is attributed to the check that it speaks of. No findings leave the rung's checks
    /// to the next rung that decides them.
    async fn climb(
        &self,
        rung: &Rung,
        permit: &NetworkPermit,
        secret: &BoundSecret,
        model: &ModelId,
    ) -> Exchanged<Climbed>;

    /// Whether the list of models needs the token.
    fn model_list(&self) -> ModelList;

    /// Sends one request for the list of models, with `secret` as [`Provider::model_list`] says.
    async fn list_models(
        &self,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
    ) -> Exchanged<Listed>;

    /// Says where the price of a call stands that is yet to be sent. Sends nothing.
    fn quote(&self, _asked: &ModelId) -> Tariff {
        Tariff::Unknown
    }

    /// Says where the price of an answered call stands. Sends nothing.
    fn tariff(&self, _asked: &ModelId, _reply: &ChatReply, _exchange: &Exchange) -> Tariff {
        Tariff::Unknown
    }
}

/// Where the price of a call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tariff {
    /// In a list that the adapter has.
    Listed(PriceList),
    /// Among the prices that were kept when their owner last looked at the models.
    Kept(PriceKey),
    /// Nowhere.
    Unknown,
}

const OPENAI: ProviderProfile = ProviderProfile {
    name: "openai",
    title: "OpenAI",
    base_url: "https://api.openai.com/v1",
    timeout: Duration::from_secs(600),
    token_prefix: "sk-",
    token_page: "https://platform.openai.com/api-keys",
};

const HUGGING_FACE: ProviderProfile = ProviderProfile {
    name: "huggingface",
    title: "Hugging Face",
    base_url: "https://router.huggingface.co/v1",
    timeout: Duration::from_secs(120),
    token_prefix: "hf_",
    token_page: "https://huggingface.co/settings/tokens/new?ownUserPermissions=inference.serverless.write&tokenType=fineGrained",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::BaseUrl;

    #[test]
    fn names_parse_back_and_default_bases_pass_their_own_rules() {
        for kind in ProviderKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert!(kind.profile().base_url.parse::<BaseUrl>().is_ok());
        }
        let failure = "opnai".parse::<ProviderKind>().unwrap_err();
        assert_eq!(failure.code, Code::ConfigUnknownProvider);
        assert!(
            failure
                .causes
                .iter()
                .any(|cause| cause.contains("openai, huggingface"))
        );
    }
}
