//! Lengths of runs: of accepted bytes, of a control sequence, of an invisible character.

/// Length of `ESC [ … m` and of every other control sequence; 1 for anything else.
pub(super) fn escape_length(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) != Some(&b'[') {
        return 1;
    }
    let parameters = run_length(bytes, at + 2, |byte| (0x20..=0x3f).contains(&byte));
    (parameters + 3).min(bytes.len() - at)
}

/// Length of the invisible character at the start; 0 for any other.
pub(super) const fn invisible_length(rest: &[u8]) -> usize {
    match rest {
        [0xe2, 0x80, 0x8b..=0x8d, ..] | [0xe2, 0x81, 0xa0, ..] | [0xef, 0xbb, 0xbf, ..] => 3,
        [0xc2, 0xad, ..] => 2,
        [0, ..] => 1,
        _ => 0,
    }
}

pub(super) fn run_length(bytes: &[u8], from: usize, accepts: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().take_while(|byte| accepts(**byte)).count()
}
