//! Several processes sharing one record: one refresh per expiry, whichever needs it; and processes
//! that are killed during a refresh.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use synapse_core::ports::TokenSource as _;
use synapse_core::{Failure, NetworkGate, Origin};
use synapse_oauth::Tokens;
use url::Url;

use crate::support::{Endpoint, HOUR, MCP, SetClock, Used, logged_in, tokens};

/// Another process that asks for a token at each hour it receives.
struct Window {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Window {
    fn open(home: &Path) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the tests run themselves again as other processes"
        )]
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command
            .args(["--exact", "processes::be_a_window", "--nocapture"])
            .env_clear()
            .env(HOME, home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut window = Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        window.read("ready");
        window
    }

    /// Sends it the hour, without waiting.
    fn tell(&mut self, hour: i64) {
        writeln!(self.stdin, "{hour}").unwrap();
    }

    /// The rest of the next line that begins with `word`.
    fn read(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stdout.read_line(&mut line).unwrap(),
                0,
                "the window is gone"
            );
            // The test harness may write an unterminated line first.
            if let Some((_, rest)) = line.split_once(word) {
                return rest.trim().to_owned();
            }
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Not a test by itself: the code of the process that [`Window::open`] starts.
#[test]
fn be_a_window() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the parent tells this one its part"
    )]
    let Some(home) = std::env::var_os(HOME) else {
        return;
    };
    let clock = Arc::new(SetClock::default());
    let tokens = tokens(&PathBuf::from(home), clock.clone());
    let runtime = runtime();
    say("ready");
    for line in std::io::stdin().lines() {
        clock.set(line.unwrap().trim().parse::<i64>().unwrap() * HOUR);
        match runtime.block_on(token(&tokens)) {
            Ok(token) => say(&format!("token {token}")),
            Err(failure) => say(&format!("token failed: {failure:?}")),
        }
    }
}

fn say(line: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").unwrap();
    stdout.flush().unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

async fn token(tokens: &Tokens) -> Result<String, Failure> {
    let url: Url = MCP.parse().unwrap();
    let permit = NetworkGate::Open.permit([Origin::of(&url)]).unwrap();
    let token = tokens
        .token(&permit, &"work".parse().unwrap(), &url)
        .await?;
    let token = token.expect("somebody is logged in");
    Ok(token
        .for_origin(&Origin::of(&url))?
        .expose_secret()
        .to_owned())
}

#[test]
fn four_processes_at_two_hundred_expiries_refresh_two_hundred_times() {
    let home = tempfile::tempdir().unwrap();
    // Refresh tokens are single-use: a second use would end the login of all.
    let endpoint = Endpoint::new(Used::Refused);
    runtime().block_on(logged_in(home.path(), &endpoint.url()));
    let mut windows: Vec<Window> = (0..4).map(|_| Window::open(home.path())).collect();
    for hour in 1..=200 {
        windows.iter_mut().for_each(|window| window.tell(hour));
        let given: BTreeSet<String> = windows
            .iter_mut()
            .map(|window| window.read("token"))
            .collect();
        assert_eq!(
            given,
            BTreeSet::from([format!("fake-access-{hour}")]),
            "hour {hour}"
        );
        assert_eq!(endpoint.refreshes(), usize::try_from(hour).unwrap());
    }
}

#[test]
fn a_process_that_is_killed_at_any_point_of_a_refresh_loses_no_login() {
    let home = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::new(Used::Taken);
    runtime().block_on(logged_in(home.path(), &endpoint.url()));
    let clock = Arc::new(SetClock::default());
    let own = tokens(home.path(), clock.clone());
    for point in 0..100_u32 {
        let hour = i64::from(point) + 1;
        let before = endpoint.refreshes();
        let mut window = Window::open(home.path());
        window.tell(hour);
        // Spread over the duration of a refresh; the exact moment of each is random.
        std::thread::sleep(Duration::from_micros(u64::from(point) * 150));
        drop(window);
        clock.set(hour * HOUR);
        let token = runtime().block_on(token(&own)).unwrap();
        assert_ne!(token, "fake-access-0");
        let sent = endpoint.refreshes() - before;
        assert!((1..=2).contains(&sent), "{sent} refreshes at point {point}");
    }
}

#[test]
fn a_login_in_one_process_is_used_by_another_at_its_next_call() {
    let home = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::new(Used::Taken);
    runtime().block_on(logged_in(home.path(), &endpoint.url()));
    let mut window = Window::open(home.path());
    window.tell(0);
    assert_eq!(window.read("token"), "fake-access-0");
    let clock = Arc::new(SetClock::default());
    clock.set(HOUR);
    runtime()
        .block_on(token(&tokens(home.path(), clock)))
        .unwrap();
    window.tell(1);
    assert_eq!(window.read("token"), "fake-access-1");
    assert_eq!(endpoint.refreshes(), 1);
}

const HOME: &str = "SYNAPSE_OAUTH_TEST_HOME";
