//! The one renderer of lists of checks: outcome, subject and detail.

use synapse_core::check::{Check, CheckOutcome};
use synapse_core::error::{Failure, RemedyText};
use synapse_core::redact::printable;

use super::{ERROR, FAINT, GOOD, WARNING, styled};

/// The widths of the outcome and the subject.
pub(crate) type Widths = [usize; 2];

/// One line of a list.
pub(crate) fn check_line(check: &Check, widths: Widths) -> String {
    line(check.outcome(), &title(check), widths, &check.what())
}

/// A line with its remedy below it, and the cause if the check fails. On a terminal of `columns`
/// the text is wrapped between words; a command is not, so that it can be copied.
pub(crate) fn check_block(
    check: &Check,
    widths: Widths,
    columns: Option<usize>,
    remedies: &dyn RemedyText,
) -> String {
    let [of_word, of_what] = widths;
    let indent = BETWEEN + of_word + BETWEEN + of_what + BETWEEN;
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(indent));
    let room = room.max(LEAST);
    let margin = format!("\n{}", " ".repeat(indent));
    let title = printable(&title(check));
    let mut text = format!("  {}  {title}", padded(check.outcome(), of_word));
    match of_what.checked_sub(length(&title)) {
        Some(left) => text.push_str(&" ".repeat(left + BETWEEN)),
        None => text.push_str(&margin),
    }
    text.push_str(&broken(&printable(&check.what()), room).join(&margin));
    if check.outcome() == CheckOutcome::Fail
        && let Some(cause) = check.failure().and_then(|failure| failure.first_cause())
    {
        for part in broken(&printable(cause), room) {
            text.push_str(&margin);
            text.push_str(&styled(FAINT, &part));
        }
    }
    let Some(hint) = check.remedy() else {
        return text;
    };
    let sentence = printable(&hint.sentence(remedies));
    let parts = match hint.command(remedies) {
        Some(command) if length(&sentence) > room => {
            let mut parts = broken(&printable(&format!("{}:", hint.text)), room);
            parts.push(printable(&command));
            parts
        }
        Some(_) => vec![sentence],
        None => broken(&sentence, room),
    };
    for part in parts {
        text.push_str(&margin);
        text.push_str(&part);
    }
    text
}

/// `text` in lines of at most `room` characters, wrapped between words; a longer word has its own
/// line.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// As above for a check whose id is not in the table, such as a step of a login.
pub(crate) fn line(outcome: CheckOutcome, what: &str, widths: Widths, text: &str) -> String {
    let [of_word, of_what] = widths;
    let word = padded(outcome, of_word);
    let what = printable(what);
    format!("  {word}  {what:<of_what$}  {}", printable(text))
}

/// The subject of a check: its id, and its qualifier if there are several.
pub(crate) fn title(check: &Check) -> String {
    match &check.subject {
        Some(subject) => format!("{} {subject}", check.id),
        None => check.id.to_string(),
    }
}

/// The word for an outcome, in its style.
pub(crate) fn word(outcome: CheckOutcome) -> String {
    padded(outcome, 0)
}

/// Padded before it is styled: escape sequences have no width.
fn padded(outcome: CheckOutcome, width: usize) -> String {
    let (style, word) = match outcome {
        CheckOutcome::Ok => (GOOD, "ok"),
        CheckOutcome::Warn => (WARNING, "warn"),
        CheckOutcome::Fail => (ERROR, "FAIL"),
        CheckOutcome::Missing => (ERROR, "MISSING"),
        CheckOutcome::Skip => (FAINT, "skip"),
    };
    styled(style, &format!("{word:<width$}"))
}

/// A failure in one line.
pub(crate) fn in_short(failure: &Failure) -> String {
    format!("{}: {}", failure.code(), failure.message())
}

/// The columns before a line and between its parts.
const BETWEEN: usize = 2;
/// A narrower terminal wraps the lines itself.
const LEAST: usize = 24;

#[cfg(test)]
mod tests {
    use synapse_core::check::{CheckId, Finding};
    use synapse_core::error::{Code, Remedy};

    use super::*;
    use crate::output::CommandLines;

    fn shown(check: &Check, columns: usize) -> Vec<String> {
        let text = check_block(check, [4, 14], Some(columns), &CommandLines);
        let plain = anstream::adapter::strip_str(&text).to_string();
        plain.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_failure_says_why_and_what_to_type_and_breaks_no_command() {
        let failure = Failure::new(Code::GateNetworkDisabled, "live calls are off")
            .cause("its network gate is closed")
            .remedy(
                "open the gate, if you want live calls",
                &Remedy::OpenGate {
                    connection: "work".parse().unwrap(),
                },
            );
        let check = Check::new(CheckId::Gate, Finding::Fail(failure)).of("work");
        assert_eq!(
            shown(&check, 60),
            [
                "  FAIL  gate work       gate.network-disabled: live calls",
                "                        are off",
                "                        its network gate is closed",
                "                        open the gate, if you want live",
                "                        calls:",
                "                        synapse connection edit work --allow-network",
            ]
        );
        assert_eq!(shown(&check, 200).len(), 3);
    }

    #[test]
    fn a_long_title_has_a_line_of_its_own() {
        let check = Check::new(CheckId::Credential, Finding::Ok("there".into())).of("a-long-name");
        assert_eq!(
            shown(&check, 80),
            [
                "  ok    credential a-long-name",
                "                        there"
            ]
        );
    }
}
