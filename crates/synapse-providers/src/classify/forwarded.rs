//! Errors of compatible providers: those that a router forwards, and those whose meaning differs
//! from the same status at OpenAI and which have no code. The latter are in the vendor's own file.

use synapse_core::error::Code;
use synapse_core::provider::Wire;

use super::Answer;
use crate::vendors;
use crate::verdict::Classification;
use crate::wire::error::ErrorBody;

/// The verdict of a rule for compatible providers only; `None` leaves it to the common rules.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Option<Classification> {
    if answer.provider.profile().wire != Wire::Compatible {
        return None;
    }
    if body.kind.as_deref() == Some("unavailable_error") {
        return Some(Classification::new(
            Code::ProviderOverloaded,
            "the server is still loading its model",
        ));
    }
    (vendors::of(answer.provider).judge)(status, body)
}

/// An error forwarded by a router: the sub-provider rejected the router, not its user.
pub(super) fn upstream(
    answer: &Answer<'_>,
    status: u16,
    body: &ErrorBody,
) -> Option<Classification> {
    if answer.provider.profile().wire != Wire::Compatible {
        return None;
    }
    body.upstream.as_ref()?;
    match status {
        401 => Some(Classification::new(
            Code::ProviderFailed,
            "the sub-provider rejected the router's own account, which is not yours",
        )),
        403 => Some(Classification::new(
            Code::ProviderRequestRejected,
            "the sub-provider refuses the request",
        )),
        429 => Some(Classification::new(
            Code::ProviderRateLimited,
            "the sub-provider throttles the router",
        )),
        _ => None,
    }
}
