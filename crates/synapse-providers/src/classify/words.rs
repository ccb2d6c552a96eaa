//! What the words of a message mean, in whatever order a vendor puts them: one list for every
//! adapter, and the last resort behind codes.
//!
//! A message is judged clause by clause, in lower case and without URLs. A clause about money names
//! it and says that it is gone; a clause about length names the prompt and compares it. A clause
//! that counts per minute is about neither: waiting cures a rate.

use super::verdict::{MODEL_ACCESS, MODEL_UNAVAILABLE, NO_MEMORY, PATH_MISMATCH, Verdict};

/// A message made ready for judging.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Each clause as ` word word word `, so that a whole word is found with its spaces.
    clauses: Vec<String>,
    /// The clauses, one behind the other.
    whole: String,
    /// As written, in lower case, for signs that are no words.
    raw: String,
}

impl Words {
    /// Reads a message, of which the first few thousand characters count.
    pub(super) fn of(message: &str) -> Self {
        let start = message.chars().take(MOST);
        let raw: String = start.flat_map(char::to_lowercase).collect();
        let mut clauses = Vec::new();
        for line in raw.lines() {
            // Addresses say where to read on, and may hold any word.
            let address = |word: &&str| word.contains("://") || word.starts_with('/');
            let told = line.split_whitespace().filter(|word| !address(word));
            let told = told.collect::<Vec<_>>().join(" ");
            clauses.extend(told.split_inclusive(CLAUSE_ENDS).flat_map(sentences));
        }
        Self {
            whole: clauses.concat(),
            clauses,
            raw,
        }
    }

    /// Whether money or a quota that does not refill is used up.
    pub(super) fn tell_of_money(&self) -> bool {
        if any(&self.raw, &MONEY_RAW) || any(&self.whole, &MONEY) {
            return true;
        }
        let named = |clause: &String| {
            let clause = without_other_budgets(clause);
            any(&clause, &FUNDS)
                && any(&clause, &GONE)
                && !counts_a_rate(&clause)
                && !any(&clause, &FORM)
        };
        self.clauses.iter().any(named)
    }

    /// Whether a quota is used up, or the account has to pay: money, where nothing says that waiting
    /// helps.
    pub(super) fn tell_of_a_quota(&self) -> bool {
        if self.refills() {
            return false;
        }
        self.clauses
            .iter()
            .filter(|clause| !any(clause, &FORM) && !clause.contains(" memory "))
            .any(|clause| {
                any(clause, &ADVICE)
                    || (any(clause, &QUOTAS) && any(clause, &GONE) && !any(&self.whole, &WAITS))
            })
    }

    /// Whether the prompt is too long for the model. A cap on the answer that is too high is not.
    pub(super) fn tell_of_length(&self) -> bool {
        if any(&self.whole, &LENGTH) {
            return true;
        }
        if self.refills() || any(&self.whole, &WAITS) {
            return false;
        }
        if any(&self.whole, &ANSWER_CAPS) && !any(&self.whole, &PROMPTS) {
            return false;
        }
        let signs = any(&self.raw, &["<=", " > "]);
        self.clauses.iter().any(|clause| {
            let counted = any(clause, &TOKENS);
            let other = any(clause, &OTHER_PARTS) && !clause.contains(" context ");
            // What tokens are compared with may stand in the next clause.
            (counted && (signs || any(&self.whole, &COMPARES)))
                || (any(clause, &PROMPTS) && !other && (signs || any(clause, &COMPARES)))
        })
    }

    /// Whether the account or organization itself is closed, and not one thing for it.
    pub(super) fn tell_of_a_closed_account(&self) -> bool {
        self.clauses.iter().any(|clause| {
            let words: Vec<&str> = clause.split(' ').filter(|word| !word.is_empty()).collect();
            !clause.contains(" model ")
                && words.iter().enumerate().any(|(at, word)| {
                    let behind = words.iter().skip(at + 1);
                    let mut behind = behind.skip_while(|word| LINKS.contains(word));
                    ACCOUNTS.contains(word) && behind.next().is_some_and(|end| CLOSED.contains(end))
                })
        })
    }

    /// Whether the model is there, and not for this account.
    pub(super) fn withhold_the_model(&self) -> bool {
        any(
            &self.whole,
            &[
                " does not have access to model",
                " not have access to the model",
            ],
        )
    }

    /// Whether they speak of a subscription at all.
    pub(super) fn tell_of_a_subscription(&self) -> bool {
        self.whole.contains(" subscri")
    }

    /// Whether the model is not among those of the account's plan.
    fn tell_of_a_smaller_plan(&self) -> bool {
        // A plan that costs is a matter of money.
        let left_out = |clause: &String| {
            clause.contains(" model ")
                && any(clause, &PLANS)
                && any(clause, &NEEDS)
                && !clause.contains(" paid ")
        };
        !self.refills() && self.clauses.iter().any(left_out)
    }

    /// What else the words say whatever the status.
    pub(super) fn others(&self) -> Option<Verdict> {
        let says = |needles: &[&str]| any(&self.whole, needles);
        if self.withhold_the_model() || self.tell_of_a_smaller_plan() {
            return Some(MODEL_ACCESS);
        }
        // NVIDIA serves each model as a function.
        let function = |clause: &String| {
            any(clause, &[" function "])
                && any(clause, &[" not found ", " is not found"])
                && !any(clause, &[" tool", " call"])
        };
        if self.clauses.iter().any(function) || self.clauses.iter().any(|each| lacks_model(each)) {
            return Some(MODEL_UNAVAILABLE);
        }
        if says(&[" unexpected endpoint ", " invalid url "]) {
            return Some(PATH_MISMATCH);
        }
        if says(&[" memory "]) && says(&MEMORY) {
            return Some(NO_MEMORY);
        }
        None
    }

