//! CSV as RFC 4180 has it, guarded against cells that a spreadsheet would run.

use std::borrow::Cow;

use synapse_core::ledger::{Column, ColumnValue, Entry};

/// The line of column names.
pub(crate) fn header() -> String {
    record(Column::ALL.iter().map(|column| column.as_str()))
}

/// The line of a row. Unknown is an empty cell.
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

/// One line of CSV with its end, from cells of text and of numbers that are not negative.
///
/// A cell with a comma, a quote or a line end is quoted. One that begins like a formula gets a `'`
/// in front, because names and ids come from outside and spreadsheets run what they open.
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

/// <https://owasp.org/www-community/attacks/CSV_Injection>; spaces in front do not stop every
/// spreadsheet, nor does a full-width sign.
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
