//! Flags of `help`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct HelpArguments {
    /// Print a man page, in roff, instead of the help
    #[arg(long)]
    pub(crate) man: bool,

    /// The command; the program itself when left out
    #[arg(value_name = "COMMAND")]
    pub(crate) words: Vec<String>,
}
