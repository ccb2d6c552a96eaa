//! The JSON of the chat completions API, as written and as really met.

pub(crate) mod completion;
pub(crate) mod error;
pub(crate) mod foreign;
pub(crate) mod model;
pub(crate) mod request;
