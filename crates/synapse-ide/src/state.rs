//! The state of our entry in every file that a client reads. Read only.

use std::path::PathBuf;

use crate::client::{Client, Scope};
use crate::entry::Entry;
use crate::machine::Machine;
use crate::seen::EntryState;
use crate::survey::Survey;

/// A place the client reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceState {
    /// Its scope.
    pub scope: Scope,
    /// The file, before links are followed.
    pub file: PathBuf,
    /// Its state.
    pub state: EntryState,
    /// The program our entry starts, as spelled in the file.
    pub command: Option<String>,
    /// The connection our entry is restricted to.
    pub connection: Option<String>,
    /// Whether the client loads this entry in the current project, unless disabled.
    pub wins: bool,
    /// Why the client does not load it, or what else reads the file.
    pub notes: Vec<String>,
}

/// Inspects every place that `client` reads on this machine: in each scope the file that `install`
/// would change, then other existing ones. Arguments after `serve` are the user's choice and do not
/// make an entry stale.
#[must_use]
pub fn states(client: &Client, machine: &Machine, entry: &Entry) -> Vec<PlaceState> {
    let survey = Survey::new(client, machine, entry);
    let mut states = Vec::new();
    for scope in [Scope::User, Scope::Local, Scope::Project] {
        let target = survey.target(scope);
        let others = survey.places.iter().enumerate().filter(|(index, place)| {
            place.site.scope == scope && Some(*index) != target && place.is_there()
        });
        let indices = target
            .into_iter()
            .chain(others.map(|(index, _)| index))
            .collect::<Vec<_>>();
        for index in indices {
            if let Some(place) = survey.places.get(index) {
                states.push(PlaceState {
                    scope,
                    file: place.site.file.clone(),
                    state: place.state(client, entry),
                    command: place.command(),
                    connection: place.connection().map(str::to_owned),
                    wins: survey.wins(index),
                    notes: survey.notes(index),
                });
            }
        }
    }
    states
}
