//! One call is at most one HTTP request, whatever the server does: every misbehaviour, for both
//! providers, for a prompt and for the model list. Each case states the number of request heads at
//! the server, the error code, and the ledger rows.

mod cancelled;
mod cases;
mod control;
mod crowds;
mod deadlines;
mod http2;
mod sockets;
mod statuses;
mod unreachable;

use synapse_tests::report;

use self::cases::Tally;

/// A part of the table.
struct Group {
    name: &'static str,
    /// The minimum number of its calls.
    least: usize,
    make: fn() -> Tally,
}

impl Group {
    const fn new(name: &'static str, least: usize, make: fn() -> Tally) -> Self {
        Self { name, least, make }
    }
}

/// One test, because the size of the table is part of the proof.
#[test]
fn every_call_is_at_most_one_request_and_every_prompt_one_row() {
    let tallies: Vec<(Group, Tally)> = std::thread::scope(|scope| {
        // All run to completion, even if one fails.
        let running = TABLE.map(|group| {
            let made = scope.spawn(group.make);
            (group, made)
        });
        let ended = running.map(|(group, made)| (group, made.join()));
        let tally = |(group, made): (Group, std::thread::Result<Tally>)| match made {
            Ok(tally) => (group, tally),
            Err(_) => panic!("{}: see the panic above", group.name),
        };
        ended.into_iter().map(tally).collect()
    });
    let mut total = Tally::default();
    for (Group { name, least, .. }, tally) in &tallies {
        say(name, tally);
        assert!(tally.calls >= *least, "{name} lost calls: {tally:?}");
        total += *tally;
    }
    say("the whole table", &total);
    assert!(total.requests <= total.calls, "{total:?}");
    let shrank = format!("the table shrank: {total:?}");
    assert!(total.calls >= CALLS, "{shrank}");
    assert!(total.requests >= REQUESTS, "{shrank}");
    assert!(total.rows >= ROWS, "{shrank}");
}

fn say(name: &str, tally: &Tally) {
    let Tally {
        calls,
        requests,
        rows,
    } = tally;
    report(&format!(
        "one request: {name}: {calls} calls, {requests} requests seen, {rows} rows"
    ));
}

const TABLE: [Group; 9] = [
    Group::new("every status", 100, statuses::every_status),
    Group::new(
        "successes that are none",
        44,
        statuses::successes_that_are_none,
    ),
    Group::new("broken connections", 44, sockets::broken_connections),
    Group::new("deadlines", 20, deadlines::deadlines),
    Group::new("no connection", 56, unreachable::unreachable),
    Group::new("HTTP/2 over TLS", 20, http2::http2_over_tls),
    Group::new("cancelled", 18, cancelled::cancelled),
    Group::new("fifty at once", 300, crowds::fifty_at_once),
    Group::new("stale connections", 800, crowds::stale_connections),
];
const CALLS: usize = 1402;
/// Fewer than calls: some never connect, and four may be closed before their head is complete.
const REQUESTS: usize = 1330;
/// One per prompt; model lists leave none.
const ROWS: usize = 1156;
