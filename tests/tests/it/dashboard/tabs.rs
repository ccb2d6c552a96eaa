//! Several tabs, several dashboards, and one that was started again.

use synapse_tests::Home;
use synapse_tests::process::Signal;

use super::client::Client;
use crate::TWIN;

#[test]
fn a_second_tab_shares_the_session_and_neither_is_in_the_way_of_the_other() {
    let home = Home::new(TWIN);
    let one = Client::enter(&home);
    let other = one.tab.clone();
    assert_eq!(other.get("").status, 200);
    let themed = other.submit("theme", &[("theme", "dark"), ("back", other.base.as_str())]);
    assert_eq!(themed.status, 200, "{}", themed.body);
    let looked = one.submit("doctor", &[]);
    assert_eq!(looked.status, 200, "{}", looked.body);
    // Leaving ends both.
    other.submit("leave", &[]);
    assert_eq!(one.get("").status, 401);
}

#[test]
fn a_dashboard_that_was_started_again_knows_no_earlier_page() {
    let home = Home::new(TWIN);
    let before = Client::enter(&home);
    let port = before.host.rsplit(':').next().unwrap().to_owned();
    let Client {
        dashboard,
        tab: before,
    } = before;
    dashboard.signal(Signal::TERM);
    assert_eq!(dashboard.end().code(), Some(0));
    let again = Client::enter_with(&home, &["--port", &port]);
    let lost = before.get("");
    assert_eq!(lost.status, 404);
    assert!(lost.body.contains("started again"), "{}", lost.body);
    assert!(lost.body.contains("synapse dashboard"), "{}", lost.body);
    assert_eq!(before.submit("doctor", &[]).status, 404);
    assert_eq!(again.get("").status, 200);
}

#[test]
fn two_dashboards_of_one_home_show_the_same_and_a_busy_port_is_told() {
    let home = Home::new(TWIN);
    let (one, other) = (Client::enter(&home), Client::enter(&home));
    assert_ne!(one.host, other.host);
    for page in ["", "connections", "hub", "doctor"] {
        assert_eq!(one.get(page).status, 200, "{page}");
        assert_eq!(other.get(page).status, 200, "{page}");
    }
    let port = one.host.rsplit(':').next().unwrap();
    let refused = home.run(["dashboard", "--port", port]).with_code(2);
    assert_eq!(refused.stdout, "");
    let said = refused.stderr;
    assert!(
        said.contains(port) && said.contains("synapse dashboard"),
        "{said}"
    );
    let by = format!("(process {})", one.dashboard.id());
    assert!(!cfg!(target_os = "linux") || said.contains(&by), "{said}");
}
