//! Files that others can change are refused, like sshd's `StrictModes`; files that others can read
//! become private.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::home::set_mode;
use synapse_tests::{Home, Output};

use super::TWIN;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[track_caller]
fn refuses(output: Output, path: &Path, command: &str) {
    let document = output.with_code(STORAGE).json();
    let error = &document["error"];
    assert_eq!(error["code"], "storage.mode-too-open", "{document}");
    assert_eq!(
        error["context"]["file"],
        path.to_str().unwrap(),
        "{document}"
    );
    let commands: Vec<_> = error["hints"].as_array().unwrap().iter().collect();
    assert_eq!(commands[0]["command"], command, "{document}");
}

#[test]
fn a_home_or_connections_that_others_may_change_are_not_used() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let before = double.server().requests().len();
    for path in [home.synapse(), home.connections()] {
        let private = mode(&path);
        for open in [0o020, 0o002, 0o022] {
            set_mode(&path, private | open);
            let command = format!("chmod go-w {}", path.display());
            for words in [
                ["chat", "work", "hello", "--json"].as_slice(),
                &["preflight", "work", "--json"],
                &["models", "work", "--json"],
                &["connection", "list", "--json"],
                &["connection", "remove", "work", "--json"],
            ] {
                refuses(home.run(words), &path, &command);
            }
        }
        // The suggested command fixes it.
        set_mode(&path, private);
        home.run(["connection", "list"]).with_code(0);
    }
    assert_eq!(double.server().requests().len(), before, "nothing was sent");
}

#[test]
fn a_credential_in_a_directory_of_ours_that_others_may_change_is_not_read() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let secrets = home.synapse().join("secrets");
    let reference = format!("file:{}", secrets.join("key").display());
    let set = home
        .twin(["secret", "set", &reference])
        .input("fake-token\n");
    set.output().with_code(0);
    set_mode(&secrets, 0o770);
    let check = home.run(["secret", "check", &reference, "--json"]);
    refuses(
        check,
        &secrets,
        &format!("chmod go-w {}", secrets.display()),
    );
}

/// One command mends it: `chmod go-w` would leave a file that others may read, refused again.
#[test]
fn a_credential_of_ours_that_others_may_change_needs_the_mode_of_a_secret() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    for place in ["key", "secrets/key"] {
        let file = home.synapse().join(place);
        let reference = format!("file:{}", file.display());
        let set = home
            .twin(["secret", "set", &reference])
            .input("fake-token\n");
        set.output().with_code(0);
        for open in [0o644, 0o620, 0o666] {
            set_mode(&file, open);
            let check = home.run(["secret", "check", &reference, "--json"]);
            let document = check.with_code(CREDENTIAL).json();
            assert_eq!(document["error"]["code"], "credential.mode-too-open");
            let command = &document["error"]["hints"][0]["command"];
            assert_eq!(*command, format!("chmod 600 {}", file.display()));
        }
    }
}

#[test]
fn what_belongs_to_somebody_else_is_not_used() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    if std::os::unix::fs::chown(home.connections(), Some(65_534), None).is_err() {
        // Only root can give files away.
        return;
    }
    let command = format!("sudo chown 0 {}", home.connections().display());
    refuses(
        home.run(["chat", "work", "hello", "--json"]),
        &home.connections(),
        &command,
    );
    std::os::unix::fs::chown(home.connections(), Some(0), None).unwrap();
    std::os::unix::fs::chown(home.synapse(), Some(65_534), None).unwrap();
    let command = format!("sudo chown -R 0 {}", home.synapse().display());
    refuses(
        home.run(["chat", "work", "hello", "--json"]),
        &home.synapse(),
        &command,
    );
}

#[test]
fn a_ledger_that_others_may_change_takes_no_row_until_it_is_private_again() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["chat", "work", "hello"]).with_code(0);
    set_mode(&home.ledger(), 0o666);
    let chat = home.run(["chat", "work", "hello"]).with_code(0);
    assert!(chat.stderr.contains("storage.mode-too-open"), "{chat}");
    let doctor = home.run(["doctor"]).with_code(STORAGE);
    let command = format!("chmod go-w {}", home.ledger().display());
    assert!(
        doctor.stdout.contains(&command) || doctor.stderr.contains(&command),
        "{doctor}"
    );
    set_mode(&home.ledger(), 0o600);
    // The row was spooled.
    assert_eq!(home.history().len(), 2);
}

#[test]
fn files_of_ours_become_private() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["chat", "work", "hello"]).with_code(0);
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let ours = |home: &Home| -> Vec<PathBuf> {
        let files = home.files().into_iter().map(|(path, _)| path);
        files
            .filter(|path| path.starts_with(home.synapse()))
            .collect()
    };
    for path in ours(&home) {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
    // As older versions left them.
    let old = [
        home.synapse().join("ide/lock"),
        home.synapse().join("connections.toml.lock"),
        home.ledger(),
    ];
    for path in &old {
        set_mode(path, 0o644);
    }
    home.run(["chat", "work", "hello"]).with_code(0);
    home.run(["ide", "remove", "cursor", "--yes"]).with_code(0);
    home.run(["connection", "remove", "work"]).with_code(0);
    for path in &old {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
}

#[test]
fn what_a_killed_write_left_is_seen_by_doctor_and_swept_by_the_next() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let left = home.write(".synapse/secrets/.synapse-aB3xYz", "fake-token\n");
    let doctor = home.run(["doctor", "--json"]).with_code(0).json();
    let found = doctor["checks"].as_array().unwrap().iter();
    let codes: Vec<_> = found
        .filter_map(|check| check["error"]["code"].as_str())
        .collect();
    assert!(codes.contains(&"storage.unfinished-file"), "{doctor}");
    let reference = format!("file:{}", home.synapse().join("secrets/other").display());
    let set = home
        .twin(["secret", "set", &reference])
        .input("fake-token\n");
    set.output().with_code(0);
    assert!(!left.exists());
}

const CREDENTIAL: i32 = 4;
const STORAGE: i32 = 13;
