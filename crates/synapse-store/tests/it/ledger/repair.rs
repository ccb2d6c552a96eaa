//! A damaged ledger is rebuilt from its readable parts, reports its losses, and restores no budget.

use synapse_core::Code;
use synapse_core::ledger::{HistoryQuery, Repaired, Reservation};
use synapse_core::limits::{Allowance, LimitDecision, Limits, Need, UsageEstimate};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::disk::write;

use crate::child::{Held, Role};
use crate::support::{NOON, Random, closing, home, opening};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// A ledger of many rows of 15 tokens each, some purged, with texts, closed.
fn written() -> (tempfile::TempDir, Home) {
    let (directory, home) = home();
    let ledger = SqliteLedger::new(home.clone());
    block_on(async {
        for number in 0..ROWS {
            let mut call = opening("hf", NOON + number * 1_000);
            call.prompt = Some(format!("prompt {number}"));
            ledger.open(call.clone()).await.unwrap();
            ledger.complete(closing(&call)).await.unwrap();
        }
        let before = Timestamp::from_millis(NOON + PURGED * 1_000);
        ledger.purge(before).await.unwrap();
    });
    (directory, home)
}

fn verified(home: &Home) -> synapse_core::ledger::Verification {
    let verified = block_on(SqliteLedger::new(home.clone()).verify()).unwrap();
    assert_eq!(verified.discrepancies, []);
    verified
}

/// Whether another call with that many tokens fits a limit.
fn fits(home: &Home, limit: u64, tokens: u64) -> bool {
    let ledger = SqliteLedger::new(home.clone());
    let call = opening("hf", NOON);
    let need = Need {
        least: tokens,
        most: tokens,
    };
    let reservation = Reservation {
        call_id: call.receipt.call_id,
        connection: "hf".into(),
        at: call.started_at,
        limits: Limits {
            day: Allowance {
                tokens: Some(limit),
                nano_usd: None,
            },
            ..Limits::default()
        },
        demand: UsageEstimate {
            tokens: need,
            nano_usd: None,
        },
    };
    block_on(async {
        ledger.open(call.clone()).await.unwrap();
        let verdict = ledger.reserve(reservation).await.unwrap();
        let mut end = closing(&call);
        end.receipt.usage = synapse_core::chat::Usage::default();
        end.receipt.exchange.maybe_billed = false;
        ledger.complete(end).await.unwrap();
        matches!(verdict, LimitDecision::Granted(_))
    })
}

fn repair(home: &Home) -> Repaired {
    block_on(SqliteLedger::new(home.clone()).repair()).unwrap()
}

#[test]
fn a_sound_ledger_and_none_are_left_alone() {
    let (_directory, nothing) = home();
    assert_eq!(repair(&nothing), Repaired::default());
    assert!(!nothing.directory().exists());
    let (_directory, home) = written();
    let before = std::fs::read(home.ledger()).unwrap();
    assert_eq!(repair(&home), Repaired::default());
    assert!(std::fs::read(home.ledger()).unwrap() == before);
}

#[test]
fn unreadable_pages_cost_their_rows_and_nothing_else() {
    let mut random = Random::new(11);
    let (_directory, home) = written();
    let pristine = std::fs::read(home.ledger()).unwrap();
    let pages = pristine.len() / PAGE;
    let (mut saved, mut lost) = (0, 0);
    for round in 0..ROUNDS {
        let mut damaged = pristine.clone();
        for _ in 0..=round % 3 {
            // Not the first, which has the schema.
            let page = 1 + random.below(pages - 1);
            damaged[page * PAGE..(page + 1) * PAGE].fill(0x5a);
        }
        for ending in ["-wal", "-shm"] {
            let mut path = home.ledger().into_os_string();
            path.push(ending);
            drop(std::fs::remove_file(path));
        }
        write(&home.ledger(), &damaged);
        let repaired = repair(&home);
        let Some(kept) = repaired.kept_at.as_deref() else {
            // The pages were unused.
            let database = rusqlite::Connection::open(home.ledger()).unwrap();
            let sound: String = database
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .unwrap();
            assert_eq!(sound, "ok");
            continue;
        };
        assert!(std::fs::read(kept).unwrap() == damaged);
        let places: u64 = repaired.lost.iter().map(|places| places.count()).sum();
        let verified = verified(&home);
        assert_eq!(verified.lost, places);
        assert_eq!(verified.rows, repaired.rows);
        saved += repaired.rows;
        lost += places;
        // Rows of the recovered ledger are read and written normally.
        let ledger = SqliteLedger::new(home.clone());
        block_on(async {
            ledger.history(HistoryQuery::newest(10)).await.unwrap();
            let call = opening("hf", NOON);
            ledger.open(call.clone()).await.unwrap();
            ledger.complete(closing(&call)).await.unwrap();
        });
        drop(ledger);
        self::verified(&home);
    }
    println!(
        "{ROUNDS} damaged files of {} rows: {saved} saved, {lost} places lost",
        ROWS - PURGED
    );
    assert!(lost > 0, "no row was ever hit");
    let all = u64::try_from(ROWS - PURGED).unwrap() * ROUNDS;
    assert!(saved > all / 2, "{saved} of {all}");
}

