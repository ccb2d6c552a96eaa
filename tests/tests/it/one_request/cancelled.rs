//! Calls cancelled by the IDE and by Ctrl-C: the request is never repeated, and the row has the
//! outcome.

use serde_json::{Value, json};
use synapse_testkit::raw::{End, RawServer, Reply};
use synapse_tests::process::Signal;
use synapse_tests::{Era, Home};

use super::cases::{ANSWER, PROVIDERS, Tally, home};

pub(crate) fn cancelled() -> Tally {
    let mut tally = Tally::default();
    for provider in PROVIDERS {
        for reply in [
            Reply::silent(End::Hang),
            Reply::json(200, ANSWER).claiming(5000).then(End::Hang),
        ] {
            for era in [Era::Legacy, Era::Modern] {
                tally += by_the_ide(provider, &reply, era);
            }
            tally += by_a_signal(provider, &reply, Signal::INT, &["chat", "work", "hello"]);
            tally += by_a_signal(provider, &reply, Signal::INT, &["models", "work"]);
        }
        let hang = Reply::silent(End::Hang);
        tally += by_a_signal(provider, &hang, Signal::TERM, &["chat", "work", "hello"]);
    }
    tally
}

fn by_the_ide(provider: &str, reply: &Reply, era: Era) -> Tally {
    let server = RawServer::always(reply.clone());
    let home = home(provider, server.url("/v1").as_str(), &[]);
    let mut ide = home.serve(era);
    let call = ide.begin("chat", json!({"prompt": "hello"}));
    server.wait_for_requests(1);
    ide.notify("notifications/cancelled", json!({"requestId": call}));
    server.wait_for_closed(1);
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    one_cancelled_call(&server, &home, &["chat"])
}

fn by_a_signal(provider: &str, reply: &Reply, signal: Signal, arguments: &[&str]) -> Tally {
    let server = RawServer::always(reply.clone());
    let home = home(provider, server.url("/v1").as_str(), &[]);
    let terminal = home.twin(arguments).start();
    server.wait_for_requests(1);
    terminal.signal(signal);
    let output = terminal.finish().with_code(130);
    assert_eq!(output.stdout, "", "{output}");
    one_cancelled_call(&server, &home, arguments)
}

fn one_cancelled_call(server: &RawServer, home: &Home, arguments: &[&str]) -> Tally {
    let rows = home.history();
    assert_eq!(rows.len(), usize::from(arguments[0] == "chat"), "{rows:?}");
    for row in &rows {
        assert_eq!(row["outcome"], "cancelled", "{row}");
        assert_eq!(row["attempts"], 1, "{row}");
        assert_eq!(row["error_code"], Value::Null, "{row}");
        assert_eq!(row["maybe_billed"], true, "the request was sent: {row}");
    }
    assert_eq!((server.accepts(), server.heads()), (1, 1));
    Tally {
        calls: 1,
        requests: server.heads(),
        rows: rows.len(),
    }
}
