//! Providers on this machine, and how a connection to each is described: every test that prompts
//! one begins with these.

use synapse_testkit::provider_doubles::{AnthropicDouble, HuggingFaceDouble, OpenAiDouble};
use synapse_testkit::raw::{RawServer, Reply};

use crate::home::{Flags, Home};

/// A provider on this machine.
pub trait LocalProvider {
    /// Describes a connection to it, with what it takes for a credential in a new file of `home`.
    fn flags(&self, home: &Home) -> Flags;

    /// The flags with which such a connection is saved with an open gate.
    fn opening(&self) -> &'static [&'static str] {
        &["--allow-network"]
    }
}

impl LocalProvider for OpenAiDouble {
    fn flags(&self, home: &Home) -> Flags {
        let credential = home.credential(Self::KEY);
        Flags::new("openai", Self::MODEL, &credential, &self.base_url())
    }
}

impl LocalProvider for HuggingFaceDouble {
    /// With the sub-provider pinned, as the README has it.
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

/// Any server is taken for OpenAI's and not asked about its models, because it may answer anything.
impl LocalProvider for RawServer {
    fn flags(&self, home: &Home) -> Flags {
        let credential = home.credential("fake-token");
        Flags::new("openai", "m", &credential, self.url("/v1").as_str())
    }

    fn opening(&self) -> &'static [&'static str] {
        &["--allow-network", "--offline"]
    }
}

/// The answer `Here` to a prompt, which took 10 tokens and 5.
#[must_use]
pub fn here() -> Reply {
    Reply::json(
        200,
        r#"{"model":"m","choices":[{"message":{"role":"assistant","content":"Here"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}"#,
    )
}
