//! A failure for people: code, message, causes, hints.

use anstyle::Style;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::redact::printable;

use super::styled;

/// Renders a failure as `error[code]: message` with its causes and hints below.
pub(crate) fn render(
    word: &str,
    style: Style,
    failure: &Failure,
    remedies: &dyn RemedyText,
) -> String {
    let head = styled(style, &format!("{word}[{}]", failure.code));
    let mut lines = vec![format!("{head}: {}", printable(&failure.message))];
    for cause in &failure.causes {
        lines.push(format!("  cause: {}", printable(cause)));
    }
    for hint in &failure.hints {
        let step = hint.sentence(remedies);
        lines.push(format!("  hint: {}", printable(&step)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use synapse_core::error::{Code, Remedy};

    use super::*;
    use crate::output::CommandLines;

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
}
