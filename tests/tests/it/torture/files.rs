//! A replaced file is the old or the new one, whatever fails: connections, servers, an IDE's file
//! and a token record.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use synapse_core::ports::TokenStore as _;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use synapse_secrets::TokenRecords;
use synapse_tests::{Home, report};

use super::{Fault, numbers, torture};
use crate::TWIN;

#[test]
fn connections() {
    let home = Home::new(TWIN);
    create(&home, "work");
    create(&home, "other");
    replaced(&home, &home.connections(), "connection remove other");
}

#[test]
fn servers() {
    let home = Home::new(TWIN);
    create(&home, "work");
    home.run(["hub", "add", "one", "--", "/bin/true"])
        .with_code(0);
    let file = home.synapse().join("mcp-servers.json");
    replaced(&home, &file, "hub add two -- /bin/false");
}

#[test]
fn the_file_of_an_ide() {
    let home = Home::new(TWIN);
    create(&home, "work");
    let other = "{\n  \"mcpServers\": {\"other\": {\"command\": \"x\"}}\n}\n";
    let file = home.write(".cursor/mcp.json", other);
    replaced(&home, &file, "ide install cursor --yes");
}

#[test]
fn a_token_record() {
    let home = Home::new(TWIN);
    create(&home, "work");
    let url = "https://mcp.test/mcp";
    home.run(["hub", "add", "linear", url]).with_code(0);
    let file = logged_in(&home, url);
    replaced(&home, &file, "hub logout linear");
}

/// Runs a command that replaces `file`, with every fault at every place.
fn replaced(home: &Home, file: &Path, words: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    let snapshot = home.files();
    let before = fs::read(file).ok();
    let undisturbed = torture(home, &words, &[], Fault::Broken, 0);
    assert_eq!(undisturbed.output.code, 0, "{}", undisturbed.output);
    let after = fs::read(file).ok();
    assert_ne!(before, after, "the command replaces the file");
    let operations = undisturbed.operations.len();
    let (mut places, mut replacements) = (0, 0);
    for fault in [
        Fault::Broken,
        Fault::Full,
        Fault::KilledBefore,
        Fault::KilledBehind,
    ] {
        for number in numbers(operations, fault) {
            restore(home, &snapshot);
            let ended = torture(home, &words, &[], fault, number);
            let now = fs::read(file).ok();
            assert!(
                now == before || now == after,
                "{now:?}: {}",
                ended.place(fault)
            );
            // A reported success is durable.
            if ended.output.code == 0 {
                assert_eq!(now, after, "{}", ended.place(fault));
            }
            places += 1;
            replacements += usize::from(now == after);
            // Leftovers of the failed run do not affect the next one.
            let next = home.run(&words);
            assert!(
                next.code == 0 || now == after,
                "{next}\n{}",
                ended.place(fault)
            );
            assert_eq!(fs::read(file).ok(), after, "{}", ended.place(fault));
            let listed = home.run(["connection", "list", "--json"]).with_code(0);
            assert_eq!(listed.json()["connections"][0]["name"], "work", "{listed}");
        }
    }
    report(&format!(
        "{}: {places} faults, {replacements} of them behind the replacement",
        words[0]
    ));
}

fn create(home: &Home, name: &str) {
    let words = "--provider openai --model m --credential env:KEY --offline";
    let words = words.split(' ');
    let words = ["connection", "create", name].into_iter().chain(words);
    home.run(words).with_code(0);
}

/// Restores the home.
fn restore(home: &Home, snapshot: &[(PathBuf, Vec<u8>)]) {
    for (path, _) in home.files() {
        fs::remove_file(path).unwrap();
    }
    for (path, content) in snapshot {
        let mut file = fs::File::create(path).unwrap();
        file.write_all(content).unwrap();
        synapse_tests::home::set_mode(path, 0o600);
    }
}

/// Stores a login record and returns its path.
fn logged_in(home: &Home, url: &str) -> PathBuf {
    let key = RecordKey {
        config: "home".to_owned(),
        server: "linear".parse().unwrap(),
        url: url.parse().unwrap(),
        issuer: "https://as.test".to_owned(),
    };
    let record = TokenRecord {
        generation: 1,
        state: TokenState::Usable,
        client: OAuthClient {
            id: "client".to_owned(),
            secret: None,
            kind: RegistrationKind::Registered,
            redirect_uri: Some("http://127.0.0.1:7000/callback".to_owned()),
            auth_method: AuthMethod::None,
        },
        token_endpoint: "https://as.test/token".parse().unwrap(),
        resource: None,
        access: Some("fake-access".into()),
        refresh: Some("fake-refresh".into()),
        scopes: Vec::new(),
        expires_at: None,
        obtained_at: Timestamp::from_millis(1_795_176_000_000),
    };
    let store = TokenRecords::open(synapse_home::Home::new(home.synapse())).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let mut transaction = store.begin(&key).await.unwrap();
        transaction.keep(None, &record).await.unwrap();
    });
    let directory = home.synapse().join("oauth/home");
    let files = fs::read_dir(directory).unwrap();
    let mut paths = files.map(|entry| entry.unwrap().path());
    paths
        .find(|path| path.extension().is_some_and(|end| end == "json"))
        .unwrap()
}
