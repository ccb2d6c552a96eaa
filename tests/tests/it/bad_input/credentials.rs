//! Unusable credential files, and tokens in place of a reference.

use std::fs;

use insta::assert_snapshot;
use synapse_testkit::raw::RawServer;
use synapse_tests::Home;
use synapse_tests::home::set_mode;

use super::{BASE_URL, TWIN, write_connection};

/// The error of `chat` with this credential file; nothing may reach the provider.
fn refused(prepare: impl FnOnce(&Home)) -> String {
    let provider = RawServer::mute();
    let home = Home::new(TWIN);
    prepare(&home);
    let file = home.path().join("credential");
    let base_url = provider.url("/v1");
    write_connection(
        &home,
        &format!("file:{}", file.display()),
        base_url.as_str(),
    );
    let output = home.run(["chat", "work", "hello"]);
    assert_eq!(provider.accepts(), 0);
    assert_eq!(home.history()[0]["outcome"], "refused");
    home.shown(&output)
}

fn refused_content(content: &[u8]) -> String {
    let shown = refused(|home| {
        home.write("credential", content);
    });
    assert!(
        !shown.contains("fake"),
        "a part of the content is shown: {shown}"
    );
    shown
}

#[test]
fn missing() {
    assert_snapshot!(refused(|_| ()), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.missing]: there is no credential file [HOME]/credential
      hint: create it; the token is asked for and not shown: synapse secret set file:[HOME]/credential
    ");
}

#[test]
fn in_a_directory_that_is_missing_too() {
    let home = Home::new(TWIN);
    write_connection(&home, "file:~/not here/token", BASE_URL);
    let output = home.run(["chat", "work", "hello"]);
    assert_snapshot!(home.shown(&output), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.missing]: there is no credential file [HOME]/not here/token
      hint: create it; the token is asked for and not shown: synapse secret set 'file:[HOME]/not here/token'
    ");
}

#[test]
fn empty() {
    assert_snapshot!(refused_content(b""), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.empty]: the credential file [HOME]/credential is empty
      hint: write the token into it, on one line
    ");
    assert_eq!(refused_content(b"\n"), refused_content(b""));
}

#[test]
fn of_two_lines() {
    assert_snapshot!(refused_content(b"sk-fake\nsk-fake-2\n"), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.multi-line]: the credential file [HOME]/credential has 2 lines
      cause: a credential is exactly one line; only one final line end is removed
      hint: keep the line with the token and remove everything else
    ");
    // Bytes added by Windows editors are counted alike.
    assert_eq!(
        refused_content(b"sk-fake\r\nsk-fake-2\r\n"),
        refused_content(b"sk-fake\nsk-fake-2\n")
    );
    assert_eq!(
        refused_content(b"sk-fake\n\n"),
        refused_content(b"sk-fake\nsk-fake-2\n")
    );
}

#[test]
fn with_a_byte_order_mark() {
    assert_snapshot!(refused_content(b"\xef\xbb\xbfsk-fake\n"), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.malformed]: the credential file [HOME]/credential does not hold a token
      cause: it begins with a UTF-8 byte order mark
      hint: copy the token again, without anything around it; its content is not shown here
      hint: save it as plain UTF-8 without a byte order mark
    ");
}

#[test]
fn with_a_space_behind_the_token() {
    assert_snapshot!(refused_content(b"sk-fake \n"), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.malformed]: the credential file [HOME]/credential does not hold a token
      cause: there is white space at the end
      hint: copy the token again, without anything around it; its content is not shown here
    ");
}

#[test]
fn a_directory() {
    let shown = refused(|home| fs::create_dir(home.path().join("credential")).unwrap());
    assert_snapshot!(shown, @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.not-a-file]: [HOME]/credential is a directory and not a credential file
      hint: point the reference at a regular file; a symbolic link to one is fine
    ");
}

/// Reading a named pipe would block forever.
#[cfg(target_os = "linux")]
#[test]
fn a_named_pipe() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let shown = refused(|home| {
        let path = home.path().join("credential");
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    });
    assert_snapshot!(shown, @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.not-a-file]: [HOME]/credential is a named pipe and not a credential file
      hint: point the reference at a regular file; a symbolic link to one is fine
    ");
}

#[test]
fn readable_by_others() {
    let shown = refused(|home| {
        let path = home.write("credential", "sk-fake\n");
        set_mode(&path, 0o644);
    });
    assert_snapshot!(shown, @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.mode-too-open]: other users of this machine may use the credential file [HOME]/credential
      cause: its mode is 0644; it was not read
      hint: let only its owner read and write it: chmod 600 [HOME]/credential
    ");
}

