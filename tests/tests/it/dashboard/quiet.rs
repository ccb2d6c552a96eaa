//! Viewing pages starts no process, connects no socket and opens no key: the system ends a dashboard
//! that tries (`quiet.c`), and reports every opening of the key.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::{Run, Signal};

use super::client::Client;
use crate::TWIN;
use crate::hub_serving::Hub;

const PAGES: [&str; 18] = [
    "",
    "welcome",
    "connections",
    "connections?show=work",
    "connections/new",
    "connections/work/edit",
    "connections/work/remove",
    "usage",
    "usage?by=day&since=30d",
    "history",
    "hub",
    "hub/approvals",
    "secrets",
    "doctor",
    "explain/gate.network-disabled",
    "nowhere",
    "usage?by=colour",
    "history/nonsense",
];

#[test]
fn viewing_every_page_starts_connects_and_reads_nothing() {
    let double = OpenAiDouble::start();
    let hub = Hub::new().with("one", &[]).with("two", &[]).approved("one");
    let home = &hub.home;
    home.save("work", &double, &["--allow-network"]);
    home.run(["chat", "work", "Say hello"]).with_code(0);
    let text = std::fs::read_to_string(home.connections()).unwrap();
    let (_, key) = text.split_once("\"file:").unwrap();
    let key = Path::new(key.split('"').next().unwrap());
    let opened = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&opened, key, WatchFlags::OPEN).unwrap();
    let is_opened = || rustix::io::read(&opened, &mut [0_u8; 4096][..]).is_ok();

    let tool = tool();
    let dashboard = Run::new(&tool, [TWIN, "dashboard"])
        .env("HOME", home.path())
        .env("SYNAPSE_HOME", home.synapse());
    let client = Client::opened(dashboard);
    for page in PAGES {
        let join = if page.contains('?') { '&' } else { '?' };
        for path in [page.to_owned(), format!("{page}{join}format=json")] {
            assert!(client.get(&path).status < 500, "{path}");
        }
    }
    assert!(!is_opened());
    assert_eq!(hub.counts("one"), (0, 0));
    client.dashboard.signal(Signal::TERM);
    assert_eq!(client.dashboard.end().code(), Some(0));
    drop(std::fs::read(key).unwrap());
    assert!(is_opened(), "the system reports it");
}

#[test]
fn a_dashboard_that_starts_a_program_would_be_seen() {
    let hub = Hub::new().with("one", &[]);
    let dashboard = Run::new(&tool(), [TWIN, "hub", "approve", "one", "--yes"])
        .env("HOME", hub.home.path())
        .env("SYNAPSE_HOME", hub.home.synapse());
    assert!(dashboard.start_to_read().end().signal().is_some());
    assert_eq!(hub.counts("one"), (0, 0));
}

/// Compiles `quiet.c`; two tests may do so at once.
fn tool() -> PathBuf {
    let unique = format!("quiet-{:?}", std::thread::current().id());
    let name: String = unique
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/dashboard/quiet.c");
    let words = ["-O1", "-Wall", "-o", path.to_str().unwrap(), source];
    let compiler = Run::new(Path::new("/usr/bin/cc"), words).env("PATH", "/usr/bin:/bin");
    compiler.output().with_code(0);
    path
}
