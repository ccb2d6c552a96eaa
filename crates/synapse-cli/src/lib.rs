//! The `synapse` command: reads arguments and environment, composes the crates, renders results,
//! and maps failures to exit codes. It has no other logic.
//!
//! **Invariant:** only this crate reads the environment or the home directory, and only `output`
//! writes to stdout and stderr (in `serve`, stdout belongs to the protocol).

mod args;
mod command;
mod completion;
mod compose;
mod context;
mod environment;
mod guard;
mod hub_ports;
mod log;
mod oauth;
mod output;
mod prompt;
mod runtime;
mod sampling;
mod secret_tracking;
mod system;
mod targets;
mod telemetry;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser};
use synapse_core::credential::looks_like_token;
use synapse_core::error::{Class, Code, Failure, Remedy, RemedyText as _};
use synapse_core::nearest::nearest;
use synapse_core::redact::{KnownSecrets, is_opaque, printable, printable_line};
use synapse_documents::{DocumentVersion, ErrorDocument, VersionDocument};
use synapse_http::ExchangeObserver;

use crate::args::Arguments;
use crate::command::CommandError;
use crate::context::Context;
use crate::environment::{Environment, SYNAPSE_COMPLETE};
use crate::output::{ColorWord, CommandLines, OutputFormat, Printer, ShownExchanges, TypedLines};
use crate::system::NewestCall;

pub use crate::secret_tracking::Resolved;

/// Runs the command from the process arguments.
///
/// The exit code is 0, or that of the failure's class.
#[must_use]
pub fn main() -> ExitCode {
    main_with(|_| ())
}

/// [`main`], passing every secret to `resolved` right after it was resolved: the test build of the
/// program panics there, to check that nothing leaks.
#[must_use]
pub fn main_with(resolved: Resolved) -> ExitCode {
    guard::no_dumps();
    if let Some(code) = synapse_process::serve_as_guard() {
        return code;
    }
    let seen = KnownSecrets::new();
    guard::report_panics(seen.clone());
    let environment = Environment::of_process();
    if let Some(shell) = environment.variable(SYNAPSE_COMPLETE) {
        return completion::answer(&environment, &shell, std::env::args_os());
    }
    let arguments = match Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(refusal) => return offer_or_refuse(refusal, seen, resolved),
    };
    // A path that cannot be made absolute cannot be opened either, which is reported then.
    let configuration = arguments
        .configuration()
        .and_then(|file| std::path::absolute(file).ok());
    let printer = Printer::new(arguments.format(), arguments.global.color)
        .hiding(seen.clone())
        .configured(configuration)
        .after(shown_arguments());
    let observer = arguments.global.verbose.then(|| {
        let shown: Arc<dyn ExchangeObserver> = Arc::new(ShownExchanges::new(printer.clone()));
        shown
    });
    let context = Context {
        environment,
        printer,
        seen,
        resolved,
        newest_call: NewestCall::default(),
        observer,
    };
    // No state that a panic could have left inconsistent is used afterwards.
    let ran = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let done = command::run(&context, arguments.command);
        done.and_then(|()| context.printer.delivered().map_err(CommandError::from))
    }));
    match ran {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => error.report(&context.printer),
        Err(_) => {
            if context.printer.is_json() {
                context
                    .printer
                    .document(&ErrorDocument::new(&guard::defect(), &CommandLines));
            }
            ExitCode::from(Class::Internal.exit_code())
        }
    }
}

/// Offers `setup` when the program is run without arguments and nothing is set up. Any other
/// invalid command line is refused.
fn offer_or_refuse(refusal: clap::Error, seen: KnownSecrets, resolved: Resolved) -> ExitCode {
    let is_bare = std::env::args_os().len() <= 1;
    if !is_bare || refusal.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return refuse(refusal);
    }
    let context = Context {
        environment: Environment::of_process(),
        printer: Printer::new(OutputFormat::Human, ColorWord::Auto).hiding(seen.clone()),
        seen,
        resolved,
        newest_call: NewestCall::default(),
        observer: None,
    };
    match command::offer_setup(&context) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => refuse(refusal),
        Err(error) => error.report(&context.printer),
    }
}

