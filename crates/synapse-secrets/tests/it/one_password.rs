//! `op://` references through a fake of 1Password's program: its input, and its failures in the
//! format of version 2.

use std::path::Path;
use std::time::Duration;

use synapse_core::Code;

use crate::support::{Place, TOKEN, code, resolve, value};

const REFERENCE: &str = "op://Private/OpenAI key/credential";

/// A home in which the fake gives this answer.
fn place(stdout: &str, stderr: &str, status: u8) -> Place {
    let mut place = Place::new();
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/programs");
    place.set("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    place.write("op/stdout", stdout);
    place.write("op/stderr", stderr);
    place.write("op/status", format!("{status}\n"));
    place
}

#[tokio::test]
async fn op_gets_the_reference_as_written_and_its_own_variables_alone() {
    let mut place = place(TOKEN, "", 0);
    place.set("OP_ACCOUNT", "example.test");
    place.set("OP_SERVICE_ACCOUNT_TOKEN", "ops-x");
    place.set("OPENAI_API_KEY", TOKEN);
    let resolved = resolve(&place.secrets(), REFERENCE).await.unwrap();
    assert_eq!(resolved.found, "read by op from 1Password, one line");
    assert_eq!(value(&place.secrets(), REFERENCE).await, TOKEN);
    assert_eq!(
        place.read("op/argv"),
        format!("read\n--no-newline\n{REFERENCE}\n")
    );
    let environment = place.read("op/environment");
    assert!(environment.contains("OP_ACCOUNT=example.test"));
    assert!(environment.contains("OP_SERVICE_ACCOUNT_TOKEN="));
    assert!(!environment.contains(TOKEN), "{environment}");
}

#[tokio::test]
async fn what_op_says_is_told_apart_and_never_repeated() {
    for (stderr, expected) in [
        (
            "[ERROR] 2026/11/20 12:00:00 You are not currently signed in. Please run `op signin \
             --help` for instructions\n",
            Code::CredentialStoreSignedOut,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 account is not signed in\n",
            Code::CredentialStoreSignedOut,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 No accounts configured for use with 1Password CLI.\n",
            Code::CredentialStoreSignedOut,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 error initializing client: connecting to desktop app: \
             read: connection reset\n",
            Code::CredentialStoreLocked,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 error initializing client: authorization prompt \
             dismissed, please try again\n",
            Code::CredentialStoreDenied,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 could not read secret 'op://Private/OpenAI \
             key/credential': could not get item Private/OpenAI key: \"Private\" isn't a vault in \
             this account. Specify the vault with its ID or name.\n",
            Code::CredentialMissing,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 could not read secret 'op://x/y/z': could not get item \
             x/y: \"y\" isn't an item in the \"x\" vault.\n",
            Code::CredentialMissing,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 could not read secret 'op://x/y/z': item 'x/y' does not \
             have a field 'z'\n",
            Code::CredentialFieldMissing,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 could not resolve item UUID for item y: More than one \
             item matches \"y\". Try again and specify the item by its ID:\n",
            Code::CredentialAmbiguous,
        ),
        (
            "[ERROR] 2026/11/20 12:00:00 something new\n",
            Code::CredentialStoreFailed,
        ),
        ("", Code::CredentialStoreFailed),
    ] {
        // A program that prints the secret in its error message.
        let place = place(TOKEN, &format!("{stderr}{TOKEN}\n"), 1);
        let failure = resolve(&place.secrets(), REFERENCE).await.unwrap_err();
        assert_eq!(failure.code(), expected, "{stderr}");
        assert!(
            !format!("{failure:?}").contains("2026/11/20"),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn what_op_prints_follows_the_rules_of_every_credential() {
    for (stdout, expected) in [
        ("", Code::CredentialEmpty),
        ("fake\nfake", Code::CredentialMultiLine),
        ("fake ", Code::CredentialMalformed),
    ] {
        let place = place(stdout, "", 0);
        assert_eq!(code(&place.secrets(), REFERENCE).await, expected);
    }
}

#[tokio::test]
async fn without_op_or_its_answer_there_is_no_credential() {
    let mut place = place(TOKEN, "", 0);
    place.write("op/hang", "");
    let hurried = place.secrets().within(Duration::from_millis(700));
    assert_eq!(
        code(&hurried, REFERENCE).await,
        Code::CredentialStoreTimeout
    );
    place.set("PATH", place.path());
    assert_eq!(
        code(&place.secrets(), REFERENCE).await,
        Code::CredentialStoreNotFound
    );
}
