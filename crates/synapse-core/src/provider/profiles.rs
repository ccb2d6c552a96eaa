//! The table of providers: one profile per kind, each fact from the vendor's own documentation,
//! which the profile names.

use std::time::Duration;

use super::profile::{Authorization, ModelIndex, ProviderProfile, TokenCap, TokenNeed, Wire};

pub(super) const OPENAI: ProviderProfile = ProviderProfile {
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
    documentation: "https://platform.openai.com/docs/api-reference/chat",
    differences: &[],
};

pub(super) const HUGGING_FACE: ProviderProfile = ProviderProfile {
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
    documentation: "https://huggingface.co/docs/inference-providers",
    differences: &[
        "the router chooses the sub-provider, and may fail over by itself, unless the model is pinned as MODEL:PROVIDER",
    ],
};

pub(super) const ANTHROPIC: ProviderProfile = ProviderProfile {
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
    documentation: "https://platform.claude.com/docs/en/api/messages",
    differences: &[
        "every prompt needs a cap on the answer: set one on the connection with --max-tokens, or give one with the prompt",
    ],
};

pub(super) const OPENROUTER: ProviderProfile = ProviderProfile {
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
    documentation: "https://openrouter.ai/docs/api-reference/overview",
    differences: &[
        "it routes to sub-providers, and may fail over by itself; the answer names the one that served",
        "the answer states its cost, which is then ACTUAL",
    ],
};

pub(super) const GROQ: ProviderProfile = ProviderProfile {
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
    documentation: "https://console.groq.com/docs/openai",
    differences: &["`logprobs`, `logit_bias` and message names are refused"],
};

pub(super) const DEEPSEEK: ProviderProfile = ProviderProfile {
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
    documentation: "https://api-docs.deepseek.com",
    differences: &[
        "an empty balance is status 402",
        "cached prompt tokens are told as `prompt_cache_hit_tokens`",
    ],
};

pub(super) const XAI: ProviderProfile = ProviderProfile {
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
    documentation: "https://docs.x.ai/docs/api-reference",
    differences: &[
        "a wrong key is status 400",
        "errors are two texts, `code` and `error`",
    ],
};

pub(super) const MISTRAL: ProviderProfile = ProviderProfile {
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
    documentation: "https://docs.mistral.ai/api",
    differences: &[
        "members that it does not know are refused with status 422",
        "a reasoning model answers with a list of parts",
    ],
};

pub(super) const TOGETHER: ProviderProfile = ProviderProfile {
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
    documentation: "https://docs.together.ai/docs/openai-api-compatibility",
    differences: &["the list of models is a bare array"],
};

pub(super) const GEMINI: ProviderProfile = ProviderProfile {
    name: "gemini",
    title: "Gemini",
    wire: Wire::Compatible,
    base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
    base_url_example: "https://generativelanguage.googleapis.com/v1beta/openai",
    timeout: Duration::from_secs(300),
    token: TokenNeed::Required,
    token_prefixes: &["AIza"],
    token_page: "https://aistudio.google.com/apikey",
    authorization: Authorization::Bearer,
    token_cap: TokenCap::MaxCompletionTokens,
    models: ModelIndex::OfTheOwner,
    documentation: "https://ai.google.dev/gemini-api/docs/openai",
    differences: &[
        "a wrong key is status 400",
        "errors come as an array of one object",
        "ids in its list begin with `models/`",
    ],
};

pub(super) const AZURE: ProviderProfile = ProviderProfile {
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
    documentation: "https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
    differences: &[
        "the base URL names your own resource",
        "the model is the name of your deployment",
        "a filtered prompt is status 400 with code `content_filter`",
    ],
};

pub(super) const OLLAMA: ProviderProfile = ProviderProfile {
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
    documentation: "https://docs.ollama.com/api/openai-compatibility",
    differences: &[
        "the prompt is cut to the context length of the server (`OLLAMA_CONTEXT_LENGTH`) without a word",
        "models are listed by `/api/tags`, with size and quantization",
    ],
};

pub(super) const LM_STUDIO: ProviderProfile = ProviderProfile {
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
    documentation: "https://lmstudio.ai/docs/developer/openai-compat",
    differences: &["a model that is not loaded is loaded first, which can take minutes"],
};

pub(super) const LLAMA_CPP: ProviderProfile = ProviderProfile {
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
    documentation: "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    differences: &[
        "it serves the one model it was started with, whatever model is asked for",
        "status 503 while the model is loading",
    ],
};

pub(super) const VLLM: ProviderProfile = ProviderProfile {
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
    documentation: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    differences: &[],
};

pub(super) const OPENAI_COMPATIBLE: ProviderProfile = ProviderProfile {
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
    documentation: "https://platform.openai.com/docs/api-reference/chat",
    differences: &["any server of OpenAI's wire format, at the base URL that you give"],
};
