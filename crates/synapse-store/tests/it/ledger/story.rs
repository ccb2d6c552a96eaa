//! A long random sequence of calls, applied to the ledger and to a plain list: the maintained sums
//! always match the list, and every seal is valid.

use std::sync::Arc;

use synapse_core::Code;
use synapse_core::call::Caller;
use synapse_core::ledger::{
    Closing, Entry, HistoryQuery, HubClosing, HubFacts, HubKind, HubOpening, Opening, Order,
    Outcome, UsageKey, UsageQuery,
};
use synapse_core::ports::{HubLedger, Ledger, LedgerReader};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_store::SqliteLedger;
use synapse_testkit::ports::MemoryLedger;

use crate::support::{NOON, Random, closing, home, opening};

const DAY: i64 = 86_400_000;

/// The real and the in-memory ledger.
struct Both {
    home: Home,
    real: SqliteLedger,
    plain: Arc<MemoryLedger>,
    open: Vec<Opening>,
}

impl Both {
    async fn step(&mut self, random: &mut Random) {
        match random.below(20) {
            0..=9 => self.begin(random).await,
            10..=14 => self.end(random),
            15..=16 => self.event(random).await,
            17 => self.die().await,
            18 if random.below(4) == 0 => self.purge(random).await,
            _ => {}
        }
    }

    async fn begin(&mut self, random: &mut Random) {
        // The clock moves back as often as forward.
        let at = NOON + random.between(-40 * DAY, 40 * DAY);
        let mut call = opening(["a", "b", "c"][random.below(3)], at);
        call.receipt.provider = ["openai", "huggingface"][random.below(2)].into();
        call.caller.client_name =
            [None, Some("cursor".into()), Some("zed".into())][random.below(3)].clone();
        self.real.open(call.clone()).await.unwrap();
        self.plain.open(call.clone()).await.unwrap();
        self.open.push(call);
    }

    fn end(&mut self, random: &mut Random) {
        if self.open.is_empty() {
            return;
        }
        let call = self.open.swap_remove(random.below(self.open.len()));
        let closing = ending(&call, random);
        self.real.close(closing.clone());
        self.plain.close(closing);
    }

    /// A hub event, from start to end.
    async fn event(&self, random: &mut Random) {
        let at = NOON + random.between(-40 * DAY, 40 * DAY);
        let mut facts = HubFacts::of(["x", "y"][random.below(2)]);
        let call = HubOpening {
            call_id: opening("none", at).receipt.call_id,
            started_at: Timestamp::from_millis(at),
            kind: HubKind::ALL[random.below(HubKind::ALL.len())],
            caller: Caller {
                tool: [None, Some("echo".to_owned())][random.below(2)].clone(),
                ..Caller::default()
            },
            facts: facts.clone(),
        };
        facts.may_have_run = random.below(2) == 0;
        let refused = random.below(4) == 0;
        let ending = HubClosing {
            call_id: call.call_id,
            ended_at: Timestamp::from_millis(at + 5),
            outcome: if refused {
                Outcome::Refused
            } else {
                Outcome::Ok
            },
            error_code: refused.then_some(Code::UpstreamNotApproved),
            attempts: u8::from(!refused),
            http_status: None,
            bytes_out: 10,
            bytes_in: 20,
            latency_ms: Some(5),
            facts,
        };
        for ledger in [&self.real as &dyn HubLedger, &*self.plain] {
            ledger.begin(call.clone()).await.unwrap();
            ledger.end(ending.clone()).await.unwrap();
        }
    }

    /// The process dies, and the next one finds its open rows.
    async fn die(&mut self) {
        self.real.flush().await.unwrap();
        self.real = SqliteLedger::new(self.home.clone());
        for call in self.open.drain(..) {
            // Nothing was sent yet, as the row says.
            let receipt = call.receipt.clone();
            self.plain.close(Closing {
                ended_at: call.started_at,
                outcome: Outcome::Interrupted,
                error_code: None,
                receipt,
                reply: None,
            });
        }
    }

    async fn purge(&self, random: &mut Random) {
        let before = Timestamp::from_millis(NOON + random.between(-40 * DAY, 10 * DAY));
        self.real.flush().await.unwrap();
        let purged = self.real.purge(before).await.unwrap();
        assert_eq!(purged.rows, self.plain.purge(before).await.unwrap().rows);
    }

