//! Writing secrets: what is written, what is refused and left alone.

use std::os::unix::fs::symlink;

use synapse_core::ports::{SecretWriter as _, Writing};
use synapse_core::{Code, Remedy};
use synapse_testkit::disk::mode;

use crate::support::{Place, TOKEN, code, keep, value};

#[tokio::test]
async fn a_new_file_is_private_and_an_existing_one_is_left_alone() {
    let place = Place::new();
    let secrets = place.secrets();
    let reference = "file:~/new/openai.token";
    let kept = secrets
        .keep(&reference.parse().unwrap(), TOKEN.into(), Writing::Create)
        .await
        .unwrap();
    let path = place.path().join("new/openai.token");
    assert_eq!(kept.place, format!("the file {}", path.display()));
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(place.read("new/openai.token"), format!("{TOKEN}\n"));
    assert_eq!(value(&secrets, reference).await, TOKEN);

    let failure = keep(&secrets, reference, "fake-other", Writing::Create).await;
    let failure = failure.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialExists);
    let replace = Remedy::ReplaceSecret {
        reference: reference.parse().unwrap(),
    };
    let hints: Vec<_> = failure
        .hints()
        .iter()
        .map(|hint| hint.remedy.clone())
        .collect();
    assert_eq!(hints, [Some(replace)]);
    assert_eq!(value(&secrets, reference).await, TOKEN);
    symlink("nowhere", place.path().join("link")).unwrap();
    let failure = keep(&secrets, "file:~/link", TOKEN, Writing::Create).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialExists);
    assert!(!place.path().join("nowhere").exists());
}

#[tokio::test]
async fn a_replaced_file_is_private_and_a_missing_one_is_not_made() {
    let place = Place::new();
    let secrets = place.secrets();
    let failure = keep(&secrets, "file:~/token", TOKEN, Writing::Replace).await;
    assert_eq!(failure.unwrap_err().code(), Code::CredentialMissing);
    assert!(!place.path().join("token").exists());

    let path = place.write("token", "fake-old\nwith a second line\n");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&path, open).unwrap();
    symlink("token", place.path().join("link")).unwrap();
    keep(&secrets, "file:~/link", TOKEN, Writing::Replace)
        .await
        .unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(value(&secrets, "file:~/token").await, TOKEN);
    assert!(place.path().join("link").is_symlink());

    secrets
        .remove(&"file:~/link".parse().unwrap())
        .await
        .unwrap();
    assert!(!path.exists() && !place.path().join("link").is_symlink());
    for reference in ["file:~/link", "keyring:x", "vault:local/x"] {
        let failure = secrets.remove(&reference.parse().unwrap()).await;
        let failure = failure.unwrap_err();
        // Storing it is no remedy here.
        assert!(
            failure
                .hints()
                .iter()
                .all(|hint| !matches!(hint.remedy, Some(Remedy::StoreSecret { .. })))
        );
        if reference.starts_with("file:") {
            assert_eq!(failure.code(), Code::CredentialMissing);
        }
    }
}

#[tokio::test]
async fn what_could_not_be_read_back_is_not_written() {
    let place = Place::new();
    let secrets = place.secrets();
    for (value, expected) in [
        ("", Code::CredentialEmpty),
        ("\n", Code::CredentialEmpty),
        ("fake\nfake", Code::CredentialMultiLine),
        (" fake", Code::CredentialMalformed),
        ("fäke", Code::CredentialMalformed),
    ] {
        for reference in ["file:~/token", "vault:local/x", "keyring:x"] {
            let failure = keep(&secrets, reference, value, Writing::Create).await;
            assert_eq!(
                failure.unwrap_err().code(),
                expected,
                "{reference} {value:?}"
            );
        }
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    // Pasting adds one line end.
    keep(&secrets, "file:~/token", "fake\r\n", Writing::Create)
        .await
        .unwrap();
    assert_eq!(place.read("token"), "fake\n");
}

#[tokio::test]
async fn other_places_are_not_written_to_and_say_how_it_is_done_there() {
    let place = Place::new();
    let secrets = place.secrets();
    for (reference, words) in [
        ("env:TOKEN", "set the variable"),
        (
            "vault:secret/a b#key",
            "vault kv patch -mount=secret 'a b' key=-",
        ),
        ("op://Private/OpenAI/key", "1Password app"),
        ("pass:synapse/openai", "pass insert synapse/openai"),
        ("systemd:openai", "systemd-creds encrypt --name=openai"),
        (r#"cmd:["helper"]"#, "that program"),
    ] {
        let parsed = reference.parse().unwrap();
        let failure = secrets.writable(&parsed).unwrap_err();
        assert_eq!(failure.code(), Code::CredentialStoreReadOnly, "{reference}");
        assert!(format!("{failure:?}").contains(words), "{failure:?}");
        let failure = keep(&secrets, reference, TOKEN, Writing::Create).await;
        assert_eq!(failure.unwrap_err().code(), Code::CredentialStoreReadOnly);
        let failure = secrets.remove(&parsed).await.unwrap_err();
        assert_eq!(failure.code(), Code::CredentialStoreReadOnly);
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn every_place_is_named_without_being_touched() {
    let place = Place::new();
    let secrets = place.secrets();
    let home = place.path().display().to_string();
    for (reference, words) in [
        ("file:~/x", format!("the file {home}/x")),
        ("env:X", "the environment variable X".to_owned()),
        (
            "keyring:x",
            "the keyring item `x` of the service `synapse`".to_owned(),
        ),
        (
            "vault:local/x",
            format!("the entry `x` of the local vault {home}/.synapse/vault.age"),
        ),
        (
            "vault:secret/x#y",
            "the field `y` of `secret/x` in Vault (Synapse does not know where the Vault server is)"
                .to_owned(),
        ),
        ("op://a/b/c", "1Password, read by op: op://a/b/c".to_owned()),
        ("pass:x", "the entry `x` of the password store".to_owned()),
        (
            "systemd:x",
            "the file `x` in the credentials directory of systemd".to_owned(),
        ),
        (r#"cmd:["x","y"]"#, "what `x` prints".to_owned()),
    ] {
        assert_eq!(secrets.place(&reference.parse().unwrap()), words);
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    // A file that is readable for all still holds the secret, in a bad place.
    place.write("x", TOKEN);
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(place.path().join("x"), open).unwrap();
    assert_eq!(
        code(&secrets, "file:~/x").await,
        Code::CredentialModeTooOpen
    );
}
