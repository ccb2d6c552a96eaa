//! Renders Markdown for a terminal. Every word of the answer is kept, and markup becomes a style;
//! code keeps its fence, so that it can be copied.
//!
//! **Invariant:** text, including character references such as `&#27;`, is made printable before it
//! is styled: an answer cannot control the terminal.

mod wrap;

use anstyle::Style;
use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use synapse_core::redact::printable;
use unicode_width::UnicodeWidthStr as _;

use self::wrap::{StyledText, wrapped};
use super::{CODE, FAINT, styled, table};

/// `text` for a terminal of that many columns; without a width, lines are not wrapped.
pub(crate) fn render(text: &str, width: Option<usize>) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = MarkdownPage {
        width: width.unwrap_or(usize::MAX),
        ..MarkdownPage::default()
    };
    for event in Parser::new_ext(text, options) {
        page.take(event);
    }
    page.end_block();
    page.out
}

#[derive(Default)]
struct MarkdownPage {
    out: String,
    width: usize,
    /// The prefixes of each line, from quotes and list items.
    margins: Vec<Margin>,
    /// Whether an empty line comes before the next block.
    apart: bool,
    inline: Vec<StyledText>,
    styles: Vec<Style>,
    /// The number of the next item of each list; `None` for unordered lists.
    lists: Vec<Option<u64>>,
    /// The targets of links, and where in `inline` their text begins.
    links: Vec<(String, usize)>,
    code: Option<String>,
    table: Option<Rows>,
}

#[derive(Default)]
struct Rows {
    right: Vec<usize>,
    rows: Vec<Vec<String>>,
}

struct Margin {
    first: String,
    rest: String,
    begun: bool,
}

impl MarkdownPage {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.push(&text, self.style()),
            },
            Event::Code(text) => self.push(&format!("`{text}`"), CODE),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.push(&text, self.style()),
            Event::Html(text) | Event::InlineHtml(text) => self.push(&text, self.style()),
            Event::FootnoteReference(name) => self.push(&format!("[^{name}]"), self.style()),
            // Models break lines where they mean it.
            Event::SoftBreak | Event::HardBreak => self.push("\n", self.style()),
            Event::Rule => {
                self.begin_block();
                let length = self.room().min(LONGEST_RULE);
                self.line(&styled(FAINT, &"─".repeat(length)));
                self.apart = true;
            }
            Event::TaskListMarker(done) => {
                let mark = if done { "[x] " } else { "[ ] " };
                self.push(mark, self.style());
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.begin_block(),
            Tag::Heading { level, .. } => {
                self.begin_block();
                self.styles.push(self.style().bold());
                let marks = "#".repeat(level as usize);
                self.push(&format!("{marks} "), self.style());
            }
            Tag::BlockQuote(_) => {
                self.begin_block();
                let bar = styled(FAINT, "│ ");
                self.margins.push(Margin {
                    first: bar.clone(),
                    rest: bar,
                    begun: true,
                });
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                let language = match kind {
                    CodeBlockKind::Fenced(language) => printable(&language).replace('\n', " "),
                    CodeBlockKind::Indented => String::new(),
                };
                self.line(&styled(FAINT, &format!("```{language}")));
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.end_block();
                if self.lists.is_empty() {
                    self.begin_block();
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Emphasis => self.styles.push(self.style().italic()),
            Tag::Strong => self.styles.push(self.style().bold()),
            Tag::Strikethrough => self.styles.push(self.style().strikethrough()),
            Tag::Link { dest_url, .. } => {
                self.links.push((dest_url.to_string(), self.inline.len()));
                self.styles.push(self.style().underline());
            }
            Tag::Image { dest_url, .. } => {
                self.push("image: ", FAINT);
                self.links.push((dest_url.to_string(), self.inline.len()));
                self.styles.push(self.style());
            }
            Tag::Table(alignments) => {
                self.begin_block();
                let right = |(_, alignment): &(usize, &Alignment)| **alignment == Alignment::Right;
                let right = alignments.iter().enumerate().filter(right);
                self.table = Some(Rows {
                    right: right.map(|(index, _)| index).collect(),
                    rows: Vec::new(),
                });
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => {
                self.end_block();
                self.apart = true;
            }
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.end_block();
                self.apart = true;
            }
            TagEnd::BlockQuote(_) => {
                self.end_block();
                self.margins.pop();
                self.apart = true;
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                for line in printable(&code).lines() {
                    self.line(&styled(CODE, line));
                }
                self.line(&styled(FAINT, "```"));
                self.apart = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.apart = self.lists.is_empty();
            }
            TagEnd::Item => {
                self.end_block();
                if self.margins.last().is_some_and(|margin| !margin.begun) {
                    self.line("");
                }
                self.margins.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                self.styles.pop();
                self.lead();
            }
            TagEnd::TableCell => {
                let pieces = std::mem::take(&mut self.inline);
                let cell: String = pieces.into_iter().map(|piece| piece.text).collect();
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell.replace('\n', " "));
                }
            }
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    fn item(&mut self) {
        self.end_block();
        self.apart = false;
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            _ => "• ".to_owned(),
        };
        self.margins.push(Margin {
            rest: " ".repeat(marker.width()),
            first: marker,
            begun: false,
        });
    }

    /// Appends the target of a link, unless its text is the target.
    fn lead(&mut self) {
        let Some((place, begin)) = self.links.pop() else {
            return;
        };
        let pieces = self.inline.get(begin..).unwrap_or_default();
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        if text != place && format!("mailto:{text}") != place {
            self.push(&format!(" ({place})"), FAINT);
        }
    }

    fn end_table(&mut self) {
        let Some(Rows { right, rows }) = self.table.take() else {
            return;
        };
        let mut rows = rows.into_iter();
        let headers = rows.next().unwrap_or_default();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let width = u16::try_from(self.room()).ok();
        let text = table::lay_out(&headers, &right, rows.collect(), width);
        for line in text.lines() {
            self.line(line);
        }
        self.apart = true;
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn push(&mut self, text: &str, style: Style) {
        self.inline.push(StyledText {
            text: printable(text),
            style,
        });
    }

    fn begin_block(&mut self) {
        self.end_block();
        if self.apart {
            self.apart = false;
            self.line("");
        }
    }

    /// Writes the collected words, line by line.
    fn end_block(&mut self) {
        let pieces = std::mem::take(&mut self.inline);
        if pieces.is_empty() {
            return;
        }
        for line in wrapped(&pieces, self.room()) {
            self.line(&line);
        }
    }

    /// The width available between the margins.
    fn room(&self) -> usize {
        let taken: usize = self.margins.iter().map(Margin::width).sum();
        self.width.saturating_sub(taken).max(LEAST_ROOM)
    }

    fn line(&mut self, text: &str) {
        let mut line = String::new();
        for margin in &mut self.margins {
            line.push_str(if margin.begun {
                &margin.rest
            } else {
                &margin.first
            });
            margin.begun = true;
        }
        line.push_str(text);
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }
}

