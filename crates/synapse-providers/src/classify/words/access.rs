//! Recognises what is withheld from the caller: a model, a place, a credential's validity.

use super::lists::{
    FORM, HERE, KEY_GONE, KEYS, MODEL_ENDED, NOT_SERVED, WAITS, WITHHELD_AFTER, WITHHELD_BEFORE,
    WITHHELD_RAW,
};
use super::{Words, any};

impl Words {
    /// Whether a clause denies the account a model that exists. `The model does not exist or you do
    /// not have access to it` does not say which.
    pub(super) fn refuse_the_model(&self) -> bool {
        let refuses = |clause: &String| {
            let named = any(clause, &[" model ", " models "]);
            let missing = any(clause, &[" not exist", " t exist ", " not found "]);
            let denied = any(clause, &WITHHELD_BEFORE) || after_model(clause, &WITHHELD_AFTER);
            named && denied && !missing && !any(clause, &FORM)
        };
        any(&self.raw, &WITHHELD_RAW) || self.clauses.iter().any(refuses)
    }

    /// Whether a model or deployment is gone for good, rather than for now.
    pub(super) fn tell_of_an_ended_model(&self) -> bool {
        let ended = |clause: &String| after_model(clause, &MODEL_ENDED) && !any(clause, &FORM);
        !self.refills() && !any(&self.whole, &WAITS) && self.clauses.iter().any(ended)
    }

    /// Whether the service is not offered at the caller's place.
    pub(super) fn tell_of_a_place(&self) -> bool {
        let refused = |clause: &String| any(clause, &HERE) && any(clause, &NOT_SERVED);
        !self.refills() && self.clauses.iter().any(refused)
    }

    /// Whether the credential itself is of no use, whatever it was used for.
    pub(in super::super) fn tell_of_a_bad_key(&self) -> bool {
        let bad = |clause: &String| {
            any(clause, &KEYS)
                && any(clause, &KEY_GONE)
                && !clause.contains(" model ")
                && !any(clause, &FORM)
        };
        self.clauses.iter().any(bad)
    }
}

/// Whether one of the phrases follows the first mention of a model.
fn after_model(clause: &str, phrases: &[&str]) -> bool {
    let mentioned = [" model ", " deployment "];
    let first = mentioned.iter().filter_map(|word| clause.find(word)).min();
    first.is_some_and(|at| any(clause.get(at..).unwrap_or_default(), phrases))
}
