//! Properties of Synapse's own files for arbitrary bytes, checked by the fuzz targets
//! `connections`, `upstreams`, `records` and `ledger`, and by tests on their seeds.
//!
//! Uses real files in a temporary directory; fuzzing is fast if that is in memory.

mod ledger;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, json};
use synapse_core::connection::PreflightPass;
use synapse_core::ports::{
    ApprovalStore as _, ConnectionStore as _, StoredConnection, StoredUpstream, UpstreamStore as _,
};
use synapse_core::preflight::{Check, CheckId, Finding, PreflightReport, Reach, Skip};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{UpstreamName, is_variable};
use synapse_core::{ConnectionName, Draft};
use synapse_home::Home;

pub use self::ledger::ledger;
use crate::upstreams::{HubPlace, JsonUpstreams, Offering, read_env_file};
use crate::{JsonApprovals, TomlConnections};
use synapse_home::atomic::create_directory;

/// Reads `bytes` as `connections.toml`; adds a connection, removes one, and adds it again.
///
/// # Panics
/// If a change affects another connection, or a refused one changes the file.
pub fn connections(bytes: &[u8]) {
    in_home(|home| {
        let file = home.connections();
        write(&file, bytes);
        let store = TomlConnections::new(home.clone());
        drop(store.telemetry());
        drop(crate::connections::ledger_settings(home));
        let Ok(before) = store.load() else {
            let unread = TomlConnections::new(home.clone());
            assert!(unread.default_name().is_err() && unread.shared_named("a").is_err());
            return assert_unchanged(&file, bytes);
        };
        assert_each_is_found(home, &store, &before);
        let names: Vec<ConnectionName> = before.iter().map(|each| each.name.clone()).collect();
        let Some(pass) = pass() else { return };
        let added = store.insert(&pass);
        match added {
            Ok(()) => {
                let mut after = store.load().unwrap_or_default();
                let last = after.pop().map(|each| (each.name, each.draft));
                let wanted = (pass.connection().name.clone(), pass.draft().clone());
                assert_eq!(last, Some(wanted));
                assert_eq!(meanings(&after), meanings(&before));
            }
            Err(_) => assert_unchanged(&file, bytes),
        }
        let text = std::fs::read(&file).unwrap_or_default();
        let Some(first) = names.first() else { return };
        match store.remove(first) {
            Ok(()) => {
                let after = store.load().unwrap_or_default();
                let left = after.iter().map(|each| &each.name).collect::<Vec<_>>();
                let others = names.iter().skip(1);
                let new = added.is_ok().then_some(&pass.connection().name);
                assert_eq!(left, others.chain(new).collect::<Vec<_>>());
            }
            Err(_) => assert_unchanged(&file, &text),
        }
    });
}

/// Reads `bytes` as `mcp-servers.json` and as an `envFile`; adds a server, denies one of its tools
/// and removes it.
///
/// # Panics
/// If a change affects another server, or a refused one changes the file.
pub fn upstreams(bytes: &[u8]) {
    in_home(|home| {
        let file = home.mcp_servers();
        write(&file, bytes);
        let variables = read_env_file(&file).unwrap_or_default();
        assert!(variables.keys().all(|name| is_variable(name)));
        let store = JsonUpstreams::new(HubPlace::of_home(home.clone()));
        let Ok(before) = store.read().map(|file| file.servers) else {
            return assert_unchanged(&file, bytes);
        };
        let Ok(name) = "added-by-test".parse::<UpstreamName>() else {
            return;
        };
        let mut entry = Map::new();
        entry.insert("command".to_owned(), json!("/bin/true"));
        entry.insert("args".to_owned(), json!(["a \"b\"", "\\", "\u{202e}"]));
        if store.insert(&name, &entry).is_err() {
            return assert_unchanged(&file, bytes);
        }
        let mut with = store.load().unwrap_or_default();
        let last = with.pop();
        assert!(last.is_some_and(|last| last.name == name.as_str() && last.upstream.is_ok()));
        assert_same(&before, &with);
        if store.offer(&name, "a \"tool\"", Offering::Denied).is_ok() {
            let mut denied = store.load().unwrap_or_default();
            let last = denied.pop().and_then(|last| last.upstream.ok());
            assert!(last.is_some_and(|last| !last.tools.permits("a \"tool\"")));
            assert_same(&before, &denied);
        }
        let text = std::fs::read(&file).unwrap_or_default();
        match store.remove(&name) {
            Ok(()) => assert_same(&before, &store.load().unwrap_or_default()),
            Err(_) => assert_unchanged(&file, &text),
        }
    });
}

