//! Many calls: concurrent, and sequential to a server whose connections go stale.

use serde_json::{Value, json};
use synapse_testkit::raw::{End, RawServer, RecordedRequest, Reply};
use synapse_tests::{Era, Home, Ide};

use super::cases::{ANSWER, CALLS, PROVIDERS, Tally, home};

/// As separate processes, and in one server.
pub(crate) fn fifty_at_once() -> Tally {
    let mut tally = Tally::default();
    for provider in PROVIDERS {
        let server = RawServer::always(Reply::json(200, ANSWER).then(End::KeepAlive));
        let home = home(provider, server.url("/v1").as_str(), &[]);
        for arguments in CALLS {
            std::thread::scope(|scope| {
                for _ in 0..CROWD {
                    scope.spawn(|| home.run(arguments).with_code(0));
                }
            });
        }
        tally += all_answered(&server, &home, 2 * CROWD, CROWD);

        let server = RawServer::start(hostile);
        let home = super::cases::home(provider, server.url("/v1").as_str(), &[]);
        let mut ide = home.serve(Era::Modern);
        let calls: Vec<u64> = (0..CROWD).map(|_| ask(&mut ide)).collect();
        for call in calls {
            assert_answered(&ide.reply(call)["result"]);
        }
        assert!(ide.close().status.success());
        tally += all_answered(&server, &home, CROWD, CROWD);
    }
    tally
}

/// Through one process, where a connection pool would show.
pub(crate) fn stale_connections() -> Tally {
    let mut tally = Tally::default();
    for provider in PROVIDERS {
        let server = RawServer::start(hostile);
        let home = home(provider, server.url("/v1").as_str(), &[]);
        let mut ide = home.serve(Era::Legacy);
        for _ in 0..ROUNDS {
            let call = ask(&mut ide);
            assert_answered(&ide.reply(call)["result"]);
        }
        assert!(ide.close().status.success());
        tally += all_answered(&server, &home, ROUNDS, ROUNDS);
    }
    tally
}

/// Promises keep-alive, and closes at the worst times: right after the answer, with a reset after
/// it, when the next request starts to arrive, or in the middle of the next answer.
fn hostile(request: &RecordedRequest) -> Reply {
    let answer = Reply::json(200, ANSWER)
        .header("connection", "keep-alive")
        .header("keep-alive", "timeout=300");
    match (request.sequence, request.connection % 4) {
        (0, 0) => answer.then(End::Close),
        (0, 1) => answer.then(End::Reset),
        (0, _) => answer,
        (_, 2) => Reply::silent(End::Reset),
        _ => answer.claiming(5000).then(End::Close),
    }
}

fn ask(ide: &mut Ide) -> u64 {
    ide.begin("chat", json!({"prompt": "hello"}))
}

fn assert_answered(result: &Value) {
    assert_eq!(result["content"][0]["text"], "hello", "{result}");
}

/// Every call was one connection, one request and, for prompts, one successful row.
fn all_answered(server: &RawServer, home: &Home, calls: usize, prompts: usize) -> Tally {
    assert_eq!((server.accepts(), server.heads()), (calls, calls));
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.sequence == 0)
    );
    let history = home.run(["history", "--limit", "1000", "--json"]).json();
    let rows = history["entries"].as_array().unwrap();
    assert_eq!(rows.len(), prompts);
    for row in rows {
        assert_eq!(
            (&row["outcome"], &row["attempts"]),
            (&json!("ok"), &json!(1)),
            "{row}"
        );
    }
    Tally {
        calls,
        requests: server.heads(),
        rows: rows.len(),
    }
}

const CROWD: usize = 50;
const ROUNDS: usize = 400;
