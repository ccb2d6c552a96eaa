//! Speed and size of `synapse serve` as ratios to the baseline, measured in one run: spawn to first
//! response, memory at rest, and a call, which the baseline sends with the same HTTP library and no
//! ledger; many calls at once, large ones, recorded ones, and calls from the shell; a hostile answer
//! relative to a text of its size; and a preview in a large file of an IDE per entry. Printed for context: the ratios to
//! a baseline that defers its HTTP client, and a call's time without the exchange.
//!
//! `cargo bench -p synapse-tests --bench speed` measures the shipped profile `dist` and fails above
//! the limits. `cargo test` runs a few iterations as a smoke test without limits: a debug build
//! says little about an optimised one.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measurement that cannot be taken ends by panicking"
)]

mod answers;
mod edits;
mod floor;
mod hub;
mod load;
mod memory;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use synapse_testkit::mcp_bridge::StdioServer;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Flags, Home, report};

use self::floor::Client;
use self::hub::floors::{self, BUILT_IN, PASS_THROUGH};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, base, key, when] = arguments.as_slice()
        && word == FLOOR
    {
        return floor::serve(base, key, when);
    }
    match arguments.as_slice() {
        [_, word, base, key] if word == MANY => return floor::serve_many(base, key),
        [_, word, list] if word == BUILT_IN => return floors::built_in(list),
        [_, word, program] if word == PASS_THROUGH => return floors::pass_through(program),
        _ => {}
    }
    let effort = if arguments.iter().any(|argument| argument == "--bench") {
        Effort {
            spawns: 60,
            calls: 1_500,
            answers: 3,
            judges: true,
        }
    } else {
        Effort {
            spawns: 3,
            calls: 10,
            answers: 1,
            judges: false,
        }
    };
    let bench = Bench::new();
    let mut ratios = vec![
        bench.spawn(&effort),
        bench.calls(&effort),
        answers::large(&effort),
        edits::large(&effort),
        bench.size(),
    ];
    ratios.extend(memory::at_rest(&bench));
    ratios.extend(load::ratios(&effort));
    ratios.extend(hub::ratios(&effort));
    for ratio in &ratios {
        report(&ratio.to_string());
    }
    let broken = ratios.iter().filter(|ratio| ratio.is_broken()).count();
    assert!(!effort.judges || broken == 0, "{broken} limits are broken");
}

/// Number of iterations, and whether the limits apply.
struct Effort {
    spawns: usize,
    calls: usize,
    answers: usize,
    judges: bool,
}

/// Measurements of the product and of the baseline.
struct Ratio {
    name: &'static str,
    product: f64,
    floor: f64,
    unit: &'static str,
    most: f64,
}

/// A home with a connection to a double, and the two servers.
struct Bench {
    home: Home,
    double: OpenAiDouble,
}

impl Bench {
    fn new() -> Self {
        let double = OpenAiDouble::start();
        let home = Home::new(TWIN);
        let credential = home.credential(OpenAiDouble::KEY);
        let base = double.base_url();
        let flags = Flags::new("openai", OpenAiDouble::MODEL, &credential, &base);
        home.create("work", &flags, &["--allow-network"])
            .with_code(0);
        Self { home, double }
    }

    fn product(&self) -> Run {
        self.home.twin(["serve"])
    }

    fn floor(&self, client: Client) -> Run {
        let this = std::env::current_exe().unwrap();
        let words = [
            FLOOR.to_owned(),
            self.double.base_url(),
            OpenAiDouble::KEY.to_owned(),
            client.word().to_owned(),
        ];
        Run::new(&this, words).env("HOME", self.home.path())
    }

    /// From starting the process to its `initialize` response.
    fn spawn(&self, effort: &Effort) -> Ratio {
        let once = |server: Run| {
            let began = Instant::now();
            let mut talk = Talk::start(server);
            drop(talk.initialize());
            began.elapsed()
        };
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..effort.spawns {
            times[0].push(once(self.product()));
            times[1].push(once(self.floor(Client::AtStart)));
            times[2].push(once(self.floor(Client::OnUse)));
        }
        let [product, floor, least] = times.map(|times| milliseconds(best_median(&times)));
        report(&format!(
            "spawn to first response: {product:.2} ms is {:.2} of a floor that makes its HTTP \
             client later",
            product / least,
        ));
        Ratio {
            name: "spawn to first response",
            product,
            floor,
            unit: "ms",
            most: 1.2,
        }
    }

