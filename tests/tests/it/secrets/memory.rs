//! A process with a secret in memory: what it exposes while running, on a panic and on an abort.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;

use serde_json::json;
use synapse_testkit::leak::Canary;
use synapse_tests::{Era, Flags, Home, Ide, LocalProvider as _};

use super::{TWIN, answering, shapes};

/// A home with an open connection `work`.
fn home() -> (Home, Canary, synapse_testkit::raw::RawServer) {
    let server = answering();
    let home = Home::new(TWIN);
    let (_, token) = shapes().remove(0);
    let base_url = server.url("/v1").to_string();
    let flags = Flags::new("openai", "m", &home.credential(&token), &base_url);
    home.create("work", &flags, server.opening()).with_code(0);
    (home, Canary::new(&token), server)
}

#[test]
fn a_panic_with_the_secret_in_its_message_does_not_tell_it() {
    let (home, canary, server) = home();
    for words in [
        &["chat", "work", "hi"][..],
        &["chat", "work", "hi", "--json"],
    ] {
        let output = home
            .twin(words)
            .env("RUST_BACKTRACE", "full")
            .env("SYNAPSE_TWIN_TROUBLE", "panic")
            .output()
            .with_code(1);
        let said = output.to_string();
        assert_eq!(canary.found_in(said.as_bytes()), None, "{said}");
        assert!(said.contains("error[internal.invariant]"), "{said}");
        assert!(said.contains("no use for"), "{said}");
        assert!(said.contains("[redacted]"), "{said}");
        if words.contains(&"--json") {
            assert_eq!(output.json()["error"]["code"], "internal.invariant");
        }
    }
    let troubled = home
        .twin(["serve"])
        .env("RUST_BACKTRACE", "full")
        .env("SYNAPSE_TWIN_TROUBLE", "panic");
    let mut ide = Ide::connect(troubled, Era::Modern);
    let id = ide.begin("chat", json!({"prompt": "hi"}));
    let reply = ide.reply(id);
    assert_eq!(reply["error"]["code"], -32603, "{reply}");
    let ended = ide.close();
    let said = format!("{}\n{}", ended.stdout.join("\n"), ended.stderr);
    assert_eq!(canary.found_in(said.as_bytes()), None, "{said}");
    assert!(said.contains("[redacted]"), "{said}");
    assert_eq!(server.heads(), 0);
}

#[test]
fn an_abort_leaves_no_core() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    // The maximum this process may pass on; the twin lowers it.
    let limit = getrlimit(Resource::Core);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Core, raised).unwrap();
    let (home, canary, _server) = home();
    let running = home
        .twin(["chat", "work", "hi"])
        .env("SYNAPSE_TWIN_TROUBLE", "abort")
        .start();
    let status = running.end();
    assert_eq!(status.signal(), Some(6), "{status}");
    assert!(!status.core_dumped(), "{status}");
    for (path, content) in home.files() {
        let holds = canary.found_in(&content).is_some();
        assert_eq!(holds, path.extension().is_some_and(|end| end == "token"));
    }
}

#[test]
fn a_process_with_a_secret_can_be_neither_dumped_nor_read() {
    let (home, canary, _server) = home();
    let fifo = home.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, mode).unwrap();
    let running = home
        .unprivileged(["chat", "work", "hi"])
        .env("SYNAPSE_TWIN_TROUBLE", "linger")
        .env("SYNAPSE_TWIN_FIFO", &fifo)
        .start();
    // Returns when the twin has the secret and continues.
    drop(std::fs::read(&fifo).unwrap());
    let process = std::path::PathBuf::from(format!("/proc/{}", running.id()));
    let read = |name: &str| std::fs::read(process.join(name)).unwrap();
    let command = read("cmdline");
    assert!(command.windows(4).any(|window| window == b"work"));
    assert_eq!(canary.found_in(&command), None);
    // Only a fully privileged process may inspect it.
    if rustix::process::geteuid().is_root() {
        assert_eq!(canary.found_in(&read("environ")), None);
    }
    let limits = String::from_utf8(read("limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let numbers: Vec<&str> = core.unwrap().split_whitespace().skip(4).collect();
    assert_eq!(numbers[..2], ["0", "0"], "{limits}");
    // The proc files of an undumpable process belong to root.
    let environment = std::fs::metadata(process.join("environ")).unwrap();
    assert_eq!(environment.uid(), 0);
    drop(std::fs::File::options().write(true).open(&fifo).unwrap());
    drop(running.finish().with_code(0));
}