    /// Whether a limit is said to be 0: it never refills.
    pub(super) fn tell_of_a_limit_of_zero(&self) -> bool {
        self.raw.match_indices("limit").any(|(at, word)| {
            let behind = self.raw.get(at + word.len()..).unwrap_or_default();
            let behind = behind.strip_prefix("_value").unwrap_or(behind);
            let number = behind.trim_start_matches([' ', ':', '=', '"', '\'', '`']);
            let number = number.strip_prefix("of ").unwrap_or(number);
            let number = number.strip_prefix("is ").unwrap_or(number);
            let digits = number.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = number.split_at(digits);
            let fraction = rest
                .strip_prefix('.')
                .is_some_and(|rest| rest.starts_with(|each: char| each.is_ascii_digit()));
            !digits.is_empty() && digits.bytes().all(|each| each == b'0') && !fraction
        })
    }

    /// Whether what is used up comes back by itself.
    pub(super) fn refills(&self) -> bool {
        counts_a_rate(&self.whole) || any(&self.whole, &REFILLS)
    }
}

/// The sentences of a text: a full stop ends one only before a space.
fn sentences(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(". ").map(spaced)
}

/// Letters, digits and `_` alone, with one space around each word.
fn spaced(text: &str) -> String {
    let mut spaced = String::from(" ");
    let words = text.split(|each: char| !(each.is_alphanumeric() || each == '_'));
    for word in words.filter(|word| !word.is_empty()) {
        spaced.push_str(word);
        spaced.push(' ');
    }
    spaced
}

fn any(text: &str, needles: &[&str]) -> bool {
    needles.iter().any(|needle| text.contains(needle))
}

/// `load balancer` and `thinking budget` are no money.
fn without_other_budgets(clause: &str) -> String {
    let mut clause = clause.to_owned();
    for other in NO_MONEY {
        if clause.contains(other) {
            clause = clause.replace(other, " ");
        }
    }
    clause
}

fn counts_a_rate(text: &str) -> bool {
    any(text, &RATES)
}

fn lacks_model(clause: &str) -> bool {
    let model = any(clause, &[" model ", " models "]);
    let lacking = any(
        clause,
        &[
            " does not exist",
            " doesn t exist",
            " not exist ",
            " no such model",
            " unknown model",
            " not found ",
            " is not a valid model",
            " not a chat model",
        ],
    );
    let other = any(clause, &[" tool ", " file ", " adapter ", " tokenizer "]);
    (model && lacking && !other) || any(clause, &[" not supported by any provider"])
}

/// How much of a message is judged, in characters.
const MOST: usize = 4000;
const CLAUSE_ENDS: [char; 7] = [';', '!', '?', '。', '；', '！', '，'];

/// Money, in these words alone. A space closes a whole word; without one it is a stem.
const MONEY: [&str; 43] = [
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
];
/// Balance, arrears, top up, used-up quota (Z.ai, DashScope, new-api).
const MONEY_RAW: [&str; 15] = [
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
];
/// What money is called.
const FUNDS: [&str; 14] = [
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
];
const NO_MONEY: [&str; 9] = [
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
/// What a quota is called that may or may not refill.
const QUOTAS: [&str; 13] = [
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
];
/// That there is nothing left.
const GONE: [&str; 43] = [
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
];
/// What is to be done about money.
const ADVICE: [&str; 31] = [
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
];
/// That something is counted against the clock.
const RATES: [&str; 24] = [
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
/// That it comes back by itself, and when.
const REFILLS: [&str; 20] = [
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
/// That trying again helps.
const WAITS: [&str; 1] = [" later "];
/// Length, in these words alone.
const LENGTH: [&str; 15] = [
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
];
/// What a prompt is counted in.
const TOKENS: [&str; 4] = [" tokens ", " token limit", " token count", " token length"];
/// What a prompt is called.
const PROMPTS: [&str; 18] = [
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
];
/// How a prompt is measured.
const COMPARES: [&str; 30] = [
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
];
/// The caps of an answer, and what else is counted in tokens.
const ANSWER_CAPS: [&str; 19] = [
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
];
/// Parts of a request whose size is not that of the prompt.
const OTHER_PARTS: [&str; 9] = [
    " image", " audio ", " video", " file ", " files ", " pdf", " tool ", " tools ", " schema ",
];
/// Complaints about the form of a request, which quote names out of it.
const FORM: [&str; 7] = [
    " function ",
    " schema ",
    " tool",
    " parameter ",
    " property ",
    " properties ",
    " field ",
];
const ACCOUNTS: [&str; 5] = [
    "organization",
    "organisation",
    "account",
    "workspace",
    "team",
];
const LINKS: [&str; 9] = [
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
const CLOSED: [&str; 10] = [
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
];
const PLANS: [&str; 4] = [" subscri", " plan ", " plans ", " tier "];
const NEEDS: [&str; 10] = [
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
const MEMORY: [&str; 7] = [
    " more system memory ",
    " more memory ",
    " out of memory ",
    " not enough memory ",
    " insufficient memory ",
    " memory than ",
    " failed to allocate ",
];

#[cfg(test)]
mod tests;