    async fn compare(&self, random: &mut Random) {
        self.real.flush().await.unwrap();
        let verified = self.real.verify().await.unwrap();
        assert_eq!(verified.discrepancies, []);
        let all = |order| HistoryQuery {
            order,
            ..HistoryQuery::newest(u32::MAX)
        };
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let real: Vec<Entry> = self.real.history(all(order)).await.unwrap();
            let plain = self.plain.history(all(order)).await.unwrap();
            let (real, plain) = (strip(real), strip(plain));
            let pairs = real.iter().zip(&plain);
            if let Some((real, plain)) = pairs.clone().find(|(real, plain)| real != plain) {
                // One pair, not thousands of rows.
                assert_eq!(real, plain);
            }
            assert_eq!(real.len(), plain.len());
        }
        for by in UsageKey::ALL {
            let mut query = UsageQuery::by(by);
            assert_same(self, &query).await;
            let since = NOON + random.between(-41 * DAY, 41 * DAY);
            query.since = Some(Timestamp::from_millis(since));
            assert_same(self, &query).await;
            query.until = Some(Timestamp::from_millis(since + random.between(0, 50 * DAY)));
            assert_same(self, &query).await;
            query.since = Some(Timestamp::from_millis(since.div_euclid(DAY) * DAY));
            assert_same(self, &query).await;
            query.connection = Some(["a", "b", "c"][random.below(3)].into());
            assert_same(self, &query).await;
            query = UsageQuery {
                connection: query.connection,
                ..UsageQuery::by(by)
            };
            assert_same(self, &query).await;
        }
    }
}

async fn assert_same(both: &Both, query: &UsageQuery) {
    let real = both.real.usage(query.clone()).await.unwrap();
    let plain = both.plain.usage(query.clone()).await.unwrap();
    assert_eq!(real, plain, "{query:?}");
}

/// The end of an interrupted call is unknown in one ledger and invented in the other.
fn strip(mut entries: Vec<Entry>) -> Vec<Entry> {
    for entry in &mut entries {
        if entry.outcome == Outcome::Interrupted {
            entry.ended_at = None;
        }
    }
    entries
}

fn ending(call: &Opening, random: &mut Random) -> Closing {
    let mut closing = closing(call);
    let maybe = |random: &mut Random, most: i64| {
        (random.below(3) > 0).then(|| u64::try_from(random.between(0, most)).unwrap())
    };
    let receipt = &mut closing.receipt;
    receipt.latency_ms = maybe(random, 200_000);
    receipt.usage.prompt_tokens = maybe(random, 100_000);
    receipt.usage.completion_tokens = maybe(random, 10_000);
    receipt.usage.cached_tokens = maybe(random, 1_000);
    receipt.usage.reasoning_tokens = maybe(random, 1_000);
    receipt.cost.amount_nano_usd = maybe(random, 1_000_000_000);
    receipt.model_served = [None, Some("m-1".into()), Some("m-2".into())][random.below(3)].clone();
    match random.below(6) {
        0 => {
            closing.outcome = Outcome::Error;
            closing.error_code = Some(Code::ProviderFailed);
        }
        1 => {
            closing.outcome = Outcome::Refused;
            closing.error_code = Some(Code::GateNetworkDisabled);
            closing.receipt.exchange.maybe_billed = false;
            closing.receipt.exchange.attempts = 0;
        }
        2 => closing.outcome = Outcome::Cancelled,
        _ => {}
    }
    closing
}

#[tokio::test]
async fn the_sums_are_those_of_the_rows_whatever_happens() {
    const STORIES: u64 = 6;
    const STEPS: u64 = 250;
    let mut compared = 0;
    for seed in 1..=STORIES {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let (_directory, home) = home();
        let mut both = Both {
            real: SqliteLedger::new(home.clone()),
            home,
            plain: Arc::new(MemoryLedger::new()),
            open: Vec::new(),
        };
        for step in 1..=STEPS {
            both.step(&mut random).await;
            if step % 50 == 0 {
                both.compare(&mut random).await;
                compared += 1;
            }
        }
    }
    println!("{STORIES} stories of {STEPS} steps, compared {compared} times, none differed");
}

/// Paging by key shows every row once, in both directions, although the clock went back.
#[tokio::test]
async fn pages_are_whole_although_the_clock_ran_backwards() {
    let (_directory, home) = home();
    let ledger = SqliteLedger::new(home);
    let mut calls = Vec::new();
    for number in 0..100 {
        let call = opening("hf", NOON - number * DAY / 4);
        ledger.open(call.clone()).await.unwrap();
        ledger.close(closing(&call));
        calls.push(call.receipt.call_id);
    }
    ledger.flush().await.unwrap();
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut query = HistoryQuery {
            order,
            since: Some(Timestamp::from_millis(NOON - 20 * DAY)),
            ..HistoryQuery::newest(7)
        };
        let mut seen = Vec::new();
        loop {
            let page = ledger.history(query.clone()).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(last.receipt.call_id);
            seen.extend(page.iter().map(|entry| entry.receipt.call_id));
        }
        if order == Order::NewestFirst {
            seen.reverse();
        }
        assert_eq!(seen, calls[..=80]);
    }
    assert_eq!(ledger.verify().await.unwrap().discrepancies, []);
}
