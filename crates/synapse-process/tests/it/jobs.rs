//! Programs in a job object: whatever ends, nothing that they started is left.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use synapse_process::{Guard, Program, Running};

const DESCENDANTS: &str = env!("CARGO_BIN_EXE_synapse-process-descendants");

/// The port that the processes under test connect to.
struct Meeting(TcpListener);

impl Meeting {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// The arguments for a program with `count` descendants.
    fn arguments(&self, count: usize) -> [String; 2] {
        let port = self.0.local_addr().unwrap().port();
        [port.to_string(), count.to_string()]
    }

    /// Waits for `count` processes.
    fn attended_by(&self, count: usize) -> Vec<TcpStream> {
        (0..count).map(|_| self.0.accept().unwrap().0).collect()
    }

    async fn start(&self, descendants: usize) -> Running {
        Program::new(DESCENDANTS)
            .arguments(self.arguments(descendants))
            .variables(std::env::vars_os())
            .start(&Guard::program(DESCENDANTS))
            .await
            .unwrap()
    }
}

/// Waits until each of these processes has ended, which closes its connection.
#[track_caller]
fn all_ended(processes: Vec<TcpStream>) {
    for mut process in processes {
        process
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        match process.read(&mut [0]) {
            Ok(count) => assert_eq!(count, 0),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
}

#[tokio::test]
async fn dropping_a_program_ends_its_descendants() {
    let meeting = Meeting::new();
    let running = meeting.start(3).await;
    let processes = meeting.attended_by(4);
    drop(running);
    all_ended(processes);
}

#[tokio::test]
async fn a_program_that_ignores_the_end_of_its_input_is_ended() {
    let meeting = Meeting::new();
    let running = meeting.start(1).await;
    let processes = meeting.attended_by(2);
    assert_eq!(running.end(Duration::from_millis(1)).await, None);
    all_ended(processes);
}

/// The task manager ends Synapse: nobody is left to end what it started but the system.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the owner that is ended runs beside the crate under test"
)]
fn ending_the_owner_ends_all_descendants() {
    let meeting = Meeting::new();
    let mut owner = Command::new(DESCENDANTS)
        .args(meeting.arguments(2))
        .arg("guarded")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let processes = meeting.attended_by(3);
    owner.kill().unwrap();
    owner.wait().unwrap();
    all_ended(processes);
}
