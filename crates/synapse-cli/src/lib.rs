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

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use synapse_core::credential::looks_like_token;
use synapse_core::error::{Class, Code, Failure, Help, Remedy, RemedyText as _};
use synapse_core::redact::{KnownSecrets, is_opaque, printable, printable_line};
use synapse_documents::{DocumentVersion, ErrorDocument, VersionDocument};
use synapse_http::ExchangeObserver;

use crate::args::Arguments;
use crate::command::CommandError;
use crate::context::Context;
use crate::environment::{Environment, SYNAPSE_COMPLETE};
use crate::output::{ColorWord, CommandLines, Format, Printer, ShownExchanges, TypedLines};
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
        printer: Printer::new(Format::Human, ColorWord::Auto).hiding(seen.clone()),
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
        Printer::new(Format::Json(DocumentVersion::One), ColorWord::Auto).document(&version());
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
    let printer = Printer::new(Format::Json(DocumentVersion::One), ColorWord::Auto);
    // A value from elsewhere, such as the environment, was not made printable.
    let shown = match printable(&text) == text {
        true => without_tokens(&rendered.ansi().to_string(), &arguments),
        false => printable(&text),
    };
    printer.note(&without_blank_lines(&shown));
    if let Some(line) = corrected(&refusal, &arguments) {
        printer.note(&format!("  type: {line}"));
    }
    if is_json(&arguments) {
        // The first paragraph has the error, on several lines when it lists arguments.
        let paragraph = text.lines().take_while(|line| !line.is_empty());
        let message = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        let failure = Failure::new(Code::UsageInvalidArguments, message)
            .remedy("see what is taken", &Remedy::ReadHelp { of: Help::Program });
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

/// The text without blank lines.
fn without_blank_lines(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

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
    let typed = TypedLines::new(arguments.to_vec(), Arc::new(CommandLines));
    typed.command(&Remedy::Retype { wrong, right })
}

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
