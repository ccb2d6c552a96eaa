//! The terminal picture in README.md: a run of `synapse demo` as an SVG that is identical on every
//! machine. Lines with a port, path, time or id are omitted.

/// Renders the styled output of the demo.
pub(crate) fn of_demo(printed: &str) -> String {
    let mut lines = vec![vec![Span::new(Style::Plain, "$ synapse demo")]];
    for line in printed.lines().filter_map(shown) {
        let spans = spans(&line);
        if spans.first().is_some_and(|first| first.begins_part()) {
            lines.push(Vec::new());
        }
        lines.push(spans);
    }
    draw(&lines)
}

/// The line as rendered; `None` for details that vary between runs or are too long.
fn shown(line: &str) -> Option<String> {
    // The server's shutdown time is the only varying number in the kept lines.
    let line = match line.split_once("; the server ended ") {
        Some((before, _)) => before,
        None => line,
    };
    let words = without_styles(line);
    let detail = words.strip_prefix("   ");
    let is_kept = match detail {
        None => !words.is_empty() && !words.starts_with("Go live"),
        Some(detail) => KEPT.iter().any(|kept| detail.starts_with(kept)),
    };
    (is_kept && words.chars().count() <= COLUMNS).then(|| line.to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Strong,
    Faint,
    Good,
}

#[derive(Debug, PartialEq, Eq)]
struct Span {
    style: Style,
    text: String,
}

impl Span {
    fn new(style: Style, text: &str) -> Self {
        Self {
            style,
            text: text.to_owned(),
        }
    }

    /// Whether it is a heading or the verdict.
    fn begins_part(&self) -> bool {
        matches!(self.style, Style::Strong | Style::Good)
    }
}

/// Splits a line at its escape sequences.
fn spans(line: &str) -> Vec<Span> {
    let mut style = Style::Plain;
    let mut spans = Vec::new();
    for (index, part) in line.split("\u{1b}[").enumerate() {
        let mut text = part;
        if index > 0 {
            let (code, rest) = part.split_once('m').unwrap_or((part, ""));
            style = match code {
                "1" => Style::Strong,
                "2" => Style::Faint,
                "32" => Style::Good,
                _ => Style::Plain,
            };
            text = rest;
        }
        if !text.is_empty() {
            spans.push(Span::new(style, text));
        }
    }
    spans
}

fn without_styles(line: &str) -> String {
    spans(line).into_iter().map(|span| span.text).collect()
}

fn draw(lines: &[Vec<Span>]) -> String {
    let width = COLUMNS * COLUMN + 2 * MARGIN;
    let height = lines.len() * ROW + TOP + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>synapse demo in a terminal</title>\n<style>\n\
         text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d8dee9; \
         white-space: pre; }}\n\
         .strong {{ font-weight: bold; fill: #ffffff; }}\n.faint {{ fill: #8a93a5; }}\n\
         .good {{ fill: #8fce7e; }}\n</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#1d2029\"/>\n"
    );
    for (index, colour) in ["#ff5f57", "#febc2e", "#28c840"].into_iter().enumerate() {
        let x = MARGIN + 6 + index * 20;
        svg.push_str(&format!(
            "<circle cx=\"{x}\" cy=\"20\" r=\"6\" fill=\"{colour}\"/>\n"
        ));
    }
    for (index, spans) in lines.iter().enumerate() {
        let y = TOP + (index + 1) * ROW - 6;
        let mut line = String::new();
        for span in spans {
            let text = escaped(&span.text);
            let class = match span.style {
                Style::Plain => {
                    line.push_str(&text);
                    continue;
                }
                Style::Strong => "strong",
                Style::Faint => "faint",
                Style::Good => "good",
            };
            line.push_str(&format!("<tspan class=\"{class}\">{text}</tspan>"));
        }
        let text = format!("<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">{line}</text>\n");
        svg.push_str(&text);
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// Prefixes of the details that every run prints identically.
const KEPT: [&str; 6] = [
    "ok ",
    "initialize ",
    "tools/list ",
    "tools/call ",
    "$ synapse chat ",
    "Hello ",
];
const COLUMNS: usize = 84;
const COLUMN: usize = 9;
const ROW: usize = 21;
const MARGIN: usize = 16;
const TOP: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\u{1b}[1mSynapse demo\u{1b}[0m\n\n\u{1b}[1m1. Title\u{1b}[0m\n   \
        hosts: 127.0.0.1:41279\n   \u{1b}[2m$ synapse chat demo \"a < b\"\u{1b}[0m\n   \
        \u{1b}[32mok\u{1b}[0m one; the server ended 91 ms after its stdin closed\n\nGo live now:\n   \
        synapse secret set X\n";

    #[test]
    fn what_differs_between_runs_is_left_out() {
        let svg = of_demo(PRINTED);
        for absent in ["127.0.0.1", "91 ms", "Go live", "secret set"] {
            assert!(!svg.contains(absent), "{absent}: {svg}");
        }
        let other = PRINTED.replace("91", "7").replace("41279", "5");
        assert_eq!(of_demo(&other), svg);
    }

    #[test]
    fn styles_and_text_are_kept() {
        let svg = of_demo(PRINTED);
        for present in [
            "$ synapse demo</text>",
            "<tspan class=\"strong\">1. Title</tspan>",
            "<tspan class=\"faint\">$ synapse chat demo \"a &lt; b\"</tspan>",
            "   <tspan class=\"good\">ok</tspan> one</text>",
        ] {
            assert!(svg.contains(present), "{present}: {svg}");
        }
    }
}
