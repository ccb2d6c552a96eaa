//! Lists with one line per row at any width. On a narrow terminal, long cells are truncated first,
//! then the least important columns are dropped. A pipe gets everything.

use synapse_core::redact::printable_line;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::table::{paragraphs, width};

/// A column of a list, and how it adapts to a narrow terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'a> {
    header: &'a str,
    right: bool,
    least: Option<usize>,
    end: bool,
    rank: Option<u8>,
}

impl<'a> Column<'a> {
    /// A column that is always shown, as wide as its content.
    pub(crate) const fn new(header: &'a str) -> Self {
        Self {
            header,
            right: false,
            least: None,
            end: false,
            rank: None,
        }
    }

    /// Right-aligned, as for numbers.
    pub(crate) const fn right(self) -> Self {
        Self {
            right: true,
            ..self
        }
    }

    /// Allows its cells to be truncated to `least` characters.
    pub(crate) const fn cut(self, least: usize) -> Self {
        Self {
            least: Some(least),
            ..self
        }
    }

    /// As [`Column::cut`], for cells whose end is most important, such as paths.
    pub(crate) const fn cut_front(self, least: usize) -> Self {
        Self {
            least: Some(least),
            end: true,
            ..self
        }
    }

    /// Allows it to be dropped; the highest rank is dropped first.
    pub(crate) const fn drop(self, rank: u8) -> Self {
        Self {
            rank: Some(rank),
            ..self
        }
    }

    /// Prevents it from being dropped.
    pub(crate) const fn keep(self) -> Self {
        Self { rank: None, ..self }
    }
}

/// A list of `rows`, as wide as the terminal. Every cell stays on one line.
pub(crate) fn listing(columns: &[Column<'_>], rows: Vec<Vec<String>>) -> String {
    let on_one_line = |cell: String| printable_line(&cell);
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.into_iter().map(on_one_line).collect())
        .collect();
    lay_out(columns, &rows, width())
}

fn lay_out(columns: &[Column<'_>], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut shown: Vec<Shown<'_>> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| Shown::of(*column, index, rows))
        .collect();
    if let Some(width) = width {
        while taken(&shown, |each| each.least) > width {
            let rank = |each: &Shown<'_>| each.column.rank;
            let dispensable = (0..shown.len()).filter_map(|at| Some((rank(shown.get(at)?)?, at)));
            let Some((_, at)) = dispensable.max() else {
                // Names too: the rest of one row must not break all the others. A pipe has them.
                if width >= STANDARD {
                    for each in &mut shown {
                        each.least = each.least.min(each.column.header.width().max(LEAST_NAME));
                    }
                    if taken(&shown, |each| each.least) <= width {
                        break;
                    }
                }
                let headers: Vec<&str> = columns.iter().map(|column| column.header).collect();
                return paragraphs(&headers, rows, width);
            };
            shown.remove(at);
        }
        fit(&mut shown, width);
    }
    let headers = line(&shown, |each| each.column.header);
    let lines = rows.iter().map(|row| {
        line(&shown, |each| {
            row.get(each.index).map_or("", String::as_str)
        })
    });
    let lines: Vec<String> = std::iter::once(headers).chain(lines).collect();
    lines.join("\n")
}

/// A visible column.
struct Shown<'a> {
    column: Column<'a>,
    /// Its index in each row.
    index: usize,
    natural: usize,
    least: usize,
    width: usize,
}

impl<'a> Shown<'a> {
    fn of(column: Column<'a>, index: usize, rows: &[Vec<String>]) -> Self {
        let cells = rows.iter().filter_map(|row| row.get(index));
        let widest = cells.map(|cell| cell.width()).max().unwrap_or_default();
        let natural = widest.max(column.header.width());
        let least = column.least.map_or(natural, |least| {
            least.max(column.header.width()).min(natural)
        });
        Self {
            column,
            index,
            natural,
            least,
            width: natural,
        }
    }
}

