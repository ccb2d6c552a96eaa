//! A large file is read off the async runtime's thread, a usual one on it.

use std::sync::mpsc;
use std::thread;

use synapse_core::ports::ConnectionStore as _;
use synapse_store::TomlConnections;
use synapse_testkit::disk::write;

use crate::support::home;

#[test]
fn only_a_large_file_is_worth_another_thread() {
    let (_directory, home) = home();
    let store = TomlConnections::new(home.clone());
    assert!(!store.is_large(), "it is absent");
    home.create().unwrap();
    write(&home.connections(), "format = 1\n");
    assert!(!store.is_large());
    write(&home.connections(), "# a long comment\n".repeat(1_000));
    assert!(store.is_large());
}

#[tokio::test]
async fn blocking_work_runs_on_another_thread() {
    let (_directory, home) = home();
    let (tell, told) = mpsc::channel();
    let work = move || tell.send(thread::current().id()).unwrap();
    TomlConnections::new(home)
        .run_blocking(Box::new(work))
        .await;
    assert_ne!(told.recv().unwrap(), thread::current().id());
}
