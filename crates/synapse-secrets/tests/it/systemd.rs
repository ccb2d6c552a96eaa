//! `systemd:` references in a directory like the one systemd makes.

use std::os::unix::fs::PermissionsExt as _;

use synapse_core::Code;

use crate::support::{Place, TOKEN, code, resolve, value};

#[tokio::test]
async fn a_credential_of_the_service_is_found_by_its_name() {
    let mut place = Place::new();
    let path = place.write("credentials/openai", TOKEN);
    // LoadCredential= makes 0400 with an access list, or 0440 where there are none.
    for mode in [0o400, 0o440] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        place.set("CREDENTIALS_DIRECTORY", place.path().join("credentials"));
        let resolved = resolve(&place.secrets(), "systemd:openai").await.unwrap();
        assert_eq!(
            resolved.found,
            "credential `openai` of systemd, regular file, one line"
        );
        assert_eq!(value(&place.secrets(), "systemd:openai").await, TOKEN);
    }
}

#[tokio::test]
async fn every_way_to_fail_has_its_code() {
    let mut place = Place::new();
    place.write("credentials/empty", "\n");
    place.write("credentials/lines", format!("{TOKEN}\n{TOKEN}\n"));
    place.write("credentials/blank", format!(" {TOKEN}"));
    place.write("credentials/directory/x", "");
    let unset = Code::CredentialStoreNotConfigured;
    assert_eq!(code(&place.secrets(), "systemd:openai").await, unset);
    place.set("CREDENTIALS_DIRECTORY", "");
    assert_eq!(code(&place.secrets(), "systemd:openai").await, unset);
    place.set("CREDENTIALS_DIRECTORY", "credentials");
    assert_eq!(code(&place.secrets(), "systemd:openai").await, unset);
    place.set("CREDENTIALS_DIRECTORY", place.path().join("credentials"));
    for (name, expected) in [
        ("openai", Code::CredentialMissing),
        ("empty", Code::CredentialEmpty),
        ("lines", Code::CredentialMultiLine),
        ("blank", Code::CredentialMalformed),
        ("directory", Code::CredentialNotAFile),
    ] {
        let reference = format!("systemd:{name}");
        assert_eq!(code(&place.secrets(), &reference).await, expected, "{name}");
    }
}
