//! `synapse dashboard`: prints one address and serves pages on loopback until it is stopped.

mod program;

use std::path::Path;
use std::sync::Arc;

use synapse_core::error::{Code, Failure};
use synapse_core::redact::printable_line;
use synapse_dashboard::{Dashboard, Listening};
use synapse_home::Home;

use self::program::Surroundings;
use super::{CommandError, Context};
use crate::args::DashboardArguments;
use crate::compose::{self, Asking};
use crate::oauth::Opener;
use crate::runtime::Runtime;
use crate::system::StopSignal;

pub(super) fn run(context: &Context, arguments: &DashboardArguments) -> Result<(), CommandError> {
    let runtime = Runtime::start()?;
    let engine = compose::engine(context, Asking::Nobody)?;
    let to_flush = engine.clone();
    let result = runtime.block_on(async {
        let bound = Listening::bind(arguments.port).await;
        let listening = bound.map_err(|failure| held(failure, arguments.port))?;
        let program = Arc::new(Surroundings::new(context, engine.clone())?);
        let dashboard = Dashboard::new(engine, program, listening)?;
        let printer = &context.printer;
        // Before the address is printed: its reader may stop the dashboard at once.
        let stop = StopSignal::listen().ok();
        // The address is the result, so it is alone on stdout.
        printer.exactly(&format!("{}\n", dashboard.address()));
        printer.note("it opens once, within ten minutes, on this machine alone; Ctrl-C ends it");
        let home = compose::home(context)?;
        let file = home.directory().join("dashboard.html");
        if arguments.open
            && let Err(failure) = open(context, &home, &file, dashboard.address())
        {
            printer.warning(&failure);
        }
        let stopped = async {
            match stop {
                Some(stop) => drop(stop.asked().await),
                None => std::future::pending().await,
            }
        };
        dashboard.serve(stopped).await;
        if arguments.open {
            // Best effort: its token is used or expired by now.
            drop(std::fs::remove_file(file));
        }
        if let Err(failure) = to_flush.flush().await {
            printer.warning(&failure);
        }
        Ok::<(), Failure>(())
    });
    result.map_err(CommandError::from)
}

/// Names the program that holds the port, if the system reports it.
fn held(failure: Failure, port: u16) -> Failure {
    match synapse_process::listener(port) {
        Some(found) => failure.cause(format!(
            "it is {} (process {})",
            printable_line(&found.program),
            found.process
        )),
        None => failure,
    }
}

/// Opens the address through a file that only its owner can read: other users can see the arguments
/// of a program.
fn open(context: &Context, home: &Home, file: &Path, address: &str) -> Result<(), Failure> {
    home.create().map_err(|error| {
        Failure::new(
            Code::StorageUnavailable,
            "the page for the browser cannot be written",
        )
        .caused_by(&error)
    })?;
    // A leftover of a killed dashboard; its token is invalid.
    drop(std::fs::remove_file(file));
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Synapse</title>\
         <meta http-equiv=\"refresh\" content=\"0;url={address}\"></head>\
         <body><a href=\"{address}\">Open the dashboard</a></body></html>\n"
    );
    synapse_home::atomic::write_private(file, page.as_bytes())?;
    Opener::new(context.environment.clone())
        .open_file(file)
        .map_err(|failure| failure.hint("open the printed address yourself"))
}
