//! Renders a failure for people: code, message, causes, hints.

use anstyle::Style;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::redact::printable;

use super::styled;

/// Renders a failure in at most five lines: `error[code]: message`, then the causes and their
/// source, then the commands to type, most useful first. `--json` has everything.
pub(crate) fn render(
    word: &str,
    style: Style,
    failure: &Failure,
    remedies: &dyn RemedyText,
) -> String {
    let head = styled(style, &format!("{word}[{}]", failure.code()));
    let mut lines = vec![format!("{head}: {}", printable(failure.message()))];
    let causes = failure.causes();
    let hints = hints(
        failure,
        remedies,
        BELOW.saturating_sub(causes.len().min(LEAST)),
    );
    let causes = folded(&causes, BELOW.saturating_sub(hints.len()));
    lines.extend(
        causes
            .iter()
            .map(|cause| format!("  cause: {}", printable(cause))),
    );
    lines.extend(
        hints
            .iter()
            .map(|hint| format!("  hint: {}", printable(hint))),
    );
    lines.join("\n")
}

/// The causes in at most `most` lines; the remaining ones share the last line.
fn folded(causes: &[&str], most: usize) -> Vec<String> {
    let own = most.saturating_sub(1).min(causes.len());
    let (first, rest) = causes.split_at(own);
    let mut lines: Vec<String> = first.iter().map(ToString::to_string).collect();
    if !rest.is_empty() && most > 0 {
        lines.push(rest.join("; "));
    }
    lines
}

/// The hints in at most `most` lines. A command has its own line, so that it can be copied; hints
/// without one share a line when space is short.
fn hints(failure: &Failure, remedies: &dyn RemedyText, most: usize) -> Vec<String> {
    let all: Vec<(bool, String)> = failure
        .hints()
        .iter()
        .map(|hint| (hint.command(remedies).is_some(), hint.sentence(remedies)))
        .collect();
    if all.len() <= most {
        return all.into_iter().map(|(_, text)| text).collect();
    }
    let (commands, words): (Vec<_>, Vec<_>) = all.into_iter().partition(|(typed, _)| *typed);
    let texts = |list: Vec<(bool, String)>| list.into_iter().map(|(_, text)| text);
    let words: Vec<String> = texts(words).collect();
    let room = most.saturating_sub(usize::from(!words.is_empty())).max(1);
    let mut lines: Vec<String> = texts(commands).take(room).collect();
    if !words.is_empty() && lines.len() < most {
        lines.push(words.join("; "));
    }
    lines
}

/// The lines below the first.
const BELOW: usize = 4;
/// The lines reserved for the causes and their source.
const LEAST: usize = 2;

#[cfg(test)]
mod tests {
    use synapse_core::error::{Code, Remedy};

    use super::*;
    use crate::output::{CommandLines, TypedLines};

    #[test]
    fn causes_and_hints_follow_and_nothing_moves_the_cursor() {
        let failure = Failure::new(Code::GateNetworkDisabled, "live calls are off")
            .cause("a\u{1b}[2Jb")
            .hint("think")
            .remedy(
                "open it",
                &Remedy::OpenGate {
                    connection: "hf".parse().unwrap(),
                },
            );
        assert_eq!(
            render("error", Style::new(), &failure, &CommandLines),
            "error[gate.network-disabled]: live calls are off\n  \
             cause: a\u{fffd}[2Jb\n  \
             hint: think\n  \
             hint: open it: synapse connection edit hf --allow-network"
        );
    }

    fn lines(failure: &Failure) -> Vec<String> {
        let text = render("error", Style::new(), failure, &CommandLines);
        text.lines()
            .skip(1)
            .map(|line| line.trim().to_owned())
            .collect()
    }

    #[test]
    fn a_failure_has_five_lines_at_most_and_every_cause() {
        let mut failure = Failure::new(Code::InternalInvariant, "x");
        for cause in ["a", "b", "c", "d", "e", "f"] {
            failure = failure.cause(cause);
        }
        assert_eq!(
            lines(&failure),
            ["cause: a", "cause: b", "cause: c", "cause: d; e; f"]
        );
        let failure = failure
            .hint("one")
            .remedy("two", &Remedy::ListCodes)
            .hint("three");
        assert_eq!(
            lines(&failure),
            [
                "cause: a",
                "cause: b; c; d; e; f",
                "hint: two: synapse explain",
                "hint: one; three"
            ]
        );
    }

    #[test]
    fn what_has_room_keeps_its_order() {
        let failure = Failure::new(Code::InternalInvariant, "x")
            .cause("a")
            .hint("one");
        let failure = failure.remedy("two", &Remedy::ListCodes);
        assert_eq!(
            lines(&failure),
            ["cause: a", "hint: one", "hint: two: synapse explain"]
        );
    }

    #[test]
    fn a_command_that_was_mistyped_is_shown_whole_and_corrected() {
        let failure = Failure::new(Code::ConfigNotFound, "no connection is called `wrok`");
        let failure = failure.did_you_mean("wrok", "work");
        assert_eq!(lines(&failure), ["hint: did you mean `work`?"]);
        let typed = ["synapse", "chat", "wrok", "Say hello"].map(str::to_owned);
        let remedies = TypedLines::new(typed.to_vec(), std::sync::Arc::new(CommandLines));
        let text = render("error", Style::new(), &failure, &remedies);
        assert!(
            text.ends_with("hint: did you mean `work`? synapse chat work 'Say hello'"),
            "{text}"
        );
    }
}
