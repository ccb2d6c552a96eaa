//! The table `[telemetry]` is read separately, so that an error in it stops no call.

use synapse_core::Code;
use synapse_core::ports::ConnectionStore as _;
use synapse_store::TomlConnections;
use synapse_testkit::disk::write;

use crate::support::home;

fn stored(text: &str) -> (tempfile::TempDir, TomlConnections) {
    let (directory, home) = home();
    home.create().unwrap();
    write(&home.connections(), text);
    (directory, TomlConnections::new(home))
}

#[test]
fn a_collector_is_named_or_there_is_none() {
    let (_directory, none) = stored("format = 1\n");
    assert_eq!(none.telemetry().unwrap(), None);
    let (_directory, absent) = stored("");
    assert_eq!(absent.telemetry().unwrap(), None);
    for text in [
        "format = 1\n[telemetry]\nendpoint = \"http://127.0.0.1:4318\"\n",
        "format = 1\ntelemetry = { endpoint = 'http://127.0.0.1:4318/' }\n",
        "format = 1\n[\"tele\\u006detry\"]\nendpoint = \"http://127.0.0.1:4318\"\n",
    ] {
        let (_directory, stored) = stored(text);
        let url = stored.telemetry().unwrap().unwrap();
        assert_eq!(url.to_string(), "http://127.0.0.1:4318");
        assert!(stored.load().unwrap().is_empty());
    }
}

#[test]
fn a_mistake_is_told_with_its_place_and_stops_no_connection() {
    for (table, code, line) in [
        ("endpoint = 1", Code::ConfigInvalidValue, "3"),
        ("endpoint = 'collector'", Code::EndpointInvalidUrl, "3"),
        ("endpoit = 'x'", Code::ConfigUnknownField, "3"),
        ("", Code::ConfigInvalidValue, "2"),
    ] {
        let (_directory, stored) = stored(&format!("format = 1\n[telemetry]\n{table}\n"));
        let failure = stored.telemetry().unwrap_err();
        assert_eq!(failure.code(), code, "{table}");
        assert_eq!(failure.context()["line"], line, "{table}: {failure:?}");
        assert!(stored.load().unwrap().is_empty(), "{table}");
    }
    let (_directory, newer) = stored("format = 99\n[telemetry]\nendpoint = 'x'\n");
    assert_eq!(
        newer.telemetry().unwrap_err().code(),
        Code::ConfigNewerFormat
    );
}
