//! The prefixes that vendors put before their tokens, and the characters behind them. Data: how a
//! text is searched for them is the business of `shapes`.

/// A prefix that vendors put before their tokens, and what has to stand behind it.
pub(super) struct Vendor {
    pub(super) prefix: &'static str,
    pub(super) tail: fn(u8) -> bool,
    pub(super) least: usize,
}

const fn vendor_of(prefix: &'static str, tail: fn(u8) -> bool, least: usize) -> Vendor {
    Vendor {
        prefix,
        tail,
        least,
    }
}

/// The longer prefix before the shorter one that it begins with.
pub(super) const VENDORS: [Vendor; 42] = [
    // OpenAI, Anthropic, OpenRouter, DeepSeek and many others.
    vendor_of("sk-", is_masked, 16),
    vendor_of("sess-", is_masked, 24),
    // Hugging Face; `hf_sandbox_exec` and its like are no tokens.
    vendor_of("hf_oauth__refresh_", is_alphanumeric, 16),
    vendor_of("hf_oauth_", is_dotted, 16),
    vendor_of("hf_jwt_", is_dotted, 16),
    vendor_of("hf_s3_", is_dotted, 16),
    vendor_of("hf_app_", is_alphanumeric, 16),
    vendor_of("hf_", is_alphanumeric, 16),
    vendor_of("oauth_app_secret_", is_alphanumeric, 16),
    vendor_of("api_org_", is_alphanumeric, 16),
    // Groq, xAI, Google, Perplexity, NVIDIA, Replicate, Fireworks, Cerebras, Together.
    vendor_of("gsk_", is_alphanumeric, 16),
    vendor_of("xai-", is_alphanumeric, 16),
    vendor_of("AIza", is_url_safe, 30),
    vendor_of("ya29.", is_url_safe, 16),
    vendor_of("pplx-", is_alphanumeric, 16),
    vendor_of("nvapi-", is_url_safe, 16),
    vendor_of("r8_", is_alphanumeric, 24),
    vendor_of("fw_", is_alphanumeric, 20),
    vendor_of("csk-", is_alphanumeric, 24),
    vendor_of("tgp_v1_", is_url_safe, 20),
    // GitHub and GitLab.
    vendor_of("github_pat_", is_url_safe, 20),
    vendor_of("ghp_", is_alphanumeric, 20),
    vendor_of("gho_", is_alphanumeric, 20),
    vendor_of("ghu_", is_alphanumeric, 20),
    vendor_of("ghs_", is_alphanumeric, 20),
    vendor_of("ghr_", is_alphanumeric, 20),
    vendor_of("glpat-", is_url_safe, 16),
    // Vault and OpenBao, 1Password, age.
    vendor_of("hvs.", is_url_safe, 20),
    vendor_of("hvb.", is_url_safe, 20),
    vendor_of("hvr.", is_url_safe, 20),
    vendor_of("ops_eyJ", is_credential, 20),
    vendor_of("AGE-SECRET-KEY-1", is_alphanumeric, 20),
    // Clouds, registries, chats, payment.
    vendor_of("AKIA", is_alphanumeric, 16),
    vendor_of("ASIA", is_alphanumeric, 16),
    vendor_of("dop_v1_", is_alphanumeric, 32),
    vendor_of("npm_", is_alphanumeric, 30),
    vendor_of("pypi-", is_url_safe, 40),
    vendor_of("xoxb-", is_url_safe, 16),
    vendor_of("xoxp-", is_url_safe, 16),
    vendor_of("SG.", is_dotted, 40),
    vendor_of("sk_live_", is_alphanumeric, 16),
    vendor_of("rk_live_", is_alphanumeric, 16),
];

pub(super) fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// With the asterisks by which some servers hide a part.
pub(super) fn is_masked(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'*'
}

pub(super) fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

pub(super) fn is_dotted(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'.'
}

pub(super) fn is_credential(byte: u8) -> bool {
    is_dotted(byte) || b"~+/=*".contains(&byte)
}