/// The first page has the header and the schema, which every ledger has: no row is lost with it.
#[test]
fn a_damaged_first_page_costs_no_row() {
    let (_directory, home) = written();
    let pristine = std::fs::read(home.ledger()).unwrap();
    let rows = verified(&home).rows;
    let damages: [(&str, Damage); 6] = [
        ("write version", |page| page[18] ^= 0x80),
        ("read version", |page| page[19] ^= 0x04),
        ("magic", |page| page[3] ^= 0x01),
        ("header", |page| page[..100].fill(0)),
        ("schema", |page| page[100..].fill(0x5a)),
        ("everything", |page| page.fill(0)),
    ];
    for (name, damage) in damages {
        for ending in ["-wal", "-shm"] {
            let mut path = home.ledger().into_os_string();
            path.push(ending);
            drop(std::fs::remove_file(path));
        }
        let mut damaged = pristine.clone();
        damage(&mut damaged[..PAGE]);
        write(&home.ledger(), &damaged);
        let ledger = SqliteLedger::new(home.clone());
        let examined = block_on(ledger.examine());
        let code = examined.err().map(|failure| failure.code());
        assert_eq!(code, Some(Code::StorageCorrupt), "{name}");
        drop(ledger);
        let repaired = repair(&home);
        assert!(repaired.kept_at.is_some(), "{name}: {repaired:?}");
        assert_eq!(
            (repaired.rows, repaired.lost.len()),
            (rows, 0),
            "{name}: {repaired:?}"
        );
        assert_eq!(verified(&home).rows, rows, "{name}");
        assert!(fits(&home, u64::MAX, 1), "{name}: a call is entered");
    }
}

/// The schema takes several pages, and is the same in every ledger: no row is lost with it.
#[test]
fn a_damaged_page_of_the_schema_costs_no_row() {
    let (_directory, home) = written();
    let pristine = std::fs::read(home.ledger()).unwrap();
    let rows = verified(&home).rows;
    let word = b"CREATE ";
    let places = |page: &[u8]| page.windows(word.len()).position(|bytes| bytes == word);
    let pages = pristine.chunks(PAGE).enumerate().skip(1);
    let pages: Vec<(usize, usize)> = pages
        .filter_map(|(number, page)| Some((number, number * PAGE + places(page)?)))
        .collect();
    assert!(!pages.is_empty(), "the schema fits on the first page");
    for (number, place) in pages {
        for zeroed in [place..place + 1, number * PAGE..(number + 1) * PAGE] {
            for ending in ["-wal", "-shm"] {
                let mut path = home.ledger().into_os_string();
                path.push(ending);
                drop(std::fs::remove_file(path));
            }
            let mut damaged = pristine.clone();
            damaged[zeroed.clone()].fill(0);
            write(&home.ledger(), &damaged);
            let ledger = SqliteLedger::new(home.clone());
            assert!(block_on(ledger.examine()).is_err(), "{number} {zeroed:?}");
            drop(ledger);
            let repaired = repair(&home);
            assert_eq!(
                (repaired.rows, repaired.lost.len()),
                (rows, 0),
                "{number} {zeroed:?}: {repaired:?}"
            );
            assert_eq!(verified(&home).rows, rows, "{number} {zeroed:?}");
        }
    }
}

#[test]
fn what_was_spent_by_lost_and_purged_rows_stays_spent() {
    let (_directory, home) = written();
    let spent = u64::try_from(ROWS).unwrap() * 15;
    assert!(!fits(&home, spent + 10, 11));
    assert!(fits(&home, spent + 10, 10));
    // Rows are removed externally, and one is edited.
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute_batch(
            "DELETE FROM entries WHERE sequence BETWEEN 100 AND 120;
             UPDATE entries SET model_requested = 'x' WHERE sequence = 130",
        )
        .unwrap();
    drop(database);
    let repaired = repair(&home);
    assert_eq!(repaired.changed.len(), 1);
    let lost: Vec<(u64, u64)> = repaired
        .lost
        .iter()
        .map(|places| (places.first, places.last))
        .collect();
    assert_eq!(lost, [(100, 120)]);
    verified(&home);
    assert!(!fits(&home, spent + 10, 11));
    assert!(fits(&home, spent + 10, 10));
    assert_eq!(repair(&home), Repaired::default());
}

#[test]
fn a_file_that_is_no_database_is_kept_and_a_new_one_begins() {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.ledger(), "no database at all");
    let repaired = repair(&home);
    assert_eq!(repaired.lost_parts, ["everything"]);
    assert!(repaired.kept_at.is_some());
    assert_eq!(verified(&home).rows, 0);
}

#[test]
fn a_ledger_in_use_is_not_repaired() {
    let (_directory, home) = written();
    let held = Held::start(Role::HoldRow, &home);
    let failure = block_on(SqliteLedger::new(home.clone()).repair()).unwrap_err();
    assert_eq!(failure.code(), Code::StorageLocked);
    held.release();
    assert_eq!(repair(&home), Repaired::default());
}

type Damage = fn(&mut [u8]);

const PAGE: usize = 4_096;
const ROWS: i64 = 400;
const PURGED: i64 = 50;
const ROUNDS: u64 = 12;
