//! Renders remedies by name, so that tests see the remedy and not its rendering.

use synapse_core::error::{Action, Remedy, RemedyText};

/// Renders each remedy with `Debug`, and a command of another program verbatim.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamedRemedies;

impl RemedyText for NamedRemedies {
    fn command(&self, remedy: &Remedy) -> Option<String> {
        match remedy {
            // These have no command, or carry one.
            Remedy::Wait | Remedy::Retype { .. } | Remedy::AddFlag { .. } => None,
            Remedy::Shell { line } => Some(line.clone()),
            remedy => Some(format!("{remedy:?}")),
        }
    }

    fn action(&self, action: Action) -> String {
        format!("`{}`", action.as_str())
    }
}