#[test]
fn not_readable_by_its_owner() {
    let home = Home::new(TWIN);
    let path = home.write("credential", "sk-fake\n");
    set_mode(&path, 0o000);
    write_connection(&home, &format!("file:{}", path.display()), BASE_URL);
    let output = home.unprivileged(["chat", "work", "hello"]).output();
    assert_snapshot!(home.shown(&output), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.unreadable]: the credential file [HOME]/credential cannot be read
      cause: Permission denied (os error 13)
      hint: check owner and permissions of the file and of every directory above it: ls -ld [HOME]/credential
    ");
}

#[test]
fn a_variable_that_the_ide_does_not_pass_on() {
    let home = Home::new(TWIN);
    write_connection(&home, "env:OPENAI_API_KEY", BASE_URL);
    let output = home.run(["chat", "work", "hello"]);
    assert_snapshot!(home.shown(&output), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.missing]: the environment variable OPENAI_API_KEY is not set
      cause: an IDE passes almost no environment to the programs it starts
      hint: put the token into a file and use file:PATH, which works from everywhere
    ");
}

#[test]
fn of_another_vendor() {
    let home = Home::new(TWIN);
    write_connection(&home, &home.credential("hf_fakefakefake"), BASE_URL);
    let output = home.run(["chat", "work", "hello"]);
    assert!(!output.to_string().contains("fakefake"), "{output}");
    assert_snapshot!(home.shown(&output), @"
    exit code: 4
    ----- stdout
    ----- stderr
    error[credential.wrong-vendor]: this is a Hugging Face token, and the connection is to OpenAI
      cause: its prefix says so; it was not sent
      hint: reference a token of OpenAI: https://platform.openai.com/api-keys
    ");
}

/// A token in place of a reference is neither stored nor shown, wherever it is passed.
#[test]
fn a_literal_token() {
    let token = "sk-proj-canary0123456789";
    let home = Home::new(TWIN);
    let flags = format!("--provider openai --model m --credential {token}");
    let flags: Vec<&str> = flags.split(' ').collect();
    let created = home.run([&["connection", "create", "work"][..], &flags].concat());
    assert_snapshot!(home.shown(&created), @"
    exit code: 4
    ----- stdout
    not saved
    ----- stderr
    error[credential.literal-token]: this looks like a token; a reference to one is expected here
      cause: a token on the command line or in a file ends up in histories and backups
      hint: put it into a file that only you can read and pass file:PATH: synapse secret set file:~/.synapse/provider.token
      hint: treat a token that was typed on a command line as exposed, and rotate it
    ");
    let mut outputs = vec![created];
    for arguments in [
        [
            &["connection", "create", "work", "--offline", "--json"][..],
            &flags,
        ]
        .concat(),
        [&["preflight"][..], &flags].concat(),
        [&["preflight", "--json"][..], &flags].concat(),
    ] {
        outputs.push(home.run(arguments).with_code(4));
    }
    assert!(!home.synapse().exists());
    for wrapped in ["env:", "file:", "Bearer "] {
        let reference = format!("{wrapped}{token}");
        let words = [&["preflight"], &flags[..5], &[&reference]].concat();
        outputs.push(home.run(words).with_code(4));
    }

    write_connection(&home, token, BASE_URL);
    for arguments in [
        &["connection", "list"][..],
        &["connection", "list", "--json"],
        &["connection", "show", "work"],
        &["connection", "show", "work", "--json"],
        &["preflight", "work"],
        &["preflight", "--all"],
        &["preflight", "--all", "--json"],
        &["chat", "work", "hello"],
        &["chat", "work", "hello", "--json"],
        &["connection", "edit", "work", "--model", "n"],
        &["history", "--json"],
    ] {
        outputs.push(home.run(arguments));
    }
    for output in outputs {
        assert!(!output.to_string().contains("canary"), "{output}");
    }
    for (path, content) in home.files() {
        let found = String::from_utf8_lossy(&content).contains("canary");
        assert_eq!(found, path == home.connections(), "{}", path.display());
    }
}

#[test]
fn setting_what_is_there_already_says_how_to_replace_it() {
    let home = Home::new(TWIN);
    let reference = format!("file:{}", home.path().join("a.token").display());
    let set = |value: &str| {
        let words = ["secret", "set", reference.as_str()];
        home.twin(words).input(value).output()
    };
    assert_eq!(set("first\n").code, 0);
    let output = set("second\n").with_code(4);
    let hint = format!("hint: replace it: synapse secret rotate {reference}");
    assert!(output.stderr.contains(&hint), "{output}");
}
