//! Wordings about money, length, accounts and models, and lookalikes. Most are from the vendors'
//! error references and public reports.

use super::*;

fn money(message: &str) -> bool {
    let words = Words::of(message);
    words.tell_of_money() || (!words.tell_of_length() && words.tell_of_a_quota())
}

fn length(message: &str) -> bool {
    Words::of(message).tell_of_length()
}

#[test]
fn money_is_recognised_in_any_words() {
    for message in MONEY_SAID.trim().lines() {
        assert!(money(message), "{message}");
        assert!(!length(message), "{message}");
    }
}

#[test]
fn length_is_recognised_in_any_words() {
    for message in LENGTH_SAID.trim().lines() {
        assert!(length(message), "{message}");
        assert!(!Words::of(message).tell_of_money(), "{message}");
    }
}

/// Rates count tokens and quotas, answer caps are no prompt, and a budget may be for thinking.
#[test]
fn what_is_neither_stays_what_it_is() {
    for message in NEITHER.trim().lines() {
        assert!(!money(message), "{message}");
        assert!(!length(message), "{message}");
    }
}

#[test]
fn an_account_that_is_closed_is_told_from_one_that_lacks_something() {
    for message in [
        "Organization has been restricted. Please reach out to support if you believe this was in error.",
        "This organization has been disabled.",
        "Your account is suspended",
        "The account was temporarily locked, contact support",
        "account banned",
        "Your workspace has been deactivated",
        "This account is inactive. Contact support.",
    ] {
        assert!(Words::of(message).tell_of_a_closed_account(), "{message}");
    }
    for message in [
        "OAuth authentication is currently not allowed for this organization.",
        "Web search is disabled for your organization",
        "Your account has access to fewer models",
        "The organization is not verified, and the feature was disabled",
        "Generative Language API has not been used in project 1 before or it is disabled.",
    ] {
        assert!(!Words::of(message).tell_of_a_closed_account(), "{message}");
    }
}

#[test]
fn other_words_count_whatever_the_status() {
    for (message, verdict) in [
        (
            "The model `x` does not exist or you do not have access to it.",
            Some(MODEL_UNAVAILABLE),
        ),
        (
            "model \"x\" not found, try pulling it first",
            Some(MODEL_UNAVAILABLE),
        ),
        (
            "Function '1-2-3': Not found for account 'acct'",
            Some(MODEL_UNAVAILABLE),
        ),
        (
            "Function id '1' version 'null': Specified function in account 'a' is not found",
            Some(MODEL_UNAVAILABLE),
        ),
        (
            "Project `p` does not have access to model `o3`",
            Some(MODEL_ACCESS),
        ),
        (
            "this model is for subscribers only; upgrade to use it",
            Some(MODEL_ACCESS),
        ),
        (
            "this model requires a subscription, upgrade for access: https://ollama.com/upgrade",
            Some(MODEL_ACCESS),
        ),
        ("Model X is not included in your plan", Some(MODEL_ACCESS)),
        (
            "Unexpected endpoint or method. (POST /chat/completions)",
            Some(PATH_MISMATCH),
        ),
        ("Invalid URL (POST /v1/chat)", Some(PATH_MISMATCH)),
        (
            "model requires more system memory (5.3 GiB) than is available (4.7 GiB)",
            Some(NO_MEMORY),
        ),
        (
            "CUDA out of memory. Tried to allocate 2.00 GiB",
            Some(NO_MEMORY),
        ),
        (
            "The model 'x' has been decommissioned and is no longer supported.",
            Some(MODEL_UNAVAILABLE),
        ),
        ("There is no model named x", Some(MODEL_UNAVAILABLE)),
        (
            "Invalid model: x. Available models: a, b",
            Some(MODEL_UNAVAILABLE),
        ),
        ("模型不存在", Some(MODEL_UNAVAILABLE)),
        ("You do not have access to model x", Some(MODEL_ACCESS)),
        (
            "User location is not supported for the API use.",
            Some(REGION_BLOCKED),
        ),
        ("'temperature' is no longer supported with this model", None),
        ("Invalid model parameter: temperature", None),
        ("tool_choice: function 'x' not found in tools", None),
        ("Not found: /v1/models", None),
        ("Service tier capacity exceeded for this model.", None),
        ("The file for this model was not found", None),
        ("The conversation has no memory of that", None),
    ] {
        assert_eq!(Words::of(message).others(), verdict, "{message}");
    }
}

