//! Upstream servers on pages: real programs, reviewed and approved using forms only.

use serde_json::{Value, json};
use synapse_tests::Era;

use super::client::Client;
use crate::TWIN;
use crate::hub_serving::{Hub, runs, wait_until};

fn state(client: &Client) -> String {
    let document = client.document("hub");
    document["servers"][0]["state"].as_str().unwrap().to_owned()
}

/// The pending approvals.
fn waiting(client: &Client) -> Vec<Value> {
    let document = client.document("hub/approvals");
    document["approvals"].as_array().unwrap().clone()
}

fn digest(waiting: &Value) -> &str {
    waiting["digest"].as_str().unwrap()
}

/// Approves the first pending request as currently shown.
fn agree(client: &Client) -> String {
    let shown = waiting(client);
    let server = shown[0]["server"].as_str().unwrap();
    let answer = client.submit(
        &format!("hub/{server}/approve"),
        &[("digest", digest(&shown[0]))],
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[test]
fn looking_starts_nothing() {
    let hub = Hub::new().with("one", &[]);
    let client = Client::enter(&hub.home);
    for page in ["", "hub", "hub/approvals"] {
        assert_eq!(client.get(page).status, 200);
    }
    assert_eq!(state(&client), "not-approved");
    assert_eq!(hub.counts("one"), (0, 0));
}

#[test]
fn a_server_is_approved_after_its_command_and_its_tools_were_shown() {
    let hub = Hub::new().with("one", &[]);
    crate::write(&hub.notes("one", "description"), "Says it back");
    let client = Client::enter(&hub.home);
    let command = client.get("hub/approvals").body;
    assert!(command.contains("--requests"), "{command}");
    assert!(!command.contains("Says it back"), "{command}");
    let offer = agree(&client);
    assert!(offer.contains("Says it back"), "{offer}");
    assert_eq!(hub.counts("one").0, 1);
    assert_eq!(state(&client), "not-approved");
    agree(&client);
    assert_eq!(state(&client), "approved");
    assert_eq!(hub.counts("one").0, 1);
    assert_eq!(waiting(&client), Vec::<Value>::new());
    assert!(client.get("hub").body.contains("one__echo"));
    let status = hub.home.run(["hub", "status", "--json"]).json();
    assert_eq!(status["servers"][0]["state"], "approved");
}

#[test]
fn another_digest_approves_nothing_and_shows_it_anew() {
    let mut hub = Hub::new().with("one", &[]);
    let client = Client::enter(&hub.home);
    let shown = waiting(&client);
    hub.edit("one", "env", json!({"ADDED": "since"}));
    let answer = client.submit("hub/one/approve", &[("digest", digest(&shown[0]))]);
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("ADDED"), "{}", answer.body);
    assert_eq!(hub.counts("one"), (0, 0));
    assert_ne!(digest(&waiting(&client)[0]), digest(&shown[0]));
}

#[test]
fn an_entry_that_changed_waits_again() {
    let mut hub = Hub::new().with("one", &[]).approved("one");
    let client = Client::enter(&hub.home);
    assert_eq!(state(&client), "approved");
    hub.edit("one", "env", json!({"ADDED": "since"}));
    assert_eq!(state(&client), "changed");
    let shown = waiting(&client);
    assert_eq!(shown[0]["reason"], "it differs from its approval");
    assert_eq!(shown[0]["stage"], "target");
    assert_eq!(hub.counts("one"), (0, 0));
}

#[test]
fn a_start_finds_a_tool_that_changed_and_shows_how() {
    let hub = Hub::new().with("one", &["--stderr-lines", "3"]);
    crate::write(&hub.notes("one", "description"), "Says it back");
    let hub = hub.approved("one");
    let client = Client::enter(&hub.home);
    let same = client.submit("hub/one/start", &[]).body;
    assert!(same.contains("as approved"), "{same}");
    crate::write(&hub.notes("one", "description"), "Says it louder");
    let changed = client.submit("hub/one/start", &[]).body;
    assert!(changed.contains("Says it back"), "{changed}");
    assert!(changed.contains("Says it louder"), "{changed}");
    assert_eq!(waiting(&client)[0]["stage"], "offer");
    let page = client.get("hub").body;
    assert!(page.contains("line 2 of many"), "{page}");
}

#[test]
fn a_denied_tool_is_offered_no_more_until_it_is_allowed() {
    let hub = Hub::new().with("one", &[]).approved("one");
    let client = Client::enter(&hub.home);
    let names = || {
        let document = hub.home.run(["hub", "tools", "one", "--json"]).json();
        document["tools"].to_string()
    };
    assert!(names().contains("echo"));
    let answer = client.submit("hub/one/deny", &[("tool", "echo")]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!names().contains("echo"));
    client.submit("hub/one/allow", &[("tool", "echo")]);
    assert!(names().contains("echo"));
    assert_eq!(state(&client), "approved");
}

#[test]
fn a_server_is_added_by_a_form_and_does_not_run() {
    let hub = Hub::new();
    let client = Client::enter(&hub.home);
    let fields = [
        ("name", "two"),
        ("declaration", &format!("{TWIN}\n--number\n")),
    ];
    let answer = client.submit("hub/add", &fields);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(state(&client), "not-approved");
    assert_eq!(waiting(&client)[0]["argv"], json!([TWIN, "--number"]));
}

#[test]
fn a_program_that_is_not_there_says_so_and_cannot_be_approved() {
    let hub = Hub::new();
    let client = Client::enter(&hub.home);
    let fields = [("name", "two"), ("declaration", "no-such-program")];
    client.submit("hub/add", &fields);
    let page = client.get("hub").body;
    assert!(page.contains("no-such-program"), "{page}");
    assert!(page.contains("not found"), "{page}");
    assert!(!page.contains("Review"), "{page}");
}

#[test]
fn a_server_that_runs_says_who_asked_and_is_stopped() {
    let hub = Hub::new().with("one", &["--leaves-child"]).approved("one");
    let mut ide = hub.home.serve(Era::Legacy);
    ide.call("one__echo", json!({}));
    let client = Client::enter(&hub.home);
    let page = client.get("hub").body;
    assert!(page.contains("asked by "), "{page}");
    assert!(page.contains("hub/one/stop"), "{page}");
    let stopped = client.submit("hub/one/stop", &[]).body;
    assert!(stopped.contains("one was stopped"), "{stopped}");
    wait_until("both processes end", || {
        !hub.lines("one", "starts")
            .iter()
            .any(|process| runs(process))
    });
    assert!(!client.get("hub").body.contains("hub/one/stop"));
    // The next call starts it again.
    ide.call("one__echo", json!({}));
    assert_eq!(hub.counts("one").0, 4);
    assert!(ide.close().status.success());
}

#[test]
fn the_exit_code_of_a_program_that_failed_is_shown_with_its_last_lines() {
    let hub = Hub::new();
    let client = Client::enter(&hub.home);
    let declaration = "/bin/sh\n-c\necho no such folder >&2; exit 3";
    client.submit("hub/add", &[("name", "two"), ("declaration", declaration)]);
    let digest = waiting(&client)[0]["digest"].as_str().unwrap().to_owned();
    let answer = client.submit("hub/two/approve", &[("digest", &digest)]);
    assert_eq!(answer.status, 422, "{}", answer.body);
    let page = client.get("hub").body;
    assert!(page.contains("no such folder"), "{page}");
    assert!(page.contains("ended with code 3"), "{page}");
}
