//! `cmd:` references run real programs: their environment, their failures, and that none is left
//! running.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use synapse_core::{Code, Failure};
use tokio::time::Instant;

use crate::support::{Place, TOKEN, code, resolve, runs, value, wait_for};

/// The reference to a shell script; the shell is just another program here.
fn shell(script: &str) -> String {
    format!("cmd:{}", serde_json::json!(["sh", "-c", script]))
}

#[tokio::test]
async fn the_one_line_that_a_program_prints_is_the_credential() {
    let place = Place::new();
    place.write("token", format!("{TOKEN}\n"));
    let file = place.path().join("token");
    let reference = format!("cmd:{}", serde_json::json!(["cat", file]));
    let resolved = resolve(&place.secrets(), &reference).await.unwrap();
    assert_eq!(resolved.found, "printed by `cat`, one line");
    assert_eq!(value(&place.secrets(), &reference).await, TOKEN);
    let absolute = reference.replace("\"cat\"", "\"/bin/cat\"");
    assert_eq!(value(&place.secrets(), &absolute).await, TOKEN);
}

#[tokio::test]
async fn no_shell_reads_the_words() {
    let place = Place::new();
    let secrets = place.secrets();
    let reference = r#"cmd:["printf","%s","$HOME;`id`|*&"]"#;
    assert_eq!(value(&secrets, reference).await, "$HOME;`id`|*&");
}

#[tokio::test]
async fn a_program_gets_no_stdin_the_home_as_directory_and_few_variables() {
    let mut place = Place::new();
    place.set("OPENAI_API_KEY", TOKEN);
    place.set("OP_SERVICE_ACCOUNT_TOKEN", TOKEN);
    place.set("SYNAPSE_VAULT_KEY_FILE", "/x");
    place.set("LANG", "C.UTF-8");
    let script = "env > environment; pwd > directory; cat; printf end";
    let stdin = value(&place.secrets(), &shell(script)).await;
    assert_eq!(stdin, "end");
    assert_eq!(
        place.read("directory").trim(),
        place.path().to_str().unwrap()
    );
    let environment = place.read("environment");
    let mut names: Vec<&str> = environment
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        // Variables that the shell itself adds.
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH"]);
}

#[tokio::test]
async fn every_way_to_fail_has_its_code() {
    let place = Place::new();
    place.write("token", TOKEN);
    place.write("plain/helper", "#!/bin/sh\n");
    let secrets = place.secrets();
    for (reference, expected) in [
        (shell("cat token; exit 3"), Code::CredentialCommandFailed),
        (
            shell("cat token >&2; exit 1"),
            Code::CredentialCommandFailed,
        ),
        (
            shell("cat token; kill -9 $$"),
            Code::CredentialCommandFailed,
        ),
        (shell(":"), Code::CredentialEmpty),
        (shell("echo"), Code::CredentialEmpty),
        (
            shell("cat token; echo; cat token"),
            Code::CredentialMultiLine,
        ),
        (shell("cat token; echo ' '"), Code::CredentialMalformed),
        (
            shell("cat token; printf '\\377'"),
            Code::CredentialMalformed,
        ),
        (
            shell("while cat token; do :; done"),
            Code::CredentialMalformed,
        ),
        (
            r#"cmd:["no-such-program-of-synapse"]"#.to_owned(),
            Code::CredentialStoreNotFound,
        ),
        (
            r#"cmd:["/no/such/program"]"#.to_owned(),
            Code::CredentialStoreNotFound,
        ),
        (
            format!(
                "cmd:{}",
                serde_json::json!([place.path().join("plain/helper")])
            ),
            Code::CredentialStoreNotFound,
        ),
        (
            format!("cmd:{}", serde_json::json!([place.path()])),
            Code::CredentialStoreNotFound,
        ),
    ] {
        assert_eq!(code(&secrets, &reference).await, expected, "{reference}");
    }
    let failure = resolve(&secrets, &shell("exit 3")).await.unwrap_err();
    assert!(failure.message().contains("exit status: 3"), "{failure}");
}

#[tokio::test]
async fn a_relative_directory_of_path_does_not_count() {
    let mut place = Place::new();
    let helper = place.write("bin/helper", "#!/bin/sh\nprintf x\n");
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o700)).unwrap();
    place.set("PATH", "bin::.:/usr/bin");
    let reference = r#"cmd:["helper"]"#;
    assert_eq!(
        code(&place.secrets(), reference).await,
        Code::CredentialStoreNotFound
    );
    place.unset("PATH");
    assert_eq!(
        code(&place.secrets(), reference).await,
        Code::CredentialStoreNotFound
    );
}

#[tokio::test]
async fn at_the_deadline_the_program_and_all_it_started_are_ended() {
    let place = Place::new();
    let secrets = place.secrets().within(Duration::from_secs(3));
    let began = Instant::now();
    let script = "sleep 1000 & echo $! > child; echo $$ > own; wait";
    let failure = resolve(&secrets, &shell(script)).await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialStoreTimeout);
    assert!(began.elapsed() < Duration::from_secs(20));
    for file in ["child", "own"] {
        let process: u32 = place.read(file).trim().parse().unwrap();
        wait_for(|| (!runs(process)).then_some(())).await;
    }
}

#[tokio::test]
async fn a_child_that_keeps_the_pipe_open_does_not_outlive_the_deadline() {
    let place = Place::new();
    let secrets = place.secrets().within(Duration::from_secs(3));
    let script = "sleep 1000 & echo $! > child; exit 0";
    let failure = resolve(&secrets, &shell(script)).await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialStoreTimeout);
    let process: u32 = place.read("child").trim().parse().unwrap();
    wait_for(|| (!runs(process)).then_some(())).await;
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_its_program() {
    let place = Place::new();
    let secrets = place.secrets();
    let pid = place.path().join("pid");
    let reference = shell("echo $$ > part; mv part pid; exec sleep 1000");
    let call = async {
        let result: Result<_, Failure> = resolve(&secrets, &reference).await;
        panic!("it came to an end: {result:?}");
    };
    let process: u32 = tokio::select! {
        () = call => unreachable!(),
        text = wait_for(|| std::fs::read_to_string(&pid).ok()) => text.trim().parse().unwrap(),
    };
    wait_for(|| (!runs(process)).then_some(())).await;
}
