//! `synapse help`: the help of a command, on the terminal or as a man page.

use clap::CommandFactory as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use synapse_core::error::{Code, Failure, Help, Remedy};
use synapse_core::nearest::nearest;
use synapse_core::redact::printable_line;

use super::{CommandError, Context};
use crate::args::{Arguments, HelpArguments};

pub(super) fn run(context: &Context, arguments: &HelpArguments) -> Result<(), CommandError> {
    let mut root = Arguments::command();
    root.build();
    let command = find(&root, &arguments.words)?;
    if arguments.man {
        let page = man(command).map_err(|error| {
            Failure::new(Code::InternalInvariant, "the man page was not made").caused_by(&error)
        })?;
        context.printer.exactly(&page);
        return Ok(());
    }
    // As printed by the flag, whose layout clap chooses by the length of the help.
    let words = arguments.words.iter().map(String::as_str);
    let line = std::iter::once("synapse").chain(words).chain(["--help"]);
    if let Err(help) = Arguments::command().try_get_matches_from(line) {
        let help = help.render().ansi().to_string();
        context.printer.line(help.trim_end());
    }
    Ok(())
}

/// The names of all visible commands; the program itself comes first, as an empty list of words.
pub(super) fn command_names() -> Vec<String> {
    let mut root = Arguments::command();
    root.build();
    let mut names = vec![String::new()];
    collect(&root, "", &mut names);
    names
}

fn collect(command: &clap::Command, path: &str, names: &mut Vec<String>) {
    for child in command.get_subcommands() {
        if child.is_hide_set() || child.get_name() == "help" && !path.is_empty() {
            continue;
        }
        let path = format!("{path} {}", child.get_name());
        let path = path.trim_start();
        names.push(path.to_owned());
        collect(child, path, names);
    }
}

fn find<'a>(root: &'a clap::Command, words: &[String]) -> Result<&'a clap::Command, Failure> {
    let mut at = root;
    for word in words {
        at = at.find_subcommand(word).ok_or_else(|| {
            let shown = printable_line(word);
            let failure = Failure::new(
                Code::UsageInvalidArguments,
                format!("there is no command `{shown}`"),
            );
            let names = at.get_subcommands().filter(|each| !each.is_hide_set());
            match nearest(word, names.map(clap::Command::get_name)) {
                Some(near) => failure.cause(format!("the nearest is `{near}`")),
                None => failure,
            }
            .remedy("see every command", &Remedy::ReadHelp { of: Help::Program })
        })?;
    }
    Ok(at)
}

/// The page in roff. The text after the options keeps its lines: clap_mangen would join examples
/// into one paragraph.
fn man(command: &clap::Command) -> std::io::Result<String> {
    let page = Man::new(command.clone())
        .source(concat!("Synapse ", env!("CARGO_PKG_VERSION")))
        .manual("Synapse");
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    if command.get_subcommands().any(|each| !each.is_hide_set()) {
        page.render_subcommands_section(&mut out)?;
    }
    if let Some(text) = command.get_after_long_help().or(command.get_after_help()) {
        notes(&text.to_string()).to_writer(&mut out)?;
    }
    Ok(portable(&String::from_utf8_lossy(&out)))
}

/// `page` as every formatter reads it without a warning, in any locale: clap_mangen leaves an empty
/// date out, so that the version takes its place, writes empty lines for space, and UTF-8.
fn portable(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for line in page.replace("\n.br\n\n.br\n", "\n.sp\n").lines() {
        let line = line.trim_end();
        let line = if line.starts_with(".TH ") {
            line.replacen(" 1  ", " 1 \"\" ", 1)
        } else {
            line.to_owned()
        };
        for each in line.chars() {
            if each.is_ascii() {
                text.push(each);
            } else {
                text.push_str(&format!("\\[u{:04X}]", u32::from(each)));
            }
        }
        text.push('\n');
    }
    text
}

/// The sections after the options: examples under their own heading, everything else as notes.
fn notes(text: &str) -> Roff {
    let mut roff = Roff::default();
    let (notes, examples) = match text.find(EXAMPLES) {
        Some(start) => text.split_at(start),
        None => (text, ""),
    };
    for (heading, text) in [("NOTES", notes), ("EXAMPLES", examples)] {
        let text = text.strip_prefix(EXAMPLES).unwrap_or(text);
        if text.trim().is_empty() {
            continue;
        }
        roff.control("SH", [heading]);
        // Lines of a table or an example stay lines; prose is filled to the reader's width.
        let lines: Vec<&str> = text.trim_matches('\n').lines().collect();
        for block in lines.chunk_by(|one, next| is_kept(one) == is_kept(next)) {
            let keeps = block.first().is_some_and(|line| is_kept(line));
            if keeps {
                roff.control("RS", [OUTDENT]).control("nf", []);
            }
            for line in block {
                match *line {
                    "" => roff.control("PP", []),
                    line => roff.text([roman(line)]),
                };
            }
            if keeps {
                roff.control("fi", []).control("RE", []);
            }
        }
    }
    roff
}

fn is_kept(line: &str) -> bool {
    line.starts_with(' ')
}

const EXAMPLES: &str = "Examples:\n";
/// The indent of lines that are up to 80 columns wide, beside that of a page.
const OUTDENT: &str = "-5";

#[cfg(test)]
mod tests {
    use super::*;

    fn page(words: &[&str]) -> String {
        let mut root = Arguments::command();
        root.build();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        man(find(&root, &words).unwrap()).unwrap()
    }

    #[test]
    fn every_command_has_a_page_of_its_own_name() {
        let names = command_names();
        assert!(names.len() > 40, "{names:?}");
        for name in names {
            let words: Vec<&str> = name.split_whitespace().collect();
            let title = std::iter::once("synapse")
                .chain(words.iter().copied())
                .collect::<Vec<_>>()
                .join("-");
            let page = page(&words);
            assert!(page.contains(&format!(".TH {title} 1 ")), "{page}");
            assert!(page.contains(".SH SYNOPSIS"), "{page}");
            assert!(page.contains(".SH EXAMPLES"), "{name}: {page}");
        }
    }

    #[test]
    fn a_page_needs_no_encoding_and_has_its_version_at_its_place() {
        let page = page(&["connection", "create"]);
        assert!(page.is_ascii(), "{page}");
        assert!(page.contains("\\[u2026]"), "an ellipsis: {page}");
        let title = concat!(
            " 1 \"\" \"Synapse ",
            env!("CARGO_PKG_VERSION"),
            "\" Synapse\n"
        );
        assert!(page.contains(title), "{page}");
    }

    #[test]
    fn an_example_keeps_its_line() {
        let page = page(&["models"]);
        let examples = page.split_once(".SH EXAMPLES\n").unwrap().1;
        assert!(
            examples.lines().any(|line| line == "  synapse models"),
            "{examples}"
        );
    }

    #[test]
    fn a_command_that_is_not_there_names_the_nearest() {
        let mut root = Arguments::command();
        root.build();
        let failure = find(&root, &["chatt".to_owned()]).unwrap_err();
        assert_eq!(failure.code(), Code::UsageInvalidArguments);
        assert_eq!(failure.causes(), ["the nearest is `chat`"]);
    }
}
