//! Verdicts: a code and a one-line message without the provider's words.

use synapse_core::error::Code;

/// The kind of error, before rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Classification {
    /// The code.
    pub(crate) code: Code,
    /// A message without the provider's words.
    pub(crate) message: &'static str,
    /// A probe may treat this as a success.
    pub(crate) token_cap: bool,
}

impl Classification {
    /// A verdict with its message.
    pub(crate) const fn new(code: Code, message: &'static str) -> Self {
        Self {
            code,
            message,
            token_cap: false,
        }
    }

    /// Whether it concerns the account rather than the request.
    pub(crate) const fn blames_account(self) -> bool {
        matches!(
            self.code,
            Code::CredentialTokenRejected
                | Code::CredentialTokenPermission
                | Code::ProviderAccountScope
                | Code::ProviderCreditsExhausted
        )
    }
}

pub(crate) const PATH_MISMATCH: Classification = Classification::new(
    Code::EndpointPathMismatch,
    "the server has no such endpoint under the base URL",
);
pub(crate) const WRONG_REGION_HOST: Classification = Classification::new(
    Code::EndpointWrongRegionHost,
    "the project must use a regional host",
);
pub(crate) const TOKEN_REJECTED: Classification = Classification::new(
    Code::CredentialTokenRejected,
    "the provider does not accept this token",
);
pub(crate) const ACCOUNT_CLOSED: Classification = Classification::new(
    Code::CredentialTokenRejected,
    "the account or organization of this token is disabled or restricted",
);
pub(crate) const TOKEN_PERMISSION: Classification = Classification::new(
    Code::CredentialTokenPermission,
    "the token is valid but lacks a permission",
);
pub(crate) const ACCOUNT_SCOPE: Classification = Classification::new(
    Code::ProviderAccountScope,
    "the token does not belong to the organization or project of this connection",
);
pub(crate) const REGION_BLOCKED: Classification = Classification::new(
    Code::ProviderRegionBlocked,
    "the provider refuses requests from this country or network address",
);
pub(crate) const MODEL_ACCESS: Classification = Classification::new(
    Code::ProviderModelAccess,
    "the account may not use this model",
);
pub(crate) const MODEL_UNAVAILABLE: Classification = Classification::new(
    Code::ProviderModelUnavailable,
    "the model does not exist or no provider serves it now",
);
pub(crate) const CREDITS_EXHAUSTED: Classification = Classification::new(
    Code::ProviderCreditsExhausted,
    "credits, quota or a spend limit are used up",
);
pub(crate) const LIMIT_OF_ZERO: Classification = Classification::new(
    Code::ProviderCreditsExhausted,
    "the account's limit for this is 0, so waiting does not help",
);
pub(crate) const RATE_LIMITED: Classification = Classification::new(
    Code::ProviderRateLimited,
    "the provider limits the request rate of this account",
);
pub(crate) const TOO_LONG: Classification =
    Classification::new(Code::ProviderContextTooLong, "the prompt is too long");
pub(crate) const FILTERED: Classification = Classification::new(
    Code::ProviderRequestRejected,
    "the provider's content filter refuses the prompt",
);
pub(crate) const REJECTED: Classification = Classification::new(
    Code::ProviderRequestRejected,
    "the provider rejects the request",
);
pub(crate) const OVERLOADED: Classification = Classification::new(
    Code::ProviderOverloaded,
    "the provider is overloaded or unreachable behind its edge",
);
pub(crate) const NO_MEMORY: Classification = Classification::new(
    Code::ProviderFailed,
    "the server does not have the memory for this model",
);
pub(crate) const FAILED: Classification =
    Classification::new(Code::ProviderFailed, "the provider failed");
