//! A program's environment and status, and long-lived programs with pipes.

use std::path::Path;
use std::time::Duration;

use synapse_process::{Guard, Program, Trouble};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{guard, limits, script};

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_program_gets_what_is_given_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    for guard in [guard(), Guard::none()] {
        let text = "tr '\\0' '\\n' < /proc/$$/environ; ls -l /proc/$$/fd | grep -c socket:; pwd; cat; \
                    echo on stderr, and more of it >&2; exit 7";
        let ending = script(directory.path(), text)
            .variables([("ODD", "a\nb=c")])
            .run(&guard, limits(LONG))
            .await
            .unwrap();
        let path = directory.path().display();
        let expected =
            format!("D={path}\nODD=a\nb=c\nPATH=/usr/local/bin:/usr/bin:/bin\n0\n{path}\n");
        let stdout = String::from_utf8_lossy(&ending.stdout);
        let mut lines: Vec<_> = stdout.lines().collect();
        lines[..4].sort_unstable();
        let mut wanted: Vec<_> = expected.lines().collect();
        wanted[..4].sort_unstable();
        assert_eq!(lines, wanted, "{guard:?}");
        assert_eq!(ending.status.code(), Some(7));
        assert_eq!(*ending.stderr, b"on stderr, and m");
    }
}

#[tokio::test]
async fn every_end_is_told() {
    use std::os::unix::process::ExitStatusExt as _;

    let directory = tempfile::tempdir().unwrap();
    let run = async |text: &str| {
        script(directory.path(), text)
            .run(&guard(), limits(LONG))
            .await
    };
    assert_eq!(run("kill -9 $$").await.unwrap().status.signal(), Some(9));
    assert!(run("exit 0").await.unwrap().status.success());
    let flood = run("while :; do echo flood; done").await;
    assert!(matches!(flood, Err(Trouble::TooMuch)), "{flood:?}");
    let long = vec!["x".repeat(100_000); 10];
    let ending = script(directory.path(), "echo $# ${#1}")
        .arguments(["sh"])
        .arguments(long);
    let ending = ending.run(&guard(), limits(LONG)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&ending.stdout), "10 100000\n");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};

    let directory = tempfile::tempdir().unwrap();
    std::fs::File::create(directory.path().join("plain")).unwrap();
    let start = async |program: Program, guard: Guard| {
        program.start(&guard).await.map(drop).unwrap_err().kind()
    };
    for with in [guard(), Guard::none()] {
        let missing = Program::new("/no/such/program");
        assert_eq!(start(missing, with.clone()).await, NotFound);
        let plain = Program::new(directory.path().join("plain"));
        assert_eq!(start(plain, with.clone()).await, PermissionDenied);
        let elsewhere = script(Path::new("/dev/null"), "exit");
        assert_eq!(start(elsewhere, with).await, NotADirectory);
    }
    let fine = script(directory.path(), "exit");
    let without = Guard::program("/no/such/guard");
    assert_eq!(start(fine, without).await, NotFound);
}

#[tokio::test]
async fn a_long_lived_program_talks_and_ends_when_its_stdin_does() {
    let directory = tempfile::tempdir().unwrap();
    for guard in [guard(), Guard::none()] {
        let mut running = script(directory.path(), "cat; echo bye >&2; exit 3")
            .start(&guard)
            .await
            .unwrap();
        let mut input = running.input().unwrap();
        let (output, errors) = running.outputs();
        let (mut output, mut errors) = (output.unwrap(), errors.unwrap());
        for word in ["one", "two"] {
            input.write_all(word.as_bytes()).await.unwrap();
            input.flush().await.unwrap();
            let mut echoed = [0; 3];
            output.read_exact(&mut echoed).await.unwrap();
            assert_eq!(echoed, word.as_bytes());
        }
        drop(input);
        let mut last = String::new();
        errors.read_to_string(&mut last).await.unwrap();
        assert_eq!(last, "bye\n");
        assert_eq!(running.wait().await.unwrap().code(), Some(3));
        assert_eq!(running.end(LONG).await.unwrap().code(), Some(3));
    }
}

#[tokio::test]
async fn ending_waits_for_the_program_and_no_longer() {
    let directory = tempfile::tempdir().unwrap();
    let obedient = script(directory.path(), "cat; exit 4")
        .start(&guard())
        .await
        .unwrap();
    assert_eq!(obedient.end(LONG).await.unwrap().code(), Some(4));
    let deaf = script(
        directory.path(),
        "trap '' TERM; while :; do sleep 1000; done",
    );
    let deaf = deaf.start(&guard()).await.unwrap();
    let process = deaf.id().unwrap();
    assert_eq!(deaf.end(Duration::from_millis(20)).await, None);
    assert!(
        !crate::support::runs(process),
        "it was killed before the answer"
    );
}

#[test]
fn programs_are_found_in_absolute_directories() {
    let search = std::ffi::OsStr::new("bin::.:/no/such:/usr/bin:/bin");
    assert!(Program::find("sh", Some(search)).is_some());
    assert!(Program::find("/bin/sh", None).is_some());
    assert!(Program::find("sh", None).is_none());
    assert!(Program::find("sh", Some(std::ffi::OsStr::new("bin:."))).is_none());
    assert!(Program::find("/etc/passwd", Some(search)).is_none());
    assert!(Program::find("/bin", Some(search)).is_none());
    for elsewhere in ["./sh", "../bin/sh", "x/../sh", "sh/", ""] {
        assert!(
            Program::find(elsewhere, Some(search)).is_none(),
            "{elsewhere}"
        );
    }
}
