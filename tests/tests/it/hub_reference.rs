//! The hub with third-party servers: that of Hugging Face over HTTP, the reference file server, and
//! one that broke after its approval.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use synapse_tests::home::set_mode;
use synapse_tests::third_party::{NODE, SERVERS, installed};
use synapse_tests::{Era, Home};

use crate::TWIN;
use crate::hub_serving::wait_until;
use crate::hugging_face::HuggingFace;

const FILES: &str = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js";
const EVERYTHING: &str = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";

/// The entry of a Node program.
fn program(script: &str, more: &[&Path]) -> Value {
    let mut words = vec![installed(SERVERS).join(script).display().to_string()];
    words.extend(more.iter().map(|path| path.display().to_string()));
    json!({"command": installed(NODE), "args": words})
}

/// A home with these servers, all approved.
fn approved(home: Home, servers: &Value) -> Home {
    let place = home.synapse();
    std::fs::create_dir_all(&place).unwrap();
    set_mode(&place, 0o700);
    let file = place.join("mcp-servers.json");
    crate::write(&file, &servers.to_string());
    set_mode(&file, 0o600);
    home.run(["hub", "approve", "--all", "--yes"]).with_code(0);
    home
}

#[test]
fn what_works_is_offered_and_what_does_not_says_why_with_no_process_before_the_first_call() {
    let hugging_face = HuggingFace::start();
    let home = Home::new(TWIN);
    let (kept, gone) = (home.path().join("kept"), home.path().join("gone"));
    for directory in [&kept, &gone] {
        std::fs::create_dir(directory).unwrap();
    }
    crate::write(&kept.join("note.txt"), "forty-two");
    let home = approved(
        home,
        &json!({
            "hf": {"type": "streamable-http", "url": hugging_face.url("")},
            "files": program(FILES, &[&kept]),
            "broken": program(FILES, &[&gone]),
        }),
    );
    std::fs::remove_dir(&gone).unwrap();

    for era in [Era::Legacy, Era::Modern] {
        let mut ide = home.serve(era);
        let listed = ide.result("tools/list", json!({}));
        let names: Vec<&str> = listed["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        for wanted in [
            "hf__hf_whoami",
            "files__read_text_file",
            "broken__read_text_file",
        ] {
            assert!(names.contains(&wanted), "{wanted}: {names:?}");
        }
        assert_eq!(descendants(ide.process_id()), 0);

        let file = kept.join("note.txt");
        let read = ide.call("files__read_text_file", json!({"path": file}));
        assert_eq!(read["content"][0]["text"], "forty-two", "{read}");
        assert!(descendants(ide.process_id()) > 0);

        let who = ide.call("hf__hf_whoami", json!({}));
        assert_ne!(who["isError"], true, "{who}");

        let refused = ide.call("broken__read_text_file", json!({"path": file}));
        let error = &refused["structuredContent"]["error"];
        assert_eq!(error["code"], "upstream.start-failed", "{refused}");
        let status = ide.call("hub_status", json!({}));
        let status = status["content"][0]["text"].as_str().unwrap();
        assert!(status.len() <= 500, "{status}");
        assert!(
            status.contains("broken") && status.contains("upstream.start-failed"),
            "{status}"
        );

        let process = ide.process_id();
        assert!(ide.close().status.success());
        wait_until("its servers end with it", || descendants(process) == 0);
    }
}

#[test]
fn what_a_server_says_arrives_as_it_said_it() {
    let home = approved(
        Home::new(TWIN),
        &json!({"everything": program(EVERYTHING, &[])}),
    );
    let mut ide = home.serve(Era::Legacy);
    let echo = ide.call("everything__echo", json!({"message": "ünïcode \u{1F980}"}));
    assert_eq!(echo["content"][0]["text"], "Echo: ünïcode \u{1F980}");
    let image = ide.call("everything__get-tiny-image", json!({}));
    let kinds: Vec<&Value> = image["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["type"])
        .collect();
    assert!(kinds.contains(&&json!("image")), "{kinds:?}");
    let structured = json!({"location": "Chicago"});
    let weather = ide.call("everything__get-structured-content", structured);
    assert!(
        weather["structuredContent"]["temperature"].is_number(),
        "{weather}"
    );
    let links = ide.call("everything__get-resource-links", json!({"count": 2}));
    let link = links["content"]
        .as_array()
        .unwrap()
        .iter()
        .find(|block| block["type"] == "resource_link")
        .unwrap_or_else(|| panic!("no link: {links}"));
    // Linked resources can be read even if no list names them.
    let read = ide.result("resources/read", json!({"uri": link["uri"]}));
    assert!(read["contents"][0].is_object(), "{read}");
    let prompts = ide.result("prompts/list", json!({}));
    let prompts = prompts["prompts"].to_string();
    assert!(prompts.contains("everything__"), "{prompts}");
    assert!(ide.close().status.success());
}

/// Number of descendants of `ancestor`.
pub(crate) fn descendants(ancestor: u32) -> usize {
    let parents: BTreeMap<u32, u32> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // The command name, in parentheses, may contain anything.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
            Some((id, parent.parse().ok()?))
        })
        .collect();
    let descends = |&id: &u32| {
        let ancestors = std::iter::successors(Some(id), |id| parents.get(id).copied());
        ancestors.skip(1).take(100).any(|id| id == ancestor)
    };
    parents.keys().filter(|id| descends(id)).count()
}
