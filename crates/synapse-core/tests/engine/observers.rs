//! Observers hear of each call once at its beginning and once at its end, however it ends.

use synapse_core::error::{Code, Failure};
use synapse_testkit::ports::MemoryLedger;

use crate::bench::{ask, bench, bench_with, reply};
use crate::sampling::asked;

#[tokio::test]
async fn answered_failed_and_refused_calls_are_heard_in_order() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply()));
    bench.engine.chat(ask("open")).await.unwrap();
    let broke = Failure::new(Code::TransportInterrupted, "broke");
    bench.provider.will_answer(Err(broke));
    bench.engine.chat(ask("open")).await.unwrap();
    bench.engine.chat(ask("closed")).await.unwrap();
    // No call, no event.
    bench.engine.chat(ask("nope")).await.unwrap_err();
    assert_eq!(
        bench.heard.events(),
        [
            "began chat",
            "ended ok",
            "began chat",
            "ended error",
            "began chat",
            "ended refused",
        ]
    );
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_as_well() {
    let bench = bench();
    drop(bench.engine.sample(asked("open")).await.unwrap());
    assert_eq!(bench.heard.events(), ["began sample", "ended cancelled"]);
}

#[tokio::test]
async fn a_call_is_heard_of_when_its_row_cannot_be_written() {
    let full = Failure::new(Code::StorageDiskFull, "full");
    let bench = bench_with("fake-token", MemoryLedger::failing(full));
    bench.provider.will_answer(Ok(reply()));
    bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(bench.heard.events(), ["began chat", "ended ok"]);
}
