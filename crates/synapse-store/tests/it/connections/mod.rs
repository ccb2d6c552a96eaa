//! connections.toml: strict reading, minimal changes, and every kind of damage.

pub(crate) mod broken;
mod change;
pub(crate) mod concurrent;
mod crowd;
mod large;
mod naming;
mod read;
mod telemetry;

use synapse_store::TomlConnections;
use synapse_testkit::disk::mode;

use super::contract::connection_store_story;
use super::support::home;

#[test]
fn the_file_passes_the_story_of_the_port() {
    let (_directory, home) = home();
    connection_store_story(&TomlConnections::new(home.clone()));
    assert_eq!(mode(home.directory()), 0o700);
    assert_eq!(mode(&home.connections()), 0o600);
}
