//! The local vault on a real disk: keys, damage, other processes, and that no plaintext is ever
//! written.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519::Identity;
use age::{Decryptor, Encryptor};
use synapse_core::Code;
use synapse_core::ports::{PassphrasePurpose, SecretWriter as _, Shelf, Writing};
use synapse_secrets::{NewKey, Secrets};
use synapse_testkit::disk::mode;

use crate::support::{Answering, Place, TOKEN, code, keep, resolve, value};

const REFERENCE: &str = "vault:local/openai";

/// A home with a vault under a key file, with one entry.
async fn with_key_file() -> Place {
    let mut place = Place::new();
    place.set(
        "SYNAPSE_VAULT_KEY_FILE",
        place.path().join("keys/vault.key"),
    );
    let notes = keep(&place.secrets(), REFERENCE, TOKEN, Writing::Create)
        .await
        .unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[1].contains("keep a copy"), "{notes:?}");
    place
}

fn key(place: &Place) -> Identity {
    let text = place.read("keys/vault.key");
    let line = text.lines().find(|line| !line.starts_with('#')).unwrap();
    line.parse().unwrap()
}

fn unseal(place: &Place, key: &Identity) -> String {
    let sealed = std::fs::read(place.home().vault()).unwrap();
    let decryptor = Decryptor::new(ArmoredReader::new(&*sealed)).unwrap();
    let mut text = String::new();
    let identity: &dyn age::Identity = key;
    let mut plain = decryptor.decrypt(std::iter::once(identity)).unwrap();
    plain.read_to_string(&mut text).unwrap();
    text
}

fn seal(place: &Place, key: &Identity, plain: &str) {
    let recipient = key.to_public();
    let recipient: &dyn age::Recipient = &recipient;
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).unwrap();
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient)).unwrap();
    let mut writer = encryptor.wrap_output(armor).unwrap();
    writer.write_all(plain.as_bytes()).unwrap();
    let sealed = writer.finish().unwrap().finish().unwrap();
    place.write(".synapse/vault.age", sealed);
}

#[tokio::test]
async fn the_first_secret_makes_vault_and_key_and_both_are_private() {
    let place = with_key_file().await;
    let secrets = place.secrets();
    let resolved = resolve(&secrets, REFERENCE).await.unwrap();
    assert_eq!(
        resolved.found,
        "the entry `openai` of the local vault, one line"
    );
    assert_eq!(value(&secrets, REFERENCE).await, TOKEN);
    for file in [".synapse/vault.age", "keys/vault.key"] {
        assert_eq!(mode(&place.path().join(file)), 0o600, "{file}");
    }
    // age itself opens it.
    assert_eq!(
        unseal(&place, &key(&place)),
        format!(r#"{{"format":1,"entries":{{"openai":"{TOKEN}"}}}}"#)
    );
}

#[tokio::test]
async fn entries_are_made_replaced_listed_and_removed() {
    let place = with_key_file().await;
    let secrets = place.secrets();
    let other = "vault:local/hf";
    assert_eq!(code(&secrets, other).await, Code::CredentialMissing);
    let failure = keep(&secrets, other, TOKEN, Writing::Replace).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialMissing);
    let failure = keep(&secrets, REFERENCE, "fake-new", Writing::Create).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialExists);
    assert_eq!(value(&secrets, REFERENCE).await, TOKEN);

    assert!(
        keep(&secrets, other, r#"fake"\x"#, Writing::Create)
            .await
            .unwrap()
            .is_empty()
    );
    keep(&secrets, REFERENCE, "fake-new", Writing::Replace)
        .await
        .unwrap();
    assert_eq!(value(&secrets, other).await, r#"fake"\x"#);
    assert_eq!(value(&secrets, REFERENCE).await, "fake-new");
    let listed = secrets.list(Shelf::LocalVault).await.unwrap();
    assert_eq!(listed, [other.parse().unwrap(), REFERENCE.parse().unwrap()]);

    secrets.remove(&REFERENCE.parse().unwrap()).await.unwrap();
    assert_eq!(code(&secrets, REFERENCE).await, Code::CredentialMissing);
    let failure = secrets.remove(&REFERENCE.parse().unwrap()).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialMissing);
    assert_eq!(value(&secrets, other).await, r#"fake"\x"#);
}

#[tokio::test]
async fn no_vault_is_empty_and_reading_makes_none() {
    let place = Place::new();
    let secrets = place.secrets();
    assert_eq!(secrets.list(Shelf::LocalVault).await.unwrap(), []);
    assert_eq!(
        code(&secrets, REFERENCE).await,
        Code::CredentialStoreNotFound
    );
    let failure = keep(&secrets, REFERENCE, TOKEN, Writing::Replace).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialMissing);
    // Nobody enters a passphrase, and no key file is named.
    let failure = keep(&secrets, REFERENCE, TOKEN, Writing::Create).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialStoreLocked);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_is_told_apart_from_a_wrong_and_a_missing_one() {
    let mut place = with_key_file().await;
    let key_file = place.path().join("keys/vault.key");
    let text = place.read("keys/vault.key");
    let invalid = Code::CredentialVaultKeyInvalid;

    place.unset("SYNAPSE_VAULT_KEY_FILE");
    assert_eq!(
        code(&place.secrets(), REFERENCE).await,
        Code::CredentialStoreLocked
    );
    place.set("SYNAPSE_VAULT_KEY_FILE", "keys/vault.key");
    assert_eq!(code(&place.secrets(), REFERENCE).await, invalid);
    place.set("SYNAPSE_VAULT_KEY_FILE", "~/keys/vault.key");
    assert_eq!(value(&place.secrets(), REFERENCE).await, TOKEN);

    for content in [
        "",
        "fake\n",
        "# only a comment\n",
        &format!("{text}{text}"),
        &text[..text.len() - 5],
    ] {
        place.write("keys/vault.key", content);
        assert_eq!(
            code(&place.secrets(), REFERENCE).await,
            invalid,
            "{content:?}"
        );
    }
    place.write("keys/vault.key", &text);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    std::fs::set_permissions(&key_file, open).unwrap();
    let failure = resolve(&place.secrets(), REFERENCE).await.unwrap_err();
    assert_eq!(failure.code(), invalid);
    assert!(format!("{failure:?}").contains("chmod 600"));
    std::fs::remove_file(&key_file).unwrap();
    assert_eq!(code(&place.secrets(), REFERENCE).await, invalid);

    let other = secrecy::ExposeSecret::expose_secret(&Identity::generate().to_string()).to_owned();
    place.write("keys/vault.key", other);
    assert_eq!(
        code(&place.secrets(), REFERENCE).await,
        Code::CredentialVaultWrongKey
    );
    let before = std::fs::read(place.home().vault()).unwrap();
    let failure = keep(&place.secrets(), "vault:local/b", TOKEN, Writing::Create).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialVaultWrongKey);
    assert_eq!(std::fs::read(place.home().vault()).unwrap(), before);
}