/// Help and version are results; everything else is a usage error, as a JSON document if requested.
fn refuse(refusal: clap::Error) -> ExitCode {
    let arguments = shown_arguments();
    if refusal.kind() == ErrorKind::DisplayVersion && is_json(&arguments) {
        Printer::new(OutputFormat::Json(DocumentVersion::One), ColorWord::Auto)
            .document(&version());
        return ExitCode::SUCCESS;
    }
    let refusal = match refusal.kind() {
        // It repeats nothing.
        ErrorKind::DisplayVersion => refusal,
        _ => fit_to_show(refusal, &arguments),
    };
    if !refusal.use_stderr() {
        // With the terminal gone, there is nobody to report to.
        drop(refusal.print());
        return ExitCode::SUCCESS;
    }
    let rendered = refusal.render();
    let text = without_tokens(&rendered.to_string(), &arguments);
    let printer = Printer::new(OutputFormat::Json(DocumentVersion::One), ColorWord::Auto);
    // A value from elsewhere, such as the environment, was not made printable.
    let shown = if printable(&text) == text {
        without_tokens(&rendered.ansi().to_string(), &arguments)
    } else {
        printable(&text)
    };
    // A group without a subcommand: its help, as `--help` lays it out. The exit code stays that of
    // an incomplete command, for scripts.
    let is_help = refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let corrected = corrected(&refusal, &arguments);
    let help = help_line(&arguments);
    if is_help {
        printer.note(shown.trim_end());
    } else {
        printer.prose(&essential(&shown, corrected.is_some()));
        printer.prose(&match corrected {
            Some(line) => format!("  type: {line}"),
            None => format!("  hint: {help}"),
        });
    }
    if is_json(&arguments) {
        // The first paragraph has the error, on several lines when it lists arguments.
        let paragraph = text.lines().take_while(|line| !line.is_empty());
        let message = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
        let message = if is_help {
            format!("`{}` needs a subcommand", help.trim_end_matches(HELP))
        } else {
            message
                .strip_prefix("error: ")
                .unwrap_or(&message)
                .to_owned()
        };
        let failure =
            Failure::new(Code::UsageInvalidArguments, message).shell("see its help", help);
        printer.document(&ErrorDocument::new(&failure, &CommandLines));
    }
    ExitCode::from(Class::Usage.exit_code())
}

/// Whether invalid arguments request a JSON document.
fn is_json(arguments: &[String]) -> bool {
    let asks = |argument: &String| argument == "--json" || argument.starts_with("--json=");
    arguments.iter().any(asks)
}

/// The version and build of this program.
fn version() -> VersionDocument {
    let features = if cfg!(feature = "otel") {
        vec!["otel"]
    } else {
        Vec::new()
    };
    VersionDocument::new(
        env!("CARGO_PKG_VERSION"),
        option_env!("SYNAPSE_COMMIT"),
        env!("SYNAPSE_TARGET"),
        features,
    )
}

