//! Texts of strangers stay texts, whichever file, program or form they come from.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use synapse_testkit::provider_doubles::OpenAiDouble;

use super::drive_with;
use crate::hub_serving::Hub;

#[test]
fn texts_of_strangers_stay_texts() {
    let double = OpenAiDouble::start();
    let hub = hostile(&double);
    let file = file();
    drive_with("payloads", &hub.home, &double, &[("PAYLOADS", &file)]);
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/payloads.json")
}

/// A home in which every text that the dashboard shows is one of the payloads.
fn hostile(double: &OpenAiDouble) -> Hub {
    let payloads: Vec<String> =
        serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
    let all = payloads.join(" ");
    let hub = Hub::new().with("one", &["--stderr-lines", "3"]);
    crate::write(&hub.notes("one", "description"), &all);
    let home = &hub.home;
    let database = Connection::open(home.ledger()).unwrap();
    database.execute_batch(SECOND_FORMAT).unwrap();
    for (number, payload) in (0_i64..).zip(&payloads) {
        let mut id = [0_u8; 16];
        id[6] = 0x70;
        id[8..].copy_from_slice(&number.to_be_bytes());
        id[8] |= 0x80;
        database.execute(INSERT, params![id, payload]).unwrap();
    }
    drop(database);
    synapse_tests::home::set_mode(&home.ledger(), 0o600);
    let hub = hub.approved("one");
    hub.home
        .save("work", double, &["--allow-network", "--record-text"]);
    hub.home.run(["chat", "work", all.as_str()]).with_code(0);
    hub
}

const SECOND_FORMAT: &str =
    include_str!("../../../../crates/synapse-store/tests/second_format.sql");
/// Each column of text is the payload.
const INSERT: &str = "INSERT INTO calls (call_id, writer, started_at, operation, outcome, \
    error_class, error_code, connection, provider, host, model_requested, model_served, served_by, \
    client_name, client_version, tool, attempts, maybe_billed, request_id, bytes_out, bytes_in, \
    finish_reason, cost_source) \
    VALUES (?1, zeroblob(16), unixepoch() * 1000, 'chat', 'error', ?2, ?2, ?2, ?2, ?2, ?2, ?2, ?2, \
    ?2, ?2, ?2, 1, 1, ?2, 1, 1, ?2, 'UNKNOWN')";
