//! Interprets the words of a message in any order: one list for all adapters, used after codes as
//! the last resort.
//!
//! A message is judged clause by clause, in lower case and without URLs. A clause about money names
//! it and says it is gone; a clause about length names the prompt and compares it. A clause with a
//! rate per minute is about neither: waiting helps there.

mod access;
mod code;
mod limit;
mod lists;

use lists::{
    ACCOUNTS, ADVICE, ANSWER_CAPS, CAPS, CLOSED, CODE_RATES, COMPARES, FORM, FUNDS, GONE, LENGTH,
    LENGTH_RAW, LINKS, MEMORY, MODEL_GONE, MODEL_GONE_RAW, MODEL_WITHHELD, MONEY, MONEY_RAW, NEEDS,
    NO_MONEY, OTHER_PARTS, PAID, PLACES, PLANS, PROMPTS, QUOTAS, RATES, REFILLS, RETRIES, SIGNS,
    SPANS, TOKENS, WAITS,
};

use crate::verdict::{
    Classification, MODEL_ACCESS, MODEL_UNAVAILABLE, NO_MEMORY, PATH_MISMATCH, REGION_BLOCKED,
};
pub(super) use code::by_name;

/// A message prepared for judging.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Each clause as ` word word word `, so that spaces delimit whole words.
    clauses: Vec<String>,
    /// The concatenated clauses.
    whole: String,
    /// The lower-case original, for signs other than words.
    raw: String,
}

impl Words {
    /// Prepares a message, limited to its first few thousand characters.
    pub(super) fn of(message: &str) -> Self {
        let start = message.chars().take(MOST);
        let raw: String = start.flat_map(char::to_lowercase).collect();
        let mut clauses = Vec::new();
        for line in raw.lines() {
            // URLs may contain any word.
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

    /// Whether money or a quota that does not refill is exhausted.
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
        // `$50.00 of $50.00`: a limit in money, whatever it is called.
        let priced = any(&self.raw, &SIGNS);
        let capped = |clause: &String| {
            priced && any(clause, &CAPS) && any(clause, &GONE) && !counts_a_rate(clause)
        };
        self.clauses.iter().any(named) || self.clauses.iter().any(capped)
    }

    /// Whether a quota is exhausted or the account must pay: money, unless waiting helps.
    pub(super) fn tell_of_a_quota(&self) -> bool {
        if self.refills() {
            // An exhausted daily allowance with a paid plan on offer.
            let sold = |clause: &String| {
                any(clause, &PAID) && any(clause, &GONE) && !counts_a_rate(clause)
            };
            return !any(&self.whole, &RETRIES) && self.clauses.iter().any(sold);
        }
        self.clauses
            .iter()
            .filter(|clause| !any(clause, &FORM) && !clause.contains(" memory "))
            .any(|clause| {
                any(clause, &ADVICE)
                    || (any(clause, &QUOTAS) && any(clause, &GONE) && !any(&self.whole, &WAITS))
            })
    }

    /// Whether requests come too fast.
    pub(super) fn tell_of_a_rate(&self) -> bool {
        any(&self.whole, &CODE_RATES) || any(&self.whole, &[" throttl", " qps ", " rpm "])
    }

    /// Whether the prompt is too long for the model. An excessive cap on the answer is not.
    pub(super) fn tell_of_length(&self) -> bool {
        if any(&self.whole, &LENGTH) || any(&self.raw, &LENGTH_RAW) {
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
            let spans = || any(&self.whole, &SPANS) && numbers(&self.whole) > 1;
            // The value that tokens are compared with may be in the next clause.
            (counted && (signs || any(&self.whole, &COMPARES) || spans()))
                || (any(clause, &PROMPTS) && !other && (signs || any(clause, &COMPARES)))
        })
    }

    /// Whether the account or organization itself is closed, rather than one feature of it.
    pub(super) fn tell_of_a_closed_account(&self) -> bool {
        !any(&self.whole, &ADVICE)
            && self.clauses.iter().any(|clause| {
                let words: Vec<&str> = clause.split(' ').filter(|word| !word.is_empty()).collect();
                !clause.contains(" model ")
                    && words.iter().enumerate().any(|(at, word)| {
                        let behind = words.iter().skip(at + 1);
                        let mut behind = behind.skip_while(|word| LINKS.contains(word));
                        ACCOUNTS.contains(word)
                            && behind.next().is_some_and(|end| CLOSED.contains(end))
                    })
            })
    }

