//! Approvals: private, verified on every read, and separate per configuration file.

use std::sync::Arc;

use serde_json::json;
use synapse_core::ports::ApprovalStore as _;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{Approval, Catalogue, Fingerprint, Start};
use synapse_core::{Code, Remedy};
use synapse_home::Home;
use synapse_store::{HubPlace, JsonApprovals};
use synapse_testkit::disk::{mode, write};

use crate::support::{NOON, home};

fn store(home: &Home) -> JsonApprovals {
    JsonApprovals::new(HubPlace::of_home(home.clone()))
}

pub(crate) fn approval(server: &str) -> Approval {
    let tool = json!({"name": "a", "description": "\u{202e}x", "inputSchema": {"z": 1, "a": 1.50}});
    Approval {
        server: server.parse().unwrap(),
        fingerprint: Fingerprint::from_hex(&"ab".repeat(32)).unwrap(),
        start: Some(Start {
            program: "/usr/bin/x".to_owned(),
            search_path: Some("/usr/bin:/bin".to_owned()),
        }),
        catalogue: Some(Arc::new(Catalogue {
            protocol: "2025-11-25".to_owned(),
            instructions: Some("be nice".to_owned()),
            tools: vec![tool.as_object().unwrap().clone().into()],
            ..Catalogue::default()
        })),
        approved_at: Timestamp::from_millis(NOON),
    }
}

pub(crate) fn file(home: &Home) -> std::path::PathBuf {
    let directory = home.approvals().join("home");
    let mut found = std::fs::read_dir(directory)
        .unwrap()
        .map(|each| each.unwrap().path());
    found
        .find(|path| path.extension().is_some_and(|ending| ending == "json"))
        .unwrap()
}

#[test]
fn an_approval_is_kept_whole_and_in_the_order_of_its_server() {
    let (_directory, home) = home();
    let store = store(&home);
    assert_eq!(store.load().unwrap(), []);
    assert!(!home.directory().exists());
    store.keep(&approval("s")).unwrap();
    assert_eq!(store.load().unwrap(), [approval("s")]);
    let found = store.find(&"s".parse().unwrap()).unwrap().unwrap();
    let keys: Vec<String> = found.catalogue.unwrap().tools[0]["inputSchema"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(keys, ["z", "a"]);
    assert_eq!(mode(&file(&home)), 0o600);
    store.withdraw(&"s".parse().unwrap()).unwrap();
    store.withdraw(&"s".parse().unwrap()).unwrap();
    assert_eq!(store.load().unwrap(), []);
}

#[test]
fn names_that_differ_in_case_are_two_servers() {
    let (_directory, home) = home();
    let store = store(&home);
    store.keep(&approval("s")).unwrap();
    store.keep(&approval("S")).unwrap();
    assert_eq!(store.load().unwrap().len(), 2);
}

#[test]
fn what_was_changed_by_hand_counts_as_no_approval() {
    let (_directory, home) = home();
    let store = store(&home);
    store.keep(&approval("s")).unwrap();
    let path = file(&home);
    let text = std::fs::read_to_string(&path).unwrap();
    for damaged in [
        text.replace("be nice", "be evil"),
        text.replace("\"name\":\"a\"", "\"name\":\"b\""),
        text.replace("\"textHash\"", "\"noHash\"")
            .replace("\"z\":1", "\"z\":2"),
        text.replace("\"server\": \"s\"", "\"server\": \"t\""),
        text.replace("abab", "xyxy"),
        text[..text.len() / 2].to_owned(),
        String::new(),
    ] {
        assert_ne!(damaged, text);
        write(&path, damaged);
        assert_eq!(store.load().unwrap(), []);
        let failure = store.find(&"s".parse().unwrap()).unwrap_err();
        assert_eq!(failure.code(), Code::StorageCorrupt);
        assert_eq!(
            failure.hints()[0].remedy,
            Some(Remedy::ApproveUpstream {
                server: "s".parse().unwrap()
            })
        );
    }
    store.keep(&approval("s")).unwrap();
    assert_eq!(store.load().unwrap(), [approval("s")]);
}

/// As of the first version, whose only hash is that of the content.
#[test]
fn a_file_without_a_hash_of_its_text_counts_as_long_as_its_content_does() {
    let (_directory, home) = home();
    let store = store(&home);
    store.keep(&approval("s")).unwrap();
    let path = file(&home);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut spelled: serde_json::Value = serde_json::from_str(&text).unwrap();
    let other = serde_json::to_string_pretty(&spelled).unwrap();
    spelled.as_object_mut().unwrap().remove("textHash").unwrap();
    let first = serde_json::to_string_pretty(&spelled).unwrap();
    for spelled in [other, first] {
        assert_ne!(spelled, text);
        write(&path, &spelled);
        let found = store.load().unwrap();
        assert_eq!(found, [approval("s")]);
        let tools = |approval: &Approval| approval.catalogue.as_ref().unwrap().tools.clone();
        assert_eq!(tools(&found[0])[0].text(), tools(&approval("s"))[0].text());
        for damaged in [
            spelled.replace("be nice", "be evil"),
            spelled.replace("\"name\": \"a\"", "\"name\": \"b\""),
        ] {
            assert_ne!(damaged, spelled);
            write(&path, damaged);
            assert_eq!(store.load().unwrap(), []);
        }
    }
}

#[test]
fn what_a_newer_synapse_wrote_is_neither_read_nor_replaced() {
    let (_directory, home) = home();
    let store = store(&home);
    store.keep(&approval("s")).unwrap();
    let path = file(&home);
    let text = std::fs::read_to_string(&path).unwrap();
    let newer = text.replace("\"format\": 1", "\"format\": 2");
    write(&path, &newer);
    assert_eq!(store.load().unwrap_err().code(), Code::ConfigNewerFormat);
    let failure = store.keep(&approval("s")).unwrap_err();
    assert_eq!(failure.code(), Code::ConfigNewerFormat);
    assert_eq!(
        store.withdraw(&"s".parse().unwrap()).unwrap_err().code(),
        Code::ConfigNewerFormat
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
}

#[cfg(unix)]
#[test]
fn one_that_others_may_change_is_not_relied_upon() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, home) = home();
    let store = store(&home);
    store.keep(&approval("s")).unwrap();
    std::fs::set_permissions(file(&home), std::fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(store.load().unwrap_err().code(), Code::StorageModeTooOpen);
}

#[test]
fn files_keep_their_approvals_apart() {
    let (directory, home) = home();
    let other = directory.path().join("other.json");
    write(&other, "{}");
    let apart = JsonApprovals::new(HubPlace::of_file(home.clone(), &other).unwrap());
    apart.keep(&approval("s")).unwrap();
    assert_eq!(store(&home).load().unwrap(), []);
    assert_eq!(apart.load().unwrap().len(), 1);
}

#[test]
fn only_large_or_many_approvals_are_worth_another_thread() {
    let (_directory, home) = home();
    let store = store(&home);
    assert!(!store.is_large(), "there are none");
    store.keep(&approval("s")).unwrap();
    assert!(!store.is_large());
    for number in 0..40 {
        store.keep(&approval(&format!("s{number}"))).unwrap();
    }
    assert!(store.is_large(), "many");
    for number in 0..40 {
        let name = format!("s{number}").parse().unwrap();
        store.withdraw(&name).unwrap();
    }
    assert!(!store.is_large());
    let mut large = approval("s");
    let instructions = Some("x".repeat(100_000));
    large.catalogue = Some(Arc::new(Catalogue {
        instructions,
        ..Catalogue::default()
    }));
    store.keep(&large).unwrap();
    assert!(store.is_large(), "large");
}
