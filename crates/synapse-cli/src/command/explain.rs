//! `synapse explain`: the meaning and remedy of an error code, and a search for codes by words.

use synapse_core::error::{Code, CodeEntry, Failure, Remedy};
use synapse_core::nearest::nearest;
use synapse_documents::{CodeDocument, CodesDocument};

use super::{CommandError, Context};
use crate::output::{Column, CommandLines, Printer, listing};

pub(super) fn run(context: &Context, words: &[String]) -> Result<(), CommandError> {
    let printer = &context.printer;
    let all: Vec<&CodeEntry> = Code::CATALOGUE.iter().collect();
    let one = match words {
        [] => {
            list(printer, &all);
            return Ok(());
        }
        [word] => word.parse().ok().and_then(Code::entry),
        _ => None,
    };
    if let Some(entry) = one {
        explain(printer, entry);
        return Ok(());
    }
    match found(&all, words).as_slice() {
        [] => Err(unknown(words).into()),
        [one] => {
            explain(printer, one);
            Ok(())
        }
        several => {
            list(printer, several);
            Ok(())
        }
    }
}

/// The codes whose name or texts contain every word, case-insensitively; those with a match in the
/// name come first.
fn found<'a>(all: &[&'a CodeEntry], words: &[String]) -> Vec<&'a CodeEntry> {
    let words: Vec<String> = words
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(str::to_lowercase)
        .collect();
    let have = |text: &str| {
        let text = text.to_lowercase();
        !words.is_empty() && words.iter().all(|word| text.contains(word.as_str()))
    };
    let by_name = |entry: &&CodeEntry| have(&entry.name.replace(['.', '-'], " "));
    let by_text = |entry: &&CodeEntry| {
        let (detected, remedy) = (entry.detected(&CommandLines), entry.remedy(&CommandLines));
        have(&[entry.name, entry.meaning, &detected, &remedy].join("\n"))
    };
    let (first, rest): (Vec<&CodeEntry>, Vec<&CodeEntry>) =
        all.iter().copied().filter(by_text).partition(by_name);
    [first, rest].concat()
}

fn unknown(words: &[String]) -> Failure {
    let failure = Failure::new(
        Code::UsageInvalidArguments,
        "no error code has that name or matches these words",
    );
    let near = match words {
        [word] => nearest_code(word),
        _ => None,
    };
    match near {
        Some(near) => failure.remedy(
            "did you mean this one?",
            &Remedy::ExplainCode { code: near },
        ),
        None => failure,
    }
    .remedy("see every code", &Remedy::ListCodes)
}

/// The code with the most similar name, with or without its class.
fn nearest_code(word: &str) -> Option<Code> {
    let names = || Code::CATALOGUE.iter().map(|entry| entry.name);
    let without_class = |name: &'static str| name.split_once('.').map(|(_, rest)| rest);
    let whole = nearest(word, names());
    whole
        .or_else(|| {
            let near = nearest(word, names().filter_map(without_class))?;
            names().find(|name| without_class(name) == Some(near))
        })
        .and_then(|name| name.parse().ok())
}

fn explain(printer: &Printer, entry: &CodeEntry) {
    if printer.is_json() {
        printer.document(&CodeDocument::new(entry, &CommandLines));
        return;
    }
    printer.line(&format!(
        "{} (class {}, exit code {})",
        entry.name,
        entry.class.as_str(),
        entry.class.exit_code()
    ));
    printer.wrapped(&format!("  means:    {}", entry.meaning));
    printer.wrapped(&format!("  detected: {}", entry.detected(&CommandLines)));
    printer.wrapped(&format!("  remedy:   {}", entry.remedy(&CommandLines)));
}

fn list(printer: &Printer, entries: &[&CodeEntry]) {
    if printer.is_json() {
        printer.document(&CodesDocument::new(entries.iter().copied(), &CommandLines));
        return;
    }
    let rows = entries
        .iter()
        .map(|entry| {
            vec![
                entry.name.to_owned(),
                entry.class.exit_code().to_string(),
                entry.meaning.to_owned(),
            ]
        })
        .collect();
    printer.line(&listing(&COLUMNS, rows));
}

const COLUMNS: [Column<'static>; 3] = [
    Column::new("CODE"),
    Column::new("EXIT").right(),
    Column::new("MEANING").cut(20),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<&'static str> {
        let all: Vec<&CodeEntry> = Code::CATALOGUE.iter().collect();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        found(&all, &words).iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn a_name_goes_before_a_text() {
        assert_eq!(
            names(&["rate", "limit"]).first(),
            Some(&"provider.rate-limited")
        );
        assert_eq!(names(&["rate limit"]), names(&["RATE", "Limit"]));
    }

    #[test]
    fn words_of_the_meaning_are_found_too() {
        assert!(names(&["billing"]).len() + names(&["credits"]).len() > 0);
        assert!(names(&["captive", "portal"]).contains(&"endpoint.not-an-api"));
    }

    #[test]
    fn a_typing_error_gets_the_nearest_code_with_or_without_its_class() {
        for word in ["provider.rate-limted", "rate-limted", "Rate-Limitd"] {
            assert_eq!(
                nearest_code(word),
                Some(Code::ProviderRateLimited),
                "{word}"
            );
        }
        assert_eq!(nearest_code("zebra"), None);
    }

    #[test]
    fn what_nothing_is_about_is_not_found() {
        assert_eq!(names(&["zebra"]), [""; 0]);
        assert_eq!(names(&["  "]), [""; 0]);
    }
}
