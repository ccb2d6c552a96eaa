//! How a dashboard exits, and how it opens a browser.

use std::os::unix::fs::PermissionsExt as _;

use synapse_tests::Home;
use synapse_tests::process::Signal;

use super::client::Client;
use crate::TWIN;

#[test]
fn a_signal_ends_it_with_success_and_frees_its_address() {
    let home = Home::new(TWIN);
    let client = Client::enter(&home);
    assert_eq!(client.get("").status, 200);
    client.dashboard.signal(Signal::TERM);
    assert_eq!(client.dashboard.end().code(), Some(0));
    assert!(std::net::TcpStream::connect(&client.tab.host).is_err());
}

#[test]
fn a_browser_gets_a_private_file_and_never_the_address() {
    let home = Home::new(TWIN);
    let seen = home.path().join("seen");
    // Stays open like a foreground browser; the test ends it.
    let script = format!(
        "printf '%s' \"$*\" > {0}.new && mv {0}.new {0}\nexec sleep 600\n",
        seen.display()
    );
    let browser = home.write("browser", script);
    synapse_tests::home::set_mode(&browser, 0o700);
    let mut dashboard = home
        .twin(["dashboard", "--open"])
        .env("BROWSER", format!("/bin/sh {}", browser.display()))
        .start_to_read();
    let address = super::first_line(&mut dashboard);
    crate::hub_serving::wait_until("the browser was started", || seen.exists());
    let arguments = std::fs::read_to_string(&seen).unwrap();
    let file = home.synapse().join("dashboard.html");
    assert_eq!(arguments, format!("file://{}", file.display()));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).unwrap().contains(&address));
    dashboard.signal(Signal::TERM);
    assert_eq!(dashboard.end().code(), Some(0));
    assert!(!file.exists());
}
