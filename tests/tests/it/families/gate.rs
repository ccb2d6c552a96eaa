//! Network access is off: no socket, no secret read.

use serde_json::json;
use synapse_testkit::provider_doubles::{HuggingFaceDouble, OpenAiDouble};
use synapse_tests::{Era, Home, LocalProvider as _};

use super::TWIN;
use super::trouble::Trouble;

#[test]
fn a_closed_gate_means_no_socket_and_no_secret() {
    let (openai, hugging_face) = (OpenAiDouble::start(), HuggingFaceDouble::start());
    for (server, mut flags) in [
        (openai.server(), openai.flags(&Home::new(TWIN))),
        (hugging_face.server(), hugging_face.flags(&Home::new(TWIN))),
    ] {
        let home = Home::new(TWIN);
        // Reading this file would report it missing instead of the closed network gate.
        flags.credential = "file:/nowhere/at/all/token".to_owned();
        home.create("work", &flags, &["--offline"]).with_code(0);
        Trouble {
            home: &home,
            server,
            code: "gate.network-disabled",
            class: "network-gate",
            exit: 5,
            check: "gate",
            reach: &[],
            outcome: "refused",
            status: None,
        }
        .is_the_same_everywhere();
        home.run(["models", "work"]).with_code(5);
        assert_eq!(server.accepts(), 0);
        let hint = home.run(["chat", "work", "hello"]).with_code(5);
        let command = "synapse connection edit work --allow-network";
        assert!(hint.stderr.contains(command), "{hint}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn behind_a_closed_gate_the_credential_file_is_not_even_opened() {
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let flags = double.flags(&home);
    let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
    let file = flags.credential.strip_prefix("file:").unwrap();
    inotify::add_watch(&watch, file, WatchFlags::OPEN).unwrap();
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut opened = || inotify::Reader::new(&watch, &mut buffer).next().is_ok();

    home.create("work", &flags, &["--offline"]).with_code(0);
    home.run(["preflight", "work"]).with_code(5);
    home.run(["models", "work"]).with_code(5);
    home.run(["chat", "work", "hello"]).with_code(5);
    home.run(["connection", "list"]).with_code(0);
    let mut ide = home.serve(Era::Modern);
    assert_eq!(
        ide.call("chat", json!({"prompt": "hello"}))["isError"],
        true
    );
    assert!(!opened(), "a closed gate opened the credential file");
    assert_eq!(double.server().accepts(), 0);

    // Counter-check: with network access on, the same observer sees the request.
    home.run(["connection", "edit", "work", "--allow-network"])
        .with_code(0);
    assert!(opened());
}
