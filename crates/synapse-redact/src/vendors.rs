//! The one table of vendors' token prefixes, with their issuers and tails. Data only; `shapes`
//! searches text for them, core validates credentials with them.

/// A prefix of a vendor's tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenPrefix {
    /// The prefix itself. Case-insensitive in foreign text, exact in a credential.
    pub prefix: &'static str,
    /// Issuer of tokens with this prefix.
    pub issuer: Issuer,
    /// Bytes allowed after the prefix.
    pub(crate) tail: fn(u8) -> bool,
    /// Minimum length of the tail.
    pub(crate) least: usize,
    /// Whether no other names start like this; then fewer characters suffice to refuse a name.
    distinct: bool,
}

/// Issuer and purpose of a token, as far as its prefix reveals them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Issuer {
    /// OpenAI, for calls.
    OpenAi,
    /// OpenAI, for administration.
    OpenAiAdmin,
    /// Anthropic, for calls.
    Anthropic,
    /// Anthropic, for administration.
    AnthropicAdmin,
    /// OpenRouter.
    OpenRouter,
    /// OpenAI, and the many vendors that copied its prefix.
    OpenAiStyle,
    /// Hugging Face.
    HuggingFace,
    /// Hugging Face, a legacy token of an organization.
    HuggingFaceOrganization,
    /// Groq.
    Groq,
    /// xAI.
    XAi,
    /// Google.
    Google,
    /// A vendor of no known provider.
    Other,
}

impl TokenPrefix {
    const fn new(prefix: &'static str, tail: fn(u8) -> bool, least: usize) -> Self {
        Self {
            prefix,
            issuer: Issuer::Other,
            tail,
            least,
            distinct: false,
        }
    }

    const fn of(self, issuer: Issuer) -> Self {
        Self { issuer, ..self }.distinct()
    }

    const fn distinct(self) -> Self {
        Self {
            distinct: true,
            ..self
        }
    }
}

/// The issuer of a credential, judged by its prefix.
#[must_use]
pub fn issuer(token: &str) -> Option<Issuer> {
    let found = TOKEN_PREFIXES
        .iter()
        .find(|row| token.starts_with(row.prefix));
    found.map(|row| row.issuer)
}

/// Whether `word` starts like a token and is long enough for one. Stricter than the search in
/// foreign text: where a name is expected, a truncated or mistyped token is refused too.
#[must_use]
pub fn begins_like_token(word: &str) -> bool {
    TOKEN_PREFIXES.iter().any(|row| {
        let Some(tail) = word.strip_prefix(row.prefix) else {
            return false;
        };
        if row.distinct {
            tail.len() >= LEAST_OF_A_WORD
        } else {
            tail.len() >= row.least && tail.bytes().all(row.tail)
        }
    })
}

/// Whether `text` has only the characters of names, and fewer than any token in any notation: the
/// other shapes have a space, `=`, `:` or 20 characters, and less than 24 are not decoded.
pub(crate) fn is_short_name(text: &str) -> bool {
    text.len() < SHORTEST && text.bytes().all(is_dotted)
}

/// The length of the shortest token that a prefix makes one.
const SHORTEST: usize = {
    let mut shortest = usize::MAX;
    let mut rows = TOKEN_PREFIXES;
    while let [row, rest @ ..] = rows {
        let length = row.prefix.len() + row.least;
        if length < shortest {
            shortest = length;
        }
        rows = rest;
    }
    shortest
};

const LEAST_OF_A_WORD: usize = 8;

