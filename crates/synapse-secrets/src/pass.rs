//! `pass:` references: the first line of an entry of the password store, read with `pass show`.

use std::path::PathBuf;

use synapse_core::ports::ResolvedSecret;
use synapse_core::shell::quote_text;
use synapse_core::{Code, Failure};

use super::child::ChildOutput;
use super::command::{describe, find, first_line};
use super::{Secrets, content};

/// Reads the entry at `path`.
pub(super) async fn resolve(secrets: &Secrets, path: &str) -> Result<ResolvedSecret, Failure> {
    let program = find(
        secrets,
        "pass",
        "install pass, the standard unix password manager",
    )?;
    look(secrets, path)?;
    let ending = program
        .with_variables(VARIABLES, &secrets.environment)
        .arguments(["show", "--", path])
        .run_with_agent(secrets.deadline, CAP)
        .await
        .map_err(|trouble| describe("pass", trouble, secrets))?;
    if !ending.status.success() {
        return Err(classify(path, &ending));
    }
    // By the convention of pass the password is the first line, and other text may follow.
    let value = content::check(&first_line(&ending.stdout))
        .map_err(|flaw| flaw.failure(&format!("the first line of the entry `{path}` of pass")))?;
    Ok(ResolvedSecret {
        value,
        found: format!("entry `{path}` of the password store, first line"),
    })
}

/// Checks that the entry exists. pass would print the tree of a directory and exit with 0, and it
/// does not distinguish a missing entry from a missing store.
pub(super) fn look(secrets: &Secrets, path: &str) -> Result<(), Failure> {
    let given = (secrets.environment)("PASSWORD_STORE_DIR").filter(|value| !value.is_empty());
    let home = || Some(secrets.user_home.as_ref()?.join(".password-store"));
    let Some(store) = given.map(PathBuf::from).or_else(home) else {
        return Ok(());
    };
    if !store.is_dir() {
        return Err(no_store());
    }
    if store.join(format!("{path}.gpg")).is_file() {
        return Ok(());
    }
    Err(missing(path))
}

fn missing(path: &str) -> Failure {
    Failure::new(
        Code::CredentialMissing,
        format!("the password store has no entry `{path}`"),
    )
    .shell(
        "create it: paste the token when pass asks",
        format!("pass insert {}", quote_text(path)),
    )
}

fn no_store() -> Failure {
    Failure::new(
        Code::CredentialStoreNotConfigured,
        "there is no password store",
    )
    .cause("its directory does not exist, or PASSWORD_STORE_DIR is not passed on to here")
    .shell("make one for a key of yours", "pass init GPG-ID")
}

/// pass has no error codes: it exits with 1 for its own errors, and with gpg's status, 2, for those
/// of gpg. Its messages are constant; LC_ALL cannot translate them.
fn classify(path: &str, ending: &ChildOutput) -> Failure {
    let said = |words: &str| ending.stderr.contains(words);
    let by_hand = format!("pass show {}", quote_text(path));
    if said("is not in the password store") {
        return missing(path);
    }
    if said("You must run:") && said("pass init") {
        return no_store();
    }
    // 2 is gpg's. Its messages about the agent or the key are not stable enough to distinguish
    // them.
    if ending.status.code() == Some(2) {
        return Failure::new(
            Code::CredentialStoreLocked,
            format!("gpg could not open the entry `{path}`"),
        )
        .cause("it has no usable secret key: the key is missing, or locked and its passphrase cannot be asked for")
        .shell(
            "unlock it in a terminal; gpg-agent remembers it for a while",
            by_hand,
        );
    }
    Failure::new(
        Code::CredentialStoreFailed,
        format!("pass did not succeed: {}", ending.status),
    )
    .shell("see what it says", by_hand)
}

const VARIABLES: &[&str] = &["PASSWORD_STORE_DIR", "GNUPGHOME", "GPG_TTY"];
/// An entry may hold notes besides the password.
const CAP: usize = 64 * 1024;
