//! A damaged ledger, its spool and the file of calls in progress of a dead process.

use std::sync::Mutex;

use synapse_core::call::{CallId, Caller, Operation};
use synapse_core::ledger::{Closing, HistoryQuery, Opening, Outcome, UsageKey, UsageQuery};
use synapse_core::ports::{Ledger as _, LedgerReader as _};
use synapse_core::time::Timestamp;
use synapse_core::{Code, Draft, Receipt};
use synapse_home::Home;
use synapse_home::atomic::create_directory;
use uuid::Uuid;

use super::{in_home, write};
use crate::SqliteLedger;

/// Damages a sound ledger and fills its spool and a file of calls in progress with `bytes`, then reads, verifies and repairs it.
/// Each damage takes three bytes: two for its position, one for the new value.
///
/// # Panics
/// If the repaired ledger is not sound.
pub fn ledger(bytes: &[u8]) {
    let Some(mut damaged) = sound() else {
        assert_eq!(bytes, b"", "a sound ledger can be made");
        return;
    };
    let mut place = 0_usize;
    for patch in bytes.chunks_exact(3).take(MOST_PATCHES) {
        if let [high, low, value] = patch {
            let step = usize::from(*high) << 8 | usize::from(*low);
            place = (place + step) % damaged.len().max(1);
            if let Some(byte) = damaged.get_mut(place) {
                *byte ^= value;
            }
        }
    }
    in_home(|home| {
        write(&home.ledger(), &damaged);
        on_a_runtime(async { look(&SqliteLedger::new(home.clone())).await });
        write(&home.spool(), bytes);
        drop(create_directory(&home.run()));
        let writer = Uuid::from_u128(0x8000_8000_0000_0000_0001);
        write(&home.run().join(format!("{writer}.calls")), bytes);
        on_a_runtime(async {
            let ledger = SqliteLedger::new(home.clone());
            drop(ledger.flush().await);
            look(&ledger).await;
            if ledger.repair().await.is_ok() {
                let examined = SqliteLedger::new(home.clone()).examine().await;
                // A newer SQLite's version mark makes a sound file read-only, which is reported.
                let told = examined.as_ref().err().map(|failure| failure.code());
                let is_known = matches!(told, None | Some(Code::StorageReadOnly));
                assert!(is_known, "after a repair: {examined:?}");
            }
        });
    });
}

/// Runs every query.
async fn look(ledger: &SqliteLedger) {
    drop(ledger.history(HistoryQuery::newest(100)).await);
    drop(ledger.usage(UsageQuery::by(UsageKey::Day)).await);
    drop(ledger.standings(Timestamp::from_millis(NOON)).await);
    drop(ledger.verify().await);
    drop(ledger.examine().await);
    drop(ledger.dating(Timestamp::from_millis(NOON)).await);
}

/// The content of a ledger with a few rows, created once.
fn sound() -> Option<Vec<u8>> {
    static MADE: Mutex<Option<Vec<u8>>> = Mutex::new(None);
    let mut made = MADE.lock().ok()?;
    if made.is_none() {
        in_home(|home| {
            on_a_runtime(async { fill(home).await });
            *made = std::fs::read(home.ledger()).ok();
        });
    }
    made.clone()
}

async fn fill(home: &Home) -> Option<()> {
    let ledger = SqliteLedger::new(home.clone());
    let draft = Draft {
        provider: "openai".to_owned(),
        model: "m".to_owned(),
        credential: Some("env:FAKE_KEY".to_owned()),
        ..Draft::default()
    };
    let connection = draft.parse("work".parse().ok()?).ok()?;
    for minute in 0..8 {
        let started_at = Timestamp::from_millis(NOON + minute * 60_000);
        let call_id = CallId::new(Uuid::from_u128(u128::from(minute.unsigned_abs()) + 1));
        let receipt = Receipt::begin(call_id, &connection, &connection.model);
        let opening = Opening {
            started_at,
            operation: Operation::Chat,
            caller: Caller::default(),
            receipt: receipt.clone(),
            prompt: None,
        };
        ledger.open(opening).await.ok()?;
        let closing = Closing {
            ended_at: Timestamp::from_millis(NOON + minute * 60_000 + 500),
            outcome: Outcome::Ok,
            error_code: None,
            receipt,
            reply: None,
        };
        ledger.complete(closing).await.ok()?;
    }
    ledger.flush().await.ok()
}

fn on_a_runtime<T>(work: impl Future<Output = T>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    assert!(runtime.is_ok(), "{runtime:?}");
    if let Ok(runtime) = runtime {
        drop(runtime.block_on(work));
    }
}

const MOST_PATCHES: usize = 64;
const NOON: i64 = 1_795_176_000_000;
