//! A program with descendants, for the tests: each connects to a port and keeps the connection open
//! while it runs, whatever happens to its stdin.
//!
//! `PORT COUNT` starts COUNT descendants, each the child of the one before. `PORT COUNT guarded`
//! starts the same under a guard, as Synapse does.

#![expect(
    clippy::disallowed_methods,
    reason = "it leaves a process behind, for the crate under test to end"
)]

use std::io::{self, Read as _};
use std::net::TcpStream;
use std::process::{Command, ExitCode, Stdio};

use synapse_process::{Guard, Program};

fn main() -> ExitCode {
    match play() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn play() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = || -> Option<u16> { arguments.next()?.parse().ok() };
    let (Some(port), Some(count)) = (number(), number()) else {
        return Err(io::Error::other("usage: PORT COUNT [guarded]"));
    };
    match arguments.next() {
        Some(_) => guard(port, count),
        None => wait(port, count),
    }
}

fn wait(port: u16, count: u16) -> io::Result<()> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    if let Some(rest) = count.checked_sub(1) {
        Command::new(std::env::current_exe()?)
            .args([port, rest].map(|number| number.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
    }
    connection.read_exact(&mut [0])
}

fn guard(port: u16, count: u16) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let program = std::env::current_exe()?;
        let _running = Program::new(&program)
            .arguments([port, count].map(|number| number.to_string()))
            .variables(std::env::vars_os())
            .start(&Guard::program(program))
            .await?;
        std::future::pending().await
    })
}
