//! Keeps secrets in memory from leaking: no core dumps, no debugger of another process, no panic
//! message that contains one.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

use anstyle::Style;
use synapse_core::error::{Code, Failure};
use synapse_core::redact::{KnownSecrets, printable};

use crate::output::{CommandLines, render_failure};

/// Disables core dumps and prevents other processes of the same user from dumping or tracing this
/// one. If the system refuses, the process continues: this is a second line of defence.
pub(crate) fn no_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = setrlimit(Resource::Core, none);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Whether [`no_dumps`] took effect, as far as this system can tell.
pub(crate) fn dumps_are_off() -> bool {
    #[cfg(unix)]
    let limited = rustix::process::getrlimit(rustix::process::Resource::Core).maximum == Some(0);
    #[cfg(not(unix))]
    let limited = false;
    #[cfg(target_os = "linux")]
    let limited = limited
        && rustix::process::dumpable_behavior()
            .is_ok_and(|found| found == rustix::process::DumpableBehavior::NotDumpable);
    limited
}

/// Reports a panic as a failure, without any secret.
pub(crate) fn report_panics(seen: KnownSecrets) {
    std::panic::set_hook(Box::new(move |panic| {
        let text = format!("{}\n", report(panic, &Backtrace::capture()));
        // With stderr gone, there is nobody to report to.
        let text = printable(&seen.redact(&text));
        drop(io::stderr().write_all(text.as_bytes()));
    }));
}

fn report(panic: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    let said = panic.payload_as_str().unwrap_or("no message");
    let mut failure = defect().cause(said);
    if let Some(place) = panic.location() {
        failure = failure.cause(format!("at {place}"));
    }
    let text = render_failure("error", Style::new(), &failure, &CommandLines);
    match backtrace.status() {
        BacktraceStatus::Captured => format!("{text}\n{backtrace}"),
        _ => text,
    }
}

/// The failure of a panic, without its message.
pub(crate) fn defect() -> Failure {
    Failure::new(Code::InternalInvariant, "Synapse has an internal error")
        .hint("please report it, with this message")
}
