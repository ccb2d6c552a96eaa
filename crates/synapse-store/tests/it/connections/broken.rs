//! Files refused as a whole, with code and position, and left unchanged.

use std::os::unix::fs::symlink;

use synapse_core::ports::ConnectionStore as _;
use synapse_core::{Code, Failure};
use synapse_home::Home;
use synapse_store::TomlConnections;
use synapse_testkit::disk::{make_fifo, names, set_mode, write};

use crate::child::{Role, run_unprivileged};
use crate::support::{cleared, draft, everything, home};

/// The failure of every operation for a file with this content; none changes it.
fn refused(content: &[u8]) -> Failure {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), content);
    let store = TomlConnections::new(home.clone());
    let failure = store.load().unwrap_err();
    assert_eq!(
        failure.context()["file"],
        home.connections().to_str().unwrap()
    );
    let place = format!(
        "at {}:{}:{}",
        home.connections().display(),
        failure.context()["line"],
        failure.context()["column"]
    );
    assert!(failure.causes().contains(&place.as_str()), "{failure:?}");

    let name = "hf".parse().unwrap();
    let saved = cleared("hf", draft());
    assert_eq!(store.insert(&saved).as_ref(), Err(&failure));
    assert_eq!(store.replace(&draft(), &saved).as_ref(), Err(&failure));
    assert_eq!(store.remove(&name).as_ref(), Err(&failure));
    assert_eq!(std::fs::read(home.connections()).unwrap(), content);
    assert_eq!(names(home.directory()), ["connections.toml"]);
    failure
}

fn place(failure: &Failure) -> (usize, usize) {
    let number = |key| failure.context()[key].parse().unwrap();
    (number("line"), number("column"))
}

#[test]
fn every_error_has_its_code_place_and_advice() {
    use Code::{
        ConfigInvalidValue as Value, ConfigNewerFormat as Newer, ConfigSyntax as Syntax,
        ConfigUnknownField as Unknown,
    };
    for (text, code, at, advice) in [
        ("format = 1\n[connections.hf\n", Syntax, (2, 16), "`]`"),
        ("format = 1\n\nö = \n", Syntax, (3, 1), ""),
        ("format = 1\nformat = 1\n", Syntax, (2, 1), "duplicate key"),
        (
            "format = 1\n[connections.a]\nmodel = \"x\n",
            Syntax,
            (3, 11),
            "3 | model = …",
        ),
        (
            "format = 1\n[connections.a]\n[connections.a]\n",
            Syntax,
            (3, 14),
            "duplicate key",
        ),
        ("[connections.a]\n", Value, (1, 1), "format = 1"),
        ("format = \"1\"\n", Value, (1, 10), "format = 1"),
        ("format = 0\n", Value, (1, 10), "format = 1"),
        (
            "# new\nformat =  2\nunheard = 1\n",
            Newer,
            (2, 11),
            "newer Synapse",
        ),
        (
            "format = 1\nconections = 1\n",
            Unknown,
            (2, 1),
            "did you mean `connections`?",
        ),
        (
            "format = 1\n[servers.x]\n",
            Unknown,
            (2, 2),
            "format, default, telemetry, ledger, connections",
        ),
        (
            "format = 1\nconnections = 1\n",
            Value,
            (2, 15),
            "takes a table",
        ),
        (
            "format = 1\nconnections.hf = []\n",
            Value,
            (2, 18),
            "takes a table",
        ),
        (
            "format = 1\n[[connections.hf]]\n",
            Value,
            (2, 15),
            "takes a table",
        ),
        (
            "format = 1\n[connections.\"a b\"]\n",
            Value,
            (2, 14),
            "letters, digits",
        ),
        (
            "format = 1\n[connections.a]\n  netwrk = \"open\"\n",
            Unknown,
            (3, 3),
            "did you mean `network`?",
        ),
        (
            "format = 1\nconnections.ä1 = {}\nconnections.a = { Model = 1 }\n",
            Syntax,
            (2, 13),
            "",
        ),
        (
            "format = 1\n\"connections\".a = { model = \"ä\", Model = 1 }\n",
            Unknown,
            (2, 34),
            "did you mean `model`?",
        ),
        (
            "format = 1\n[connections.a]\napi_key = \"x\"\n",
            Unknown,
            (3, 1),
            "credential = \"file:PATH\"",
        ),
        (
            "format = 1\n[connections.a]\nmodel = 5\n",
            Value,
            (3, 9),
            "takes a string; this is of type integer",
        ),
        (
            "format = 1\n[connections.a]\nnetwork = true\n",
            Value,
            (3, 11),
            "takes a string",
        ),
        (
            "format = 1\n[connections.a]\nnetwork = \"Open\"\n",
            Value,
            (3, 11),
            "takes \"open\" or \"closed\"",
        ),
        (
            "format = 1\n[connections.a]\ntimeout_seconds = -1\n",
            Value,
            (3, 19),
            "whole number of seconds",
        ),
        (
            "format = 1\n[connections.a]\ntimeout_seconds = 1.5\n",
            Value,
            (3, 19),
            "of type float",
        ),
        (
            "format = 1\n[connections.a]\npreflight = \"ok\"\n",
            Value,
            (3, 13),
            "takes a table",
        ),
        (
            "format = 1\n[connections.a.preflight]\nchecked_at = \"now\"\n",
            Value,
            (3, 14),
            "takes a time",
        ),
        (
            "format = 1\n[connections.a]\npreflight = { proven = [] }\n",
            Value,
            (3, 13),
            "takes a time",
        ),
        (
            "format = 1\n[connections.a]\npreflight = { checked_at = \"2026-11-20T12:00:00Z\", proven = [1] }\n",
            Value,
            (3, 61),
            "array of strings",
        ),
        (
            "format = 1\n[connections.a]\npreflight = { checked = 1 }\n",
            Unknown,
            (3, 15),
            "`preflight` has a field `checked`",
        ),
    ] {
        let failure = refused(text.as_bytes());
        assert_eq!(
            (failure.code(), place(&failure)),
            (code, at),
            "{text}\n{failure:?}"
        );
        assert!(
            everything(&failure).replace("\\\"", "\"").contains(advice),
            "{text}\n{failure:?}"
        );
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_where_it_begins() {
    for (content, at, words) in [
        (&b"format = 1\n# caf\xe9\n"[..], (2, 6), "not UTF-8"),
        (
            b"\xef\xbb\xbfformat = 1\n",
            (1, 1),
            "UTF-8 without a byte order mark",
        ),
        (b"\xff\xfef\0o\0", (1, 1), "the mark of UTF-16"),
    ] {
        let failure = refused(content);
        assert_eq!(failure.code(), Code::ConfigSyntax);
        assert_eq!(place(&failure), at);
        assert!(everything(&failure).contains(words), "{failure:?}");
    }
}

/// Wherever a file with a token is cut or damaged, no failure contains the token.
#[test]
fn no_failure_repeats_a_token() {
    let whole = "format = 1\n[connections.a]\nprovider = \"openai\"\nmodel = \"m\"\n\
        credential = \"sk-fake-fake-fake-fake\"\nsk-fake-fake-fake-fake = 1\n";
    let (_directory, home) = home();
    home.create().unwrap();
    let store = TomlConnections::new(home.clone());
    for end in 0..whole.len() {
        for tail in ["", "\"", "'", " = ", "]", "{", "\n", "\u{0}", "\\x"] {
            let text = format!("{}{tail}", &whole[..end]);
            write(&home.connections(), &text);
            let result = store.load();
            assert!(
                !format!("{result:?}").contains("fake"),
                "{text}\n{result:?}"
            );
        }
    }
}

#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    let (_directory, home) = home();
    let path = home.connections();
    std::fs::create_dir_all(&path).unwrap();
    let store = TomlConnections::new(home);
    let failure = store.load().unwrap_err();
    assert_eq!(failure.code(), Code::StorageUnavailable);
    assert!(failure.message().contains("is a directory"), "{failure}");

    std::fs::remove_dir(&path).unwrap();
    make_fifo(&path);
    let failure = store.insert(&cleared("hf", draft())).unwrap_err();
    assert_eq!(failure.code(), Code::StorageUnavailable);
    assert!(failure.message().contains("is a named pipe"), "{failure}");

    std::fs::remove_file(&path).unwrap();
    symlink("connections.toml", &path).unwrap();
    let failure = store.load().unwrap_err();
    assert_eq!(failure.code(), Code::StorageUnavailable);
}

#[test]
fn a_home_that_cannot_be_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    write(&file, "");
    for path in [file.clone(), file.join("below"), "/proc/synapse".into()] {
        let store = TomlConnections::new(Home::new(&path));
        let failure = store.insert(&cleared("hf", draft())).unwrap_err();
        assert_eq!(failure.code(), Code::StorageUnavailable, "{failure:?}");
        assert!(failure.context()["file"].starts_with(path.to_str().unwrap()));
    }
}