    /// A prompt through each server.
    fn calls(&self, effort: &Effort) -> Ratio {
        let mut servers = [
            Talk::start(self.product()),
            Talk::start(self.floor(Client::AtStart)),
        ];
        for server in &mut servers {
            drop(server.initialize());
            drop(server.chat());
        }
        let before = self.double.server().heads();
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..effort.calls {
            for (server, times) in servers.iter_mut().zip(&mut times) {
                let began = Instant::now();
                let reply = server.chat();
                times.push(began.elapsed());
                assert!(reply["result"]["content"][0]["text"].is_string(), "{reply}");
            }
            let began = Instant::now();
            self.exchange();
            times[2].push(began.elapsed());
        }
        let sent = self.double.server().heads() - before;
        assert_eq!(sent, 3 * effort.calls, "one request a call");
        let [product, floor, direct] = times.map(|times| milliseconds(best_median(&times)) * 1e3);
        report(&format!(
            "one call: beyond the {direct:.0} µs of its HTTP exchange on a plain socket, {:.0} µs \
             through the product and {:.0} µs through the floor ({:.2})",
            product - direct,
            floor - direct,
            (product - direct) / (floor - direct),
        ));
        Ratio {
            name: "one call",
            product,
            floor,
            unit: "µs",
            most: 2.0,
        }
    }

    /// The network exchange of one prompt, without a client.
    fn exchange(&self) {
        let base = self.double.base_url();
        let host = base
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap();
        let body = json!({
            "model": OpenAiDouble::MODEL,
            "messages": [{"role": "user", "content": PROMPT}],
            "stream": false,
        });
        let body = body.to_string();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            OpenAiDouble::KEY,
            body.len(),
        );
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let named = name.eq_ignore_ascii_case("content-length");
            named.then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap()];
        reader.read_exact(&mut body).unwrap();
    }

    /// The twin is the product under another name; the limit is 12 MB.
    fn size(&self) -> Ratio {
        let bytes = fs::metadata(Path::new(TWIN)).unwrap().len();
        let product = bytes as f64 / 1e6;
        Ratio {
            name: "size of the program",
            product,
            floor: 12.0,
            unit: "MB",
            most: 1.0,
        }
    }
}

impl Ratio {
    fn is_broken(&self) -> bool {
        self.product > self.most * self.floor
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            name,
            product,
            floor,
            unit,
            most,
        } = self;
        let verdict = if self.is_broken() {
            ", ABOVE the limit"
        } else {
            ""
        };
        write!(
            formatter,
            "{name}: {product:.2} {unit} / {floor:.2} {unit} = {:.2} (at most {most}{verdict})",
            product / floor
        )
    }
}

/// A synchronous dialogue, because a thread hop would be measured too.
struct Talk {
    input: Box<dyn std::io::Write + Send>,
    output: BufReader<Box<dyn std::io::Read + Send>>,
    process: u32,
    _guard: Box<dyn Send>,
}

impl Talk {
    fn start(server: Run) -> Self {
        let (process, server) = server.known_behind_bridge();
        let StdioServer {
            input,
            output,
            guard,
        } = server;
        Self {
            process,
            input,
            output: BufReader::new(output),
            _guard: guard,
        }
    }

    fn initialize(&mut self) -> Value {
        let reply = self.ask(
            "initialize",
            &json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            }),
        );
        assert_eq!(reply["result"]["protocolVersion"], "2025-11-25", "{reply}");
        reply
    }

    fn chat(&mut self) -> Value {
        self.prompt(PROMPT)
    }

    fn prompt(&mut self, prompt: &str) -> Value {
        self.call("chat", &json!({"connection": "work", "prompt": prompt}))
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    fn notify(&mut self, method: &str) {
        let message = json!({"jsonrpc": "2.0", "method": method});
        self.input
            .write_all(format!("{message}\n").as_bytes())
            .unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.send(1, method, params);
        self.receive()
    }

    fn send(&mut self, id: usize, method: &str, params: &Value) {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.input
            .write_all(format!("{request}\n").as_bytes())
            .unwrap();
        self.input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

/// The minimum of the medians of each third: temporary load spoils only one of them.
fn best_median(times: &[Duration]) -> Duration {
    let part = times.len().div_ceil(3).max(1);
    let medians = times.chunks(part).map(|times| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[times.len() / 2]
    });
    medians.min().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

const FLOOR: &str = "floor";
const MANY: &str = "floor-of-many";
const PROMPT: &str = "Are you there?";
