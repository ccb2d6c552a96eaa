//! Resolves a call by id, id prefix, or `last`.

use uuid::Uuid;

use super::Engine;
use crate::call::CallId;
use crate::error::{Code, Failure, Remedy};
use crate::ledger::{HistoryQuery, Order};
use crate::redact::Redactor;

impl Engine {
    /// Resolves `text` to a call: its id, a unique prefix, or `last`. A complete id is returned
    /// without checking that it exists.
    ///
    /// # Errors
    /// `usage.invalid-arguments`, listing ambiguous calls, or `storage.*`.
    pub async fn call_id(&self, text: &str) -> Result<CallId, Failure> {
        if text == LAST {
            let newest = self.history(HistoryQuery::newest(1)).await?;
            return newest
                .first()
                .map(|entry| entry.receipt.call_id)
                .ok_or_else(|| refused("there is no call yet"));
        }
        if let Ok(call_id) = text.parse() {
            return Ok(call_id);
        }
        let digits = digits(text).ok_or_else(|| {
            refused("that is not a call id")
                .cause("a call id is a UUID, or at least its first 4 digits, or `last`")
                .remedy("see the calls", &Remedy::ListCalls)
        })?;
        let found = self.beginning_with(&digits).await?;
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(refused(format!(
                "no call has an id that begins with `{}`",
                shown(text)
            ))
            .remedy("see the calls", &Remedy::ListCalls)),
            several => {
                let mut names: Vec<String> = several.iter().map(ToString::to_string).collect();
                if names.len() > NAMED {
                    names.truncate(NAMED);
                    names.push("…".to_owned());
                }
                Err(refused(format!(
                    "several calls have an id that begins with `{}`",
                    shown(text)
                ))
                .cause(format!("calls: {}", names.join(", ")))
                .hint("give more of its digits"))
            }
        }
    }

    /// The calls with this id prefix, oldest first, one more than are listed.
    async fn beginning_with(&self, digits: &str) -> Result<Vec<CallId>, Failure> {
        let first = u128::from_str_radix(&format!("{digits:0<DIGITS$}"), 16).unwrap_or_default();
        let before = first.checked_sub(1);
        let page = HistoryQuery {
            order: Order::OldestFirst,
            after: before.map(|before| CallId::new(Uuid::from_u128(before))),
            ..HistoryQuery::newest(NAMED_AND_ONE)
        };
        let found = self.history(page).await?;
        let ids = found.into_iter().map(|entry| entry.receipt.call_id);
        Ok(ids
            .take_while(|id| id.as_uuid().simple().to_string().starts_with(digits))
            .collect())
    }
}

/// The hexadecimal digits of a UUID prefix, in lower case.
fn digits(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|each| *each != '-')
        .map(|each| each.to_ascii_lowercase())
        .collect();
    let fits = (FEWEST..=DIGITS).contains(&digits.len());
    (fits && digits.chars().all(|each| each.is_ascii_hexdigit())).then_some(digits)
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

fn shown(text: &str) -> String {
    Redactor::none().clean(text, DIGITS + 4)
}

/// Names the newest call.
const LAST: &str = "last";
const DIGITS: usize = 32;
const FEWEST: usize = 4;
/// Maximum listed calls of an ambiguous prefix.
const NAMED: usize = 5;
const NAMED_AND_ONE: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_digits_with_or_without_hyphens() {
        assert_eq!(digits("01A1fa66-d9").as_deref(), Some("01a1fa66d9"));
        for wrong in ["01a", "", "work", "01a1 fa66", "-----"] {
            assert_eq!(digits(wrong), None, "{wrong}");
        }
        assert_eq!(digits(&"0".repeat(33)), None);
    }
}
