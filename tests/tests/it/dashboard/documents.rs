//! Each page's document is the one that the command it shows prints.

use serde_json::Value;
use synapse_testkit::provider_doubles::OpenAiDouble;

use super::client::Client;
use crate::hub_serving::Hub;

#[test]
fn the_document_of_a_page_is_what_the_command_it_shows_prints() {
    let double = OpenAiDouble::start();
    let hub = hub(&double);
    let home = &hub.home;
    home.run(["chat", "work", "Say hello"]).with_code(0);
    let call = home.history()[0]["call_id"].as_str().unwrap().to_owned();
    let receipt = format!("history/{call}");
    let client = Client::enter(home);
    for page in [
        "connections",
        "connections?show=work",
        "usage",
        "usage?by=client&since=2020-01-01&connection=work",
        "usage?by=hour&since=today",
        "history",
        "history?outcome=ok&since=2020-01-01&where=provider%3Dopenai",
        "hub",
        "secrets",
        "explain/gate.network-disabled",
        receipt.as_str(),
    ] {
        let join = if page.contains('?') { '&' } else { '?' };
        let answer = client.get(&format!("{page}{join}format=json"));
        let document: Value = serde_json::from_str(&answer.body).unwrap();
        let command = shown_command(&client.get(page).body);
        let words = words(&command);
        assert_eq!(words[0], "synapse", "{page}: {command}");
        let mut printed = home
            .run(words[1..].iter().map(String::as_str).chain(["--json"]))
            .with_code(0)
            .json();
        if page == "secrets" {
            // The command also asks the keyring, which a page does not.
            printed.as_object_mut().unwrap().remove("warnings");
        }
        assert_eq!(document, printed, "{page}: {command}");
    }
    // The overview has no command of its own: its sums are those of the one it shows.
    let overview = client.document("");
    let words = words(&shown_command(&client.get("").body));
    let printed = home.run(words[1..].iter().map(String::as_str).chain(["--json"]));
    assert_eq!(
        overview["usage"]["usage"],
        printed.with_code(0).json()["usage"]
    );
}

#[test]
fn every_page_shows_a_command_and_has_a_document() {
    let double = OpenAiDouble::start();
    let hub = hub(&double);
    let client = Client::enter(&hub.home);
    for page in [
        "",
        "welcome",
        "connections",
        "connections?show=work",
        "connections/new",
        "connections/work/edit",
        "connections/work/remove",
        "usage",
        "history",
        "hub",
        "hub/approvals",
        "secrets",
        "doctor",
        "explain/gate.network-disabled",
        "nowhere",
        "usage?by=colour",
    ] {
        let command = shown_command(&client.get(page).body);
        assert!(command.starts_with("synapse "), "{page}: {command}");
        let join = if page.contains('?') { '&' } else { '?' };
        let answer = client.get(&format!("{page}{join}format=json"));
        let document: Value = serde_json::from_str(&answer.body).unwrap();
        let schema = document["schema"].as_str().unwrap();
        assert!(schema.starts_with("synapse."), "{page}: {schema}");
    }
}

/// Two upstream servers, one of them approved, and a connection.
fn hub(double: &OpenAiDouble) -> Hub {
    let hub = Hub::new().with("one", &[]).with("two", &[]).approved("one");
    hub.home.save("work", double, &["--allow-network"]);
    hub
}

/// The command at the end of a page.
fn shown_command(body: &str) -> String {
    let (_, same) = body.split_once("<div class=\"same\">").expect(body);
    let (_, command) = same.split_once("data-copy>").expect(same);
    let (command, _) = command.split_once("</code>").unwrap();
    command
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// The words of a command with single quotes.
fn words(command: &str) -> Vec<String> {
    let pieces = command.split('\'').enumerate();
    pieces
        .flat_map(|(number, piece)| {
            let quoted = number % 2 == 1;
            let all: Vec<String> = if quoted {
                vec![piece.to_owned()]
            } else {
                piece.split_whitespace().map(str::to_owned).collect()
            };
            all
        })
        .collect()
}
