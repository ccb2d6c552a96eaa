//! Late answers, each awaited on its own thread.

use std::time::Duration;

use synapse_testkit::raw::{End, RawServer, Reply};

use super::cases::{ANSWER, Case, Heads, Tally};

pub(crate) fn deadlines() -> Tally {
    let answers = [
        ("no answer", Reply::silent(End::Hang)),
        (
            "half a head",
            Reply::raw(*b"HTTP/1.1 200 OK\r\ncontent-ty").then(End::Hang),
        ),
        (
            "half an answer",
            Reply::json(200, ANSWER).claiming(5000).then(End::Hang),
        ),
        (
            "slow drip",
            Reply::json(200, vec![b' '; 5000]).dripping(Duration::from_millis(100)),
        ),
    ];
    std::thread::scope(|scope| {
        let mut running = Vec::from(answers.map(|(name, reply)| {
            scope.spawn(move || {
                let server = RawServer::always(reply);
                let code = "transport.response-timeout";
                let case = Case::new(name, server.url("/v1"), code, Heads::Exactly(1));
                case.flags(SHORT).run(|| server.heads())
            })
        }));
        running.push(scope.spawn(|| {
            let server = RawServer::mute();
            let url = format!("https://127.0.0.1:{}/v1", server.port());
            let code = "transport.connect-timeout";
            let case = Case::new("a handshake that hangs", url, code, Heads::Exactly(0));
            case.flags(SHORT).run(|| server.heads())
        }));
        let mut tally = Tally::default();
        for case in running {
            tally += case.join().unwrap();
        }
        tally
    })
}

/// The timeout under test. On a machine busy with other tests, sending can take a second.
const SHORT: [&str; 2] = ["--timeout", "3"];
