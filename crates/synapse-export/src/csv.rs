//! CSV per RFC 4180, with protection against formula injection.

use std::borrow::Cow;

use synapse_core::ledger::{Column, ColumnValue, Entry};

/// The header line.
pub(crate) fn header() -> String {
    record(Column::ALL.iter().map(|column| column.as_str()))
}

/// The line of one row. Unknown values are empty cells.
pub(crate) fn row(entry: &Entry) -> String {
    record(Column::ALL.iter().map(|column| cell(*column, entry)))
}

fn cell(column: Column, entry: &Entry) -> String {
    match column.value(entry) {
        None => String::new(),
        Some(ColumnValue::Text(text)) => text,
        Some(ColumnValue::Number(number)) => number.to_string(),
        Some(ColumnValue::Time(time)) => time.to_string(),
        Some(ColumnValue::Flag(flag)) => flag.to_string(),
    }
}

/// Formats one line of CSV, with its line end, from text cells and non-negative numbers.
///
/// Quotes a cell that contains a comma, a quote or a line end, and prefixes one that starts like a
/// formula with `'`: names and ids are foreign text, and spreadsheets evaluate formulas on opening.
pub fn record<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> String {
    let mut line = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        let cell = guarded(cell.as_ref());
        if cell.contains([',', '"', '\r', '\n']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&cell);
        }
    }
    line.push_str("\r\n");
    line
}

/// <https://owasp.org/www-community/attacks/CSV_Injection>; some spreadsheets ignore leading spaces
/// or accept full-width signs.
fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.trim_start_matches(' ').starts_with(FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_when_they_have_to_be() {
        assert_eq!(record(["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(
            record(["a,b", "say \"hi\"", "x\ny", "x\r"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"x\ny\",\"x\r\"\r\n"
        );
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        for evil in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " =1",
            "＝1",
            "=cmd|'/C calc'!A0",
            "=HYPERLINK(\"http://e\",\"x\")",
        ] {
            let line = record([evil]);
            let cell = line.trim_start_matches('"');
            assert!(cell.starts_with('\''), "{evil:?} became {line:?}");
        }
        assert_eq!(
            record(["2026-11-20", "a=b", "gpt-4"]),
            "2026-11-20,a=b,gpt-4\r\n"
        );
    }
}