impl Margin {
    fn width(&self) -> usize {
        if self.rest.contains('\u{1b}') {
            QUOTE
        } else {
            self.rest.width()
        }
    }
}

const LONGEST_RULE: usize = 40;
/// The minimum width of text, however deeply it is nested.
const LEAST_ROOM: usize = 20;
/// The width of the bar of a quote.
const QUOTE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    /// Without styles, as on a terminal without colours.
    fn plain(text: &str, width: usize) -> String {
        anstream::adapter::strip_str(&render(text, Some(width))).to_string()
    }

    #[test]
    fn marks_become_styles_and_words_stay() {
        assert_eq!(
            render("It is **really** `x`.", None),
            "It is \u{1b}[1mreally\u{1b}[0m \u{1b}[36m`x`\u{1b}[0m.\n"
        );
        assert_eq!(plain("a *b* ~~c~~ __d__", 80), "a b c d\n");
    }

    #[test]
    fn blocks_are_set_apart() {
        let text = "# Title\nOne\ntwo.\n\n- a\n- b\n  1. c\n  2. d\n\n> said\n> so\n\n---\n\nend";
        assert_eq!(
            plain(text, 80),
            "\
            # Title\n\nOne\ntwo.\n\n• a\n• b\n  1. c\n  2. d\n\n│ said\n│ so\n\n\
            ────────────────────────────────────────\n\nend\n"
        );
    }

    #[test]
    fn code_keeps_its_fence_and_its_lines() {
        let text = "```rust\nfn main() {\n\n    let x = 1; // far beyond the width of it\n}\n```\n";
        assert_eq!(plain(text, 20), text);
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(
            plain("- one two three four five six seven", 24),
            "• one two three four\n  five six seven\n"
        );
        let address = "https://example.com/a/very/long/address";
        assert_eq!(
            plain(&format!("see {address}"), 20),
            format!("see\n{address}\n")
        );
    }

    #[test]
    fn a_link_says_where_it_leads() {
        assert_eq!(
            plain("[the page](https://example.com) <https://a.example>", 80),
            "the page (https://example.com) https://a.example\n"
        );
        assert_eq!(plain("![a cat](c.png)", 80), "image: a cat (c.png)\n");
    }

    #[test]
    fn tables_are_laid_out() {
        let text = "| name | size |\n|---|--:|\n| a `b` | 1 |\n| long name | 12345 |\n";
        assert_eq!(
            plain(text, 80),
            "name        size\na `b`          1\nlong name  12345\n"
        );
    }

    #[test]
    fn nothing_of_an_answer_steers_the_terminal() {
        for text in [
            "a\u{1b}[2Jb",
            "a&#27;[2Jb",
            "a&#x1b;]0;x&#7;b",
            "`a\u{9b}2J`",
            "[a&#x202e;](b&#27;c)",
            "```x\u{1b}c\na\u{1b}[2J\n```",
            "| &#27;[2J |\n|---|\n| \u{8} |",
            "<b \u{1b}[31m>\n",
            "# \u{1b}[2J",
        ] {
            let shown = plain(text, 80);
            let steers = |each: char| each.is_control() && each != '\n';
            assert!(!shown.contains(steers), "{text:?}: {shown:?}");
            assert!(!shown.contains('\u{202e}'), "{text:?}: {shown:?}");
            let rendered = render(text, Some(80));
            assert!(!rendered.contains("\u{1b}[2J"), "{text:?}: {rendered:?}");
        }
    }

    #[test]
    fn html_and_an_answer_of_nothing_are_what_they_are() {
        assert_eq!(
            plain("<details>\n<b>x</b>\n</details>\n\ny", 80),
            "<details>\n<b>x</b>\n</details>\n\ny\n"
        );
        assert_eq!(plain("", 80), "");
    }

    proptest::proptest! {
        #[test]
        fn every_letter_of_an_answer_is_shown(text in "[a-z \n*#>`-]{0,80}") {
            let letters = |text: &str| -> String {
                text.chars().filter(char::is_ascii_lowercase).collect()
            };
            proptest::prop_assert_eq!(letters(&plain(&text, 30)), letters(&text));
        }
    }
}
