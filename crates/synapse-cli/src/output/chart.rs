//! A bar in a table cell: a length followed by its number, so that nothing is lost where block
//! characters are not shown.

/// The fraction that `value` is of `whole`.
pub(crate) fn bar(value: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let eighths = u128::from(value) * WIDTH * 8 / u128::from(whole);
    let eighths = match (value, eighths) {
        // A non-zero value is visible.
        (1.., 0) => 1,
        (_, eighths) => eighths.min(WIDTH * 8),
    };
    let full = usize::try_from(eighths / 8).unwrap_or_default();
    let rest = usize::try_from(eighths % 8).unwrap_or_default();
    let mut text = "█".repeat(full);
    text.push_str(PARTS.get(rest).unwrap_or(&""));
    let percent = u128::from(value) * 100 / u128::from(whole);
    let width = usize::try_from(WIDTH).unwrap_or_default();
    format!("{text:<width$} {percent:>3}%")
}

const WIDTH: u128 = 10;
/// From nothing to seven eighths of a block.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!(bar(100, 100), "██████████ 100%");
        assert_eq!(bar(50, 100), "█████       50%");
        assert_eq!(bar(1, 80), "▏            1%");
        assert_eq!(bar(1, 1_000_000), "▏            0%");
        assert_eq!(bar(0, 100), "             0%");
        assert_eq!(bar(0, 0), "");
        assert_eq!(bar(u64::MAX, u64::MAX), "██████████ 100%");
    }
}
