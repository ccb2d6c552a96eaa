//! The combined instructions of a hub: a line per server, short enough for every client.

use std::sync::Arc;

use crate::roster::{Member, Readiness};
use crate::settings::Selection;

/// The instructions of all members, one line each, or those of the only one.
pub(crate) fn instructions(members: &[Arc<Member>], selection: &Selection) -> Option<String> {
    let of = |member: &Member| member.lists().and_then(|lists| lists.instructions.clone());
    if selection.is_alone() {
        return members.first().and_then(|member| of(member));
    }
    let offered: Vec<&Arc<Member>> = members
        .iter()
        .filter(|member| !matches!(member.standing, Readiness::Disabled))
        .collect();
    if offered.is_empty() {
        return None;
    }
    let head = "Tools named SERVER__TOOL belong to these upstream servers; \
                `hub_status` shows why one is missing:";
    let room = MOST_INSTRUCTIONS.saturating_sub(head.chars().count() + TAIL.chars().count());
    let share = (room / offered.len()).max(SHORTEST_LINE);
    let mut text = head.to_owned();
    let mut left = room;
    let mut skipped = 0_usize;
    for member in offered {
        let said = match member.failure() {
            Some(failure) => format!("not available, {}", failure.code()),
            None => of(member)
                .map(|said| said.split_whitespace().collect::<Vec<_>>().join(" "))
                .unwrap_or_default(),
        };
        let line = if said.is_empty() {
            format!("\n- {}", member.name)
        } else {
            format!("\n- {}: {said}", member.name)
        };
        let line = cut(&line, share);
        let length = line.chars().count();
        if length > left {
            skipped += 1;
            continue;
        }
        left -= length;
        text.push_str(&line);
    }
    if skipped > 0 {
        text.push_str(TAIL);
    }
    Some(text)
}

fn cut(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Claude Code silently truncates instructions at 2,048 characters.
const MOST_INSTRUCTIONS: usize = 2_000 - PRODUCT;
/// Reserved for the product's own instructions.
const PRODUCT: usize = 300;
const SHORTEST_LINE: usize = 40;
const TAIL: &str = "\n- and more, see `hub_status`";
