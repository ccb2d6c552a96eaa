//! Tables without lines, easy to read and to paste.

use std::io;

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Table, Width as ColumnWidth, presets,
};
use terminal_size::{Width, terminal_size_of};

/// A table of `rows` under `headers`; the columns in `right` are aligned to the right.
///
/// On a narrow terminal, cells are wrapped between words. If words do not fit either, ids could not
/// be copied: each row then becomes a paragraph of names and values.
pub(crate) fn table(headers: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> String {
    let columns = width().and_then(|columns| u16::try_from(columns).ok());
    lay_out(headers, right, rows, columns)
}

/// The width of the terminal at stdout; `None` for a pipe.
pub(super) fn width() -> Option<usize> {
    let (Width(columns), _) = terminal_size_of(io::stdout())?;
    // A terminal of unknown width reports 0.
    Some(usize::from(columns)).filter(|columns| *columns > 0)
}

pub(super) fn lay_out(
    headers: &[&str],
    right: &[usize],
    rows: Vec<Vec<String>>,
    columns: Option<u16>,
) -> String {
    let least = least_widths(headers, &rows);
    if let Some(columns) = columns.map(usize::from)
        && least.iter().sum::<usize>() > columns
    {
        return paragraphs(headers, &rows, columns);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(columns) = columns {
        table.set_width(columns);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(headers);
    table.add_rows(rows);
    for ((index, column), least) in table.column_iter_mut().enumerate().zip(least) {
        column.set_padding((left_padding(index), 1));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let least = u16::try_from(least).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(ColumnWidth::Fixed(least)));
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// The minimum width of each column without breaking a word, including padding.
fn least_widths(headers: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let longest = |text: &str| text.split_whitespace().map(length).max().unwrap_or(0);
    let of_column = |(index, header): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        let widest = cells.map(|cell| longest(cell)).max().unwrap_or(0);
        widest.max(longest(header)) + usize::from(left_padding(index)) + 1
    };
    headers.iter().enumerate().map(of_column).collect()
}

const fn left_padding(index: usize) -> u16 {
    if index == 0 { 0 } else { 1 }
}

/// Each row as a paragraph of names and values.
pub(super) fn paragraphs(headers: &[&str], rows: &[Vec<String>], columns: usize) -> String {
    let paragraphs = rows.iter().map(|row| paragraph(headers, row, columns));
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// A row as `NAME value  NAME value`, wrapped with an indent.
fn paragraph(headers: &[&str], row: &[String], columns: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for (name, value) in headers
        .iter()
        .zip(row)
        .filter(|(_, value)| !value.is_empty())
    {
        let fact = format!("{name} {value}");
        let wider = used + 2 + length(&fact);
        if text.is_empty() {
            used = length(&fact);
        } else if wider <= columns {
            text.push_str("  ");
            used = wider;
        } else {
            text.push_str("\n  ");
            used = 2 + length(&fact);
        }
        text.push_str(&fact);
    }
    text
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(columns: Option<u16>) -> String {
        let row = |words: [&str; 3]| words.map(str::to_owned).to_vec();
        let rows = vec![
            row(["work", "an error of two words", "01a1fa66-d9c3-747b"]),
            row(["home", "", "01a1fa66-d9c3-8fab"]),
            row(["x", "ok", "1"]),
        ];
        lay_out(&["NAME", "OUTCOME", "CALL"], &[], rows, columns)
    }

    #[test]
    fn no_word_is_broken_however_narrow_the_terminal() {
        let wide = "\
            NAME  OUTCOME                CALL\n\
            work  an error of two words  01a1fa66-d9c3-747b\n\
            home                         01a1fa66-d9c3-8fab\n\
            x     ok                     1";
        assert_eq!(calls(None), wide);
        assert_eq!(calls(Some(200)), wide);
        assert_eq!(
            calls(Some(40)),
            "\
            NAME  OUTCOME        CALL\n\
            work  an error of    01a1fa66-d9c3-747b\n      \
                  two words\n\
            home                 01a1fa66-d9c3-8fab\n\
            x     ok             1"
        );
        let narrow = "\
            NAME work\n  \
              OUTCOME an error of two words\n  \
              CALL 01a1fa66-d9c3-747b\n\
            NAME home\n  \
              CALL 01a1fa66-d9c3-8fab\n\
            NAME x  OUTCOME ok  CALL 1";
        assert_eq!(calls(Some(33)), narrow);
        for columns in 1..120 {
            let text = calls(Some(columns));
            assert!(text.contains("01a1fa66-d9c3-8fab"), "{columns}: {text}");
        }
    }

    #[test]
    fn tables_have_no_trailing_spaces() {
        let text = table(&["a", "b"], &[1], vec![vec!["x".into(), "1".into()]]);
        assert!(text.lines().all(|line| line == line.trim_end()), "{text:?}");
        assert!(text.contains('x') && text.contains('1'));
    }
}
