//! Ratios of the hub to minimal programs: a server with built-in lists, a pass-through to one
//! upstream, an upstream started and called directly.

pub(crate) mod floors;
mod logins;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use synapse_tests::process::Run;
use synapse_tests::third_party::{NODE, SERVERS, installed};
use synapse_tests::{Home, report};

use self::floors::{BUILT_IN, PASS_THROUGH};
use super::memory::megabytes;
use super::{Effort, Ratio, TWIN, Talk, best_median, milliseconds};

const SCRIPTED: &str = env!("CARGO_BIN_EXE_scripted-upstream");

/// Every ratio of the hub and of its logins.
pub(crate) fn ratios(effort: &Effort) -> Vec<Ratio> {
    let (upstreams, tools) = if effort.judges { (50, 15) } else { (3, 4) };
    let pinned = pinned(upstreams, tools);
    let mut ratios = vec![
        spawn(&pinned, effort),
        find(&pinned, effort),
        warm(&pinned, effort),
        first(effort),
    ];
    ratios.extend(memory(&pinned, upstreams));
    ratios.extend(logins::ratios(effort));
    ratios
}

/// A home with approved upstreams, each with so many tools beside the five of the double.
fn pinned(upstreams: usize, tools: usize) -> Home {
    let home = Home::new(TWIN);
    let entry = json!({"command": SCRIPTED, "args": ["--tools", tools.to_string()]});
    let names = (0..upstreams).map(|number| (format!("s{number}"), entry.clone()));
    declare(&home, names.collect());
    home.run(["hub", "approve", "--all", "--yes"]).with_code(0);
    home
}

/// Writes the configuration of `home`.
pub(crate) fn declare(home: &Home, servers: serde_json::Map<String, Value>) {
    let path = home.synapse();
    std::fs::create_dir_all(&path).unwrap();
    synapse_tests::home::set_mode(&path, 0o700);
    let file = path.join("mcp-servers.json");
    #[expect(clippy::disallowed_methods, reason = "a file of the test's own home")]
    std::fs::write(&file, Value::Object(servers).to_string()).unwrap();
    synapse_tests::home::set_mode(&file, 0o600);
}

/// From starting the process to the answer to `tools/list`.
fn spawn(home: &Home, effort: &Effort) -> Ratio {
    let file = home.path().join("built-in.json");
    let once = |server: Run| {
        let began = Instant::now();
        let mut talk = Talk::start(server);
        drop(talk.initialize());
        let list = talk.ask("tools/list", &json!({}));
        (began.elapsed(), list)
    };
    let (_, list) = once(home.twin(["serve"]));
    #[expect(clippy::disallowed_methods, reason = "a file of the test's own home")]
    std::fs::write(&file, list["result"].to_string()).unwrap();
    let floor = || this([BUILT_IN.into(), file.clone()]).env("HOME", home.path());
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..effort.spawns {
        times[0].push(once(home.twin(["serve"])).0);
        let (time, same) = once(floor());
        assert_eq!(same["result"], list["result"]);
        times[1].push(time);
    }
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)));
    Ratio {
        name: "spawn to tools/list with 50 pinned upstreams, next to the same bytes built in",
        product,
        floor,
        unit: "ms",
        most: 1.5,
    }
}

/// A search over a thousand tools, with its way through the server.
fn find(home: &Home, effort: &Effort) -> Ratio {
    let mut talk = Talk::start(home.twin(["serve", "--hub-mode", "search"]));
    drop(talk.initialize());
    let mut times = Vec::new();
    for number in 0..=effort.calls {
        let query = format!("convert the record number {number} of an invoice");
        let began = Instant::now();
        let found = talk.call("find_tools", &json!({"query": query}));
        // The first one makes the index.
        if number > 0 {
            times.push(began.elapsed());
        }
        assert!(found["result"]["content"][0]["text"].is_string(), "{found}");
    }
    Ratio {
        name: "find_tools over 1,000 tools",
        product: milliseconds(best_median(&times)),
        floor: 1.0,
        unit: "ms",
        most: 1.0,
    }
}