    /// Whether the model exists but not for this account.
    pub(super) fn withhold_the_model(&self) -> bool {
        any(&self.whole, &MODEL_WITHHELD) || self.refuse_the_model()
    }

    /// Whether they mention a subscription.
    pub(super) fn tell_of_a_subscription(&self) -> bool {
        self.whole.contains(" subscri")
    }

    /// Whether the account's plan does not include the model.
    fn tell_of_a_smaller_plan(&self) -> bool {
        // A paid plan is a matter of money.
        let left_out = |clause: &String| {
            clause.contains(" model ")
                && any(clause, &PLANS)
                && any(clause, &NEEDS)
                && !clause.contains(" paid ")
        };
        !self.refills() && self.clauses.iter().any(left_out)
    }

    /// Verdicts of other words, independent of the status.
    pub(super) fn others(&self) -> Option<Classification> {
        let says = |needles: &[&str]| any(&self.whole, needles);
        if self.withhold_the_model() || self.tell_of_a_smaller_plan() {
            return Some(MODEL_ACCESS);
        }
        if says(&PLACES) || self.tell_of_a_place() {
            return Some(REGION_BLOCKED);
        }
        // NVIDIA serves each model as a function.
        let function = |clause: &String| {
            any(clause, &[" function "])
                && any(clause, &[" not found ", " is not found"])
                && !any(clause, &[" tool", " call"])
        };
        if self.clauses.iter().any(function)
            || self.clauses.iter().any(|each| lacks_model(each))
            || any(&self.raw, &MODEL_GONE_RAW)
            || self.tell_of_an_ended_model()
        {
            return Some(MODEL_UNAVAILABLE);
        }
        if says(&[" unexpected endpoint ", " invalid url "]) {
            return Some(PATH_MISMATCH);
        }
        if (says(&[" memory "]) || says(&[" system resources "])) && says(&MEMORY) {
            return Some(NO_MEMORY);
        }
        None
    }

    /// Whether the exhausted resource refills by itself.
    pub(super) fn refills(&self) -> bool {
        counts_a_rate(&self.whole) || any(&self.whole, &REFILLS)
    }
}

/// The sentences of a text: a full stop ends one only before a space.
fn sentences(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(". ").map(spaced)
}

/// Letters, digits and `_` only, with one space around each word.
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

/// `load balancer` and `thinking budget` are not about money.
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

/// Counts words that begin with a digit: `8`, `200k`.
fn numbers(text: &str) -> usize {
    let begins = |word: &&str| word.starts_with(|each: char| each.is_ascii_digit());
    text.split(' ').filter(begins).count()
}

fn lacks_model(clause: &str) -> bool {
    let model = any(clause, &[" model ", " models "]);
    // `… is no longer supported with this model` is about something else.
    let gone = clause.find(" model ").is_some_and(|at| {
        let behind = clause.get(at..).unwrap_or_default();
        any(behind, &MODEL_GONE)
    });
    let lacking = any(
        clause,
        &[
            " does not exist",
            " doesn t exist",
            " not exist ",
            " no such model",
            " no model named ",
            " no model called ",
            " invalid model id ",
            " invalid model name ",
            " unknown model",
            " not found ",
            " is not a valid model",
            " not a chat model",
            " identifier is invalid ",
            " not work with the specified model ",
            " not work with this model ",
        ],
    );
    let other = any(clause, &[" tool ", " file ", " adapter ", " tokenizer "]);
    let begins = [" invalid model ", " unknown model "];
    let names = !any(clause, &FORM) && begins.iter().any(|start| clause.starts_with(start));
    (model && (lacking || gone || names) && !other)
        || any(clause, &[" not supported by any provider"])
}

/// Judged characters of a message.
const MOST: usize = 4000;
const CLAUSE_ENDS: [char; 7] = [';', '!', '?', '。', '；', '！', '，'];

#[cfg(test)]
mod tests;
