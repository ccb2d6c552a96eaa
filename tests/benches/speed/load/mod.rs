//! Ratios of calls that are not one small prompt after the other: many at once, large ones, recorded
//! and limited ones, and calls of several servers that share a ledger.

mod shell;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::process::Run;
use synapse_tests::{Home, LocalProvider as _, provider, report};

use super::answers::worked;
use super::memory::{self, Memory};
use super::{Effort, MANY, PROMPT, Ratio, TWIN, Talk, best_median, milliseconds};

/// Every ratio of this module.
pub(crate) fn ratios(effort: &Effort) -> Vec<Ratio> {
    let mut ratios = Vec::from(at_once(effort));
    ratios.extend([slow(effort), large(effort)]);
    ratios.extend(kept(effort));
    ratios.push(shared(effort));
    ratios.extend(shell::ratios(effort));
    ratios
}

/// A home with the connection `work`, and the floor for the same provider.
struct Pair {
    home: Home,
    provider: RawServer,
}

impl Pair {
    fn new(answer: Reply, pause: Duration) -> Self {
        let provider = RawServer::start(move |_| {
            thread::sleep(pause);
            answer.clone()
        });
        let home = Home::connected(TWIN, &provider);
        Self { home, provider }
    }

    fn talks(&self) -> [Talk; 2] {
        let mut talks = [Talk::start(self.home.twin(["serve"])), self.floor()];
        for talk in &mut talks {
            drop(talk.initialize());
        }
        talks
    }

    fn floor(&self) -> Talk {
        let this = std::env::current_exe().unwrap();
        let base = self.provider.url("/v1");
        let run = Run::new(&this, [MANY, base.as_str(), "fake-token"]);
        Talk::start(run.env("HOME", self.home.path()))
    }
}

/// Small calls, 64 in flight: time and processor time of each, and memory afterwards.
fn at_once(effort: &Effort) -> [Ratio; 4] {
    let pair = Pair::new(provider::here(), Duration::ZERO);
    let mut talks = pair.talks();
    let mut times = [Vec::new(), Vec::new()];
    let before = talks.each_ref().map(|talk| worked(talk.process));
    for _ in 0..ROUNDS {
        for (talk, times) in talks.iter_mut().zip(&mut times) {
            times.push(flood(talk, effort.calls));
        }
    }
    let calls = u32::try_from(ROUNDS * effort.calls).unwrap();
    let mut each = talks.iter().zip(before).map(|(talk, before)| {
        let spent = (worked(talk.process) - before) / calls;
        (spent, Memory::of(talk.process))
    });
    let (product, floor) = (each.next().unwrap(), each.next().unwrap());
    let [all, anonymous] = memory::ratios(
        [
            "memory after many calls",
            "anonymous memory after many calls",
        ],
        product.1,
        floor.1,
        1.5,
    );
    let [product_time, floor_time] = times.map(|times| milliseconds(best_median(&times)) * 1e3);
    [
        Ratio {
            name: "time of a call, 64 in flight",
            product: product_time,
            floor: floor_time,
            unit: "µs",
            // 0.6 of the floor's calls a second.
            most: 1.67,
        },
        Ratio {
            name: "processor time of a call, 64 in flight",
            product: milliseconds(product.0) * 1e3,
            floor: milliseconds(floor.0) * 1e3,
            unit: "µs",
            most: 2.0,
        },
        all,
        anonymous,
    ]
}

/// The same with a provider that takes 50 ms.
fn slow(effort: &Effort) -> Ratio {
    let pair = Pair::new(provider::here(), Duration::from_millis(50));
    let mut talks = pair.talks();
    let times = talks.each_mut().map(|talk| flood(talk, effort.calls));
    let [product, floor] = times.map(|time| milliseconds(time) * 1e3);
    Ratio {
        name: "time of a call, 64 in flight, each answered after 50 ms",
        product,
        floor,
        unit: "µs",
        // 0.97 of the floor's calls a second.
        most: 1.03,
    }
}