/// Reads `bytes` as an approval.
///
/// # Panics
/// If it is accepted for another server.
pub fn approvals(bytes: &[u8]) {
    in_home(|home| {
        let Ok(server) = "linear".parse::<UpstreamName>() else {
            return;
        };
        let store = JsonApprovals::new(HubPlace::of_home(home.clone()));
        let file = store.file(&server);
        assert!(create_directory(&home.hub()).is_ok());
        assert!(create_directory(&home.approvals()).is_ok());
        assert!(
            file.parent()
                .is_some_and(|parent| create_directory(parent).is_ok())
        );
        write(&file, bytes);
        if let Ok(Some(found)) = store.find(&server) {
            assert_eq!(found.server, server);
        }
        drop(store.load());
        assert_unchanged(&file, bytes);
    });
}

/// Each connection, looked for by its name alone, is the one that all of them are read with.
fn assert_each_is_found(home: &Home, store: &TomlConnections, all: &[StoredConnection]) {
    let unread = || TomlConnections::new(home.clone());
    assert_eq!(unread().default_name(), store.default_name());
    for each in all {
        let found = unread().shared_named(each.name.as_str());
        let found = found.unwrap_or_else(|_| Arc::new([]));
        let found = found.iter().find(|other| other.name == each.name);
        assert_eq!(found.map(shown), Some(shown(each)));
    }
}

/// All that a connection says.
fn shown(stored: &StoredConnection) -> String {
    format!("{stored:?}")
}

/// Runs `work` with an empty temporary home.
fn in_home(work: impl FnOnce(&Home)) {
    let directory = tempfile::tempdir();
    assert!(directory.is_ok(), "{directory:?}");
    if let Ok(directory) = directory {
        let home = Home::new(directory.path().join("home"));
        assert!(home.create().is_ok());
        work(&home);
    }
}

fn write(path: &Path, bytes: &[u8]) {
    drop(std::fs::remove_file(path));
    let written = synapse_home::atomic::write_private(path, bytes);
    assert!(written.is_ok(), "{written:?}");
}

fn assert_unchanged(path: &Path, bytes: &[u8]) {
    let now = std::fs::read(path).ok();
    assert_eq!(now.as_deref(), Some(bytes), "a refused change was made");
}

/// The comparable meaning of each.
fn meanings(stored: &[StoredConnection]) -> Vec<(&ConnectionName, &Draft, bool)> {
    let meaning = |each: &'_ StoredConnection| each.connection.is_ok();
    stored
        .iter()
        .map(|each| (&each.name, &each.draft, meaning(each)))
        .collect()
}

fn assert_same(before: &[StoredUpstream], after: &[StoredUpstream]) {
    let code = |each: &StoredUpstream| each.upstream.as_ref().err().map(|failure| failure.code());
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before.name, after.name);
        assert_eq!(before.upstream.as_ref().ok(), after.upstream.as_ref().ok());
        assert_eq!(code(before), code(after));
    }
}

/// A preflight pass for an unused connection.
fn pass() -> Option<PreflightPass> {
    let draft = Draft {
        provider: "openai".to_owned(),
        model: "a \"model\"".to_owned(),
        credential: Some("env:FAKE_KEY".to_owned()),
        ..Draft::default()
    };
    let check = Check::new;
    let report = PreflightReport {
        connection: Some(draft.parse("added-by-test".parse().ok()?).ok()?),
        draft,
        hosts: Vec::new(),
        checks: vec![
            check(CheckId::Config, Finding::Ok("understood".to_owned())),
            check(CheckId::Gate, Finding::Ok("closed".to_owned())),
            check(CheckId::Live, Finding::Skip(Skip::NotAsked)),
        ],
        reach: Reach::Free,
        checked_at: Timestamp::from_millis(1_795_176_000_000),
        receipt: None,
        warnings: Vec::new(),
    };
    report.clear().ok()
}

#[cfg(test)]
mod tests {
    use synapse_testkit::any_bytes::hold;

    use super::*;

    #[test]
    fn any_file_of_connections_keeps_the_others() {
        hold("connections", connections);
    }

    #[test]
    fn any_file_of_servers_keeps_the_others() {
        hold("upstreams", upstreams);
    }

    #[test]
    fn any_approval_is_what_it_says_or_damage() {
        hold("records", approvals);
    }

    #[test]
    fn any_ledger_is_read_and_repaired_or_refused() {
        hold("ledger", ledger);
    }
}
