//! Changes preserve every other byte.

use std::os::unix::fs::symlink;
use std::time::Duration;

use synapse_core::ports::ConnectionStore as _;
use synapse_core::{Code, Draft, NetworkGate};
use synapse_home::Home;
use synapse_home::atomic::Lock;
use synapse_store::TomlConnections;
use synapse_testkit::disk::{mode, names, read, set_mode, write};
use tempfile::TempDir;

use crate::support::{cleared, draft, home};

/// A typical hand-edited file.
const EDITED: &str = concat!(
    r#"# Ours. Ask us before you change this.
format=1   # do not touch

  # The cheap one,
  # for drafts.
  [ connections . hf ]
  model="org/model"     # was: org/older
  provider  =  'huggingface'
"#,
    "\t",
    r#"credential = "env:HF"

  # we trust it
  network = "open"  # since May
  timeout_seconds = 1_0
  preflight = { checked_at = "2026-01-01T00:00:00Z", proven = [ ], unproven = ["live"] } # old
# the end of hf


# --- work ---

# The dear one.
[connections."work.openai"]
provider = "openai"
model = "gpt-5.6-terra"
credential = "env:OPENAI_API_KEY"
bill_to = "nobody" # a mistake, and ours to keep

# more to come
"#
);

const ADDED: &str = r#"
[connections.new]
provider = "huggingface"
model = "meta-llama/Llama-3.1-8B-Instruct:novita"
credential = "file:~/.synapse/hf.token"
network = "open"
preflight = { checked_at = "2026-11-20T12:00:00.000Z", proven = ["config", "gate"], unproven = ["live"], bound_to = "https://router.huggingface.co" }
"#;

fn store(text: &str) -> (TempDir, Home, TomlConnections) {
    let (directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), text);
    let store = TomlConnections::new(home.clone());
    (directory, home, store)
}

fn stored_draft(store: &TomlConnections, name: &str) -> Draft {
    let all = store.load().unwrap();
    let found = all.into_iter().find(|each| each.name.as_str() == name);
    found.unwrap().draft
}

/// Changes one connection and returns the resulting text.
fn changed(text: &str, name: &str, change: impl FnOnce(&mut Draft)) -> String {
    let (_directory, home, store) = store(text);
    let previous = stored_draft(&store, name);
    let mut next = previous.clone();
    change(&mut next);
    store.replace(&previous, &cleared(name, next)).unwrap();
    read(&home.connections())
}

fn removed(text: &str, name: &str) -> String {
    let (_directory, home, store) = store(text);
    store.remove(&name.parse().unwrap()).unwrap();
    read(&home.connections())
}

fn inserted(text: &str, name: &str) -> String {
    let (_directory, home, store) = store(text);
    store.insert(&cleared(name, draft())).unwrap();
    read(&home.connections())
}

#[test]
fn a_first_connection_makes_a_file_for_people() {
    let (_directory, home) = home();
    let store = TomlConnections::new(home.clone());
    store.insert(&cleared("new", draft())).unwrap();
    let header = "# Written by synapse, made to be edited by people.\nformat = 1\n";
    assert_eq!(read(&home.connections()), format!("{header}{ADDED}"));
    assert_eq!(mode(&home.connections()), 0o600);
    assert_eq!(mode(home.directory()), 0o700);
    assert_eq!(
        names(home.directory()),
        ["connections.toml", "connections.toml.lock"]
    );
}

#[test]
fn a_new_connection_comes_behind_everything_else() {
    for text in [
        EDITED,
        "format = 1",
        "# a\r\nformat = 1\r\n",
        "# nothing yet\n",
        "\n",
        "",
    ] {
        let after = inserted(text, "new");
        let line_end = if text.contains('\r') { "\r\n" } else { "\n" };
        let added = ADDED.replace('\n', line_end);
        let kept = after.strip_suffix(&added).unwrap();
        assert!(kept.starts_with(text), "{after}");
        assert!(kept.contains("format"), "{after}");
        assert_eq!(removed(&after, "new"), kept);
    }
}

