//! A server killed at any moment: every answered call is in the ledger exactly once, and the file
//! is sound.

use std::collections::BTreeMap;

use synapse_tests::Era;
use synapse_tests::process::Signal;

use super::{Random, answered, hex, home, prompt, provider, rows};

const KILLS: u64 = 200;
const PROMPTS: usize = 5;
const ANSWERS: usize = 40;
const SEED: u64 = 20_261_120;

#[test]
fn two_hundred_kills_among_a_thousand_prompts_lose_and_double_no_answer() {
    let provider = provider();
    let home = home(&provider, &[]);
    let mut random = Random(SEED);
    let mut finished = Vec::new();
    let mut asked = 0;
    for _ in 0..KILLS {
        let mut ide = home.serve(Era::Legacy);
        let sent_before = provider.requests().len();
        for _ in 0..PROMPTS {
            prompt(&mut ide);
            asked += 1;
        }
        // Some requests have arrived; the kill hits a random moment of the next millisecond.
        let arrived = usize::try_from(random.below(PROMPTS as u64 + 1)).unwrap();
        provider.wait_for_requests(sent_before + arrived);
        for _ in 0..random.below(400_000) {
            std::hint::spin_loop();
        }
        let ended = ide.stop(Signal::KILL);
        finished.extend(answered(&ended.stdout));
    }
    // The next process completes the rows of killed ones, and the chain is intact.
    let verified = home.run(["history", "verify"]);
    assert_eq!(verified.code, 0, "{verified}");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (call_id, outcome) in rows(&home) {
        found.entry(call_id).or_default().push(outcome);
    }
    let count = |wanted: &str| {
        found
            .values()
            .filter(|outcomes| outcomes.iter().any(|outcome| outcome == wanted))
            .count()
    };
    let (ok, interrupted) = (count("ok"), count("interrupted"));
    println!(
        "seed {SEED}: {KILLS} kills, {asked} prompts asked, {} answered; {} rows: {ok} ok, \
         {interrupted} interrupted; integrity ok",
        finished.len(),
        found.len()
    );
    assert_eq!(asked, 1_000);
    // The distribution depends on the machine; a missing case would leave it untested.
    assert!(
        finished.len() > 20,
        "the kills came too early to mean anything"
    );
    assert!(interrupted > 20, "the kills came too late to mean anything");
    // The end of a call is durable before its answer is returned.
    for call_id in &finished {
        let outcomes = found.get(&hex(call_id)).map(Vec::as_slice);
        assert_eq!(outcomes, Some(&["ok".to_owned()][..]), "{call_id}");
    }
    assert_eq!(ok + interrupted, found.len(), "no row is left open");
    // Nothing was sent without a prior row that records its body length.
    let sent = home
        .history_of(["--where", "attempts=1", "--where", "maybe_billed=1"])
        .len();
    let requests = provider.requests().len();
    println!("{requests} requests arrived, {sent} rows say that one left");
    assert!(requests <= sent, "{requests} requests, {sent} rows");
    for row in home.history_of(["--outcome", "interrupted"]) {
        let left = row["attempts"] == 1;
        assert_eq!(row["maybe_billed"], left, "{row}");
        assert_eq!(row["bytes_out"].as_u64().unwrap() > 0, left, "{row}");
    }
}

/// Killed right after the answer, repeatedly: no tokens are lost.
#[test]
fn a_kill_behind_the_answer_loses_nothing_of_it() {
    let provider = provider();
    let home = home(&provider, &[]);
    let mut answered = 0;
    for _ in 0..ANSWERS {
        let mut ide = home.serve(Era::Legacy);
        let id = prompt(&mut ide);
        let reply = ide.reply(id);
        drop(ide.stop(Signal::KILL));
        assert!(reply["result"]["structuredContent"]["receipt"].is_object());
        answered += 1;
    }
    let rows = home.history_of(["--outcome", "ok", "--where", "prompt_tokens!=unknown"]);
    println!(
        "{answered} answers, each followed by a kill: {} rows whole",
        rows.len()
    );
    assert_eq!(rows.len(), answered);
    home.run(["history", "verify"]).with_code(0);
}
