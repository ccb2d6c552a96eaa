//! Asks the user: for secrets, at a terminal without echo or on stdin; and for confirmation.
//! Nothing of a typed secret is shown, not even its length.

mod ask;
#[cfg(unix)]
mod terminal;

use std::io::{self, IsTerminal, Read as _};
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::{PassphrasePrompt, PassphrasePurpose};
use synapse_core::redact::printable_line;
use synapse_secrets::NoPrompt;

pub(crate) use self::ask::{Asker, Left, Usual};
use crate::output::{Printer, Progress};

/// The value for `reference`, typed or from stdin, without the line end.
///
/// # Errors
/// `credential.*` for input that is not a line of text.
pub(crate) fn value(reference: &CredentialRef) -> Result<SecretString, Failure> {
    if io::stdin().is_terminal() {
        return typed(&format!("secret for {reference} (not shown): "));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 64));
    let most = u64::try_from(MOST).unwrap_or(u64::MAX);
    io::stdin()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    // The store of a secret validates its value.
    let text = str::from_utf8(&bytes).map_err(|_| {
        Failure::new(
            Code::CredentialMalformed,
            "the given value does not hold a token",
        )
        .cause("it is not UTF-8 text")
    })?;
    Ok(SecretString::from(text))
}

/// Whether the user at the terminal says yes. Anything else means no, including the end of input.
pub(crate) fn agreed(printer: &Printer, question: &str) -> bool {
    printer.ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // Without Enter, the next output needs a new line.
        printer.note("");
    }
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Confirms an irreversible action: asks at a terminal; without one, the command itself is the
/// confirmation.
pub(crate) fn confirmed(printer: &Printer, question: &str) -> bool {
    !io::stdin().is_terminal() || agreed(printer, question)
}

/// Reads one hidden line: from the terminal, otherwise from stdin.
///
/// # Errors
/// `credential.unreadable` without input.
pub(crate) fn pasted(prompt: &str) -> Result<SecretString, Failure> {
    if io::stdin().is_terminal() {
        return typed(prompt);
    }
    let mut line = Zeroizing::new(String::with_capacity(MOST));
    let mut reader = io::BufReader::new(io::stdin().take(MOST as u64));
    io::BufRead::read_line(&mut reader, &mut line).map_err(|error| unreadable(&error))?;
    Ok(SecretString::from(line.trim()))
}

/// The result of a hidden question.
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "a console of Windows returns a line or fails")
)]
enum Hidden {
    Line(SecretString),
    Several,
    Left,
    Interrupted,
}

/// Reads one hidden line from the terminal; can be cancelled.
fn hidden(prompt: &str) -> Hidden {
    let prompt = printable_line(prompt);
    #[cfg(unix)]
    return match terminal::line_or_leave(&prompt) {
        Ok(terminal::Typed::Line(line)) => Hidden::Line(SecretString::from(line)),
        Ok(terminal::Typed::Several) => Hidden::Several,
        Ok(terminal::Typed::Interrupted) => Hidden::Interrupted,
        Ok(terminal::Typed::Left) | Err(_) => Hidden::Left,
    };
    #[cfg(not(unix))]
    return rpassword::prompt_password(&prompt)
        .map_or(Hidden::Left, |line| Hidden::Line(SecretString::from(line)));
}

fn typed(prompt: &str) -> Result<SecretString, Failure> {
    let prompt = printable_line(prompt);
    #[cfg(unix)]
    let line = terminal::line(&prompt);
    #[cfg(not(unix))]
    let line = rpassword::prompt_password(&prompt);
    line.map(SecretString::from)
        .map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::new(
        Code::CredentialUnreadable,
        "no secret was given; nothing was changed",
    )
    .caused_by(error)
    .hint("type it at the prompt, or let stdin have it")
}

/// Asks for the passphrase of the local vault, if there is a terminal. The
/// vault is opened once per process.
#[derive(Debug)]
pub(crate) struct Terminal {
    opens: Mutex<Option<SecretString>>,
    /// The progress display to suspend while the user types.
    progress: Progress,
}

impl Terminal {
    pub(crate) fn new(progress: Progress) -> Self {
        Self {
            opens: Mutex::default(),
            progress,
        }
    }

    fn typed(&self, prompt: &str) -> Result<SecretString, Failure> {
        self.progress.suspended(|| typed(prompt))
    }
}

impl PassphrasePrompt for Terminal {
    fn ask(&self, purpose: PassphrasePurpose) -> Result<SecretString, Failure> {
        use secrecy::ExposeSecret as _;

        // A terminal used by another program's pipeline is not read.
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return NoPrompt.ask(purpose);
        }
        match purpose {
            PassphrasePurpose::Choose => {
                let first = self.typed("new passphrase of the local vault (not shown): ")?;
                let again = self.typed("once more: ")?;
                if first.expose_secret() == again.expose_secret() {
                    return not_empty(first);
                }
                Err(Failure::new(
                    Code::CredentialStoreLocked,
                    "the two passphrases are not the same",
                )
                .cause("nothing was changed"))
            }
            PassphrasePurpose::Open => {
                let mut opens = self.opens.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(passphrase) = &*opens {
                    return Ok(passphrase.clone());
                }
                let passphrase = self.typed("passphrase of the local vault (not shown): ")?;
                let passphrase = not_empty(passphrase)?;
                *opens = Some(passphrase.clone());
                Ok(passphrase)
            }
        }
    }
}

fn not_empty(passphrase: SecretString) -> Result<SecretString, Failure> {
    use secrecy::ExposeSecret as _;

    if passphrase.expose_secret().is_empty() {
        let failure = Failure::new(Code::CredentialStoreLocked, "the passphrase is empty");
        return Err(failure.cause("nothing was changed"));
    }
    Ok(passphrase)
}

/// More than any secret may have, so that a longer one is detected instead of truncated.
const MOST: usize = 16 * 1024;