#[test]
fn changing_a_connection_changes_its_lines_only() {
    let after = changed(EDITED, "hf", |draft| {
        draft.model = "org/newer".into();
        draft.gate = NetworkGate::Closed;
        draft.base_url = Some("https://h.test/\"v1\"".into());
        draft.bill_to = Some("acme".into());
        draft.timeout_seconds = None;
    });
    let expected = EDITED
        .replace(r#"model="org/model" "#, r#"model="org/newer" "#)
        .replace(
            "  network = \"open\"  # since May\n",
            "  network = \"closed\"  # since May\n\
             base_url = 'https://h.test/\"v1\"'\nbill_to = \"acme\"\n",
        )
        .replace("  timeout_seconds = 1_0\n", "")
        .replace(
            r#"{ checked_at = "2026-01-01T00:00:00Z", proven = [ ], unproven = ["live"] }"#,
            r#"{ checked_at = "2026-11-20T12:00:00.000Z", proven = ["config", "gate"], unproven = ["live"] }"#,
        );
    assert_eq!(after, expected);
}

#[test]
fn windows_line_ends_and_a_missing_last_one_are_kept() {
    let text = "format = 1\r\n\r\n[ connections . b ] # x\r\nprovider = \"openai\"\r\n\
                model = \"m\"\r\ncredential = \"env:X\"\r\n[connections.a]\r\n\
                provider = \"openai\" # x\r\nmodel = \"m\"\r\ncredential = \"env:X\"";
    let after = changed(text, "a", |draft| {
        draft.gate = NetworkGate::Open;
        draft.project = Some("p".into());
    });
    assert_eq!(
        after,
        format!(
            "{text}\r\nnetwork = \"open\"\r\nproject = \"p\"\r\npreflight = {{ checked_at = \
             \"2026-11-20T12:00:00.000Z\", proven = [\"config\", \"gate\"], unproven = [\"live\"], \
             bound_to = \"https://api.openai.com\" \
             }}\r\n"
        )
    );
}

#[test]
fn removing_a_connection_takes_its_own_comment_and_no_other() {
    let start = EDITED.find("\n  # The cheap one").unwrap();
    let end = EDITED.find("# the end of hf").unwrap();
    let expected = format!("{}{}", &EDITED[..start], &EDITED[end..]);
    assert_eq!(removed(EDITED, "hf"), expected);

    let start = EDITED.find("\n# The dear one").unwrap();
    let end = EDITED.find("\n# more to come").unwrap();
    let expected = format!("{}{}", &EDITED[..start], &EDITED[end..]);
    assert_eq!(removed(EDITED, "work.openai"), expected);
}

/// Files that cannot be spliced are changed too, with the intended meaning.
#[test]
fn other_shapes_of_toml_are_changed_too() {
    let inline = "format = 1\n# keep\nconnections = { a = { provider = \"openai\", model = \"m\", \
                  credential = \"env:X\" } } # me\n";
    let entry = "format = 1\n[connections]\n# keep\na = { provider = \"openai\", model = \"m\", \
                 credential = \"env:X\" } # me\n";
    let dotted = "format = 1\n# keep\nconnections.a.provider = \"openai\"\nconnections.a.model = \
                  \"m\" # me\nconnections.a.credential = \"env:X\"\n";
    let table = "format = 1\n# keep\n[connections.a]\nprovider = \"openai\"\nmodel = \"m\" # me\n\
                 credential = \"env:X\"\n\n[connections.a.preflight]\n\
                 checked_at = \"2026-01-01T00:00:00Z\"\n";
    for text in [inline, entry, dotted, table] {
        let (_directory, home, store) = store(text);
        store.insert(&cleared("b", draft())).unwrap();
        let previous = stored_draft(&store, "a");
        let next = Draft {
            model: "n".into(),
            gate: NetworkGate::Open,
            timeout_seconds: Some(5),
            ..previous.clone()
        };
        store
            .replace(&previous, &cleared("a", next.clone()))
            .unwrap();
        assert_eq!(stored_draft(&store, "a"), next, "{text}");
        assert_eq!(stored_draft(&store, "b"), draft(), "{text}");
        let after = read(&home.connections());
        assert!(
            after.contains("# keep") && after.contains("# me"),
            "{after}"
        );
        store.remove(&"a".parse().unwrap()).unwrap();
        assert_eq!(store.load().unwrap().len(), 1);
        assert_eq!(stored_draft(&store, "b"), draft());
    }
}

#[test]
fn a_refused_change_leaves_no_trace() {
    let (directory, home) = home();
    let store = TomlConnections::new(home);
    let hf = cleared("hf", draft());
    let absent = store.remove(&"hf".parse().unwrap()).unwrap_err();
    assert_eq!(absent.code(), Code::ConfigNotFound);
    let absent = store.replace(&draft(), &hf).unwrap_err();
    assert_eq!(absent.code(), Code::ConfigNotFound);
    assert_eq!(names(directory.path()), [""; 0]);

    let (_directory, home, store) = self::store(EDITED);
    let taken = store.insert(&hf).unwrap_err();
    assert_eq!(taken.code(), Code::ConfigDuplicateName);
    let stale = store.replace(&draft(), &hf).unwrap_err();
    assert_eq!(stale.code(), Code::ConfigChanged);
    assert!(
        stale.message().contains("changed by someone else"),
        "{stale}"
    );
    assert_eq!(read(&home.connections()), EDITED);
    assert_eq!(names(home.directory()), ["connections.toml"]);
}

#[test]
fn a_held_lock_is_waited_for_and_then_reported() {
    let (_directory, home, store) = store(EDITED);
    let lock = home.directory().join("connections.toml.lock");
    let held = Lock::acquire(&lock, Duration::ZERO).unwrap();
    let impatient = store.clone().with_patience(Duration::from_millis(20));
    let failure = impatient.insert(&cleared("new", draft())).unwrap_err();
    assert_eq!(failure.code(), Code::StorageLocked);
    assert_eq!(read(&home.connections()), EDITED);
    drop(held);
    store.insert(&cleared("new", draft())).unwrap();
}

#[test]
fn a_linked_file_is_changed_where_it_is_and_its_mode_only_gets_stricter() {
    let (directory, home, store) = store("");
    let dotfiles = directory.path().join("dotfiles.toml");
    write(&dotfiles, EDITED);
    set_mode(&dotfiles, 0o644);
    std::fs::remove_file(home.connections()).unwrap();
    symlink(&dotfiles, home.connections()).unwrap();
    store.insert(&cleared("new", draft())).unwrap();
    assert!(home.connections().is_symlink());
    assert_eq!(read(&dotfiles), format!("{EDITED}{ADDED}"));
    assert_eq!(mode(&dotfiles), 0o600);
}
