//! Concurrent writers lose no connection.

use std::collections::BTreeSet;

use synapse_core::ports::ConnectionStore as _;
use synapse_home::Home;
use synapse_store::TomlConnections;

use crate::child::{Role, finish, start};
use crate::support::{cleared, draft, home};

const WRITERS: usize = 8;
const EACH: usize = 5;

/// The work of each process: its connections contain its process id.
pub(crate) fn insert_some(home: &Home) {
    insert(home, &format!("process-{}", std::process::id()));
}

fn insert(home: &Home, prefix: &str) {
    let store = TomlConnections::new(home.clone());
    for number in 0..EACH {
        let name = format!("{prefix}-{number}");
        store.insert(&cleared(&name, draft())).unwrap();
    }
}

fn count(home: &Home) -> usize {
    let all = TomlConnections::new(home.clone()).load().unwrap();
    let names: BTreeSet<&str> = all.iter().map(|each| each.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    names.len()
}

#[test]
fn threads_do_not_lose_each_others_connections() {
    let (_directory, home) = home();
    std::thread::scope(|scope| {
        for thread in 0..WRITERS {
            let home = &home;
            scope.spawn(move || insert(home, &format!("thread-{thread}")));
        }
    });
    assert_eq!(count(&home), WRITERS * EACH);
}

#[test]
fn processes_do_not_lose_each_others_connections() {
    let (_directory, home) = home();
    let processes: Vec<_> = (0..WRITERS)
        .map(|_| start(Role::InsertConnections, &home))
        .collect();
    processes.into_iter().for_each(finish);
    assert_eq!(count(&home), WRITERS * EACH);
}
