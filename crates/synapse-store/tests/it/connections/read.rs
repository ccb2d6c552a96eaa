//! The meaning of valid files.

use synapse_core::ports::ConnectionStore as _;
use synapse_core::time::Timestamp;
use synapse_core::{Code, Draft, NetworkGate};
use synapse_home::Home;
use synapse_store::TomlConnections;
use synapse_testkit::disk::{names, write};

use crate::support::home;

fn home_with(text: &str) -> (tempfile::TempDir, Home) {
    let (directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), text);
    (directory, home)
}

#[test]
fn an_absent_file_holds_nothing_and_reading_creates_nothing() {
    let (directory, home) = home();
    assert!(TomlConnections::new(home).load().unwrap().is_empty());
    assert_eq!(names(directory.path()), [""; 0]);
}

#[test]
fn a_file_without_content_holds_nothing() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "format = 1\n",
        "format = 1\n[connections]\n",
    ] {
        let (_directory, home) = home_with(text);
        assert!(
            TomlConnections::new(home).load().unwrap().is_empty(),
            "{text:?}"
        );
    }
}

#[test]
fn every_field_is_read_in_any_shape_toml_has() {
    let hf = Draft {
        provider: "huggingface".into(),
        model: "m".into(),
        credential: Some("env:HF".into()),
        base_url: Some("https://h.test/v1".into()),
        gate: NetworkGate::Open,
        timeout_seconds: Some(1000),
        bill_to: Some("acme".into()),
        proxy: Some("http://127.0.0.1:3128".into()),
        ..Draft::default()
    };
    let checked_at: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    for text in [
        r#"
        format = 1
        [connections.hf]
        provider = 'huggingface'
        model = """m"""
        network = "open"
        credential = "env:\u0048F"
        base_url = "https://h.test/v1"
        timeout_seconds = 1_000
        bill_to = "acme"
        proxy = "http://127.0.0.1:3128"
        preflight = { checked_at = "2026-11-20T13:00:00+01:00", proven = ["config"], unproven = [] }
        "#,
        r#"
        format = 1
        connections.hf = { provider = "huggingface", model = "m", credential = "env:HF",
            base_url = "https://h.test/v1", network = "open", timeout_seconds = 1000,
            bill_to = "acme", proxy = "http://127.0.0.1:3128",
            preflight = { checked_at = "2026-11-20T12:00:00Z", proven = ["config"] } }
        "#,
        r#"
        connections.hf.provider = "huggingface"
        connections.hf.model = "m"
        format = 1
        connections.hf.credential = "env:HF"
        connections.hf.base_url = "https://h.test/v1"
        connections.hf.network = "open"
        connections.hf.timeout_seconds = 0x3e8
        connections.hf.bill_to = "acme"
        connections.hf.proxy = "http://127.0.0.1:3128"
        connections.hf.preflight.checked_at = "2026-11-20T12:00:00Z"
        connections.hf.preflight.proven = [
            "config", # why not
        ]
        "#,
    ] {
        let (_directory, home) = home_with(text);
        let stored = TomlConnections::new(home).load().unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].name.as_str(), "hf");
        assert_eq!(stored[0].draft, hf);
        assert!(stored[0].connection.is_ok(), "{:?}", stored[0].connection);
        let record = stored[0].preflight.as_ref().unwrap();
        assert_eq!(record.checked_at, checked_at);
        assert_eq!(record.proven, ["config"]);
        assert_eq!(record.unproven, [""; 0]);
    }
}

#[test]
fn the_gate_is_closed_when_nothing_is_said() {
    let (_directory, home) = home_with(
        "format = 1\n[connections.a]\nprovider = \"openai\"\nmodel = \"m\"\ncredential = \"env:X\"\n",
    );
    let stored = TomlConnections::new(home).load().unwrap();
    assert_eq!(stored[0].draft.gate, NetworkGate::Closed);
    assert_eq!(stored[0].preflight, None);
}

/// An invalid connection leaves the others usable, in file order. Only the text decides whether the
/// cached meaning is valid: not its length, and not the time of the file.
#[test]
fn an_edit_of_the_same_length_and_time_is_in_force_at_once() {
    let text = |gate: &str| {
        format!(
            "format = 1\n[connections.a]\nprovider = 'openai'\nmodel = 'm'\n\
             credential = 'env:KEY'\n{gate}"
        )
    };
    let open = text("network = 'open'\n");
    let (_directory, home) = home_with(&open);
    let path = home.connections();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let store = TomlConnections::new(home);
    let gate = || store.load().unwrap().first().unwrap().draft.gate;
    assert_eq!(gate(), NetworkGate::Open);
    assert_eq!(gate(), NetworkGate::Open);

    let closed = text("#etwork = 'open'\n");
    assert_eq!(closed.len(), open.len());
    write(&path, &closed);
    let file = std::fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(gate(), NetworkGate::Closed);

    write(&path, "format = [");
    assert_eq!(store.load().unwrap_err().code(), Code::ConfigSyntax);
    write(&path, &open);
    assert_eq!(gate(), NetworkGate::Open);
}