/// A call through an upstream that runs.
fn warm(home: &Home, effort: &Effort) -> Ratio {
    let mut product = Talk::start(home.twin(["serve"]));
    let mut floor = Talk::start(this([PASS_THROUGH.into(), PathBuf::from(SCRIPTED)]));
    for talk in [&mut product, &mut floor] {
        drop(talk.initialize());
    }
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..=effort.calls {
        for (talk, (tool, times)) in [&mut product, &mut floor]
            .into_iter()
            .zip(["s0__echo", "echo"].into_iter().zip(&mut times))
        {
            let began = Instant::now();
            let reply = talk.call(tool, &json!({"number": number}));
            if number > 0 {
                times.push(began.elapsed());
            }
            assert!(reply["result"]["content"][0]["text"].is_string(), "{reply}");
        }
    }
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)) * 1e3);
    Ratio {
        name: "a call through a warm stdio upstream, next to a minimal pass-through",
        product,
        floor,
        unit: "µs",
        most: 2.5,
    }
}

/// The first call, which starts the upstream: a real one where the limits count, since the time to
/// start is that of the server.
fn first(effort: &Effort) -> Ratio {
    let (program, script) = if effort.judges {
        let script = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
        (installed(NODE), Some(installed(SERVERS).join(script)))
    } else {
        (PathBuf::from(SCRIPTED), None)
    };
    let home = Home::new(TWIN);
    let mut servers = serde_json::Map::new();
    servers.insert(
        "one".to_owned(),
        json!({"command": program, "args": script.iter().collect::<Vec<_>>()}),
    );
    declare(&home, servers);
    home.run(["hub", "approve", "one", "--yes"]).with_code(0);
    let message = json!({"message": "here"});
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..effort.answers.max(effort.spawns / 6) {
        let mut talk = Talk::start(home.twin(["serve"]));
        drop(talk.initialize());
        drop(talk.ask("tools/list", &json!({})));
        let began = Instant::now();
        let reply = talk.call("one__echo", &message);
        times[0].push(began.elapsed());
        assert!(reply["result"]["content"][0]["text"].is_string(), "{reply}");
        let began = Instant::now();
        let direct = Run::new(&program, script.iter()).env("PATH", "/usr/bin:/bin");
        let mut talk = Talk::start(direct);
        drop(talk.initialize());
        talk.notify("notifications/initialized");
        drop(talk.call("echo", &message));
        times[1].push(began.elapsed());
    }
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)));
    Ratio {
        name: "the first call, next to starting that server and calling it",
        product,
        floor,
        unit: "ms",
        most: 1.2,
    }
}

/// The memory that a running upstream adds to the server, and that of its guard.
fn memory(home: &Home, upstreams: usize) -> [Ratio; 2] {
    let mut ide = home.serve(synapse_tests::Era::Legacy);
    drop(ide.result("tools/list", json!({})));
    let resident = |process: u32| megabytes(process, "VmRSS:");
    let before = resident(ide.process_id());
    for number in 0..upstreams {
        drop(ide.call(&format!("s{number}__echo"), json!({})));
    }
    let each = (resident(ide.process_id()) - before) / upstreams as f64;
    let children = children(ide.process_id());
    assert_eq!(children.len(), upstreams, "a guard for each upstream");
    let most = |name: &str| {
        let each = children.iter().map(|guard| megabytes(*guard, name));
        each.fold(0.0, f64::max)
    };
    // The text of the program is shared with `serve` and all other guards.
    let guard = most("RssAnon:");
    report(&format!(
        "a guard: {:.2} MB with the text of the program that it shares with all others",
        most("VmRSS:")
    ));
    [
        Ratio {
            name: "memory of a warm upstream",
            product: each,
            floor: 1.0,
            unit: "MB",
            most: 1.0,
        },
        Ratio {
            name: "memory of a guard, without shared text",
            product: guard,
            floor: 3.0,
            unit: "MB",
            most: 1.0,
        },
    ]
}

fn children(process: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let lists = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")));
    let lists: Vec<String> = lists.map(Result::unwrap_or_default).collect();
    let ids = lists.iter().flat_map(|list| list.split_whitespace());
    ids.map(|id| id.parse().unwrap()).collect()
}

/// This program as a floor.
fn this(words: impl IntoIterator<Item = PathBuf>) -> Run {
    Run::new(&std::env::current_exe().unwrap(), words)
}

/// Long enough for a token endpoint that four windows meet at.
const DELAY: Duration = Duration::from_millis(50);