/// clap's text without blank lines, without its pointer to `--help`, which names no command, and
/// without a suggestion that is not near.
fn essential(text: &str, is_near: bool) -> String {
    let is_suggestion = |line: &str| line.contains("tip:") && line.contains("similar");
    let lines = text.lines().filter(|line| {
        let is_pointer = line.starts_with("For more information");
        !line.trim().is_empty() && !is_pointer && (is_near || !is_suggestion(line))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The help of the longest command that the arguments begin with.
fn help_line(arguments: &[String]) -> String {
    let root = Arguments::command();
    let mut command = &root;
    let mut line = "synapse".to_owned();
    let words = arguments.iter().skip(1);
    for word in words.skip_while(|word| word.starts_with('-')) {
        let Some(child) = command.find_subcommand(word) else {
            break;
        };
        line.push(' ');
        line.push_str(child.get_name());
        command = child;
    }
    line + HELP
}

const HELP: &str = " --help";

/// The whole command, corrected by clap's suggestion.
fn corrected(refusal: &clap::Error, arguments: &[String]) -> Option<String> {
    let word = |kind| match refusal.get(kind)? {
        ContextValue::String(word) => Some(word.clone()),
        // clap lists the most similar one last.
        ContextValue::Strings(words) => words.last().cloned(),
        _ => None,
    };
    let pairs = [
        (
            ContextKind::InvalidSubcommand,
            ContextKind::SuggestedSubcommand,
        ),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ];
    let (wrong, right) = pairs
        .into_iter()
        .find_map(|(wrong, right)| Some((word(wrong)?, word(right)?)))?;
    // clap takes words for alike that share a letter or two.
    let (plain, near) = (wrong.trim_start_matches('-'), right.trim_start_matches('-'));
    nearest(plain, [near])?;
    if plain.len() < SHORT && plain.chars().next() != near.chars().next() {
        return None;
    }
    let typed = TypedLines::new(arguments.to_vec(), Arc::new(CommandLines));
    typed.command(&Remedy::Retype { wrong, right })
}

/// A shorter word is a typo of another only if it begins alike: else `foo` were near to `tool`.
const SHORT: usize = 6;

/// The arguments, made printable.
fn shown_arguments() -> Vec<String> {
    std::env::args_os()
        .map(|argument| printable_line(&argument.to_string_lossy()))
        .collect()
}

/// The same error for printable arguments: clap repeats arguments unchanged, within its own styles.
fn fit_to_show(refusal: clap::Error, arguments: &[String]) -> clap::Error {
    match Arguments::try_parse_from(arguments) {
        Err(shown) => shown,
        Ok(_) => refusal,
    }
}

/// clap repeats invalid arguments; a token typed in the wrong place is not repeated.
fn without_tokens(text: &str, arguments: &[String]) -> String {
    arguments
        .iter()
        .flat_map(|argument| std::iter::once(argument.as_str()).chain(argument.rsplit('=')))
        .filter(|word| looks_like_token(word) || is_opaque(word))
        .fold(text.to_owned(), |text, token| {
            text.replace(token, "[not shown]")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_command_is_corrected_to_the_one_that_is_most_alike() {
        for (typed, meant) in [("chekc", "check"), ("chta", "chat"), ("usge", "usage")] {
            let words = ["synapse", typed].map(str::to_owned);
            let refusal = Arguments::try_parse_from(&words).unwrap_err();
            let line = corrected(&refusal, &words);
            assert_eq!(line, Some(format!("synapse {meant}")), "{typed}");
        }
    }

    #[test]
    fn a_suggestion_that_is_not_near_is_left_out() {
        for words in [
            ["synapse", "usage", "--by", "foo"],
            ["synapse", "secret", "list", "--shelf"],
        ] {
            let words = words.map(str::to_owned);
            let refusal = Arguments::try_parse_from(&words).unwrap_err();
            assert_eq!(corrected(&refusal, &words), None, "{refusal}");
            let text = refusal.render().to_string();
            assert!(text.contains("tip:"), "clap suggests something: {text}");
            assert!(!essential(&text, false).contains("tip:"), "{text}");
        }
    }

    #[test]
    fn the_help_of_the_nearest_command_is_named() {
        for (words, line) in [
            (&["synapse"][..], "synapse --help"),
            (&["synapse", "nope"], "synapse --help"),
            (&["synapse", "--json", "hub"], "synapse hub --help"),
            (
                &["synapse", "ide", "install", "nope"],
                "synapse ide install --help",
            ),
            (
                &["synapse", "ide", "uninstall", "nope"],
                "synapse ide remove --help",
            ),
        ] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(help_line(&words), line);
        }
    }

    #[test]
    fn a_token_in_the_wrong_place_is_not_repeated() {
        let arguments = [
            "synapse",
            "chat",
            "--key=sk-fake-fake-fake",
            "hf_fakefakefake",
        ];
        let arguments = arguments.map(str::to_owned);
        let text = "unexpected `--key=sk-fake-fake-fake` and `hf_fakefakefake`, in chat";
        assert_eq!(
            without_tokens(text, &arguments),
            "unexpected `--key=[not shown]` and `[not shown]`, in chat"
        );
    }
}
