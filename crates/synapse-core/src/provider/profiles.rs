//! The table of providers: one row per kind, based on the vendor documentation it cites. A row is all
//! that a preset needs: the kind, its name and its place in help texts come from it.

use std::time::Duration;

use super::profile::{
    Authorization, ModelIndex, ProviderProfile, TokenCap, TokenNeed, Unlisted, Wire,
};

macro_rules! providers {
    ($($(#[$doc:meta])* $variant:ident $profile:tt)+) => {
        /// A supported kind of provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ProviderKind {
            $($(#[$doc])* $variant,)+
        }

        impl ProviderKind {
            /// Every kind, in the order of help texts.
            pub const ALL: [Self; COUNT] = [$(Self::$variant,)+];

            /// The profile of this kind.
            #[must_use]
            pub const fn profile(self) -> &'static ProviderProfile {
                match self {
                    $(Self::$variant => const { &ProviderProfile $profile },)+
                }
            }
        }

        const COUNT: usize = [$(stringify!($variant)),+].len();
    };
}

providers! {
    /// `api.openai.com`, chat completions.
    OpenAi {
        name: "openai",
        title: "OpenAI",
        wire: Wire::OpenAi,
        base_url: Some("https://api.openai.com/v1"),
        base_url_example: "https://api.openai.com/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Required,
        token_prefixes: &["sk-"],
        token_page: "https://platform.openai.com/api-keys",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxCompletionTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::AskAlone,
        start: None,
        documentation: "https://platform.openai.com/docs/api-reference/chat",
        differences: &[],
    }

    /// The Hugging Face inference router.
    HuggingFace {
        name: "huggingface",
        title: "Hugging Face",
        wire: Wire::HuggingFace,
        base_url: Some("https://router.huggingface.co/v1"),
        base_url_example: "https://router.huggingface.co/v1",
        timeout: Duration::from_secs(120),
        token: TokenNeed::Required,
        token_prefixes: &["hf_"],
        token_page: "https://huggingface.co/settings/tokens/new?ownUserPermissions=inference.serverless.write&tokenType=fineGrained",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::Public,
        unlisted: Unlisted::Absent,
        start: None,
        documentation: "https://huggingface.co/docs/inference-providers",
        differences: &[
            "the router chooses the sub-provider, and may fail over by itself, unless the model is pinned as MODEL:PROVIDER",
        ],
    }

    /// `api.anthropic.com`, messages.
    Anthropic {
        name: "anthropic",
        title: "Anthropic",
        wire: Wire::Anthropic,
        base_url: Some("https://api.anthropic.com/v1"),
        base_url_example: "https://api.anthropic.com/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Required,
        token_prefixes: &["sk-ant-"],
        token_page: "https://platform.claude.com/settings/keys",
        authorization: Authorization::Header("x-api-key"),
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::AskAlone,
        start: None,
        documentation: "https://platform.claude.com/docs/en/api/messages",
        differences: &[
            "every prompt needs a cap on the answer: set one on the connection with --max-tokens, or give one with the prompt",
        ],
    }

    /// OpenRouter.
    OpenRouter {
        name: "openrouter",
        title: "OpenRouter",
        wire: Wire::Compatible,
        base_url: Some("https://openrouter.ai/api/v1"),
        base_url_example: "https://openrouter.ai/api/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Required,
        token_prefixes: &["sk-or-"],
        token_page: "https://openrouter.ai/settings/keys",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::Public,
        unlisted: Unlisted::Absent,
        start: None,
        documentation: "https://openrouter.ai/docs/api-reference/overview",
        differences: &[
            "it routes to sub-providers, and may fail over by itself; the answer names the one that served",
            "the answer states its cost, which is then ACTUAL",
            "its list is public; the key is proven by `/key`, which also returns the key's own limit",
        ],
    }

    /// Groq.
    Groq {
        name: "groq",
        title: "Groq",
        wire: Wire::Compatible,
        base_url: Some("https://api.groq.com/openai/v1"),
        base_url_example: "https://api.groq.com/openai/v1",
        timeout: Duration::from_secs(120),
        token: TokenNeed::Required,
        token_prefixes: &["gsk_"],
        token_page: "https://console.groq.com/keys",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxCompletionTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::AskAlone,
        start: None,
        documentation: "https://console.groq.com/docs/openai",
        differences: &[
            "names of message authors are refused",
            "a request over the limit of tokens per minute is status 413, a full flex tier 498",
            "its list states prices, which are kept for later estimates",
        ],
    }

    /// DeepSeek.
    DeepSeek {
        name: "deepseek",
        title: "DeepSeek",
        wire: Wire::Compatible,
        base_url: Some("https://api.deepseek.com/v1"),
        base_url_example: "https://api.deepseek.com/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Required,
        token_prefixes: &["sk-"],
        token_page: "https://platform.deepseek.com/api_keys",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::Unproven,
        start: None,
        documentation: "https://api-docs.deepseek.com",
        differences: &[
            "an empty balance is status 402",
            "cached prompt tokens are in `prompt_cache_hit_tokens`",
            "an unknown model is status 400, recognised only by its message",
        ],
    }

    /// xAI.
    XAi {
        name: "xai",
        title: "xAI",
        wire: Wire::Compatible,
        base_url: Some("https://api.x.ai/v1"),
        base_url_example: "https://api.x.ai/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Required,
        token_prefixes: &["xai-"],
        token_page: "https://console.x.ai",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxCompletionTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::AskAlone,
        start: None,
        documentation: "https://docs.x.ai/docs/api-reference",
        differences: &[
            "a wrong key is status 400",
            "errors are two texts, `code` and `error`",
            "reasoning tokens are separate from the completion tokens; Synapse adds them",
            "the answer states its cost (`cost_in_usd_ticks`), which is then ACTUAL",
            "aliases such as `-latest` are not in its list",
        ],
    }

    /// Mistral.
    Mistral {
        name: "mistral",
        title: "Mistral",
        wire: Wire::Compatible,
        base_url: Some("https://api.mistral.ai/v1"),
        base_url_example: "https://api.mistral.ai/v1",
        timeout: Duration::from_secs(300),
        token: TokenNeed::Required,
        token_prefixes: &[],
        token_page: "https://console.mistral.ai/api-keys",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::AskAlone,
        start: None,
        documentation: "https://docs.mistral.ai/api",
        differences: &[
            "members that it does not know are refused with status 422",
            "a reasoning model answers with a list of parts",
            "its list names the day on which a model goes, and which models do not chat",
        ],
    }

    /// Together AI.
    Together {
        name: "together",
        title: "Together AI",
        wire: Wire::Compatible,
        base_url: Some("https://api.together.xyz/v1"),
        base_url_example: "https://api.together.xyz/v1",
        timeout: Duration::from_secs(300),
        token: TokenNeed::Required,
        token_prefixes: &[],
        token_page: "https://api.together.ai/settings/api-keys",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::Unproven,
        start: None,
        documentation: "https://docs.together.ai/docs/openai-api-compatibility",
        differences: &[
            "the list of models is a bare array, with prices, which are kept for later estimates",
        ],
    }

    /// Gemini's OpenAI-compatible endpoint.
    Gemini {
        name: "gemini",
        title: "Gemini",
        wire: Wire::Compatible,
        base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
        base_url_example: "https://generativelanguage.googleapis.com/v1beta/openai",
        timeout: Duration::from_secs(300),
        token: TokenNeed::Required,
        token_prefixes: &["AQ.", "AIza"],
        token_page: "https://aistudio.google.com/apikey",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::AskAlone,
        start: None,
        documentation: "https://ai.google.dev/gemini-api/docs/openai",
        differences: &[
            "a wrong key is status 400",
            "errors come as an array of one object",
            "ids in its list begin with `models/`",
            "thinking tokens are in the total alone; Synapse counts them as reasoning",
            "a tool call has a signature, which must be returned with it: pass on `extra`",
        ],
    }

    /// Azure OpenAI's `v1` endpoint.
    Azure {
        name: "azure",
        title: "Azure OpenAI",
        wire: Wire::Compatible,
        base_url: None,
        base_url_example: "https://RESOURCE.openai.azure.com/openai/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Required,
        token_prefixes: &[],
        token_page: "https://portal.azure.com",
        authorization: Authorization::Header("api-key"),
        token_cap: TokenCap::MaxCompletionTokens,
        models: ModelIndex::Catalogue,
        unlisted: Unlisted::Unproven,
        start: None,
        documentation: "https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
        differences: &[
            "the base URL names your own resource",
            "the model is the name of your deployment; its list has models and no deployments",
            "a filtered prompt is status 400 with code `content_filter`",
        ],
    }

    /// Ollama on this machine.
    Ollama {
        name: "ollama",
        title: "Ollama",
        wire: Wire::Compatible,
        base_url: Some("http://127.0.0.1:11434/v1"),
        base_url_example: "http://127.0.0.1:11434/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Optional,
        token_prefixes: &[],
        token_page: "https://docs.ollama.com/api/openai-compatibility",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OllamaTags,
        unlisted: Unlisted::Absent,
        start: Some("ollama serve"),
        documentation: "https://docs.ollama.com/api/openai-compatibility",
        differences: &[
            "the prompt is silently cut to the context length of the server (`OLLAMA_CONTEXT_LENGTH`)",
            "models are listed by `/api/tags`, with size and quantization",
            "`tool_choice` and `parallel_tool_calls` are silently ignored",
        ],
    }

    /// LM Studio on this machine.
    LmStudio {
        name: "lmstudio",
        title: "LM Studio",
        wire: Wire::Compatible,
        base_url: Some("http://127.0.0.1:1234/v1"),
        base_url_example: "http://127.0.0.1:1234/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Optional,
        token_prefixes: &[],
        token_page: "https://lmstudio.ai/docs/developer/openai-compat",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::Unproven,
        start: Some("lms server start"),
        documentation: "https://lmstudio.ai/docs/developer/openai-compat",
        differences: &["a model that is not loaded is loaded first, which can take minutes"],
    }

    /// `llama-server` of llama.cpp on this machine.
    LlamaCpp {
        name: "llamacpp",
        title: "llama.cpp",
        wire: Wire::Compatible,
        base_url: Some("http://127.0.0.1:8080/v1"),
        base_url_example: "http://127.0.0.1:8080/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Optional,
        token_prefixes: &[],
        token_page: "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::Unproven,
        start: Some("llama-server -m MODEL.gguf"),
        documentation: "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
        differences: &[
            "it serves the one model it was started with, whatever model is asked for",
            "status 503 while the model is loading",
        ],
    }

    /// vLLM on this machine.
    Vllm {
        name: "vllm",
        title: "vLLM",
        wire: Wire::Compatible,
        base_url: Some("http://127.0.0.1:8000/v1"),
        base_url_example: "http://127.0.0.1:8000/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Optional,
        token_prefixes: &[],
        token_page: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::Absent,
        start: Some("vllm serve MODEL"),
        documentation: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        differences: &[
            "a key is asked for only when it was started with `--api-key`",
            "tools need `--enable-auto-tool-choice` and a parser for the model",
        ],
    }

    /// Any OpenAI-compatible server.
    OpenAiCompatible {
        name: "openai-compatible",
        title: "OpenAI-compatible",
        wire: Wire::Compatible,
        base_url: None,
        base_url_example: "http://127.0.0.1:8080/v1",
        timeout: Duration::from_secs(600),
        token: TokenNeed::Optional,
        token_prefixes: &[],
        token_page: "https://platform.openai.com/docs/api-reference/chat",
        authorization: Authorization::Bearer,
        token_cap: TokenCap::MaxTokens,
        models: ModelIndex::OfTheOwner,
        unlisted: Unlisted::Unproven,
        start: None,
        documentation: "https://platform.openai.com/docs/api-reference/chat",
        differences: &["any server of OpenAI's wire format, at the base URL that you give"],
    }
}
