//! Flags of `models`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// The connection
    pub(crate) name: String,

    /// Only models with this text in their id or in the name of a sub-provider, in any case
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
}
