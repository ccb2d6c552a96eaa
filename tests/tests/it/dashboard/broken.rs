//! Broken and newer files: the pages that do not need one still work, the others say what is wrong,
//! and no broken line is shown.

use rusqlite::Connection;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;

use super::client::Client;
use crate::TWIN;

/// Pages that read the file, and those that do not.
struct Pages {
    /// Whole pages that say what is wrong.
    tell: &'static [(&'static str, u16)],
    /// Pages without it.
    work: &'static [&'static str],
}

const OF_CONNECTIONS: Pages = Pages {
    tell: &[("", 200), ("connections", 422), ("secrets", 200)],
    work: &[
        "usage",
        "history",
        "hub",
        "hub/approvals",
        "doctor",
        "explain/config.syntax",
        "welcome",
    ],
};
const OF_LEDGER: Pages = Pages {
    tell: &[
        ("", 200),
        ("connections", 200),
        ("usage", 503),
        ("history", 503),
    ],
    work: &[
        "connections/new",
        "connections/work/edit",
        "hub",
        "hub/approvals",
        "secrets",
        "doctor",
        "welcome",
    ],
};
const OF_SERVERS: Pages = Pages {
    tell: &[("", 200), ("hub", 422), ("hub/approvals", 422)],
    work: &[
        "connections",
        "connections?show=work",
        "usage",
        "history",
        "secrets",
        "doctor",
        "welcome",
    ],
};

#[test]
fn broken_connections_are_told_where_they_are_needed() {
    let (_double, home) = home();
    let text = std::fs::read_to_string(home.connections()).unwrap();
    let client = Client::enter(&home);
    crate::write(&home.connections(), &format!("{text}\n{SECRET_LINE}"));
    judge(&client, &OF_CONNECTIONS, "config.syntax");
    crate::write(
        &home.connections(),
        &text.replace("format = 1", "format = 99"),
    );
    judge(&client, &OF_CONNECTIONS, "config.newer-format");
    // Mended, it is read again.
    crate::write(&home.connections(), &text);
    assert!(client.get("connections").body.contains("show=work"));
}

#[test]
fn a_broken_ledger_is_told_where_it_is_needed() {
    let (_double, home) = home();
    home.run(["chat", "work", "Say hello"]).with_code(0);
    let client = Client::enter(&home);
    Connection::open(home.ledger())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    // A newer ledger is shown as far as its tables are known.
    for page in [
        "",
        "connections",
        "usage",
        "history",
        "hub",
        "secrets",
        "doctor",
    ] {
        assert_eq!(client.get(page).status, 200, "{page}");
    }
    drop(client);
    let bytes = [SECRET_LINE.as_bytes(), &[b'x'; 4096]].concat();
    std::fs::remove_file(home.ledger()).unwrap();
    let client = Client::enter(&home);
    drop(home.write(".synapse/ledger.db", bytes));
    judge(&client, &OF_LEDGER, "storage.corrupt");
}

#[test]
fn broken_servers_are_told_where_they_are_needed() {
    let (_double, home) = home();
    let file = home.synapse().join("mcp-servers.json");
    let client = Client::enter(&home);
    crate::write(&file, &format!("{{\"one\": {SECRET_LINE}"));
    synapse_tests::home::set_mode(&file, 0o600);
    judge(&client, &OF_SERVERS, "config.syntax");
}

/// Whether each page says what is wrong, or has nothing to do with it.
fn judge(client: &Client, pages: &Pages, code: &str) {
    for (page, status) in pages.tell {
        let answer = client.get(page);
        assert_eq!(answer.status, *status, "{page}: {code}\n{}", answer.body);
        assert!(
            answer.body.contains(code),
            "{page}: {code}\n{}",
            answer.body
        );
        assert!(!answer.body.contains("fa1kewords"), "{page}");
        assert!(answer.body.contains("aria-label=\"Pages\""), "{page}");
    }
    for page in pages.work {
        let answer = client.get(page);
        assert_eq!(answer.status, 200, "{page}: {code}\n{}", answer.body);
        assert!(!answer.body.contains("fa1kewords"), "{page}");
    }
}

fn home() -> (OpenAiDouble, Home) {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    (double, home)
}

/// A line that no format has, with words that a page must not repeat.
const SECRET_LINE: &str = "key fa1kewords fa1kewords";
