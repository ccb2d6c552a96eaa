//! Setup with a running model server, and with the keyring of the session.

use std::ffi::OsStr;
use std::path::Path;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::process::Run;
use synapse_tests::{Home, Terminal};

use super::{own_files, setup};
use crate::TWIN;
use crate::hub_serving::wait_until;

/// An Ollama with two models, and its address.
fn ollama() -> (RawServer, String) {
    let tags = r#"{"models":[{"name":"small:1b","model":"small:1b"},{"name":"large:70b","model":"large:70b"}]}"#;
    let server = RawServer::always(Reply::json(200, tags));
    let url = server.url("/");
    let address = format!("127.0.0.1:{}", url.port().unwrap());
    (server, address)
}

fn run(home: &Home, address: &str) -> Run {
    home.twin(["setup"])
        .env("TERM", "xterm-256color")
        .env("OLLAMA_HOST", address)
}

#[cfg(target_os = "linux")]
#[test]
fn a_model_server_that_runs_is_noticed_without_a_word_to_it_and_taken_when_chosen() {
    let (server, address) = ollama();
    let home = Home::new(TWIN);
    let mut terminal = Terminal::sized(run(&home, &address), 24, 100);
    terminal.wait_for_shown("Who answers?");
    terminal.wait_for_shown(&format!(
        "> Ollama                something listens at {address}"
    ));
    assert_eq!(server.accepts(), 0);
    terminal.press("\r");
    terminal.wait_for_shown("None: this server takes none");
    terminal.press("\r");
    terminal.wait_for_shown("Open it for 127.0.0.1");
    assert_eq!(server.accepts(), 0);
    terminal.press("y\r");
    terminal.wait_for_shown("Which of 2 models?");
    terminal.press("small\r");
    terminal.wait_for_shown("Check it, and save it");
    let shown = terminal.shown();
    assert!(
        shown.contains(&format!("--base-url http://{address}/v1")),
        "{shown}"
    );
    terminal.press(Terminal::ESC);
    drop(terminal.finish().with_code(0));
    assert!(own_files(&home).is_empty());
}

#[test]
fn a_look_for_model_servers_names_what_it_connects_to_and_offers_what_answers() {
    let (server, address) = ollama();
    let home = Home::new(TWIN);
    let mut terminal = Terminal::sized(run(&home, &address), 24, 80);
    terminal.wait_for_shown("Who answers?");
    terminal.press("Look for");
    terminal.wait_for_shown(&format!("connects to {address}, 127.0.0.1:1234"));
    assert_eq!(server.accepts(), 0);
    terminal.press("\r");
    terminal.wait_for_shown("Ollama runs here and has 2 models");
    terminal.wait_for_shown("> Ollama                runs here");
    terminal.press(Terminal::ESC);
    let seen = terminal.finish().with_code(0);
    assert!(
        seen.stdout
            .contains("left at the provider; nothing was written"),
        "{seen}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_is_kept_in_the_keyring_of_the_session_and_found_there_by_the_next_run() {
    let provider = OpenAiDouble::start();
    let home = super::home();
    let told = home.path().join("bus");
    let words = ["--", "sh", "-euc", OPEN, "sh"].map(OsStr::new);
    let words = words.into_iter().chain([told.as_os_str()]);
    let (session, held) = Run::new(Path::new("/usr/bin/dbus-run-session"), words)
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .start_and_hold();
    wait_until("the keyring is open", || told.exists());
    let bus = std::fs::read_to_string(&told).unwrap();
    let at = |run: Run| run.env("DBUS_SESSION_BUS_ADDRESS", bus.trim());
    let mut terminal = Terminal::sized(at(setup(&home, &provider)), 24, 100);
    terminal.wait_for_shown("Who answers?");
    terminal.press("\r");
    terminal.wait_for_shown("Which key?");
    terminal.press("\r");
    terminal.wait_for_shown("(not shown):");
    terminal.press(OpenAiDouble::KEY);
    terminal.press("\r");
    terminal.wait_for_shown("> keyring:openai");
    terminal.press("\r");
    terminal.wait_for_shown("Open it for 127.0.0.1");
    terminal.press("y\r");
    terminal.wait_for_shown("Which of 3 models?");
    terminal.press("terra\r");
    terminal.wait_for_shown("Check it, and save it");
    terminal.press("\r");
    terminal.wait_for_shown("Which of these get Synapse?");
    terminal.press(Terminal::ESC);
    let seen = terminal.finish().with_code(0);
    assert!(seen.stdout.contains("written: the key, in"), "{seen}");
    assert_eq!(own_files(&home), ["connections.toml"]);
    std::fs::remove_file(home.connections()).unwrap();
    let mut again = Terminal::sized(at(setup(&home, &provider)), 24, 100);
    again.wait_for_shown("Who answers?");
    again.press("\r");
    again.wait_for_shown("> The one that is kept: keyring:openai");
    again.press(Terminal::ESC);
    drop(again.finish().with_code(0));
    drop(held);
    drop(session.finish());
}

/// An unlocked Secret Service, on a bus whose address is written to a file; it ends with its input.
const OPEN: &str = "printf 'fake password\\n' | gnome-keyring-daemon --unlock --components=secrets \
                    --daemonize >/dev/null; echo \"$DBUS_SESSION_BUS_ADDRESS\" >\"$1.new\"; \
                    mv \"$1.new\" \"$1\"; exec cat";
