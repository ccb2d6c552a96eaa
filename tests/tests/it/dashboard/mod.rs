//! The dashboard through the whole product, in a real browser: Debian's Chromium against the twin
//! in a scratch home with the loopback provider. JavaScript is off unless a step needs it.

mod broken;
mod client;
mod documents;
mod ending;
mod hub;
mod login;
mod payloads;
mod pictures;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod quiet;
mod tabs;

use std::path::{Path, PathBuf};

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;
use synapse_tests::process::{Reading, Run};
use synapse_tests::third_party::{BROWSER, NODE, installed};

use crate::TWIN;

/// Runs one browser step on a new dashboard of `home`.
fn drive(step: &str, home: &Home, double: &OpenAiDouble) {
    drive_with(step, home, double, &[]);
}

/// The same with further settings; returns what the step printed.
fn drive_with(
    step: &str,
    home: &Home,
    double: &OpenAiDouble,
    settings: &[(&str, &Path)],
) -> String {
    let mut dashboard = home.twin(["dashboard"]).start_to_read();
    let address = first_line(&mut dashboard);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/drive.mjs");
    let modules = installed(BROWSER).join("node_modules");
    let browser = Run::new(&installed(NODE), [script.as_os_str(), step.as_ref()])
        .env("BROWSER_MODULES", modules.parent().unwrap_or(&modules))
        .env("CHROMIUM", "/usr/bin/chromium")
        .env("ADDRESS", address)
        .env("HOME", home.path())
        .env("SYNAPSE_HOME", home.synapse())
        .env("SYNAPSE", TWIN)
        .env("UPSTREAM", env!("CARGO_BIN_EXE_scripted-upstream"))
        .env("KEY_FILE", key_file(home))
        .env("KEY", OpenAiDouble::KEY)
        .env("MODEL", OpenAiDouble::SMALL_MODEL)
        .env("BASE_URL", double.base_url());
    let mut browser = settings
        .iter()
        .fold(browser, |browser, (name, value)| browser.env(name, value))
        .start_to_read();
    // Reads to the end: each wait in the script has its own limit.
    let said = String::from_utf8(browser.read(u64::MAX)).unwrap();
    assert!(said.ends_with(&format!("ok {step}\n")), "{said}");
    said
}

fn key_file(home: &Home) -> PathBuf {
    home.path().join("browser.token")
}

fn first_line(dashboard: &mut Reading) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        line.extend(dashboard.read(1));
    }
    String::from_utf8(line).unwrap().trim().to_owned()
}

#[test]
fn a_person_comes_from_nothing_to_a_receipt_by_the_pages_alone() {
    let double = OpenAiDouble::start();
    drive("path", &Home::new(TWIN), &double);
}

#[test]
fn strangers_change_and_learn_nothing() {
    let double = OpenAiDouble::start();
    drive("strangers", &Home::connected(TWIN, &double), &double);
}
