//! Connection names: the default, renaming, and copies.

use synapse_core::ports::ConnectionStore as _;
use synapse_core::{Code, ConnectionName};
use synapse_store::TomlConnections;
use synapse_testkit::disk::{read, write};

use crate::support::home;

const FILE: &str = r#"# ours
format = 1 # do not touch

# the first
[connections.work] # it is
provider = "openai"
model = "m"
credential = "env:KEY"
preflight = { checked_at = "2026-01-01T00:00:00Z", proven = ["config"], unproven = [] } # old

[connections."b.c"]
provider = "huggingface"
model = "org/m"
credential = "env:HF"
"#;

fn name(text: &str) -> ConnectionName {
    text.parse().unwrap()
}

fn names(store: &TomlConnections) -> Vec<String> {
    let stored = store.load().unwrap();
    stored.iter().map(|each| each.name.to_string()).collect()
}

fn changed(text: &str, change: impl FnOnce(&TomlConnections)) -> String {
    let (_directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), text);
    change(&TomlConnections::new(home.clone()));
    read(&home.connections())
}

#[test]
fn a_default_is_one_line_that_comes_and_goes() {
    let chosen = changed(FILE, |store| {
        assert_eq!(store.default_name().unwrap(), None);
        store.set_default(Some(&name("b.c"))).unwrap();
        store.set_default(Some(&name("work"))).unwrap();
        assert_eq!(store.default_name().unwrap(), Some(name("work")));
    });
    let line = "format = 1 # do not touch\ndefault = \"work\"\n";
    assert_eq!(chosen, FILE.replace("format = 1 # do not touch\n", line));
    let cleared = changed(&chosen, |store| {
        store.set_default(None).unwrap();
        store.set_default(None).unwrap();
    });
    assert_eq!(cleared, FILE);
    let unknown = changed(FILE, |store| {
        let failure = store.set_default(Some(&name("nope"))).unwrap_err();
        assert_eq!(failure.code(), Code::ConfigNotFound);
    });
    assert_eq!(unknown, FILE);
}

#[test]
fn a_new_name_stands_where_the_old_one_stood() {
    let text = FILE.replacen("format = 1", "default = \"work\"\nformat = 1", 1);
    let renamed = changed(&text, |store| {
        store.rename(&name("work"), &name("x.y")).unwrap();
        assert_eq!(names(store), ["x.y", "b.c"]);
        let stored = &store.load().unwrap()[0];
        assert!(stored.preflight.is_some() && stored.connection.is_ok());
    });
    let expected = text
        .replace("[connections.work]", "[connections.\"x.y\"]")
        .replace("default = \"work\"", "default = \"x.y\"");
    assert_eq!(renamed, expected);
    let inline = "format = 1\nconnections = { a = { provider = \"openai\", model = \"m\" } }\n";
    let renamed = changed(inline, |store| {
        store.rename(&name("a"), &name("b")).unwrap();
    });
    assert_eq!(renamed, inline.replace("{ a =", "{ b ="));
}

#[test]
fn names_that_are_taken_or_unknown_change_nothing() {
    let left = changed(FILE, |store| {
        for (from, to, code) in [
            ("work", "b.c", Code::ConfigDuplicateName),
            ("work", "work", Code::ConfigDuplicateName),
            ("nope", "new", Code::ConfigNotFound),
        ] {
            let failures = [
                store.rename(&name(from), &name(to)).unwrap_err(),
                store.copy(&name(from), &name(to)).unwrap_err(),
            ];
            assert!(failures.iter().all(|failure| failure.code() == code));
        }
    });
    assert_eq!(left, FILE);
}

#[test]
fn a_copy_is_like_the_first_and_stands_behind_all() {
    let copied = changed(FILE, |store| {
        store.copy(&name("work"), &name("second")).unwrap();
        let stored = store.load().unwrap();
        assert_eq!(names(store), ["work", "b.c", "second"]);
        assert_eq!(stored[0].draft, stored[2].draft);
        assert_eq!(stored[0].preflight, stored[2].preflight);
    });
    assert!(copied.starts_with(FILE), "{copied}");
    let broken = FILE.replace("env:KEY", "sk-not-a-reference");
    let left = changed(&broken, |store| {
        store.copy(&name("work"), &name("second")).unwrap_err();
    });
    assert_eq!(left, broken);
}

#[test]
fn the_default_goes_with_its_connection() {
    let text = FILE.replacen("format = 1 #", "default = \"b.c\"\nformat = 1 #", 1);
    let removed = changed(&text, |store| store.remove(&name("b.c")).unwrap());
    assert!(!removed.contains("default"), "{removed}");
    let wrong = FILE.replacen("format = 1 #", "default = \"a b\"\nformat = 1 #", 1);
    changed(&wrong, |store| {
        assert!(store.load().is_err() && store.default_name().is_err());
    });
}