#[test]
fn an_unreadable_file_is_not_an_absent_one() {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), "format = 1\n");
    set_mode(&home.connections(), 0);
    run_unprivileged(Role::ReadUnreadable, &home);
}

pub(crate) fn cannot_be_read(home: &Home) {
    let store = TomlConnections::new(home.clone());
    for result in [
        store.load().map(drop),
        store.insert(&cleared("hf", draft())),
    ] {
        let failure = result.unwrap_err();
        assert_eq!(failure.code(), Code::StorageUnavailable);
        assert!(
            failure
                .message()
                .ends_with("connections.toml cannot be read"),
            "{failure}"
        );
        assert!(
            failure.causes()[0].contains("ermission denied"),
            "{failure:?}"
        );
    }
}

#[test]
fn a_read_only_home_is_said_to_be_one() {
    let (_directory, home) = home();
    let store = TomlConnections::new(home.clone());
    store.insert(&cleared("hf", draft())).unwrap();
    std::fs::remove_file(home.directory().join("connections.toml.lock")).unwrap();
    let before = std::fs::read(home.connections()).unwrap();
    set_mode(home.directory(), 0o500);
    run_unprivileged(Role::WriteReadOnly, &home);
    set_mode(home.directory(), 0o700);
    assert_eq!(std::fs::read(home.connections()).unwrap(), before);
    assert_eq!(names(home.directory()), ["connections.toml"]);
}

pub(crate) fn cannot_be_written(home: &Home) {
    let store = TomlConnections::new(home.clone());
    assert_eq!(store.load().unwrap().len(), 1);
    let name = "hf".parse().unwrap();
    let below = TomlConnections::new(Home::new(home.directory().join("below")));
    for result in [
        store.insert(&cleared("other", draft())),
        store.remove(&name),
        below.insert(&cleared("other", draft())),
    ] {
        let failure = result.unwrap_err();
        assert_eq!(failure.code(), Code::StorageReadOnly, "{failure:?}");
    }
}