#[tokio::test]
async fn damage_is_told_apart_and_nothing_is_written_over_it() {
    let place = with_key_file().await;
    let secrets = place.secrets();
    let whole = place.read(".synapse/vault.age");
    let mut damaged = Vec::new();
    for length in (0..whole.len() - 2).step_by(41) {
        damaged.push((whole[..length].to_owned(), Code::CredentialVaultTruncated));
    }
    damaged.push(("{}".to_owned(), Code::CredentialVaultTampered));
    damaged.push((
        "age-encryption.org/v2\n-> X25519 x\nx\n--- x\n".to_owned(),
        Code::CredentialVaultNewerFormat,
    ));
    for (content, expected) in damaged {
        place.write(".synapse/vault.age", &content);
        assert_eq!(code(&secrets, REFERENCE).await, expected, "{content}");
        let failure = keep(&secrets, "vault:local/b", TOKEN, Writing::Create).await;
        assert_eq!(failure.unwrap_err().code(), expected, "{content}");
        assert_eq!(place.read(".synapse/vault.age"), content);
    }
    // age reads unarmored files too, in which any byte may change.
    let mut bytes = Vec::new();
    ArmoredReader::new(whole.as_bytes())
        .read_to_end(&mut bytes)
        .unwrap();
    let head = bytes.windows(5).position(|five| five == b"\n--- ").unwrap() + 7;
    for at in [20, head, bytes.len() - 20, bytes.len() - 1] {
        let mut bytes = bytes.clone();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        place.write(".synapse/vault.age", &bytes);
        let found = code(&secrets, REFERENCE).await;
        let expected = match at {
            20 => Code::CredentialVaultNewerFormat,
            _ => Code::CredentialVaultTampered,
        };
        assert_eq!(found, expected, "byte {at}");
    }
    for (plain, expected) in [
        (
            r#"{"format":2,"boxes":{}}"#,
            Code::CredentialVaultNewerFormat,
        ),
        ("fake", Code::CredentialVaultTampered),
        (
            r#"{"format":1,"entries":{"openai":"a b"}}"#,
            Code::CredentialMalformed,
        ),
        (
            r#"{"format":1,"entries":{"openai":""}}"#,
            Code::CredentialEmpty,
        ),
    ] {
        seal(&place, &key(&place), plain);
        assert_eq!(code(&secrets, REFERENCE).await, expected, "{plain}");
    }
}

#[tokio::test]
async fn a_passphrase_is_asked_for_and_a_wrong_one_opens_nothing() {
    let place = Place::new();
    let right = Answering::new("fake correct horse");
    let secrets = place.secrets().asking(right.clone());
    let notes = keep(&secrets, REFERENCE, TOKEN, Writing::Create)
        .await
        .unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(value(&secrets, REFERENCE).await, TOKEN);
    assert_eq!(
        *right.asked.lock().unwrap(),
        [PassphrasePurpose::Choose, PassphrasePurpose::Open]
    );
    let wrong = place.secrets().asking(Answering::new("fake wrong"));
    assert_eq!(code(&wrong, REFERENCE).await, Code::CredentialVaultWrongKey);
    // A server cannot ask, and a key file does not open this vault.
    let mut place = place;
    place.set("SYNAPSE_VAULT_KEY_FILE", place.path().join("vault.key"));
    let failure = resolve(&place.secrets(), REFERENCE).await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialStoreLocked);
    assert!(format!("{failure:?}").contains("asking for it needs a terminal"));
    assert!(!place.path().join("vault.key").exists());
}

