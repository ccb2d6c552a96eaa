//! Typical wrong set-ups of each provider: preflight reports a distinct code with a remedy for
//! each, and the provider's guide lists it. Also set-ups that pass with remarks.

mod doubtful;
mod huggingface;
mod openai;
mod setup;

use crate::TWIN;
