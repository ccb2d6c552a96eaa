//! `cmd:` references: the single line that a program prints. The words are not passed to a shell.

use secrecy::zeroize::Zeroizing;
use synapse_core::ports::ResolvedSecret;
use synapse_core::{Code, Failure};
use synapse_process::Trouble;

use super::Secrets;
use super::bounded::late;
use super::child::{ChildOutput, ResolvedProgram};
use super::content::{self, CredentialFlaw, MAX_LENGTH};

/// Runs the program of `words` and reads its output.
pub(super) async fn resolve(
    secrets: &Secrets,
    words: &[String],
) -> Result<ResolvedSecret, Failure> {
    let (name, arguments) = words.split_first().ok_or_else(|| {
        Failure::new(
            Code::CredentialInvalidReference,
            "the command of the credential is empty",
        )
    })?;
    let program = find(
        secrets,
        name,
        "give its absolute path: an IDE may pass another PATH",
    )?;
    let cap = MAX_LENGTH + "\r\n".len();
    let ending = program
        .arguments(arguments)
        .run(secrets.deadline, cap)
        .await
        .map_err(|trouble| describe(name, trouble, secrets))?;
    if !ending.status.success() {
        return Err(refused(name, &ending));
    }
    let value = content::check(&ending.stdout)
        .map_err(|flaw| flaw.failure(&format!("what `{name}` printed")))?;
    Ok(ResolvedSecret {
        value,
        found: format!("printed by `{name}`, one line"),
    })
}

/// The program of a store, or the failure that it is not installed.
pub(super) fn find(secrets: &Secrets, name: &str, hint: &str) -> Result<ResolvedProgram, Failure> {
    ResolvedProgram::find(name, secrets).ok_or_else(|| {
        let failure = Failure::new(
            Code::CredentialStoreNotFound,
            format!("there is no program `{name}`"),
        );
        if std::path::Path::new(name).is_absolute() {
            failure.cause("there is no executable file at that path")
        } else {
            failure.cause("no absolute directory of PATH holds it")
        }
        .hint(hint)
        .with("program", name)
    })
}

/// The failure of a program that did not end by itself.
pub(super) fn describe(name: &str, trouble: Trouble, secrets: &Secrets) -> Failure {
    match trouble {
        Trouble::Late => late(&format!("`{name}`"), secrets.deadline)
            .cause("it was ended, with everything it had started"),
        Trouble::TooMuch => CredentialFlaw::TooLong
            .failure(&format!("what `{name}` printed"))
            .cause("the program was ended"),
        Trouble::Start(error) => Failure::new(
            Code::CredentialStoreFailed,
            format!("`{name}` could not be run"),
        )
        .caused_by(&error),
    }
    .with("program", name)
}

/// The first line of `bytes` with its line end.
pub(super) fn first_line(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let line = bytes.get(..end.map_or(bytes.len(), |end| end + 1));
    Zeroizing::new(line.unwrap_or_default().to_vec())
}

fn refused(name: &str, ending: &ChildOutput) -> Failure {
    Failure::new(
        Code::CredentialCommandFailed,
        format!("`{name}` did not succeed: {}", ending.status),
    )
    .cause("its output is not shown, because it may contain the secret")
    .hint("run it by hand; Synapse gives it no stdin and only a few variables, HOME and PATH among them")
    .with("program", name)
}
