//! `pass:` references through the real password store, with temporary keys.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use synapse_core::Code;

use crate::support::{Place, TOKEN, code, resolve, value};

/// A password store and the key that opens it.
struct Store {
    place: Place,
}

impl Store {
    /// A store whose key has this passphrase.
    fn new(passphrase: &str) -> Self {
        let mut place = Place::new();
        for (name, directory) in [("GNUPGHOME", "g"), ("PASSWORD_STORE_DIR", "store")] {
            place.set(name, place.path().join(directory));
        }
        let store = Self { place };
        private_directory(&store.gnupg());
        // Usage `encrypt`: the default key only signs.
        store.run(
            "gpg",
            &[
                "--batch",
                "--quiet",
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                passphrase,
                "--quick-generate-key",
                "Nobody <nobody@example.invalid>",
                "rsa2048",
                "encrypt",
                "never",
            ],
            "",
        );
        store.run("pass", &["init", "nobody@example.invalid"], "");
        store.insert("synapse/openai", &format!("{TOKEN}\nuser: nobody\n"));
        store.stop_agent();
        store
    }

    fn gnupg(&self) -> PathBuf {
        self.place.path().join("g")
    }

    fn insert(&self, entry: &str, content: &str) {
        self.run("pass", &["insert", "-m", "-f", entry], content);
    }

    /// The agent's cached passphrase goes with it.
    fn stop_agent(&self) {
        self.run("gpgconf", &["--kill", "gpg-agent"], "");
    }

    #[expect(clippy::disallowed_methods, reason = "the tests set real programs up")]
    fn run(&self, program: &str, arguments: &[&str], input: &str) {
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.place.path())
            .env("GNUPGHOME", self.gnupg())
            .env("PASSWORD_STORE_DIR", self.place.path().join("store"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; run cargo xtask third-party"));
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop_agent();
    }
}

#[tokio::test]
async fn the_first_line_of_an_entry_is_the_credential_and_the_rest_is_not() {
    let store = Store::new("");
    let secrets = store.place.secrets();
    let resolved = resolve(&secrets, "pass:synapse/openai").await.unwrap();
    assert_eq!(
        resolved.found,
        "entry `synapse/openai` of the password store, first line"
    );
    assert_eq!(value(&secrets, "pass:synapse/openai").await, TOKEN);

    store.insert("synapse/empty", "\nnotes\n");
    store.insert("synapse/blank", " fake\n");
    for (entry, expected) in [
        ("synapse/empty", Code::CredentialEmpty),
        ("synapse/blank", Code::CredentialMalformed),
        ("synapse/other", Code::CredentialMissing),
        // A directory, which pass would list, exiting with 0.
        ("synapse", Code::CredentialMissing),
    ] {
        let reference = format!("pass:{entry}");
        assert_eq!(code(&secrets, &reference).await, expected, "{entry}");
    }
    let hurried = secrets.within(Duration::ZERO);
    assert_eq!(
        code(&hurried, "pass:synapse/openai").await,
        Code::CredentialStoreTimeout
    );
}

#[tokio::test]
async fn a_key_that_nobody_can_unlock_is_a_locked_store() {
    let mut store = Store::new("not empty");
    let failure = resolve(&store.place.secrets(), "pass:synapse/openai").await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialStoreLocked);

    let empty = store.place.path().join("e");
    private_directory(&empty);
    store.place.set("GNUPGHOME", empty);
    let failure = resolve(&store.place.secrets(), "pass:synapse/openai").await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialStoreLocked);
}

#[tokio::test]
async fn no_store_and_no_program_are_told_apart() {
    let mut place = Place::new();
    place.set("PASSWORD_STORE_DIR", place.path().join("none"));
    assert_eq!(
        code(&place.secrets(), "pass:x").await,
        Code::CredentialStoreNotConfigured
    );
    place.set("PATH", place.path());
    assert_eq!(
        code(&place.secrets(), "pass:x").await,
        Code::CredentialStoreNotFound
    );
}

fn private_directory(path: &std::path::Path) {
    use std::os::unix::fs::DirBuilderExt as _;

    std::fs::DirBuilder::new().mode(0o700).create(path).unwrap();
}
