//! The log of `serve`: to stderr, one event at a time, without secrets.

use std::io::{self, Write};
use std::sync::OnceLock;

use synapse_core::error::{Code, Failure};
use synapse_core::redact::{KnownSecrets, Redactor, printable};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::context::Context;
use crate::environment::SYNAPSE_LOG;

/// Logs as `SYNAPSE_LOG` configures, by default warnings only.
///
/// The protocol engine logs whole requests below `warn`, so its level cannot be raised.
pub(crate) fn to_stderr(context: &Context) {
    let targets = targets(context).unwrap_or_else(|failure| {
        context.printer.warning(&failure);
        Targets::new().with_default(Level::WARN)
    });
    let capped = QUIET.map(|library| (library, Level::WARN));
    // A second subscriber in one process is the host's choice.
    drop(tracing::subscriber::set_global_default(Log {
        targets: targets.with_targets(capped),
        seen: context.seen.clone(),
        writing: OnceLock::new(),
    }));
}

/// Decides what is logged. The registry, a quarter of the instructions of a start, is created for
/// the first event or span that is: most servers end without one. `Span::current` is always none:
/// only the protocol engine asks for it, and its spans are below its level.
#[derive(Debug)]
struct Log {
    targets: Targets,
    seen: KnownSecrets,
    writing: OnceLock<Dispatch>,
}

impl Log {
    fn writing(&self) -> &Dispatch {
        self.writing.get_or_init(|| {
            let seen = self.seen.clone();
            let written = fmt::layer().with_writer(Clean { seen });
            Dispatch::new(Registry::default().with(written))
        })
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.targets
            .would_enable(metadata.target(), metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<Registry>::max_level_hint(&self.targets)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.writing().new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.writing().record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.writing().record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.writing().event(event);
    }

    fn enter(&self, span: &Id) {
        self.writing().enter(span);
    }

    fn exit(&self, span: &Id) {
        self.writing().exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.writing().clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.writing().try_close(span)
    }
}

fn targets(context: &Context) -> Result<Targets, Failure> {
    let Some(wanted) = context.environment.variable(SYNAPSE_LOG) else {
        return Ok(Targets::new().with_default(Level::WARN));
    };
    wanted
        .to_string_lossy()
        .parse()
        .map_err(|error: ParseError| {
            Failure::new(
                Code::UsageInvalidArguments,
                "SYNAPSE_LOG is not understood; warnings are logged",
            )
            .cause(Redactor::none().clean(&error.to_string(), 200))
            .hint("write a level, or target=level with a comma between several")
        })
}

/// Makes a writer for each event.
#[derive(Debug)]
struct Clean {
    seen: KnownSecrets,
}

/// Buffers an event until it is complete, because a secret may be written in pieces.
#[derive(Debug)]
struct LogLine {
    seen: KnownSecrets,
    written: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Clean {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine {
            seen: self.seen.clone(),
            written: Vec::new(),
        }
    }
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.written);
        // A log without a reader must not fail the logged operation.
        let text = printable(&self.seen.redact(&text));
        drop(io::stderr().write_all(text.as_bytes()));
    }
}

const QUIET: [&str; 4] = ["rmcp", "reqwest", "hyper", "hyper_util"];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn log(targets: &str) -> Arc<Log> {
        Arc::new(Log {
            targets: targets.parse().unwrap(),
            seen: KnownSecrets::new(),
            writing: OnceLock::new(),
        })
    }

    #[test]
    fn nothing_is_created_before_something_is_logged() {
        let log = log("warn");
        tracing::subscriber::with_default(Arc::clone(&log), || {
            tracing::info!("not logged");
            let _entered = tracing::info_span!("not logged").entered();
            assert!(log.writing.get().is_none());
            tracing::warn!("logged");
        });
        assert!(log.writing.get().is_some());
    }

    #[test]
    fn a_span_that_is_logged_is_around_its_events() {
        let log = log("off,synapse_cli=info");
        tracing::subscriber::with_default(Arc::clone(&log), || {
            tracing::error!(target: "another", "not logged");
            assert!(log.writing.get().is_none());
            let span = tracing::info_span!("logged");
            let inside = span.in_scope(|| log.writing().current_span().id().cloned());
            assert_eq!(inside, span.id());
        });
    }
}
