//! `synapse dashboard`: prints one address and serves pages on loopback until it is asked to stop.

mod house;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use synapse_core::error::{Code, Failure};
use synapse_dashboard::{Dashboard, Listening};
use synapse_process::{Limits, Program};

use self::house::Surroundings;
use super::{CommandError, Context, runtime};
use crate::args::DashboardArguments;
use crate::compose::{self, Asking};
use crate::system::asked_to_stop;

pub(super) fn run(context: &Context, arguments: &DashboardArguments) -> Result<(), CommandError> {
    let runtime = runtime()?;
    let engine = compose::engine(context, Asking::Nobody)?;
    let ledger = Arc::clone(&engine.ports().ledger);
    let result = runtime.block_on(async {
        let listening = Listening::bind(arguments.port).await?;
        let house = Arc::new(Surroundings::new(context, engine.clone())?);
        let dashboard = Dashboard::new(engine, house, listening)?;
        let printer = &context.printer;
        // The address is the result: on stdout, alone.
        printer.exactly(&format!("{}\n", dashboard.address()));
        printer.note("it opens once, within ten minutes, on this machine alone; Ctrl-C ends it");
        let opened = match arguments.open {
            true => Some(open(context, dashboard.address()).await),
            false => None,
        };
        if let Some(Err(failure)) = &opened {
            printer.warning(failure);
        }
        dashboard.serve(async { drop(asked_to_stop().await) }).await;
        if let Some(Ok(file)) = opened {
            // Best effort: its token is spent or too old by now.
            drop(std::fs::remove_file(file));
        }
        if let Err(failure) = ledger.flush().await {
            printer.warning(&failure);
        }
        Ok::<(), Failure>(())
    });
    runtime.shutdown_background();
    result.map_err(CommandError::from)
}

/// Opens the address through a file that only its owner can read: the arguments of a program can be
/// seen by others.
async fn open(context: &Context, address: &str) -> Result<std::path::PathBuf, Failure> {
    let file = context.environment.synapse_home()?.join("dashboard.html");
    // A leftover of a dashboard that was killed; its token is worth nothing.
    drop(std::fs::remove_file(&file));
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Synapse</title>\
         <meta http-equiv=\"refresh\" content=\"0;url={address}\"></head>\
         <body><a href=\"{address}\">Open the dashboard</a></body></html>\n"
    );
    synapse_store::atomic::write_private(&file, page.as_bytes())?;
    browse(context, &file).await?;
    Ok(file)
}

/// Hands a file to the browser that `BROWSER` names, else to the one of the desktop.
async fn browse(context: &Context, file: &Path) -> Result<(), Failure> {
    let environment = &context.environment;
    let search = environment.variable("PATH");
    let named = environment.variable("BROWSER");
    let names = named
        .iter()
        .filter_map(|name| name.to_str())
        .chain(["xdg-open", "open"]);
    let program = names
        .filter_map(|name| Program::find(name, search.as_deref()))
        .next()
        .ok_or_else(|| no_browser().hint("open the printed address yourself"))?;
    let passed = [
        "PATH",
        "HOME",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
    ];
    let variables = passed
        .into_iter()
        .filter_map(|name| Some((name, environment.variable(name)?)));
    let limits = Limits {
        deadline: Duration::from_secs(20),
        stdout: 4096,
        stderr: 4096,
    };
    let ran = program
        .arguments([file])
        .variables(variables)
        .run_keeping_services(&compose::guard(), limits)
        .await;
    match ran {
        Ok(ending) if ending.status.success() => Ok(()),
        _ => Err(no_browser().hint("open the printed address yourself")),
    }
}

fn no_browser() -> Failure {
    Failure::new(Code::UsageInvalidArguments, "no browser could be opened")
}
