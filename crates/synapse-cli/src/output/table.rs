//! Tables without lines, which read well and paste well.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use synapse_core::cost::{Cost, CostSource};

use super::Printer;

/// A table of `rows` under `headers`; the columns in `right` are aligned to the right.
pub(crate) fn table(headers: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // A terminal that does not know its width says 0.
    let fits = table.width().is_some_and(|columns| columns >= MIN_COLUMNS);
    table.set_content_arrangement(if Printer::stdout_is_terminal() && fits {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    });
    table.set_header(headers);
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        let left = if index == 0 { 0 } else { 1 };
        column.set_padding((left, 1));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Nano-USD as dollars, with as many digits as the amount has.
pub(crate) fn amount_text(nano_usd: u64) -> String {
    let (dollars, rest) = (nano_usd / NANO, nano_usd % NANO);
    let digits = format!("{rest:09}");
    let digits = digits.trim_end_matches('0');
    format!("${dollars}.{digits:0<2}")
}

/// A cost with how well it is known.
pub(crate) fn cost_text(cost: &Cost) -> String {
    let word = match cost.source {
        CostSource::Actual => "",
        CostSource::Estimated => " estimated",
        _ => " of unknown source",
    };
    match cost.amount_nano_usd {
        Some(amount) => format!("{}{word}", amount_text(amount)),
        None => "unknown".to_owned(),
    }
}

/// Below that, wrapped cells are harder to read than lines that run over.
const MIN_COLUMNS: u16 = 40;
const NANO: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        assert_eq!(amount_text(0), "$0.00");
        assert_eq!(amount_text(1_500_000_000), "$1.50");
        assert_eq!(amount_text(1), "$0.000000001");
        assert_eq!(amount_text(12_345_000_000), "$12.345");
    }

    #[test]
    fn a_cost_says_how_well_it_is_known() {
        let text = |amount_nano_usd, source| {
            cost_text(&Cost {
                amount_nano_usd,
                source,
                priced_at: None,
            })
        };
        assert_eq!(text(Some(1), CostSource::Actual), "$0.000000001");
        assert_eq!(text(Some(0), CostSource::Estimated), "$0.00 estimated");
        assert_eq!(text(None, CostSource::Unknown), "unknown");
    }

    #[test]
    fn tables_have_no_trailing_spaces() {
        let text = table(&["a", "b"], &[1], vec![vec!["x".into(), "1".into()]]);
        assert!(text.lines().all(|line| line == line.trim_end()), "{text:?}");
        assert!(text.contains('x') && text.contains('1'));
    }
}
