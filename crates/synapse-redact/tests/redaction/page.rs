//! The documented list of notations is exactly the tested one.

use synapse_redact::{REDACTED, Redactor, without_tokens};
use synapse_testkit::leak::{Canary, Disguise};

const PAGE: &str = include_str!("../../../../docs/reference/redaction.md");

#[test]
fn the_page_lists_every_way_that_is_tested() {
    let rows: Vec<String> = Disguise::ALL.into_iter().map(row).collect();
    let listed: Vec<&str> = PAGE
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    assert_eq!(
        listed,
        rows,
        "docs/reference/redaction.md should have:\n{}",
        rows.join("\n")
    );
}

fn row(disguise: Disguise) -> String {
    let example: String = disguise
        .of("fake-Key")
        .chars()
        .map(|each| match each {
            '\u{200b}' | '\0' | '\u{1b}' | '\n' => each.escape_default().to_string(),
            _ => each.to_string(),
        })
        .collect();
    let by_shape = if is_found_by_shape(disguise) {
        "yes"
    } else {
        "no"
    };
    format!("| {} | {by_shape} | `{example}` |", disguise.title())
}

/// Whether an unknown token in this notation is removed as well.
pub(crate) fn is_found_by_shape(disguise: Disguise) -> bool {
    let token = format!("hf_{}", "abcdEFGH0123ijklMNOP4567");
    let said = format!("you sent {}, it is wrong", disguise.of(&token));
    Canary::new(&token)
        .found_in(without_tokens(&said).as_bytes())
        .is_none()
}

/// Each in the middle of a message, as a server would echo it.
#[test]
fn every_way_is_removed_from_a_message_and_from_an_answer() {
    let secret = "fake-Canary/0123+4567==xyZ";
    let redactor = Redactor::for_secret(secret);
    for disguise in Disguise::ALL {
        let said = format!("you sent {}, it is wrong", disguise.of(secret));
        for clean in [redactor.redact(&said), redactor.spare(&said)] {
            assert!(clean.contains(REDACTED), "{disguise:?}: {clean}");
            assert!(clean.ends_with(", it is wrong"), "{disguise:?}: {clean}");
        }
    }
}