/// Longer prefixes come before their own prefixes.
pub const TOKEN_PREFIXES: &[TokenPrefix] = &[
    // OpenAI, Anthropic, OpenRouter, DeepSeek and many others.
    TokenPrefix::new("sk-admin-", is_masked, 16).of(Issuer::OpenAiAdmin),
    TokenPrefix::new("sk-ant-admin", is_masked, 16).of(Issuer::AnthropicAdmin),
    TokenPrefix::new("sk-ant-", is_masked, 16).of(Issuer::Anthropic),
    TokenPrefix::new("sk-or-", is_masked, 16).of(Issuer::OpenRouter),
    TokenPrefix::new("sk-proj-", is_masked, 16).of(Issuer::OpenAi),
    TokenPrefix::new("sk-svcacct-", is_masked, 16).of(Issuer::OpenAi),
    TokenPrefix::new("sk-", is_masked, 16).of(Issuer::OpenAiStyle),
    TokenPrefix::new("sess-", is_masked, 24),
    // Hugging Face; `hf_sandbox_exec` and its like are no tokens.
    TokenPrefix::new("hf_oauth__refresh_", is_alphanumeric, 16).of(Issuer::HuggingFace),
    TokenPrefix::new("hf_oauth_", is_dotted, 16).of(Issuer::HuggingFace),
    TokenPrefix::new("hf_jwt_", is_dotted, 16).of(Issuer::HuggingFace),
    TokenPrefix::new("hf_s3_", is_dotted, 16).of(Issuer::HuggingFace),
    TokenPrefix::new("hf_app_", is_alphanumeric, 16).of(Issuer::HuggingFace),
    TokenPrefix::new("hf_", is_alphanumeric, 16).of(Issuer::HuggingFace),
    TokenPrefix::new("oauth_app_secret_", is_alphanumeric, 16),
    TokenPrefix::new("api_org_", is_alphanumeric, 16).of(Issuer::HuggingFaceOrganization),
    // Groq, xAI, Google, Perplexity, NVIDIA, Replicate, Fireworks, Cerebras, Together.
    TokenPrefix::new("gsk_", is_alphanumeric, 16).of(Issuer::Groq),
    TokenPrefix::new("xai-", is_alphanumeric, 16).of(Issuer::XAi),
    TokenPrefix::new("AIza", is_url_safe, 30).of(Issuer::Google),
    TokenPrefix::new("AQ.", is_url_safe, 20).of(Issuer::Google),
    TokenPrefix::new("ya29.", is_url_safe, 16),
    TokenPrefix::new("pplx-", is_alphanumeric, 16),
    TokenPrefix::new("nvapi-", is_url_safe, 16),
    TokenPrefix::new("r8_", is_alphanumeric, 24),
    TokenPrefix::new("fw_", is_alphanumeric, 20),
    TokenPrefix::new("csk-", is_alphanumeric, 24),
    TokenPrefix::new("tgp_v1_", is_url_safe, 20),
    // GitHub and GitLab.
    TokenPrefix::new("github_pat_", is_url_safe, 20).distinct(),
    TokenPrefix::new("ghp_", is_alphanumeric, 20).distinct(),
    TokenPrefix::new("gho_", is_alphanumeric, 20),
    TokenPrefix::new("ghu_", is_alphanumeric, 20),
    TokenPrefix::new("ghs_", is_alphanumeric, 20),
    TokenPrefix::new("ghr_", is_alphanumeric, 20),
    TokenPrefix::new("glpat-", is_url_safe, 16),
    // Vault and OpenBao, 1Password, age.
    TokenPrefix::new("hvs.", is_url_safe, 20).distinct(),
    TokenPrefix::new("hvb.", is_url_safe, 20),
    TokenPrefix::new("hvr.", is_url_safe, 20),
    TokenPrefix::new("ops_eyJ", is_credential, 20),
    TokenPrefix::new("AGE-SECRET-KEY-1", is_alphanumeric, 20),
    // Clouds, registries, chats, payment.
    TokenPrefix::new("AKIA", is_alphanumeric, 16),
    TokenPrefix::new("ASIA", is_alphanumeric, 16),
    TokenPrefix::new("dop_v1_", is_alphanumeric, 32),
    TokenPrefix::new("npm_", is_alphanumeric, 30),
    TokenPrefix::new("pypi-", is_url_safe, 40),
    TokenPrefix::new("xoxb-", is_url_safe, 16),
    TokenPrefix::new("xoxp-", is_url_safe, 16),
    TokenPrefix::new("SG.", is_dotted, 40),
    TokenPrefix::new("sk_live_", is_alphanumeric, 16),
    TokenPrefix::new("rk_live_", is_alphanumeric, 16),
];

pub(crate) const fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// Includes the asterisks with which some servers mask a part.
pub(crate) const fn is_masked(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'*'
}

pub(crate) const fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

pub(crate) const fn is_dotted(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'.'
}

pub(crate) const fn is_credential(byte: u8) -> bool {
    is_dotted(byte) || matches!(byte, b'~' | b'+' | b'/' | b'=' | b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_found_before_the_shorter_one_that_it_begins_with() {
        for (index, row) in TOKEN_PREFIXES.iter().enumerate() {
            let hidden = TOKEN_PREFIXES[..index]
                .iter()
                .find(|earlier| row.prefix.starts_with(earlier.prefix));
            assert!(hidden.is_none(), "{} is behind {hidden:?}", row.prefix);
        }
    }

    #[test]
    fn a_token_is_no_short_name_whatever_its_prefix() {
        for row in TOKEN_PREFIXES {
            let tail = "a1".repeat(row.least);
            let token = format!("{}{}", row.prefix, &tail[..row.least]);
            assert!(crate::holds_token(&token), "{token}");
            assert!(!is_short_name(&token), "{token}");
        }
        assert!(is_short_name("work-2.eu_west") && !is_short_name("a b") && !is_short_name("a=b"));
    }

    #[test]
    fn a_name_is_refused_when_it_begins_like_a_token() {
        assert!(begins_like_token("hf_fakefake"));
        assert!(!begins_like_token("hf_fake"));
        // A name with a generic prefix is allowed until it is as long as a token.
        assert!(!begins_like_token("npm_registry_token"));
        assert!(begins_like_token(&format!("npm_{}", "fake".repeat(9))));
        assert!(!begins_like_token("work"));
    }
}
