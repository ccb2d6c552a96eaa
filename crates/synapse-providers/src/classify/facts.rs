//! Facts of a response that reports and remedies share.

use url::Url;

use super::Answer;
use crate::wire::error::ErrorBody;

/// The retry delay or time, from the header or the body.
pub(super) fn retry_after(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let header = answer.headers.text("retry-after").map(str::to_owned);
    header.or_else(|| body.retry_after.clone())
}

/// The target of a redirect, without the query, which may contain anything.
pub(super) fn location(answer: &Answer<'_>) -> Option<String> {
    if !(300..400).contains(&answer.status) {
        return None;
    }
    let base = Url::parse(answer.url).ok()?;
    // Before URL parsing, which may re-encode the secret.
    let written = answer
        .redactor
        .clean(answer.headers.text("location")?, MAX_LOCATION);
    let mut target = base.join(&written).ok()?;
    target.set_query(None);
    target.set_fragment(None);
    let _ = target.set_username("");
    let _ = target.set_password(None);
    Some(target.to_string())
}

pub(super) const MAX_WORDS: usize = 300;
pub(super) const MAX_FACT: usize = 120;
const MAX_LOCATION: usize = 2000;
