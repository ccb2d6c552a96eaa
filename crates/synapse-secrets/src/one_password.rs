//! `op://` references: read by 1Password's own program, to which they are passed unchanged.

use synapse_core::ports::ResolvedSecret;
use synapse_core::shell::quote_text;
use synapse_core::{Code, Failure};

use super::Secrets;
use super::child::ChildOutput;
use super::command::{describe, find};
use super::content::{self, MAX_LENGTH};

/// Reads `reference`, which begins with `op://`.
pub(super) async fn resolve(secrets: &Secrets, reference: &str) -> Result<ResolvedSecret, Failure> {
    let program = find(secrets, "op", "install the 1Password command-line tool")?;
    let ending = program
        .with_variables(VARIABLES, &secrets.environment)
        .arguments(["read", "--no-newline", reference])
        .run_with_agent(secrets.deadline, MAX_LENGTH + "\r\n".len())
        .await
        .map_err(|trouble| describe("op", trouble, secrets))?;
    if !ending.status.success() {
        return Err(classify(reference, &ending));
    }
    let value = content::check(&ending.stdout)
        .map_err(|flaw| flaw.failure("the field of the 1Password item"))?;
    Ok(ResolvedSecret {
        value,
        found: "read by op from 1Password, one line".to_owned(),
    })
}

/// op always exits with 1; only its messages distinguish failures. The known ones are those of
/// version 2.
fn classify(reference: &str, ending: &ChildOutput) -> Failure {
    let code = PHRASES
        .iter()
        .find(|(_, phrases)| phrases.iter().any(|words| ending.stderr.contains(words)))
        .map_or(Code::CredentialStoreFailed, |(code, _)| *code);
    let failure = |message: &str| Failure::new(code, message);
    let by_hand = format!("op read {} > /dev/null", quote_text(reference));
    match code {
        Code::CredentialStoreSignedOut => failure("1Password is signed out")
            .cause("the desktop app's integration is off or another user's, or no account is added")
            .shell(
                "sign in, or set OP_SERVICE_ACCOUNT_TOKEN for unattended use",
                "op signin",
            ),
        Code::CredentialStoreLocked => failure("1Password is locked")
            .cause("it asked in the desktop app, and was not unlocked")
            .hint("unlock the app and try again"),
        Code::CredentialStoreDenied => failure("1Password refused the access")
            .cause("the prompt was declined, or the account may not read that vault")
            .shell("see what it says", by_hand),
        Code::CredentialAmbiguous => failure("more than one 1Password item fits the reference")
            .hint("write the item by its id; the app shows it as `Copy Item UUID`"),
        Code::CredentialFieldMissing => failure("the 1Password item has no such field")
            .hint("copy the reference in the app, with `Copy Secret Reference`"),
        Code::CredentialMissing => failure("1Password has no such vault or item")
            .hint("copy the reference in the app, with `Copy Secret Reference`"),
        _ => failure("op did not succeed")
            .cause(format!(
                "it ended with {}; its output is not shown",
                ending.status
            ))
            .shell("see what it says", by_hand),
    }
    .with("program", "op")
}

/// In this order: phrases about the account come before those about the item.
const PHRASES: &[(Code, &[&str])] = &[
    (
        Code::CredentialStoreSignedOut,
        &[
            "not currently signed in",
            "not signed in",
            "No accounts configured",
            "no account found",
            "session expired",
        ],
    ),
    (
        Code::CredentialStoreLocked,
        &[
            "app is locked",
            "authorization timeout",
            "connecting to desktop app",
        ],
    ),
    (
        Code::CredentialStoreDenied,
        &[
            "authorization prompt dismissed",
            "authorization denied",
            "(403)",
            "don't have access",
            "do not have permission",
        ],
    ),
    (Code::CredentialAmbiguous, &["More than one"]),
    (
        Code::CredentialFieldMissing,
        &[
            "does not have a field",
            "could not find field",
            "isn't a field",
        ],
    ),
    (
        Code::CredentialMissing,
        &[
            "isn't an item",
            "isn't a vault",
            "could not find item",
            "no item matched",
        ],
    ),
];

/// The variables by which op finds its account. Its own credentials are passed to no other program.
const VARIABLES: &[&str] = &[
    "OP_ACCOUNT",
    "OP_SERVICE_ACCOUNT_TOKEN",
    "OP_CONNECT_HOST",
    "OP_CONNECT_TOKEN",
    "OP_CONFIG_DIR",
    "OP_BIOMETRIC_UNLOCK_ENABLED",
];