/// A prompt of 100 kB and its answer of 200 kB.
fn large(effort: &Effort) -> Ratio {
    let answer = json!({
        "model": "m",
        "choices": [{
            "message": {"role": "assistant", "content": "a word ".repeat(28_600)},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 25_000, "completion_tokens": 50_000},
    });
    let pair = Pair::new(Reply::json(200, answer.to_string()), Duration::ZERO);
    let prompt = "a word ".repeat(14_300);
    let [product, floor] = each_in_turn(pair.talks(), effort.spawns, &prompt);
    Ratio {
        name: "a prompt of 100 kB and an answer of 200 kB",
        product,
        floor,
        unit: "µs",
        most: 1.3,
    }
}

/// Calls with recorded text and with limits, next to plain ones.
fn kept(effort: &Effort) -> [Ratio; 2] {
    let plain = Pair::new(provider::here(), Duration::ZERO);
    let next_to = |name, flags: &[&str]| {
        let home = Home::new(TWIN);
        let flags = [plain.provider.opening(), flags].concat();
        home.save("work", &plain.provider, &flags);
        let mut talks = [&home, &plain.home].map(|home| Talk::start(home.twin(["serve"])));
        for talk in &mut talks {
            drop(talk.initialize());
        }
        let [product, floor] = each_in_turn(talks, effort.calls, PROMPT);
        Ratio {
            name,
            product,
            floor,
            unit: "µs",
            most: 1.2,
        }
    };
    let limits = [
        "--limit-tokens-day",
        "1000000000",
        "--limit-tokens-month",
        "1000000000",
        "--max-tokens",
        "100",
    ];
    [
        next_to(
            "a call with recorded text, next to a plain one",
            &["--record-text"],
        ),
        next_to("a call with limits, next to a plain one", &limits),
    ]
}

/// Sixteen servers that call one after the other into one ledger, next to one server alone.
fn shared(effort: &Effort) -> Ratio {
    let pair = Pair::new(provider::here(), Duration::ZERO);
    let calls = effort.calls.div_ceil(4);
    let p50 = |servers: usize| {
        let times: Vec<Duration> = thread::scope(|scope| {
            let servers: Vec<_> = (0..servers)
                .map(|_| scope.spawn(|| alone(pair.home.twin(["serve"]), calls)))
                .collect();
            let times = servers.into_iter().map(|server| server.join().unwrap());
            times.flatten().collect()
        });
        milliseconds(best_median(&times)) * 1e3
    };
    let floor = p50(1);
    let product = p50(16);
    let cores = thread::available_parallelism().unwrap();
    report(&format!(
        "sixteen servers without pause keep {cores} cores busy: time alone is {:.1} of one server",
        16.0 / cores.get() as f64,
    ));
    Ratio {
        name: "a call of one of 16 servers on a ledger, next to a server alone",
        product,
        floor,
        unit: "µs",
        most: 4.0,
    }
}

/// The times of calls of a new server.
fn alone(server: Run, calls: usize) -> Vec<Duration> {
    let mut talk = Talk::start(server);
    drop(talk.initialize());
    let once = |_| {
        let began = Instant::now();
        answered(&talk.chat());
        began.elapsed()
    };
    (0..calls).map(once).collect()
}

/// The median times of both, in microseconds.
fn each_in_turn(mut talks: [Talk; 2], calls: usize, prompt: &str) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for talk in &mut talks {
        answered(&talk.prompt(prompt));
    }
    for _ in 0..calls {
        for (talk, times) in talks.iter_mut().zip(&mut times) {
            let began = Instant::now();
            let reply = talk.prompt(prompt);
            times.push(began.elapsed());
            answered(&reply);
        }
    }
    times.map(|times| milliseconds(best_median(&times)) * 1e3)
}

/// The mean time of a call with 64 in flight.
fn flood(talk: &mut Talk, calls: usize) -> Duration {
    let params = json!({
        "name": "chat",
        "arguments": {"connection": "work", "prompt": PROMPT},
    });
    let began = Instant::now();
    let mut sent = 0;
    for received in 0..calls {
        while sent < calls.min(received + IN_FLIGHT) {
            talk.send(sent, "tools/call", &params);
            sent += 1;
        }
        answered(&talk.receive());
    }
    began.elapsed() / u32::try_from(calls).unwrap()
}

#[track_caller]
fn answered(reply: &Value) {
    assert!(reply["result"]["content"][0]["text"].is_string(), "{reply}");
    assert_ne!(reply["result"]["isError"], true, "{reply}");
}

const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 3;
