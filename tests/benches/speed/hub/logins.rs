//! Ratios of logins: a token to a header, a refresh shared by four windows to that of one, and
//! `hub auth-status` to `hub list`.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use synapse_core::time::Timestamp;
use synapse_tests::Home;
use synapse_tests::upstream::HttpUpstream;

use super::{DELAY, declare};
use crate::{Effort, Ratio, TWIN, Talk, best_median, milliseconds};

pub(crate) fn ratios(effort: &Effort) -> [Ratio; 3] {
    [token(effort), windows(effort), status(effort)]
}

/// A call with the token of a login, next to one with a header.
fn token(effort: &Effort) -> Ratio {
    let upstream = HttpUpstream::start(Duration::ZERO);
    let home = Home::new(TWIN);
    let secret = home.write("bearer", "fake-bearer");
    synapse_tests::home::set_mode(&secret, 0o600);
    let header = format!("Bearer ${{file:{}}}", secret.display());
    let mut servers = serde_json::Map::new();
    servers.insert("login".to_owned(), json!({"url": upstream.url()}));
    let bearer = json!({"url": upstream.url(), "headers": {"Authorization": header}});
    servers.insert("header".to_owned(), bearer);
    declare(&home, servers);
    home.run(["hub", "approve", "--all", "--yes"]).with_code(0);
    upstream.log_in(&home, "login", Timestamp::from_millis(i64::MAX));
    let mut talk = Talk::start(home.twin(["serve"]));
    drop(talk.initialize());
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..=effort.calls {
        for (tool, times) in ["login__echo", "header__echo"].into_iter().zip(&mut times) {
            let began = Instant::now();
            let reply = talk.call(tool, &json!({}));
            if number > 0 {
                times.push(began.elapsed());
            }
            assert_eq!(reply["result"]["content"][0]["text"], "here", "{reply}");
        }
    }
    let with = |prefix: &str| {
        let calls = upstream.calls();
        let named = calls.iter().filter(|call| {
            call.header("authorization")
                .is_some_and(|value| value.starts_with(prefix))
        });
        named.count()
    };
    assert_eq!(with("Bearer fake-access-"), effort.calls + 1);
    assert_eq!(with("Bearer fake-bearer"), effort.calls + 1);
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)) * 1e3);
    Ratio {
        name: "a call with the token of a login, next to one with a header",
        product,
        floor,
        unit: "µs",
        most: 1.2,
    }
}

/// The last answer of four windows at one expiry, next to a refresh and a call of one.
fn windows(effort: &Effort) -> Ratio {
    let upstream = HttpUpstream::start(DELAY);
    let home = Home::new(TWIN);
    let mut servers = serde_json::Map::new();
    servers.insert("work".to_owned(), json!({"url": upstream.url()}));
    declare(&home, servers);
    home.run(["hub", "approve", "work", "--yes"]).with_code(0);
    let later = Timestamp::from_millis(i64::MAX);
    let ended = Timestamp::from_millis(0);
    upstream.log_in(&home, "work", later);
    let mut windows: Vec<Talk> = (0..WINDOWS)
        .map(|_| {
            let mut talk = Talk::start(home.twin(["serve"]));
            drop(talk.initialize());
            drop(talk.call("work__echo", &json!({})));
            talk
        })
        .collect();
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..effort.answers {
        upstream.log_in(&home, "work", ended);
        let before = upstream.refreshes();
        times[0].push(last_of(&mut windows));
        assert_eq!(
            upstream.refreshes() - before,
            1,
            "one refresh for all windows"
        );
        upstream.log_in(&home, "work", ended);
        times[1].push(last_of(&mut windows[..1]));
    }
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)));
    Ratio {
        name: "the last of four windows at one expiry, next to a refresh and a call",
        product,
        floor,
        unit: "ms",
        most: 1.5,
    }
}

/// All of them call at once; the time until the last one is answered.
fn last_of(windows: &mut [Talk]) -> Duration {
    let start = Barrier::new(windows.len());
    thread::scope(|scope| {
        let calls: Vec<_> = windows
            .iter_mut()
            .map(|talk| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let began = Instant::now();
                    let reply = talk.call("work__echo", &json!({}));
                    assert_eq!(reply["result"]["content"][0]["text"], "here", "{reply}");
                    began.elapsed()
                })
            })
            .collect();
        let times = calls.into_iter().map(|call| call.join().unwrap());
        times.max().unwrap()
    })
}

/// `hub auth-status` of many servers, next to `hub list`.
fn status(effort: &Effort) -> Ratio {
    let count = if effort.judges { 50 } else { 3 };
    let upstream = HttpUpstream::start(Duration::ZERO);
    let home = Home::new(TWIN);
    let names = (0..count).map(|number| format!("s{number}"));
    let names: Vec<String> = names.collect();
    let entry = json!({"url": upstream.url()});
    let servers = names.iter().map(|name| (name.clone(), entry.clone()));
    declare(&home, servers.collect());
    for name in &names {
        upstream.log_in(&home, name, Timestamp::from_millis(i64::MAX));
    }
    let once = |words: [&str; 3]| {
        let began = Instant::now();
        let document = home.run(words).with_code(0).json();
        assert!(document["schema"].is_string(), "{document}");
        began.elapsed()
    };
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..effort.spawns {
        times[0].push(once(["hub", "auth-status", "--json"]));
        times[1].push(once(["hub", "list", "--json"]));
    }
    let [product, floor] = times.map(|times| milliseconds(best_median(&times)));
    Ratio {
        name: "hub auth-status of 50 servers, next to hub list",
        product,
        floor,
        unit: "ms",
        most: 1.5,
    }
}

const WINDOWS: usize = 4;
