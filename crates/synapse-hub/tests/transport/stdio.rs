//! Programs over pipes: start, final output, and no remaining processes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use synapse_hub::transport::{ErrorLog, Exit, StartError};
use synapse_mcp::client::{CallError, Conversation as _, MayHaveRun, Negotiation};
use synapse_process::Program;

use crate::support::{AMPLE, call, recorded, runs, script, stdio, until};

/// Answers like a modern server; `$CALL` is the reaction to a call.
const SERVER: &str = r#"
while read -r line; do
  id=${line#*\"id\":}; id=${id%%,*}
  case $line in
    *server/discover*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"supportedVersions":["2026-07-28"],"capabilities":{}}}';;
    *tools/call*) n=$((n+1)); call;;
  esac
done
"#;

fn server(call: &str) -> String {
    format!("call() {{ {call}; }}\necho $$ >> $D/pids\n{SERVER}")
}

const ANSWER: &str = r#"echo '{"jsonrpc":"2.0","id":'$id',"result":{"n":'$n'}}'"#;

#[tokio::test]
async fn a_program_is_spoken_with_and_ends_when_it_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let conversation = script(directory.path(), &server(ANSWER))
        .open()
        .await
        .unwrap();
    for expected in [1, 2] {
        let result = conversation.request(call("t", json!({}))).await.unwrap();
        assert_eq!(result["n"], expected);
    }
    let process = conversation.process();
    assert_eq!(process.ending(Duration::ZERO).await, None);
    conversation.close().await;
    let Some(Exit::Exited(status)) = process.ending(AMPLE).await else {
        panic!("no end");
    };
    assert!(status.success());
    assert!(!runs(recorded(directory.path())[0]));
    assert!(!conversation.is_open());
}

#[tokio::test]
async fn a_crash_says_how_and_what_was_last_said() {
    let directory = tempfile::tempdir().unwrap();
    let crash = format!("if [ $n = 3 ]; then echo at call $n >&2; exit 9; fi; {ANSWER}");
    let conversation = script(directory.path(), &server(&crash))
        .open()
        .await
        .unwrap();
    for _ in 0..2 {
        conversation.request(call("t", json!({}))).await.unwrap();
    }
    let outcome = conversation.request(call("t", json!({}))).await;
    let may_have_run = MayHaveRun::Yes;
    assert!(matches!(outcome, Err(CallError::Ended { may_have_run: got }) if got == may_have_run));
    let process = conversation.process();
    let Some(Exit::Exited(status)) = process.ending(AMPLE).await else {
        panic!("no end");
    };
    assert_eq!(status.code(), Some(9));
    assert_eq!(process.last_lines(), ["at call 3"]);
    let outcome = conversation.request(call("t", json!({}))).await;
    let may_have_run = MayHaveRun::No;
    assert!(matches!(outcome, Err(CallError::Ended { may_have_run: got }) if got == may_have_run));
    assert_eq!(
        recorded(directory.path()).len(),
        1,
        "it was not started again"
    );
}

#[tokio::test]
async fn a_legacy_program_that_exits_at_the_probe_is_started_once_more() {
    let directory = tempfile::tempdir().unwrap();
    let text = r#"
echo $$ >> $D/pids
read -r line
case $line in *'"initialize"'*) ;; *) exit 1;; esac
id=${line#*\"id\":}; id=${id%%,*}
echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-06-18","capabilities":{}}}'
cat > /dev/null
"#;
    let conversation = script(directory.path(), text).open().await.unwrap();
    assert_eq!(conversation.hello().negotiation, Negotiation::Exited);
    assert_eq!(recorded(directory.path()).len(), 2);
    conversation.close().await;
}

#[tokio::test]
async fn a_program_that_exits_whatever_it_hears_is_started_twice_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let text = "echo $$ >> $D/pids; echo no such module >&2; read -r line; exit 3";
    let error = script(directory.path(), text).open().await.unwrap_err();
    let StartError::Open {
        error,
        ending,
        last_lines,
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(matches!(error, CallError::Ended { .. }), "{error:?}");
    assert!(matches!(ending, Some(Exit::Exited(status)) if status.code() == Some(3)));
    assert_eq!(last_lines, ["no such module"]);
    assert_eq!(recorded(directory.path()).len(), 2);
}

#[tokio::test]
async fn a_program_that_is_not_there_says_so() {
    let error = stdio(Program::new("/no/such/program"))
        .open()
        .await
        .unwrap_err();
    let StartError::Start(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_program_that_says_nothing_is_ended_at_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = script(directory.path(), "echo $$ >> $D/pids; cat > /dev/null");
    server.start = Duration::from_millis(600);
    let error = server.open().await.unwrap_err();
    let StartError::Open { error, .. } = error else {
        panic!("{error:?}");
    };
    assert!(matches!(error, CallError::Timeout { .. }), "{error:?}");
    until("it has ended", || !runs(recorded(directory.path())[0])).await;
}

/// Stays when its stdin is closed, ignores SIGTERM, and leaves children of every kind.
#[tokio::test]
async fn closing_ends_the_whole_tree_however_it_resists() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "trap '' TERM HUP
         sh -c 'echo $$ >> $D/pids; exec sleep 1000' &
         setsid sh -c 'echo $$ >> $D/pids; exec sleep 1000' &
         (setsid sh -c 'echo $$ >> $D/pids; trap \"\" TERM; while :; do sleep 1000; done' &) &
         {}
         while :; do sleep 1000; done",
        server(ANSWER)
    );
    let conversation = script(directory.path(), &text).open().await.unwrap();
    conversation.request(call("t", json!({}))).await.unwrap();
    until("all have begun", || recorded(directory.path()).len() == 4).await;
    conversation.close().await;
    for process in recorded(directory.path()) {
        assert!(!runs(process), "{process} stays");
    }
}

#[tokio::test]
async fn dropping_ends_it_too() {
    let directory = tempfile::tempdir().unwrap();
    let conversation = script(directory.path(), &server(ANSWER))
        .open()
        .await
        .unwrap();
    let process = recorded(directory.path())[0];
    assert!(runs(process));
    drop(conversation);
    until("it has ended", || !runs(process)).await;
}

/// Collects the lines.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl ErrorLog for Lines {
    fn line(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

#[tokio::test]
async fn stderr_goes_to_the_log_cleaned() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "printf 'one\\r\\n\\ntoken fake-secret here\\nlast' >&2\n{}",
        server(ANSWER)
    );
    let log = Arc::new(Lines::default());
    let mut program = script(directory.path(), &text);
    program.log = Some(Arc::clone(&log) as _);
    program.cleaner = Arc::new(|line| line.replace("fake-secret", "***"));
    let conversation = program.open().await.unwrap();
    conversation.close().await;
    let expected = ["one", "token *** here", "last"];
    assert_eq!(*log.0.lock().unwrap(), expected);
    assert_eq!(conversation.process().last_lines(), expected);
}

#[tokio::test]
async fn a_flood_of_stderr_stops_nobody_and_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let flood = format!(
        "head -c 20000000 /dev/zero | tr '\\0' x >&2; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do echo line $i >&2; done; {ANSWER}"
    );
    let conversation = script(directory.path(), &server(&flood))
        .open()
        .await
        .unwrap();
    conversation.request(call("t", json!({}))).await.unwrap();
    let process = conversation.process();
    until("the last line", || {
        process
            .last_lines()
            .last()
            .is_some_and(|line| line == "line 21")
    })
    .await;
    let lines = process.last_lines();
    assert!(lines.len() <= 20);
    assert!(lines.iter().map(String::len).sum::<usize>() <= 16 * 1024);
    conversation.close().await;
}
