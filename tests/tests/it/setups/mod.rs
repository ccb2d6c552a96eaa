//! Wrong set-ups of each provider, as people make them: preflight shows another code for each, with
//! the step that mends it, and the provider's guide lists it. And set-ups of which something is to
//! be said although they pass.

mod doubtful;
mod huggingface;
mod openai;
mod setup;

use crate::TWIN;