fn taken(shown: &[Shown<'_>], width: impl Fn(&Shown<'_>) -> usize) -> usize {
    let gaps = shown.len().saturating_sub(1) * GAP;
    shown.iter().map(width).sum::<usize>() + gaps
}

/// Gives each column its minimum width, then the remaining space to the columns that lack most.
fn fit(shown: &mut [Shown<'_>], width: usize) {
    let mut room = width.saturating_sub(taken(shown, |each| each.least));
    for each in shown.iter_mut() {
        each.width = each.least;
    }
    while room > 0 {
        let short = shown.iter_mut().filter(|each| each.width < each.natural);
        let Some(narrowest) = short.min_by_key(|each| each.width) else {
            return;
        };
        narrowest.width += 1;
        room -= 1;
    }
}

fn line<'a>(shown: &[Shown<'a>], cell: impl Fn(&Shown<'a>) -> &'a str) -> String {
    let mut line = String::new();
    for each in shown {
        let text = if each.column.end {
            cut_front(cell(each), each.width)
        } else {
            cut(cell(each), each.width)
        };
        let space = " ".repeat(each.width.saturating_sub(text.width()));
        if each.index != shown.first().map_or(0, |first| first.index) {
            line.push_str(&" ".repeat(GAP));
        }
        if each.column.right {
            line.extend([space.as_str(), &text]);
        } else {
            line.extend([text.as_str(), &space]);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// At this width a list has one line per row, whatever its names.
const STANDARD: usize = 80;
const LEAST_NAME: usize = 16;

/// Truncates single-line text to `width` columns, with `…` at the cut.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for each in text.chars() {
        used += each.width().unwrap_or_default();
        if used > width {
            break;
        }
        kept.push(each);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// As [`cut`], keeping the end.
fn cut_front(text: &str, width: usize) -> String {
    let mut backwards: String = text.chars().rev().collect();
    backwards = cut(&backwards, width);
    backwards.chars().rev().collect()
}

const GAP: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column<'static>; 4] = [
        Column::new("NAME"),
        Column::new("ABOUT").cut(8),
        Column::new("SIZE").right().drop(2),
        Column::new("OWNER").drop(1),
    ];

    fn laid_out(width: Option<usize>) -> String {
        let row = |words: [&str; 4]| words.map(str::to_owned).to_vec();
        let rows = [
            row(["work", "a long story of many words", "12", "me"]),
            row(["größe", "", "7", "you"]),
        ];
        lay_out(&COLUMNS, &rows, width)
    }

    #[test]
    fn a_pipe_gets_everything() {
        let all = "\
            NAME   ABOUT                       SIZE  OWNER\n\
            work   a long story of many words    12  me\n\
            größe                                 7  you";
        assert_eq!(laid_out(None), all);
        assert_eq!(laid_out(Some(200)), all);
        assert_eq!(laid_out(Some(46)), all);
    }

    #[test]
    fn cells_are_cut_before_columns_are_left_out() {
        assert_eq!(
            laid_out(Some(35)),
            "\
            NAME   ABOUT            SIZE  OWNER\n\
            work   a long story o…    12  me\n\
            größe                      7  you"
        );
        assert_eq!(
            laid_out(Some(27)),
            "\
            NAME   ABOUT          OWNER\n\
            work   a long story…  me\n\
            größe                 you"
        );
        assert_eq!(
            laid_out(Some(15)),
            "\
            NAME   ABOUT\n\
            work   a long…\n\
            größe"
        );
    }

    #[test]
    fn every_row_is_one_line_as_long_as_there_is_room_for_the_least() {
        for width in 15..60 {
            let text = laid_out(Some(width));
            assert_eq!(text.lines().count(), 3, "{width}: {text}");
            assert!(text.lines().all(|line| line.width() <= width), "{text}");
        }
        let narrow = laid_out(Some(12));
        assert!(narrow.contains("SIZE 12"), "{narrow}");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(cut("日本語", 6), "日本語");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("xy", 1), "…");
        assert_eq!(cut_front("~/a/b.json", 7), "…b.json");
    }
}
