//! Several processes on one home at the same time.

use std::sync::{Condvar, Mutex};

use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::process::Running;
use synapse_tests::{Era, Home, LocalProvider as _, PATIENCE};

use super::TWIN;

/// Answers only once `count` requests arrived, so that all proceed at once. If they never arrive it
/// answers eventually, and the test fails by itself.
fn provider_for(count: usize) -> RawServer {
    let (asked, all_have) = (Mutex::new(0), Condvar::new());
    RawServer::start(move |_| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        all_have.notify_all();
        drop(all_have.wait_timeout_while(asked, PATIENCE / 2, |asked| *asked < count));
        Reply::json(200, r#"{"id":"m","object":"model"}"#)
    })
}

fn create_at_once(home: &Home, names: &[&str]) -> Vec<i32> {
    let provider = provider_for(names.len());
    let flags = provider.flags(home);
    let create = |name: &&str| home.creating(name, &flags, &["--allow-network"]).start();
    let running: Vec<Running> = names.iter().map(create).collect();
    let outputs = running.into_iter().map(Running::finish);
    outputs.map(|output| output.code).collect()
}

#[test]
fn connections_that_are_created_at_once_are_all_saved() {
    let home = Home::new(TWIN);
    let names = ["a", "b", "c", "d"];
    assert_eq!(create_at_once(&home, &names), [0; 4]);
    let listed = home
        .run(["connection", "list", "--json"])
        .with_code(0)
        .json();
    let connections = listed["connections"].as_array().unwrap();
    let mut saved: Vec<_> = connections
        .iter()
        .map(|each| each["name"].as_str().unwrap())
        .collect();
    saved.sort_unstable();
    assert_eq!(saved, names);
}

/// Both saw a free name; one was faster.
#[test]
fn of_two_of_the_same_name_one_is_saved() {
    let home = Home::new(TWIN);
    let mut codes = create_at_once(&home, &["same", "same"]);
    codes.sort_unstable();
    assert_eq!(codes, [0, 3]);
    home.run(["connection", "show", "same"]).with_code(0);
}

#[test]
fn two_servers_share_a_home() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let mut servers = [home.serve(Era::Legacy), home.serve(Era::Modern)];
    const EACH: usize = 10;
    let ids: Vec<Vec<u64>> = servers
        .iter_mut()
        .map(|ide| {
            (0..EACH)
                .map(|_| ide.begin("chat", json!({"prompt": "hello"})))
                .collect()
        })
        .collect();
    let mut call_ids = Vec::new();
    for (ide, ids) in servers.iter_mut().zip(ids) {
        for id in ids {
            let reply = ide.reply(id);
            let document = &reply["result"]["structuredContent"];
            assert_eq!(document["ok"], true, "{reply}");
            assert!(document.get("warnings").is_none(), "{reply}");
            call_ids.push(document["receipt"]["call_id"].as_str().unwrap().to_owned());
        }
    }
    for ide in servers {
        let ended = ide.close();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(ended.stderr, "");
    }
    let rows = home
        .run(["history", "--json", "--limit", "100"])
        .with_code(0)
        .json();
    let mut seen: Vec<_> = rows["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["outcome"], "ok", "{row}");
            row["call_id"].as_str().unwrap().to_owned()
        })
        .collect();
    seen.sort_unstable();
    call_ids.sort_unstable();
    assert_eq!(seen, call_ids);
    assert_eq!(seen.len(), 2 * EACH);
    // One preflight lookup, and one request per prompt.
    assert_eq!(double.server().requests().len(), 1 + 2 * EACH);
    let usage = home.run(["usage", "--json"]).with_code(0).json();
    assert_eq!(usage["total"]["ok"], 2 * EACH, "{usage}");
}
