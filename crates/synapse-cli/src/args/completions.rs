//! Flags of `completions`.

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::ide::ConsentArguments;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct CompletionsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<CompletionsCommand>,

    /// Print the script of this shell
    pub(crate) shell: Option<Shell>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CompletionsCommand {
    /// Make a shell complete commands, flags and names of this machine
    Install(ShellArguments),
    /// Remove the lines of `install` from a shell's file
    Remove(ShellArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ShellArguments {
    /// The shell; the one in `SHELL` when left out
    pub(crate) shell: Option<Shell>,

    #[command(flatten)]
    pub(crate) consent: ConsentArguments,
}
