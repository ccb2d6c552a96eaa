//! Recognises a limit of 0 anywhere in a sentence.

use super::Words;

impl Words {
    /// Whether a limit is said to be 0: it never refills.
    pub(in super::super) fn tell_of_a_limit_of_zero(&self) -> bool {
        let is_zero = |(at, word): (usize, &str)| {
            let behind = self.raw.get(at + word.len()..).unwrap_or_default();
            begins_with_zero(behind)
        };
        self.raw.match_indices("limit").any(is_zero)
            || self.clauses.iter().any(|each| allows_none(each))
    }
}

/// Whether the number right after the word is 0.
fn begins_with_zero(behind: &str) -> bool {
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
}

/// `0 requests per day are allowed`, `the rate limit for this model is 0`: nothing is allowed, as
/// opposed to nothing being left.
fn allows_none(clause: &str) -> bool {
    let words: Vec<&str> = clause.split(' ').filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(&LEFT) || !has(&ALLOWANCES) {
        return false;
    }
    let number = |word: Option<&&str>| {
        word.is_some_and(|word| word.starts_with(|each: char| each.is_ascii_digit()))
    };
    let numbers = words.iter().filter(|word| number(Some(word))).count();
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let after = words.get(at + 1);
        let none = *word == "zero" || (*word == "0" && !number(before) && !number(after));
        let counted = after.is_some_and(|after| UNITS.contains(after));
        let stated = numbers == 1 && before.is_some_and(|before| *before == "is");
        none && (counted || stated)
    })
}

const LEFT: [&str; 5] = ["left", "remaining", "remain", "used", "available"];
const ALLOWANCES: [&str; 7] = ["limit", "per", "allowed", "allows", "maximum", "max", "at"];
const UNITS: [&str; 9] = [
    "request", "requests", "tokens", "calls", "rpm", "tpm", "rpd", "tpd", "qps",
];
