//! The log of `serve`: to stderr, one event at a time, without secrets.

use std::io::{self, Write};

use synapse_core::error::{Code, Failure};
use synapse_core::redact::{KnownSecrets, Redactor, printable};
use tracing::Level;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, fmt};

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
    let subscriber = Registry::default()
        .with(fmt::layer().with_writer(Clean {
            seen: context.seen.clone(),
        }))
        .with(targets.with_targets(capped));
    // A second subscriber in one process is the host's choice.
    drop(tracing::subscriber::set_global_default(subscriber));
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
struct Event {
    seen: KnownSecrets,
    written: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Clean {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event {
            seen: self.seen.clone(),
            written: Vec::new(),
        }
    }
}

impl Write for Event {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.written);
        // A log without a reader must not fail the logged operation.
        let text = printable(&self.seen.redact(&text));
        drop(io::stderr().write_all(text.as_bytes()));
    }
}

const QUIET: [&str; 4] = ["rmcp", "reqwest", "hyper", "hyper_util"];
