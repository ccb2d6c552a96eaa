//! A slow ledger: which steps wait for it.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::call::CallId;
use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::ledger::{Closing, Opening, Outcome, Purged, Repaired, Reservation};
use synapse_core::limits::LimitDecision;
use synapse_core::ports::{Ledger, Written};
use synapse_core::time::Timestamp;
use synapse_testkit::ports::MemoryLedger;
use tokio::sync::Notify;

use crate::bench::{Bench, ask, bench, reply};
use crate::cancelling::poll_once;

/// Starts a row at once, and completes it on command.
#[derive(Debug)]
struct Slow {
    ledger: Arc<MemoryLedger>,
    written: Arc<Notify>,
}

#[async_trait]
impl Ledger for Slow {
    fn open(&self, opening: Opening) -> Written {
        let row = self.ledger.open(opening);
        let written = Arc::clone(&self.written);
        Box::pin(async move {
            written.notified().await;
            row.await
        })
    }

    async fn reserve(&self, reservation: Reservation) -> Result<LimitDecision, Failure> {
        self.ledger.reserve(reservation).await
    }

    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.ledger.sending(call_id, bytes_out)
    }

    fn close(&self, closing: Closing) {
        self.ledger.close(closing);
    }

    /// Takes as long as the start.
    fn complete(&self, closing: Closing) -> Written {
        let end = self.ledger.complete(closing);
        let written = Arc::clone(&self.written);
        Box::pin(async move {
            written.notified().await;
            end.await
        })
    }

    async fn flush(&self) -> Result<(), Failure> {
        self.ledger.flush().await
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        self.ledger.purge(before).await
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        self.ledger.repair().await
    }
}

fn slow(bench: &Bench) -> (Engine, Arc<Notify>) {
    let written = Arc::new(Notify::new());
    let mut ports = bench.engine.ports().clone();
    ports.ledger = Arc::new(Slow {
        ledger: Arc::clone(&bench.ledger),
        written: Arc::clone(&written),
    });
    (Engine::new(ports), written)
}

#[tokio::test]
async fn nothing_is_sent_before_the_row_is_written() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply()));
    let (engine, written) = slow(&bench);
    let mut call = Box::pin(engine.chat(ask("open")));
    assert!(poll_once(call.as_mut()).await.is_none());
    assert!(poll_once(call.as_mut()).await.is_none());
    assert_eq!(bench.provider.chats(), []);
    let exchange = &bench.ledger.entries()[0].receipt.exchange;
    assert_eq!((exchange.attempts, exchange.maybe_billed), (1, true));
    written.notify_one();
    // The answer has arrived but is not returned before the end of its row is written.
    assert!(poll_once(call.as_mut()).await.is_none());
    assert_eq!(bench.provider.chats().len(), 1);
    assert!(poll_once(call.as_mut()).await.is_none());
    written.notify_one();
    assert_eq!(call.await.unwrap().result, Ok(reply()));
    assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Ok);
}

#[tokio::test]
async fn a_caller_that_walks_away_before_the_row_is_written_leaves_none_open() {
    let bench = bench();
    let (engine, _written) = slow(&bench);
    let mut call = Box::pin(engine.chat(ask("open")));
    assert!(poll_once(call.as_mut()).await.is_none());
    drop(call);
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Cancelled));
    let exchange = &rows[0].receipt.exchange;
    assert_eq!((exchange.attempts, exchange.maybe_billed), (0, false));
    assert_eq!(bench.provider.chats(), []);
}

#[tokio::test]
async fn a_refusal_waits_for_its_row_too() {
    let bench = bench();
    let (engine, written) = slow(&bench);
    let mut call = Box::pin(engine.chat(ask("closed")));
    assert!(poll_once(call.as_mut()).await.is_none());
    written.notify_one();
    assert!(call.await.unwrap().result.is_err());
    assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Refused);
    assert_eq!(bench.secrets.reads(), 0);
}
