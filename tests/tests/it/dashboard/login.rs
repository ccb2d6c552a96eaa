//! A login only through pages, at a real authorization server.

use serde_json::Value;
use synapse_tests::process::Run;

use super::client::Client;
use crate::hub_serving::wait_until;
use crate::login::{Bench, Rotation};

/// Starts a login; returns the address of its page.
fn begin(client: &Client, fields: &[(&str, &str)]) -> String {
    let page = client.submit("hub/work/login", fields).body;
    let (_, rest) = page.split_once("/logins/").unwrap();
    format!("logins/{}", rest.split('"').next().unwrap())
}

fn state(client: &Client) -> Value {
    client.document("hub")["servers"][0]["state"].clone()
}

#[test]
fn a_page_leads_to_the_authorization_server_and_shows_what_came_of_it() {
    let bench = Bench::start(Rotation::Never);
    let client = Client::enter(&bench.home);
    assert_eq!(state(&client), "login-required");
    let place = begin(&client, &[("register", "on")]);
    let asked = client.document(&place);
    assert_eq!(asked["state"], "confirm");
    assert_eq!(asked["origins"].as_array().unwrap().len(), 1);
    let shown = client.submit(&place, &[("do", "agree")]).body;
    let visit = client.document(&place);
    let address = visit["authorization_url"].as_str().unwrap();
    let link = format!("href=\"{}\"", address.replace('&', "&amp;"));
    assert!(shown.contains(&link), "{shown}");
    Run::new(&bench.browser(), [address]).output().with_code(0);
    wait_until("the login is over", || {
        client.document(&place)["schema"] != "synapse.login-progress/1"
    });
    let ended = client.document(&place);
    assert_eq!(ended["schema"], "synapse.hub-login/1", "{ended}");
    let done = client.get(&place).body;
    assert!(done.contains("Logged in to work"), "{done}");
    client.submit("hub/work/start", &[]);
    let waiting = client.document("hub/approvals");
    let digest = waiting["approvals"][0]["digest"].as_str().unwrap();
    client.submit("hub/work/approve", &[("digest", digest)]);
    assert_eq!(state(&client), "approved");
    bench
        .home
        .run(["hub", "call", "work", "whoami", "{}"])
        .with_code(0);
}

#[test]
fn a_login_without_a_client_offers_to_register_one() {
    let bench = Bench::start(Rotation::Never);
    let client = Client::enter(&bench.home);
    let place = begin(&client, &[]);
    let failed = client.submit(&place, &[("do", "agree")]).body;
    assert!(failed.contains("oauth.client-required"), "{failed}");
    assert!(failed.contains("register a client"), "{failed}");
}

#[test]
fn nothing_reaches_an_authorization_server_that_was_declined() {
    let bench = Bench::start(Rotation::Never);
    let client = Client::enter(&bench.home);
    let place = begin(&client, &[("register", "on")]);
    let declined = client.submit(&place, &[("do", "decline")]).body;
    assert!(declined.contains("oauth.denied"), "{declined}");
    assert_eq!(state(&client), "login-required");
}