#[test]
fn a_wrong_value_spoils_its_own_connection_only() {
    let text = r#"format = 1
[connections.z]
provider = "openai"
model = "m"
credential = "env:X"

[connections.provider]
model = "m"
provider =   "opnai"
credential = "env:X"

[connections.model]
provider = "openai"
credential = "env:X"

[connections.url]
provider = "openai"
model = "m"
base_url = "https://api.openai.com"
credential = "env:X"

[connections.reference]
provider = "openai"
model = "m"
credential = "opaque-fake-token"

[connections.literal]
provider = "openai"
model = "m"
  credential = "sk-fake-fake-fake-fake"

[connections.a]
provider = "huggingface"
model = "ö"
credential = "env:X"
bill_to = "ä" ; organization = "x"
"#
    .replace(" ; organization = \"x\"", "");
    let (_directory, home) = home_with(&text);
    let stored = TomlConnections::new(home.clone()).load().unwrap();
    let file = home.connections().display().to_string();
    let found: Vec<(&str, Option<(Code, String)>)> = stored
        .iter()
        .map(|each| {
            let failure = each.connection.as_ref().err().map(|failure| {
                let context = |key| failure.context()[key].clone();
                assert_eq!(context("file"), file);
                let place = format!("{}:{}", context("line"), context("column"));
                assert!(
                    failure
                        .causes()
                        .contains(&format!("at {file}:{place}").as_str()),
                    "{failure:?}"
                );
                (failure.code(), place)
            });
            (each.name.as_str(), failure)
        })
        .collect();
    let wrong = |code, place: &str| Some((code, place.to_owned()));
    assert_eq!(
        found,
        [
            ("z", None),
            ("provider", wrong(Code::ConfigUnknownProvider, "9:14")),
            ("model", wrong(Code::ConfigInvalidValue, "12:14")),
            ("url", wrong(Code::EndpointPathMismatch, "19:12")),
            (
                "reference",
                wrong(Code::CredentialInvalidReference, "25:14")
            ),
            ("literal", wrong(Code::CredentialLiteralToken, "30:16")),
            ("a", wrong(Code::ConfigInvalidValue, "36:11")),
        ]
    );
    assert!(!format!("{stored:?}").contains("fake"), "{stored:?}");
}

#[test]
fn a_password_in_a_url_goes_nowhere() {
    let (_directory, home) = home_with(
        r#"format = 1
        [connections.base]
        provider = "openai"
        model = "m"
        credential = "env:X"
        base_url = "https://user:fake@h.test/v1"
        [connections.proxy]
        provider = "openai"
        model = "m"
        credential = "env:X"
        proxy = "http://user:fake@h.test"
        [connections.path]
        provider = "openai"
        model = "m"
        credential = "env:X"
        base_url = "https://h.test/@team/v1"
        "#,
    );
    let stored = TomlConnections::new(home).load().unwrap();
    let code = |index: usize| stored[index].connection.as_ref().unwrap_err().code();
    assert_eq!(code(0), Code::EndpointInvalidUrl);
    assert_eq!(code(1), Code::ConfigInvalidValue);
    assert_eq!(
        stored[2].draft.base_url.as_deref(),
        Some("https://h.test/@team/v1")
    );
    assert!(!format!("{stored:?}").contains("fake"), "{stored:?}");
}

#[test]
fn an_edit_of_the_same_length_counts_at_once() {
    let text = |model: &str| {
        format!("format = 1\n[connections.a]\nprovider = \"ollama\"\nmodel = \"{model}\"\n")
    };
    let (_directory, home) = home_with(&text("one"));
    let store = TomlConnections::new(home.clone());
    for model in ["one", "two", "six", "ten", "one"] {
        // Probably within one tick of the file system's clock.
        write(&home.connections(), text(model));
        assert_eq!(store.load().unwrap()[0].draft.model, model);
        assert_eq!(store.shared().unwrap()[0].draft.model, model);
    }
}
