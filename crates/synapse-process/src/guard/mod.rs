//! A guard: a second instance of this executable that starts one program and ends all of its
//! descendants.
//!
//! Owner and guard share a socket, the guard's stdin. The owner sends the program and its pipes;
//! the guard reports the start and the end. However the owner ends, the kernel closes its side of
//! the socket, and the guard ends the whole tree: SIGTERM first, SIGKILL soon after. On Linux the
//! guard is the subreaper of the tree, so that double-forked processes and those in a new session
//! are reparented to it.

mod owner;
mod tree;
mod wire;

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

use self::tree::Descendants;
use self::wire::{Release, Request};

pub(crate) use self::owner::Guarded;

/// Runs as a guard if the first argument says so.
pub(crate) fn serve() -> Option<ExitCode> {
    if std::env::args_os().next().as_deref() != Some(OsStr::new(NAME)) {
        return None;
    }
    // Nobody is left to report an error to: the owner sees the socket close.
    Some(match guard() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

fn guard() -> io::Result<()> {
    outlive_signals()?;
    be_apart();
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let request = wire::receive(&socket)?;
    let child = match start(request) {
        Ok(child) => child,
        Err(error) => return wire::send_refusal(&socket, &error),
    };
    // From here on no failure may leave the program behind. The first that is possible is an owner
    // that was killed meanwhile.
    let descendants = Descendants::of(child)?;
    let told = wire::send_started(&socket, child);
    let watched = socket
        .try_clone()
        .and_then(|owner| descendants.watch(owner));
    let done = told.and(watched);
    let release = match &done {
        Ok(()) => wire::wait_for_owner(&socket),
        Err(_) => Release::Ended,
    };
    match release {
        Release::Kept => {}
        Release::Ended => descendants.end(),
    }
    done
}

/// Starts the program; our copies of its pipes are closed with the request.
fn start(request: Request) -> io::Result<u32> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the crate that starts programs"
    )]
    let mut command = Command::new(&request.program.path);
    command
        .args(&request.program.arguments)
        .env_clear()
        .envs(request.program.environment)
        .current_dir(&request.program.directory)
        .stdin(Stdio::from(request.input))
        .stdout(Stdio::from(request.output))
        .stderr(Stdio::from(request.errors))
        .process_group(0);
    command.spawn().map(|child| child.id())
}

/// A signal to all processes, as at the end of a session, must not end the guard before its
/// program.
///
/// The handlers that tokio installed stay without a listener and, unlike ignored signals, are not
/// inherited by programs.
fn outlive_signals() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _entered = runtime.enter();
    for kind in [
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::quit(),
        SignalKind::terminate(),
    ] {
        drop(signal(kind)?);
    }
    Ok(())
}

/// Detaches from the terminal and becomes the subreaper of its descendants. Where the system
/// refuses, the guard reaches fewer of them.
fn be_apart() {
    rustix::process::setsid().ok();
    #[cfg(target_os = "linux")]
    {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).ok();
        rustix::thread::set_name(COMM).ok();
    }
}

/// The first argument, which `ps` shows. It does not contain `synapse`: killing all processes of
/// that name must not kill the cleanup as well.
const NAME: &str = "process-guard";
#[cfg(target_os = "linux")]
const COMM: &std::ffi::CStr = c"process-guard";

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::fd::OwnedFd;

    use super::wire::{encode, send_pipes};
    use super::*;
    use crate::Program;

    /// The guard of the test below: this executable again, under another name.
    #[test]
    fn serves_as_a_guard_when_it_was_started_as_one() {
        if let Some(code) = serve() {
            assert_eq!(code, ExitCode::FAILURE);
        }
    }

    /// It was killed before it could be told that the program runs.
    #[test]
    fn a_program_whose_owner_is_gone_before_its_start_is_ended() {
        let (mut output, their_output) = io::pipe().unwrap();
        let (input, _to_program) = io::pipe().unwrap();
        let (mut owner, at_guard) = UnixStream::pair().unwrap();
        let pipes = [input.as_fd(), their_output.as_fd(), their_output.as_fd()];
        send_pipes(&owner, pipes).unwrap();
        let program =
            Program::new("/bin/sh").arguments(["-c", "/bin/sleep 3; echo it is still there"]);
        owner.write_all(&encode(&program)).unwrap();
        drop((owner, their_output));
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the crate that starts programs"
        )]
        let mut guard = Command::new(std::env::current_exe().unwrap());
        guard.arg0(NAME).args([
            "--exact",
            "guard::tests::serves_as_a_guard_when_it_was_started_as_one",
        ]);
        guard.stdin(Stdio::from(OwnedFd::from(at_guard)));
        guard.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(guard.status().unwrap().success());
        let mut said = String::new();
        output.read_to_string(&mut said).unwrap();
        assert_eq!(said, "");
    }
}