#[tokio::test]
async fn a_new_key_opens_the_vault_and_the_old_one_no_longer_does() {
    let mut place = with_key_file().await;
    let old = key(&place);
    let new = place.path().join("keys/new.key");
    let notes = place
        .secrets()
        .rekey(NewKey::KeyFile(new.clone()))
        .await
        .unwrap();
    assert!(notes[0].contains("made the key file"), "{notes:?}");
    assert_eq!(
        code(&place.secrets(), REFERENCE).await,
        Code::CredentialVaultWrongKey
    );
    place.set("SYNAPSE_VAULT_KEY_FILE", &new);
    assert_eq!(value(&place.secrets(), REFERENCE).await, TOKEN);

    let prompt = Answering::new("fake passphrase");
    let asking = place.secrets().asking(prompt.clone());
    asking.rekey(NewKey::Passphrase).await.unwrap();
    assert_eq!(*prompt.asked.lock().unwrap(), [PassphrasePurpose::Choose]);
    assert_eq!(value(&asking, REFERENCE).await, TOKEN);
    let sealed = std::fs::read(place.home().vault()).unwrap();
    let decryptor = Decryptor::new(ArmoredReader::new(&*sealed)).unwrap();
    let identity: &dyn age::Identity = &old;
    assert!(decryptor.decrypt(std::iter::once(identity)).is_err());

    // Without the old key it cannot be rekeyed.
    let failure = place
        .secrets()
        .rekey(NewKey::KeyFile(place.path().join("x")))
        .await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialStoreLocked);
    assert!(!place.path().join("x").exists());
}

#[tokio::test]
async fn at_no_moment_is_a_value_on_disk() {
    let place = with_key_file().await;
    let secrets = place.secrets();
    let directory = place.path();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = 0_u32;
            while !done.load(Ordering::Relaxed) || seen == 0 {
                seen += look_for(TOKEN, &directory);
            }
            seen
        });
        for index in 0..40 {
            let reference = format!("vault:local/entry{index}");
            let work = keep(&secrets, &reference, TOKEN, Writing::Create);
            futures_block_on(work).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(watcher.join().unwrap() > 40);
    });
    let control = place.write("control", TOKEN);
    let found = std::panic::catch_unwind(|| look_for(TOKEN, &directory));
    assert!(
        found.is_err(),
        "the watcher would not see {}",
        control.display()
    );
}

/// Searches every file below `directory`, and counts them.
fn look_for(value: &str, directory: &Path) -> u32 {
    let mut files = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if let Ok(content) = std::fs::read(&path) {
                files += 1;
                let text = String::from_utf8_lossy(&content);
                assert!(!text.contains(value), "{}", path.display());
            }
        }
    }
    files
}

/// Runs `work` on a runtime on its own thread.
fn futures_block_on<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap().block_on(work)
        });
        run.join().unwrap()
    })
}

#[test]
fn two_processes_at_once_lose_nothing() {
    let mut place = Place::new();
    let key_file = place.path().join("vault.key");
    place.set("SYNAPSE_VAULT_KEY_FILE", &key_file);
    futures_block_on(keep(&place.secrets(), REFERENCE, TOKEN, Writing::Create)).unwrap();
    let writers: Vec<Child> = ["a", "b", "c"]
        .iter()
        .map(|name| start_writer(name, &place.path(), &key_file))
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let secrets = place.secrets();
    let listed = futures_block_on(secrets.list(Shelf::LocalVault)).unwrap();
    assert_eq!(listed.len(), 3 * ENTRIES + 1);
}

/// Run by each of the processes. Does nothing without a name.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the part of another process comes with it"
)]
async fn write_entries() {
    let (Ok(name), Some(home)) = (std::env::var(WRITER), std::env::var_os("HOME")) else {
        return;
    };
    let home = PathBuf::from(home);
    let key_file = std::env::var_os("SYNAPSE_VAULT_KEY_FILE");
    let variables = move |name: &str| {
        (name == "SYNAPSE_VAULT_KEY_FILE")
            .then(|| key_file.clone())
            .flatten()
    };
    let secrets = Secrets::new(Some(home.clone()), std::sync::Arc::new(variables))
        .at_home(synapse_home::Home::new(home.join(".synapse")));
    for index in 0..ENTRIES {
        let reference = format!("vault:local/{name}{index}");
        keep(&secrets, &reference, TOKEN, Writing::Create)
            .await
            .unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests run themselves again as other processes"
)]
fn start_writer(name: &str, home: &Path, key_file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local_vault::write_entries"])
        .env_clear()
        .env(WRITER, name)
        .env("HOME", home)
        .env("SYNAPSE_VAULT_KEY_FILE", key_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

const WRITER: &str = "SYNAPSE_STORE_TEST_WRITER";
const ENTRIES: usize = 12;
