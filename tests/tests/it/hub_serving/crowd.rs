//! Many windows and many servers, and a server that is another one at each start.

use serde_json::json;
use synapse_tests::{Era, Ide};

use super::{Hub, SERVER, code, text};
use crate::hub_reference::descendants;

#[test]
fn eight_windows_with_fifty_unused_servers_each_have_no_child() {
    let names: Vec<String> = (0..50)
        .map(|number| format!("server-{number:02}"))
        .collect();
    let hub = names
        .iter()
        .fold(Hub::new(), |hub, name| hub.with(name, &[]));
    hub.home
        .run(["hub", "approve", "--all", "--yes"])
        .with_code(0);
    for name in &names {
        std::fs::remove_file(hub.notes(name, "starts")).unwrap();
    }
    let mut windows: Vec<Ide> = (0..8)
        .map(|number| match number % 2 {
            0 => hub.home.serve(Era::Modern),
            _ => hub.home.serve(Era::Legacy),
        })
        .collect();
    for window in &mut windows {
        let listed = window.result("tools/list", json!({}));
        let tools = listed["tools"].as_array().unwrap();
        let of_the_hub = tools
            .iter()
            .filter(|tool| tool["name"].as_str().unwrap().starts_with("server-"));
        assert_eq!(of_the_hub.count(), 50 * 5);
        window.call("hub_status", json!({}));
    }
    for window in &windows {
        assert_eq!(descendants(window.process_id()), 0);
    }
    let started = names
        .iter()
        .filter(|name| hub.notes(name, "starts").exists());
    assert_eq!(started.count(), 0);
    // The measure sees a child: one server that is used is one, beside its guard.
    windows[0].call("server-07__echo", json!({}));
    assert!(descendants(windows[0].process_id()) >= 1);
    assert_eq!(hub.counts("server-07"), (1, 1));
    for window in windows {
        assert!(window.close().status.success());
    }
}

#[test]
fn a_server_with_another_tool_at_each_start_is_refused_each_time_and_its_others_go_on() {
    let mut hub = Hub::new();
    let description = hub.notes("one", "description");
    let script = format!(
        "/bin/cat /proc/sys/kernel/random/uuid > '{0}'; exec '{SERVER}' --description '{0}'",
        description.display()
    );
    hub.replace("one", json!({"command": "/bin/sh", "args": ["-c", script]}));
    let hub = hub.approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    for _ in 0..3 {
        let changed = ide.call("one__echo", json!({}));
        assert_eq!(code(&changed), "upstream.tool-changed", "{changed}");
        let other = ide.call("one__env", json!({}));
        assert!(text(&other).contains("HOME"), "{other}");
        let crashed = ide.call("one__crash", json!({}));
        assert_eq!(code(&crashed), "upstream.exited", "{crashed}");
    }
    assert!(ide.close().status.success());
}
