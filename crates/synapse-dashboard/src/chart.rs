//! SVG charts with coordinates in per cent: no distortion, constant text size, no style attributes.
//! Unknown amounts are a hatched cap of fixed size, never a height.

use maud::{Markup, html};

use crate::words::money;

/// One column of a chart.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChartColumn {
    /// Description with figures.
    pub(crate) title: String,
    /// Parts from bottom to top, coloured by index.
    pub(crate) parts: Vec<u64>,
    /// Whether some amounts are unknown.
    pub(crate) unknown: bool,
    /// Link target.
    pub(crate) link: Option<String>,
    /// Label below, for some columns.
    pub(crate) label: Option<String>,
}

/// Stacked costs per column.
pub(crate) fn costs(label: &str, columns: &[ChartColumn]) -> Markup {
    let most = columns
        .iter()
        .map(|column| column.parts.iter().sum::<u64>())
        .max()
        .unwrap_or(0);
    let top = nice(most);
    let height = |amount: u64| part(amount, top) * (FLOOR - CEILING) / 100.0;
    let width = (100.0 - MARGIN) / count(columns.len().max(1));
    html! {
        svg .ch .h190 role="group" aria-label=(label) {
            (hatch())
            line x1="0" x2="100%" y1="88%" y2="88%" .base {}
            @if most > 0 {
                @for step in 1..=2_u64 {
                    @let y = grid_line(step);
                    line x1="0" x2="100%" y1=(y) y2=(y) .grid {}
                }
            }
            @for (index, column) in columns.iter().enumerate() {
                @let left = MARGIN + width * count(index);
                @let bars = html! {
                    title { (column.title) }
                    rect x=(per_cent(left)) y="0" width=(per_cent(width)) height="88%" .hit {}
                    @for (place, bottom, amount) in stacked(&column.parts) {
                        @let size = height(amount);
                        @if amount > 0 {
                            rect x=(per_cent(left + width * 0.15)) y=(per_cent(FLOOR - height(bottom) - size))
                                width=(per_cent(width * 0.7)) height=(per_cent(size.max(0.4))) class=(colour(place)) {}
                        }
                    }
                    @if column.unknown {
                        @let whole = height(column.parts.iter().sum());
                        rect x=(per_cent(left + width * 0.15)) y=(per_cent(FLOOR - whole))
                            width=(per_cent(width * 0.7)) height="5" transform="translate(0 -6.5)" rx="1" .hb {}
                    }
                };
                @match &column.link {
                    Some(link) => { a href=(link) tabindex="-1" aria-label=(column.title) { (bars) } }
                    None => { g .day role="img" aria-label=(column.title) { (bars) } }
                }
                // A label of the last columns would leave the chart, or cover the one before.
                @if let Some(label) = column.label.as_ref().filter(|_| left <= LAST_LABEL) {
                    text x=(per_cent(left)) y="99%" { (label) }
                }
            }
            // Last, because on a narrow page they lie over the first columns.
            @if most > 0 {
                @for step in 1..=2_u64 { text .axis x="0" y=(grid_line(step)) dy="-3" { (money(top / 2 * step)) } }
            }
        }
    }
}

/// Successful and failed calls per column.
pub(crate) fn calls(label: &str, columns: &[ChartColumn]) -> Markup {
    let most = columns
        .iter()
        .map(|column| column.parts.iter().sum::<u64>())
        .max()
        .unwrap_or(0);
    let width = (100.0 - MARGIN) / count(columns.len().max(1));
    html! {
        svg .ch .h40 role="group" aria-label=(label) {
            @for (index, column) in columns.iter().enumerate() {
                @let left = MARGIN + width * count(index);
                g .day role="img" aria-label=(column.title) {
                    title { (column.title) }
                    rect x=(per_cent(left)) y="0" width=(per_cent(width)) height="100%" .hit {}
                    @for (place, bottom, amount) in stacked(&column.parts) {
                        @if amount > 0 {
                            @let size = part(amount, most).max(3.0);
                            rect x=(per_cent(left + width * 0.15)) y=(per_cent(100.0 - part(bottom, most) - size))
                                width=(per_cent(width * 0.7)) height=(per_cent(size))
                                class=(if place == 0 { "bq" } else { "bx" }) {}
                        }
                    }
                }
            }
        }
    }
}

