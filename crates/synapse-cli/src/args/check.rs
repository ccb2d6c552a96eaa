//! Flags of `check`.

use std::path::PathBuf;

use clap::Args;

use super::Consent;

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Connections, clients and upstream servers to check; everything when left out
    #[arg(value_name = "NAME|CLIENT|SERVER")]
    pub(crate) subjects: Vec<String>,

    /// Repair what is harmless to repair, after showing it
    #[arg(long)]
    pub(crate) fix: bool,

    /// Show what --fix would do, and do nothing
    #[arg(long, requires = "fix")]
    dry_run: bool,

    /// Repair without asking
    #[arg(long, short, requires = "fix", conflicts_with = "dry_run")]
    yes: bool,

    /// Send one real, paid prompt of at most 64 tokens through the client's own entry
    #[arg(long)]
    pub(crate) prompt: bool,

    /// The project whose files are checked too; the current directory when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

impl CheckArguments {
    /// The consent to repairs; `None` without `--fix`.
    pub(crate) const fn fixing(&self) -> Option<Consent> {
        match (self.fix, self.dry_run, self.yes) {
            (false, ..) => None,
            (true, true, _) => Some(Consent::DryRun),
            (true, false, true) => Some(Consent::Given),
            (true, false, false) => Some(Consent::Open),
        }
    }
}
