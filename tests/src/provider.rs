//! The flags for a connection to each local provider.

use synapse_testkit::provider_doubles::{AnthropicDouble, HuggingFaceDouble, OpenAiDouble};
use synapse_testkit::raw::{RawServer, Reply};

use crate::home::{Flags, Home, LocalProvider};

impl LocalProvider for OpenAiDouble {
    fn flags(&self, home: &Home) -> Flags {
        let credential = home.credential(Self::KEY);
        Flags::new("openai", Self::MODEL, &credential, &self.base_url())
    }
}

impl LocalProvider for HuggingFaceDouble {
    /// Pins the sub-provider, as in the README.
    fn flags(&self, home: &Home) -> Flags {
        let model = format!("{}:novita", Self::MODEL);
        let credential = home.credential(Self::TOKEN);
        Flags::new("huggingface", &model, &credential, &self.base_url())
    }
}

impl LocalProvider for AnthropicDouble {
    fn flags(&self, home: &Home) -> Flags {
        let credential = home.credential(Self::KEY);
        Flags::new("anthropic", Self::MODEL, &credential, &self.base_url())
    }
}

/// Uses the OpenAI preset, and skips preflight because the server may answer anything.
impl LocalProvider for RawServer {
    fn flags(&self, home: &Home) -> Flags {
        let credential = home.credential("fake-token");
        Flags::new("openai", "m", &credential, self.url("/v1").as_str())
    }

    fn opening(&self) -> &'static [&'static str] {
        &["--allow-network", "--offline"]
    }
}

/// The answer `Here`, with 10 prompt and 5 completion tokens.
#[must_use]
pub fn here() -> Reply {
    Reply::json(
        200,
        r#"{"model":"m","choices":[{"message":{"role":"assistant","content":"Here"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}"#,
    )
}