#[test]
fn a_limit_of_zero_is_read_however_it_is_written() {
    for message in [
        "Quota exceeded for metric: free_tier_requests, limit: 0, model: m",
        "Limit 0, Used 0, Requested 12",
        "the limit is 0",
        "a limit of 0 requests",
        "limit=0",
        "\"quota_limit_value\": \"0\"",
        "Your rate limit for this model is 0",
        "0 requests per day are allowed for this model",
        "maximum of 0 requests per minute",
        "this tier has zero requests per minute",
    ] {
        assert!(Words::of(message).tell_of_a_limit_of_zero(), "{message}");
    }
    for message in [
        "limit: 20, model: m",
        "limit: 0.5",
        "Limit 0042",
        "0 left of the limit",
        "limit remaining: 0",
        "limitation 0",
        "0 requests left of the limit per day",
        "at most 10 requests, 0 tokens used",
        "limit: 20, requests remaining 0",
        "maximum of 0.5 requests per second",
        "limit",
    ] {
        assert!(!Words::of(message).tell_of_a_limit_of_zero(), "{message}");
    }
}

/// A message is judged in one pass over a limited prefix.
#[test]
fn a_long_message_is_cut() {
    let long = format!("{}insufficient balance", "x ".repeat(MOST));
    assert!(!money(&long));
    assert!(money(&format!(
        "insufficient balance{}",
        " x".repeat(1_000_000)
    )));
}

const MONEY_SAID: &str = "
Your account 2100000 has reached the set inference limit for the model, and the model service has been paused. To continue, visit the Model Activation page.
AiError: you have used up your daily free allocation of 10,000 neurons, please upgrade to the Workers Paid plan if you would like to continue usage.
Insufficient points to complete the request
You've used up your points.
Your subscription has lapsed; renew it to continue
Hard limit reached for this workspace: $50.00 of $50.00
We could not charge your card
A payment method on file is needed: add a card on file
Your account is suspended, please check your plan and billing details
残高が不足しています
账户余额已用完，请及时充值
You exceeded your current quota, please check your plan and billing details.
Your account is not active, please check your billing details on our website.
Billing hard limit has been reached
Insufficient Balance
insufficient balance (1008)
Sorry, your account balance is insufficient
Your balance is too low to run this request
Insufficient credits. Add more using https://openrouter.ai/settings/credits
This request requires more credits, or fewer max_tokens. You have no credits left.
You have run out of credits
Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.
You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.
You're out of extra usage. Add more at claude.ai/settings/usage and keep going.
Your team 1 has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit.
You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more monthly included credits.
You have depleted your monthly included credits. Purchase pre-paid credits to continue using Inference Providers with pay-as-you-go.
Budget has been exceeded! Current cost: 3.07, Max budget: 3.0
The budget of this key is spent: 3.07 of 3.0
ExceededBudget: Crossed spend within 30d
Access denied, please make sure your account is in good standing.
The request failed because your account has an overdue balance. To continue using this service, please recharge to your account.
Your account is in arrears, please recharge and try again
Account is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.
This user has no quota left: -0.01 (request id: 20260101)
token quota is not enough, token remain quota: $0.00, need quota: $0.01
The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, please disable the use free tier only mode.
Your free quota is used up
The quota of this key is exhausted
Quota used up for model m-1
Please top up your account
Please top-up to continue
A paid plan is needed for this
Imagen is only accessible to billed users at this time.
Payment required
Please add a payment method
Cloud credits expired - Please contact NVIDIA representatives
This API method requires billing to be enabled. Please enable billing on project 1.
Your wallet is empty
Not enough funds
Your free trial has ended
您的账户余额不足，请充值
该令牌额度已用尽
账户已欠费，请充值后重试
Your account has no money left
The account's balance does not cover this request
Prepayment credits are depleted
No remaining balance
balance: -3.20
Account balance is negative
You've hit your spend cap
monthly budget reached
credits: 0 remaining
Your credits are exhausted
Free credits used up; add a card
Not enough quota
quota not enough
quota insufficient
quota has been used up
Your quota is gone
no quota remains on this key
Please recharge
The key's budget is exhausted for this month
This requires a paid plan
This model is only on paid plans
Upgrade to a paid plan to continue
Your prepaid balance ran out
Account overdue
Plan limit reached. Upgrade your plan
Subscription expired
Your subscription has expired, please renew
account in debt
Insufficient funds in account
The account is out of money
Credit exhausted
You have used 100% of your credits
spending cap reached
Max budget for team reached
Your account needs a top-up
Payment is required to continue
Add a payment method to continue
Trial expired
Free quota exhausted
Allocated quota exceeded, please increase your quota limit.
The daily budget of this key is spent
Your account balance is $0.00
Credits run out
This user has no credit
该模型免费额度已用完
账号欠费
";

