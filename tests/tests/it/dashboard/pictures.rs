//! The pictures of the guide: every page over a home in which there is something to see.
//!
//! `SYNAPSE_TEST_PICTURES=DIR` keeps new ones in a directory; `cwebp` makes them the files of
//! `docs/images`.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::third_party::pictures;
use synapse_tests::{Era, Flags, Home};

use super::drive_with;
use crate::hub_serving::Hub;
use crate::login::{Bench, Rotation};

#[test]
fn the_guide_has_pictures_of_every_page_in_both_themes_wide_and_narrow() {
    let double = OpenAiDouble::start();
    let login = Bench::start(Rotation::Never);
    let home = scene(&double, &login);
    let kept = pictures();
    let settings: Vec<(&str, &Path)> = kept.iter().map(|at| ("PICTURES", at.as_path())).collect();
    let said = drive_with("pictures", &home.home, &double, &settings);
    let names = said
        .lines()
        .find_map(|line| line.strip_prefix("pages "))
        .unwrap();
    let files = |name: &str| {
        ["light-wide", "dark-wide", "light-narrow", "dark-narrow"]
            .map(|kind| format!("dashboard-{name}-{kind}.webp"))
    };
    let wanted: BTreeSet<String> = names.split(' ').flat_map(files).collect();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let kept: BTreeSet<String> = std::fs::read_dir(docs.join("images"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("dashboard-"))
        .collect();
    assert_eq!(kept, wanted);
    let guide = std::fs::read_to_string(docs.join("guides/dashboard.md")).unwrap();
    for file in wanted {
        assert!(guide.contains(&format!("../images/{file})")), "{file}");
    }
}

#[test]
fn no_page_hinders_anybody() {
    let (double, login) = (OpenAiDouble::start(), Bench::start(Rotation::Never));
    let said = drive_with("access", &scene(&double, &login).home, &double, &[]);
    let list = said.lines().find_map(|line| line.strip_prefix("paths "));
    // The first is the overview, whose path is empty.
    let visited: Vec<&str> = list.unwrap().split(' ').collect();
    let missing: Vec<&str> = routes()
        .filter(|route| !visited.iter().any(|path| leads_to(path, route)))
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {visited:?}");
}

#[test]
fn the_keyboard_reaches_everything_in_order() {
    let (double, login) = (OpenAiDouble::start(), Bench::start(Rotation::Never));
    drive_with("keyboard", &scene(&double, &login).home, &double, &[]);
}

/// The pages that the router of the dashboard knows.
fn routes() -> impl Iterator<Item = &'static str> {
    const ROUTER: &str = include_str!("../../../../crates/synapse-dashboard/src/routes.rs");
    let routes = ROUTER.split(".route(").skip(1);
    routes.filter_map(|route| {
        let (path, handlers) = route.trim_start().strip_prefix('"')?.split_once('"')?;
        let handlers = handlers.trim_start_matches([',', ' ', '\n']);
        let is_page = handlers.starts_with("get(") && !path.contains('.');
        is_page.then_some(path.strip_prefix('/')?)
    })
}

/// Whether a path, with its parameters, is one of the route.
fn leads_to(path: &str, route: &str) -> bool {
    let path: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
    let route: Vec<&str> = route.split('/').collect();
    let fits = |(part, name): (&&str, &&str)| name.starts_with('{') || part == name;
    path.len() == route.len() && path.iter().zip(&route).all(fits)
}

/// A month of calls, connections that work and that do not, and upstream servers in several states.
fn scene(double: &OpenAiDouble, login: &Bench) -> Hub {
    let mut hub = Hub::new();
    for (server, says) in [("notes", "Says it back"), ("files", "Reads a file")] {
        // The command of a picture is not that of the test's own program.
        let program = hub.home.path().join(format!("{server}-server"));
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_scripted-upstream"), &program).unwrap();
        let description = hub.notes(server, "description");
        crate::write(&description, says);
        let arguments = json!(["--description", description, "--stderr-lines", "3"]);
        hub = hub.with_entry(server, json!({"command": program, "args": arguments}));
    }
    hub = hub.with_entry("tickets", json!({"url": login.mcp()}));
    // An IDE that is found, without an entry yet.
    std::fs::create_dir(hub.home.path().join(".cursor")).unwrap();
    month_of_calls(&hub.home);
    hub = hub.approved("notes").approved("tickets");
    let credential = hub.home.credential(OpenAiDouble::KEY);
    let base = double.base_url();
    let flags = Flags::new("openai", OpenAiDouble::SMALL_MODEL, &credential, &base);
    for (name, more) in [
        (
            "work",
            &[
                "--allow-network",
                "--limit-usd-day",
                "5",
                "--limit-usd-month",
                "60",
            ][..],
        ),
        ("spare", &["--offline"]),
    ] {
        hub.home.create(name, &flags, more).with_code(0);
    }
    let mut ide = hub.home.serve(Era::Legacy);
    ide.call("chat", json!({"connection": "work", "prompt": "Say hello"}));
    ide.call(
        "chat",
        json!({"connection": "spare", "prompt": "Say hello"}),
    );
    ide.call("notes__echo", json!({}));
    assert!(ide.close().status.success());
    crate::write(&hub.notes("notes", "description"), "Says it louder");
    hub
}

/// Rows of the last thirty days, written in the second format, which needs no seals; the program
/// migrates them.
fn month_of_calls(home: &Home) {
    let database = Connection::open(home.ledger()).unwrap();
    database.execute_batch(SECOND_FORMAT).unwrap();
    let now: i64 = database
        .query_row("SELECT unixepoch() * 1000", [], |row| row.get(0))
        .unwrap();
    for number in 0..ROWS {
        let started_at = now - (ROWS - number) * (30 * DAY / ROWS);
        let random = number.wrapping_mul(2_654_435_761) % 100_003;
        let mut id = [0_u8; 16];
        id[..6].copy_from_slice(&started_at.to_be_bytes()[2..]);
        id[6] = 0x70;
        id[8..].copy_from_slice(&number.to_be_bytes());
        id[8] |= 0x80;
        let failed = random % 40 == 0;
        let cells = params![
            id,
            started_at,
            if failed { "error" } else { "ok" },
            failed.then_some("provider.rate-limited"),
            ["work", "work", "spare"][usize::try_from(number % 3).unwrap()],
            ["gpt-5-mini", "gpt-5", "o4-mini"][usize::try_from(random % 3).unwrap()],
            ["cursor", "claude-code", "zed"].get(usize::try_from(number % 4).unwrap()),
            400 + random % 9_000,
            random % 4_000,
            random % 900,
            (!failed && number % 11 > 0).then_some(random * 90),
        ];
        database.execute(INSERT, cells).unwrap();
    }
    drop(database);
    synapse_tests::home::set_mode(&home.ledger(), 0o600);
}

const DAY: i64 = 86_400_000;
const ROWS: i64 = 600;
const SECOND_FORMAT: &str =
    include_str!("../../../../crates/synapse-store/tests/second_format.sql");
const INSERT: &str = include_str!("../../../../crates/synapse-store/tests/second_format_row.sql");
