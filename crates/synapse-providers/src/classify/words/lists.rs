//! Word lists: terms for money, quotas, rates and prompts, and statements about them.
//!
//! Each is searched in a clause of the form ` word word word `: a trailing space matches a whole
//! word, otherwise a stem. Most come from the vendors' error references and public reports.

/// Money, on their own. A trailing space matches a whole word, otherwise a stem.
pub(super) const MONEY: [&str; 44] = [
    " insufficient balance",
    " insufficient account balance",
    " insufficient credit",
    " insufficient fund",
    " insufficient user quota",
    " balance insufficient",
    " balance is insufficient",
    " balance not enough",
    " balance is not enough",
    " balance is too low",
    " not enough balance",
    " not enough credit",
    " not enough fund",
    " lack of balance",
    " out of credit",
    " out of fund",
    " out of extra usage ",
    " extra usage is required ",
    " no credit",
    " no balance",
    " no more credit",
    " no budget",
    " no fund",
    " arrear",
    " overdue",
    " past due",
    " payment required ",
    " unpaid ",
    " spending limit",
    " spend limit",
    " api usage limits ",
    " monthly usage limit",
    " budget has been exceeded",
    " exceeded budget",
    " exceededbudget ",
    " over budget",
    " used up all of its budget",
    " no money",
    " out of money ",
    " in debt ",
    " spend cap",
    " spending cap",
    " budget cap",
    " spend alert limit",
];
/// Balance, arrears, top up, exhausted quota (Z.ai, DashScope, new-api).
pub(super) const MONEY_RAW: [&str; 21] = [
    "余额不足",
    "餘額不足",
    "余额已",
    "欠费",
    "欠費",
    "充值",
    "儲值",
    "额度不足",
    "额度已",
    "额度用",
    "配额已用",
    "balance: -",
    "balance is -",
    "credits: -",
    "quota: -",
    "残高",
    "크레딧 부족",
    "잔액",
    "saldo insuf",
    "solde insuffisant",
    "guthaben",
];
/// Terms for money.
pub(super) const FUNDS: [&str; 17] = [
    " balance ",
    " balances ",
    " credit ",
    " credits ",
    " budget ",
    " budgets ",
    " fund ",
    " funds ",
    " wallet ",
    " prepaid ",
    " invoice ",
    " invoices ",
    " spending ",
    " money ",
    " points ",
    " coins ",
    " neurons ",
];
pub(super) const NO_MONEY: [&str; 9] = [
    " load balance",
    " thinking budget",
    " reasoning budget",
    " token budget",
    " tokens budget",
    " error budget",
    " retry budget",
    " time budget",
    " budget tokens",
];
/// Terms for a quota that may or may not refill.
pub(super) const QUOTAS: [&str; 18] = [
    " quota",
    " allowance ",
    " usage limit",
    " usage cap",
    " free tier ",
    " free trial ",
    " trial ",
    " subscription ",
    " plan ",
    " package ",
    " resource pack",
    " free usage ",
    " entitlement",
    " inference limit",
    " request allocation",
    " token allocation",
    " monthly allocation",
    " allotment",
];
/// Statements that nothing is left.
pub(super) const GONE: [&str; 49] = [
    " insufficient",
    " not sufficient",
    " not enough ",
    " isn t enough ",
    " exhaust",
    " used up ",
    " used all ",
    " using up ",
    " all used ",
    " fully used ",
    " spent ",
    " deplet",
    " exceed",
    " out of ",
    " ran out",
    " run out",
    " running out",
    " runs out",
    " left ",
    " remaining ",
    " remains ",
    " empty ",
    " zero ",
    " 0 ",
    " negative ",
    " too low ",
    " is low ",
    " below ",
    " none ",
    " don t have ",
    " do not have ",
    " doesn t have ",
    " does not have ",
    " has no ",
    " have no ",
    " lack",
    " reached ",
    " consumed ",
    " expired ",
    " ended ",
    " used ",
    " gone ",
    " not cover",
    " lapsed ",
    " been hit ",
    " is hit ",
    " was hit ",
    " ve hit ",
    " have hit ",
];
/// Advice about money.
pub(super) const ADVICE: [&str; 33] = [
    " billing ",
    " payment ",
    " payments ",
    " paid plan",
    " paid tier",
    " paid account",
    " paid subscription",
    " on a paid basis ",
    " top up ",
    " topup ",
    " topping up ",
    " recharge",
    " refill ",
    " purchase ",
    " buy ",
    " add credit",
    " add more credit",
    " add fund",
    " add money ",
    " pay as you go ",
    " pay your ",
    " upgrade your plan ",
    " upgrade plan ",
    " upgrade your account ",
    " upgrade to a paid",
    " in good standing ",
    " billed users",
    " no active subscription",
    " subscription required",
    " subscription is required",
    " credit card ",
    " your card ",
    " card on file ",
];
/// Statements of a rate.
pub(super) const RATES: [&str; 24] = [
    " per minute",
    " per second",
    " per hour",
    " per day",
    " per week",
    " per min ",
    " per sec ",
    "per_minute",
    "per_second",
    "per_day",
    "perminute",
    "perday",
    " a minute ",
    " minute ",
    " rpm ",
    " tpm ",
    " rpd ",
    " tpd ",
    " qps ",
    " rate limit",
    " ratelimit",
    " too many requests ",
    " throttl",
    " concurren",
];
/// Statements of automatic refill, and its time.
pub(super) const REFILLS: [&str; 20] = [
    " try again in ",
    " retry in ",
    " retry after ",
    " try again after ",
    " wait ",
    " for now ",
    " today ",
    " tomorrow ",
    " daily ",
    " hourly ",
    " weekly ",
    " hour ",
    " hours ",
    " day ",
    " week ",
    " seconds ",
    " reset",
    " at capacity ",
    " overloaded ",
    " high traffic ",
];
/// Statements that retrying helps.
pub(super) const WAITS: [&str; 1] = [" later "];
/// Length, on their own.
pub(super) const LENGTH: [&str; 22] = [
    " request too large ",
    " maximum context length",
    " maximum prompt length",
    " context length exceeded",
    " context size has been exceeded",
    " range of input length ",
    " input is too long",
    " input exceeds the ",
    " input is longer than ",
    " conversation is too long ",
    " message is too long ",
    " too long for context ",
    " context overflow",
    " context window is full ",
    " context is full ",
    " too long for this model",
    " too long for the model",
    " context limit reached",
    " context size limit reached",
    " context length reached",
    " context too long ",
    " context is too long ",
];
/// The unit of a prompt.
pub(super) const TOKENS: [&str; 4] = [" tokens ", " token limit", " token count", " token length"];
/// Terms for a prompt.
pub(super) const PROMPTS: [&str; 28] = [
    " prompt ",
    " prompts ",
    " input length",
    " input tokens ",
    " input token ",
    " inputs ",
    " length of the messages ",
    " length of prompt",
    " context length",
    " context window",
    " context size",
    " context limit",
    " context the overflows ",
    " model s context ",
    " sequence length",
    " prompt_tokens ",
    " max_seq_len ",
    " max_model_len ",
    " length of messages ",
    " input text ",
    " n_ctx ",
    " num_ctx ",
    " than the context ",
    " content length ",
    " message length ",
    " prompt size ",
    " input characters ",
    "k context ",
];
/// Terms for measuring a prompt.
pub(super) const COMPARES: [&str; 35] = [
    " longer than ",
    " less than ",
    " fewer than ",
    " exceed",
    " maximum ",
    " max ",
    " too long",
    " too large",
    " too big",
    " too many tokens",
    " greater than ",
    " larger than ",
    " bigger than ",
    " more than ",
    " more tokens than ",
    " over the ",
    " above the ",
    " beyond the ",
    " at most ",
    " no more than ",
    " limited to ",
    " overflow",
    " reduce the length ",
    " shorten ",
    " not fit",
    " t fit",
    " is only ",
    " limit is ",
    " limit of ",
    " window is ",
    " smaller than ",
    " shorter than ",
    " surpass",
    " size is ",
    " length is ",
];
/// Caps on answers, and other things counted in tokens.
pub(super) const ANSWER_CAPS: [&str; 21] = [
    " max_tokens ",
    " max tokens ",
    " max_completion_tokens ",
    " max_output_tokens ",
    " max_new_tokens ",
    " maxoutputtokens ",
    " min_tokens ",
    " budget_tokens ",
    " num_predict ",
    " n_predict ",
    " logit_bias",
    " token_ids",
    " top_logprobs ",
    " completion tokens ",
    " output tokens ",
    " new tokens ",
    " stop tokens ",
    " special tokens ",
    " thinking",
    " maximum tokens you ",
    " maximum tokens value ",
];
/// Parts of a request other than the prompt.
pub(super) const OTHER_PARTS: [&str; 9] = [
    " image", " audio ", " video", " file ", " files ", " pdf", " tool ", " tools ", " schema ",
];
/// Complaints about a request's form, which quote arbitrary names.
pub(super) const FORM: [&str; 7] = [
    " function ",
    " schema ",
    " tool",
    " parameter ",
    " property ",
    " properties ",
    " field ",
];
pub(super) const ACCOUNTS: [&str; 5] = [
    "organization",
    "organisation",
    "account",
    "workspace",
    "team",
];
pub(super) const LINKS: [&str; 9] = [
    "has",
    "have",
    "been",
    "is",
    "was",
    "currently",
    "temporarily",
    "permanently",
    "being",
];
pub(super) const CLOSED: [&str; 13] = [
    "restricted",
    "disabled",
    "suspended",
    "deactivated",
    "banned",
    "terminated",
    "blocked",
    "locked",
    "frozen",
    "closed",
    "inactive",
    "deleted",
    "flagged",
];
pub(super) const PLANS: [&str; 4] = [" subscri", " plan ", " plans ", " tier "];
pub(super) const NEEDS: [&str; 10] = [
    " require",
    " need",
    " only ",
    " not available ",
    " not included ",
    " not include",
    " t include",
    " not part of ",
    " not allowed ",
    " upgrade ",
];
pub(super) const MEMORY: [&str; 8] = [
    " more system memory ",
    " more memory ",
    " out of memory ",
    " not enough memory ",
    " insufficient memory ",
    " memory than ",
    " failed to allocate ",
    " insufficient system resources ",
];
/// Length in other languages.
pub(super) const LENGTH_RAW: [&str; 12] = [
    "超长",
    "输入过长",
    "内容过长",
    "文本过长",
    "输入长度",
    "上下文长度",
    "上下文窗口",
    "最大长度",
    "长すぎ",
    "長すぎ",
    "너무 깁니다",
    "너무 길",
];
/// The model's limit, in sentences with two numbers to compare.
pub(super) const SPANS: [&str; 5] = [" up to ", " supports ", " accepts ", " allows ", " take "];
/// Paid plans, which are bought whatever comes back by itself.
pub(super) const PAID: [&str; 5] = [
    " paid plan",
    " paid tier",
    " paid account",
    " paid subscription",
    " workers paid ",
];
/// That trying again at a stated time is the cure.
pub(super) const RETRIES: [&str; 5] = [
    " try again in ",
    " retry in ",
    " retry after ",
    " try again after ",
    " wait ",
];
/// The signs of money.
pub(super) const SIGNS: [&str; 5] = ["$", "€", "£", "¥", "￥"];
/// Names of limited quantities.
pub(super) const CAPS: [&str; 3] = [" limit ", " cap ", " maximum "];
/// That a model is not there, said after its name.
pub(super) const MODEL_GONE: [&str; 7] = [
    " been decommissioned ",
    " been deprecated ",
    " been retired ",
    " been removed ",
    " been discontinued ",
    " is no longer supported ",
    " is no longer available ",
];
/// That a model is not there, in other languages.
pub(super) const MODEL_GONE_RAW: [&str; 5] = [
    "模型不存在",
    "模型未找到",
    "模型不可用",
    "模型已下线",
    "不支持的模型",
];
/// That a model is there, and not for this account.
pub(super) const MODEL_WITHHELD: [&str; 10] = [
    " not have access to model",
    " not have access to the model",
    " not have access to this model",
    " no access to model",
    " no access to the model",
    " no access to this model",
    " not authorized to use model",
    " not authorized to use the model",
    " not allowed to use model",
    " not allowed to use the model",
];
/// That the place of the caller is not served.
pub(super) const PLACES: [&str; 5] = [
    " user location is not supported ",
    " country region or territory not supported",
    " not available in your country",
    " not supported in your country",
    " from your country",
];
/// Rates in the names of codes.
pub(super) const CODE_RATES: [&str; 5] = [
    " rate limit",
    " request limit",
    " requests limit",
    " too many request",
    " daily ",
];
/// Credentials in the names of codes.
pub(super) const CODE_KEYS: [&str; 5] = [
    " api key ",
    " apikey ",
    " access token ",
    " key revoked ",
    " key expired ",
];
/// Problems of a credential.
pub(super) const CODE_KEY_GONE: [&str; 11] = [
    " invalid ",
    " incorrect ",
    " expired ",
    " revoked ",
    " disabled ",
    " deleted ",
    " missing ",
    " unknown ",
    " not found ",
    " not valid ",
    " required ",
];
/// Models in the names of codes.
pub(super) const CODE_MODELS: [&str; 2] = [" model ", " deployment "];
/// Reasons why an account cannot use a model.
pub(super) const CODE_MODEL_WITHHELD: [&str; 8] = [
    " not allowed ",
    " not permitted ",
    " not authorized ",
    " restricted ",
    " forbidden ",
    " denied ",
    " access ",
    " blocked ",
];
/// Phrases for a missing model.
pub(super) const CODE_MODEL_GONE: [&str; 15] = [
    " not found ",
    " not exist ",
    " no such ",
    " unknown ",
    " unsupported ",
    " not supported ",
    " unavailable ",
    " not available ",
    " offline ",
    " missing ",
    " retired ",
    " deprecated ",
    " decommissioned ",
    " not ready ",
    " not loaded ",
];
/// Where a caller is, in the names of codes.
pub(super) const CODE_PLACES: [&str; 4] = [" country ", " region ", " location ", " territory "];
/// Phrases about such a place.
pub(super) const CODE_BLOCKED: [&str; 5] = [
    " unsupported ",
    " not supported ",
    " blocked ",
    " restricted ",
    " forbidden ",
];
/// Filters in the names of codes.
pub(super) const CODE_FILTERS: [&str; 4] = [
    " sensitive ",
    " moderation ",
    " content filter",
    " content policy ",
];
/// Load in the names of codes.
pub(super) const CODE_BUSY: [&str; 3] = [" overloaded ", " at capacity ", " busy "];
/// That a model exists no longer or does not run, said after its name.
pub(super) const MODEL_ENDED: [&str; 12] = [
    " is deprecated ",
    " is retired ",
    " is discontinued ",
    " is not available ",
    " isn t available ",
    " is unavailable ",
    " is offline ",
    " is stopped ",
    " been stopped ",
    " been sunset",
    " end of life ",
    " end of its life",
];
/// That the account may not use a model, said before its name.
pub(super) const WITHHELD_BEFORE: [&str; 9] = [
    " not have access ",
    " t have access ",
    " not allowed to access ",
    " not allowed to sample ",
    " no permission to use ",
    " not have permission to use ",
    " not activated the ",
    " eligible for ",
    " must be verified to use ",
];
/// That the account may not use a model, said after its name.
pub(super) const WITHHELD_AFTER: [&str; 7] = [
    " denied ",
    " is restricted ",
    " is blocked ",
    " is gated ",
    " not enabled ",
    " not activated ",
    " not been activated ",
];
/// The same in Chinese: no right to access, to use; not activated.
pub(super) const WITHHELD_RAW: [&str; 3] = ["无权访问", "无权使用", "未开通"];
/// Where the caller is.
pub(super) const HERE: [&str; 6] = [
    " your country ",
    " your region ",
    " your location ",
    " your territory ",
    " your jurisdiction ",
    " your area ",
];
/// That a place is not served.
pub(super) const NOT_SERVED: [&str; 7] = [
    " not ",
    " isn t ",
    " aren t ",
    " unavailable ",
    " restricted ",
    " blocked ",
    " cannot ",
];
/// Credentials in messages.
pub(super) const KEYS: [&str; 8] = [
    " api key ",
    " apikey ",
    " access token ",
    " security token ",
    " auth token ",
    " bearer token ",
    " authentication token ",
    " access key ",
];
/// That a credential is of no use.
pub(super) const KEY_GONE: [&str; 9] = [
    " invalid ",
    " not valid ",
    " no longer valid ",
    " expired ",
    " revoked ",
    " been disabled ",
    " is disabled ",
    " been deleted ",
    " incorrect ",
];