const LENGTH_SAID: &str = "
Your prompt has 8,401 tokens but the model accepts up to 8,192
The conversation is 210k tokens; this model supports 200k
Input text is too long for this model's window
The total length of messages exceeds the model limit
n_ctx exceeded: 5000 > 4096
Sequence length 5000 must be smaller than the context 4096
Context size limit reached; start a new chat
输入长度超过限制
该模型最大上下文长度为 8192 tokens，您的输入为 9000 tokens
Prompt 超长
入力が長すぎます
This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 in the messages, 1000 in the completion).
'max_tokens' or 'max_completion_tokens' is too large: 40000. This model's maximum context length is 32768 tokens and your request has 500 input tokens (40000 > 32768 - 500).
prompt is too long: 208656 tokens > 200000 maximum
input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length or `max_tokens` and try again
The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).
This model's maximum prompt length is 131072 but the request contains 150000 tokens.
The input (50123 tokens) is longer than the model's context length (32768 tokens).
Requested token count exceeds the model's maximum context length of 32768 tokens.
Invalid request: Your request exceeded model token limit: 131072 (requested: 140001)
Input validation error: `inputs` must have less than 2048 tokens. Given: 2500
Input validation error: `inputs` tokens + `max_new_tokens` must be <= 16384. Given: 20100 `inputs` tokens and 1024 `max_new_tokens`
the request exceeds the available context size, try increasing it
Context size has been exceeded.
Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.
Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length
Please reduce the length of the messages or completion.
too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 10000. Try using a shorter prompt
Input is too long for requested model.
Range of input length should be [1, 30720]
Prompt exceeds max length
length of prompt_tokens (40000) must be less than max_seq_len (32768).
invalid params, context window exceeds limit (2013)
Request body too large for m model. Max size: 8000 tokens.
prompt token count of 200000 exceeds the limit of 128000
the input length exceeds the context length
Request too large for gpt-4 in organization org on tokens per min (TPM): Limit 10000, Requested 12000. The input or output tokens must be reduced in order to run successfully.
Your messages and tools are more than the maximum of 4096 tokens
The prompt does not fit: at most 4096 tokens
Prompt has 140001 tokens, more than the 131072 this model takes
tokens in the request are over the limit
Input exceeds the model's maximum
The conversation is too long
message too long for context
Context overflow: 9000 of 8192
input has 50,000 tokens; the limit is 32,768
Total tokens 9000 > 8192
Token indices sequence length is longer than the specified maximum sequence length for this model (1024 > 512)
number of tokens must be less than 4096
input must have fewer than 2048 tokens
The request has 9000 tokens and the window is 8192
context length exceeded
Context window is full
Input is longer than the maximum
`inputs` must have less than 1024 tokens. Given: 1500
Your input exceeds the context window of this model. Please adjust your input and try again.
The prompt is 9000 tokens, which is longer than 8192
This request needs 9000 tokens; at most 8192 are allowed
max_total_tokens (9000) must be less than or equal to max_seq_len (8192)
input tokens exceed the configured limit of 272000 tokens
";

