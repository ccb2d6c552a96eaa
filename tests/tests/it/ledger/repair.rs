//! `history repair` and `doctor`'s findings, through the whole product.

use std::fs;

use synapse_tests::{Era, Home, LocalProvider as _};

use super::{home, overwrite, prompt, provider};

const PROMPTS: usize = 60;
const PAGE: usize = 4_096;

/// A ledger with an unreadable page that does not hold the newest row.
fn damaged() -> Home {
    let provider = provider();
    let home = home(&provider, &[]);
    let mut ide = home.serve(Era::Legacy);
    for _ in 0..PROMPTS {
        let id = prompt(&mut ide);
        drop(ide.reply(id));
    }
    assert!(ide.close().status.success());
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let root: i64 = database
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'entries'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(database);
    let mut bytes = fs::read(home.ledger()).unwrap();
    // The root's first child, from its first cell (SQLite file format, 1.6).
    let root = usize::try_from(root - 1).unwrap() * PAGE;
    let cell = u16::from_be_bytes([bytes[root + 12], bytes[root + 13]]);
    let at = root + usize::from(cell);
    let child = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let page = usize::try_from(child - 1).unwrap() * PAGE;
    bytes[page..page + PAGE].fill(0x5a);
    overwrite(&home.ledger(), bytes);
    home
}

#[test]
fn the_doctor_finds_damage_that_the_newest_row_does_not_show() {
    let home = damaged();
    home.run(["history", "list", "--limit", "1"]).with_code(0);
    let doctor = home.run(["doctor", "--json"]).with_code(13).json();
    assert_eq!(doctor["error"]["code"], "storage.corrupt", "{doctor}");
    let hint = &doctor["error"]["hints"][0]["command"];
    assert_eq!(hint, "synapse history repair");

    let repaired = home
        .run(["history", "repair", "--json"])
        .with_code(0)
        .json();
    assert_eq!(repaired["schema"], "synapse.repair/1");
    assert_eq!(repaired["repaired"], true);
    let rows = repaired["rows"].as_u64().unwrap();
    let lost = repaired["lost_calls"].as_array().unwrap().len() as u64;
    println!("of {PROMPTS} rows {rows} were saved, {lost} were named as lost");
    assert!(rows > 0 && lost > 0);
    assert_eq!(rows + lost, PROMPTS as u64);
    home.run(["history", "verify"]).with_code(0);
    home.run(["doctor"]).with_code(0);
    assert!(fs::metadata(repaired["kept_at"].as_str().unwrap()).is_ok());
    let again = home.run(["history", "repair"]).with_code(0);
    assert!(again.stdout.contains("nothing to repair"), "{again}");
}

#[test]
fn a_repair_waits_for_nobody_and_loses_no_row_of_a_server() {
    let home = damaged();
    let provider = provider();
    home.save("other", &provider, provider.opening());
    let mut ide = home.serve(Era::Legacy);
    let id = ide.begin(
        "chat",
        serde_json::json!({"connection": "other", "prompt": "hello"}),
    );
    drop(ide.reply(id));
    let refused = home.run(["history", "repair"]).with_code(13);
    assert!(refused.stderr.contains("storage.locked"), "{refused}");
    assert!(ide.close().status.success());
    home.run(["history", "repair"]).with_code(0);
}

#[test]
fn the_doctor_reads_the_head_of_the_vault() {
    let provider = provider();
    let home = home(&provider, &[]);
    overwrite(&home.synapse().join("vault.age"), "no age file");
    let doctor = home.run(["doctor", "--json"]);
    assert_eq!(doctor.code, 4, "{doctor}");
    let code = doctor.json()["error"]["code"].clone();
    assert_eq!(code, "credential.vault-tampered");
}

/// SQLite finds nothing wrong with a page of valid rows; only their seals tell.
#[test]
fn the_doctor_finds_rows_that_are_not_as_they_were_sealed() {
    let provider = provider();
    let home = home(&provider, &[]);
    let mut ide = home.serve(Era::Legacy);
    for _ in 0..2 {
        let id = prompt(&mut ide);
        drop(ide.reply(id));
    }
    assert!(ide.close().status.success());
    home.run(["doctor"]).with_code(0);
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    let changed = "UPDATE entries SET prompt_tokens = 7 WHERE sequence = 1";
    assert_eq!(database.execute(changed, []), Ok(1));
    drop(database);
    let doctor = home.run(["doctor", "--json"]).with_code(13).json();
    assert_eq!(doctor["error"]["code"], "storage.corrupt", "{doctor}");
    let causes = doctor["error"]["causes"].to_string();
    assert!(causes.contains("was edited"), "{causes}");
}
