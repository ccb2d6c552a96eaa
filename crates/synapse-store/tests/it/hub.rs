//! Logs and registrations of upstream servers.

use synapse_core::time::Timestamp;
use synapse_store::{HubPlace, RunningServer, UpstreamLog, note_running, read_log, running};
use synapse_testkit::disk::{mode, write};

use crate::support::{NOON, home};

#[test]
fn a_log_is_for_its_owner_and_bounded() {
    let (_directory, home) = home();
    let place = HubPlace::of_home(home.clone());
    let server = "s".parse().unwrap();
    assert_eq!(read_log(&place, &server, 10).unwrap(), [""; 0]);
    for round in 0..40 {
        let log = UpstreamLog::new(&place, &server);
        for number in 0..50 {
            log.line(
                Timestamp::from_millis(NOON),
                &format!("{round} {number} {}", "x".repeat(1_000)),
            );
        }
    }
    let last = read_log(&place, &server, 2).unwrap();
    assert_eq!(last.len(), 2);
    assert!(last[1].contains(" 39 49 x"), "{last:?}");
    let directory = home.logs().join("home");
    let files: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|each| each.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(mode(&file), 0o600);
        assert!(std::fs::metadata(&file).unwrap().len() < 700_000);
    }
}

#[test]
fn a_note_is_there_as_long_as_its_process_keeps_it() {
    let (_directory, home) = home();
    assert_eq!(running(&home).unwrap(), []);
    let server = RunningServer {
        server: "s".to_owned(),
        config: "mcp-servers.json".to_owned(),
        process: 4_000_001,
        owner: 4_000_000,
        program: "/usr/bin/x".to_owned(),
        client: None,
        started_at: "2026-11-20T12:00:00Z".to_owned(),
    };
    let note = note_running(&home, &server).unwrap();
    assert_eq!(running(&home).unwrap(), [server]);
    drop(note);
    assert_eq!(running(&home).unwrap(), []);
    // A leftover of a killed process.
    write(&home.running().join("1-2.json"), "{}");
    assert_eq!(running(&home).unwrap(), []);
    assert_eq!(std::fs::read_dir(home.running()).unwrap().count(), 0);
}