const NEITHER: &str = "
This model supports text only, and 1 image was sent
This model supports up to 4 stop sequences
The parameter is no longer supported with this model
Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day
the points of this curve are not numbers
Rate limit reached for gpt-4 in organization org-x on tokens per min (TPM): Limit 10000, Used 9000, Requested 2000. Please try again in 6s. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.
Rate limit reached for model `m` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Used 5500, Requested 1000. Please try again in 5s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing
This request would exceed your organization's rate limit of 30,000 input tokens per minute.
Requests to the ChatCompletions_Create Operation under Azure OpenAI API have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 9 seconds. For Free Account customers, upgrade to Pay as you Go here: https://aka.ms/429TrialUpgrade.
Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 's'
Quota exceeded for aiplatform.googleapis.com/online_prediction_input_tokens_per_minute_per_base_model with base model: m. Please submit a quota increase request.
You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: free_tier_requests, limit: 20. Please retry in 12.5s.
Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day
We had to rate limit you, you hit the quota of 1000 api requests per 5 minutes period.
You are using a Trial key, which is limited to 10 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits.
Too many tokens, please wait before trying again.
Tokens per minute limit exceeded - too many tokens processed.
Requests per minute limit exceeded - too many requests sent.
Your account request reached TPM rate limit, current: 130000, limit: 128000
Your account request reached max organization concurrency: 3, please try again after 1 seconds
Usage limit reached for 5 hour. Your limit will reset at 2026-01-01 12:00:00
You've reached your hourly usage limit, please upgrade to continue
you have reached your weekly usage limit, upgrade for higher limits: https://ollama.com/upgrade
No free requests left for today
Quota is used up for now.
Service tier capacity exceeded for this model.
server busy, please try again.  maximum pending requests exceeded
max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.
max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens
`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model
Invalid 'max_tokens': integer above maximum value. Expected a value <= 4096, but got 5000 instead.
max_tokens (5000) exceeds the maximum number of tokens for this model (4096)
Range of max_tokens should be [1, 8192]
min_tokens must be less than or equal to max_tokens=16, got 20.
`max_tokens` must be greater than `thinking.budget_tokens`
The thinking budget 99999 exceeds the maximum of 24576
The thinking_budget parameter must be a positive integer and not greater than 38912
Invalid 'logit_bias': token ids must be less than 100277
Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, but got a string with length 80 instead.
Invalid 'messages': array too long. Expected an array with maximum length 2048
Prompt has 6 images, more than the maximum of 5
image exceeds 5 MB maximum
Invalid schema for function 'purchase': 'balance' is a required property that it does not have
No healthy upstream: the load balancer has no endpoint left
model requires more system memory (5.3 GiB) than is available (4.7 GiB)
Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.
Incorrect API key provided: x. You can find your API key at https://example.test/account/billing/keys.
Your credentials have expired
Authentication token has expired
You have insufficient permissions for this operation. Missing scopes: model.request
Flex tier capacity exceeded
The model is overloaded. Please try again later.
Image input is not enabled for this model
Resource has been exhausted (e.g. check quota).
The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.
Your team exceeded its tokens per day limit
You have been rate limited. Credits are not affected
stop sequences: at most 4 are allowed
Too many tools: 200 > 128
temperature must be less than 2
n must be at most 1
The max tokens must be less than 8192
max_completion_tokens must be no more than 4096
maxOutputTokens must be less than 65537
Maximum number of output tokens exceeded
The requested number of completion tokens is more than 4096
Invalid parameter: balance_mode
Load balancing failed, none left
User not found
No deployments available for selected model, Try again in 60 seconds.
Unknown field `credits`
upgrade your client to the latest version
Concurrency limit reached for your plan
Session expired
";