/// A proportion as a bar; the figure is beside it.
pub(crate) fn bar(amount: u64, whole: u64, class: &str, fill: &str) -> Markup {
    html! {
        svg class=(format!("ch bar {class}")) aria-hidden="true" {
            rect x="0%" width=(per_cent(part(amount, whole))) height="100%" class=(fill) {}
        }
    }
}

/// Several proportions in one bar.
pub(crate) fn parts(amounts: &[u64], whole: u64) -> Markup {
    html! {
        svg .ch .bar aria-hidden="true" {
            @for (place, before, amount) in stacked(amounts) {
                rect x=(per_cent(part(before, whole))) width=(per_cent(part(amount, whole)))
                    height="100%" class=(colour(place)) {}
            }
        }
    }
}

/// The timing of a call: to the first headers, then to the end.
pub(crate) fn timing(headers: Option<u64>, whole: u64, label: &str) -> Markup {
    let first = headers.map_or(0.0, |headers| part(headers, whole));
    html! {
        svg .ch .h40 role="img" aria-label=(label) {
            rect x="0" y="30%" width=(per_cent(first)) height="34%" rx="2" .b1 {}
            rect x=(per_cent(first)) y="30%" width=(per_cent(100.0 - first)) height="34%" rx="2" .bq {}
        }
    }
}

/// The pattern for unknown amounts.
fn hatch() -> Markup {
    html! {
        defs {
            pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                path .hl d="M0 0V5" {}
            }
        }
    }
}

/// The height of one of two grid lines.
fn grid_line(step: u64) -> String {
    per_cent(FLOOR - (FLOOR - CEILING) / 2.0 * count(usize::try_from(step).unwrap_or(1)))
}

/// Each part with its index and its offset.
fn stacked(parts: &[u64]) -> Vec<(usize, u64, u64)> {
    let mut below = 0_u64;
    let mut stacked = Vec::with_capacity(parts.len());
    for (place, amount) in parts.iter().enumerate() {
        stacked.push((place, below, *amount));
        below = below.saturating_add(*amount);
    }
    stacked
}

/// The class of a series.
pub(crate) const fn colour(place: usize) -> &'static str {
    match place {
        0 => "b1",
        1 => "b2",
        2 => "b3",
        3 => "b4",
        _ => "b5",
    }
}

/// Rounds up to 1, 2 or 5 times a power of ten, evenly divisible.
fn nice(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [2_u64, 4, 6, 10] {
            let top = power.saturating_mul(step);
            if top >= most {
                return top;
            }
        }
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => return most,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn part(amount: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => (amount as f64 / whole as f64 * 100.0).clamp(0.0, 100.0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
const fn count(number: usize) -> f64 {
    number as f64
}

fn per_cent(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}

/// Left margin for the axis labels.
const MARGIN: f64 = 5.0;
/// Columns to the right of this have no label.
const LAST_LABEL: f64 = 92.0;
const FLOOR: f64 = 88.0;
const CEILING: f64 = 9.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn column(parts: &[u64], unknown: bool) -> ChartColumn {
        ChartColumn {
            title: "day".to_owned(),
            parts: parts.to_vec(),
            unknown,
            ..ChartColumn::default()
        }
    }

    #[test]
    fn what_is_unknown_is_hatched_and_has_no_height_of_its_own() {
        let known = costs("c", &[column(&[5], false)]).into_string();
        let unknown = costs("c", &[column(&[5], true)]).into_string();
        assert!(!known.contains("class=\"hb\""));
        assert!(unknown.contains("height=\"5\" transform"));
        let nothing = costs("c", &[column(&[], true)]).into_string();
        assert!(nothing.contains("class=\"hb\""));
    }

    #[test]
    fn a_top_is_round_and_never_below_the_most() {
        assert_eq!(
            [nice(0), nice(3), nice(5), nice(7), nice(41)],
            [2, 4, 6, 10, 60]
        );
        assert_eq!(nice(u64::MAX), u64::MAX);
    }

    proptest::proptest! {
        #[test]
        fn no_bar_leaves_its_chart(parts in proptest::collection::vec(0..u64::MAX / 64, 0..6)) {
            let chart = costs("c", &[column(&parts, true), column(&[1], false)]).into_string();
            for piece in chart.split('"').filter(|piece| piece.ends_with('%')) {
                let value: f64 = piece.trim_end_matches('%').parse().unwrap();
                proptest::prop_assert!((0.0..=100.0).contains(&value), "{value}");
            }
        }
    }
}
