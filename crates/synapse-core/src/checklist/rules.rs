//! The rules of the checklist: the outcome of each line and its next step.

use super::{Answered, ClientEntry, Exposure, Facts, KeyFact};
use crate::check::{Check, CheckId, Finding};
use crate::connection::Connection;
use crate::error::{Code, EntryScope, Failure, Hint, Remedy};
use crate::gate::NetworkGate;
use crate::provider::{ProviderProfile, TokenNeed};

/// Evaluates the checklist, in the order a newcomer works through it.
#[must_use]
pub fn evaluate(connection: &Connection, facts: &Facts) -> Vec<Check> {
    vec![
        scope(connection, facts),
        key(connection, &facts.key),
        model(connection),
        gate(connection),
        endpoint(connection),
        preflight(connection, facts),
        ide(&facts.entries),
        prompt(connection, facts.answered.as_ref()),
        secrets(&facts.exposure),
    ]
}

/// The failure of a checklist with missing items, if any is missing.
#[must_use]
pub fn incomplete(items: &[Check]) -> Option<Failure> {
    let missing: Vec<&str> = items
        .iter()
        .filter(|item| matches!(item.finding, Finding::Missing(_)))
        .map(|item| item.id.as_str())
        .collect();
    if missing.is_empty() {
        return None;
    }
    let is = if missing.len() == 1 { "is" } else { "are" };
    let message = format!("{} of {} {is} missing", missing.len(), items.len());
    Some(
        Failure::new(Code::ConfigIncomplete, message)
            .cause(missing.join(", "))
            .hint("each line has its remedy"),
    )
}

fn scope(connection: &Connection, facts: &Facts) -> Check {
    let account = &connection.account;
    let named: Vec<String> = [
        ("organization", &account.organization),
        ("project", &account.project),
        ("billed to", &account.bill_to),
    ]
    .into_iter()
    .filter_map(|(what, text)| Some(format!("{what} {}", text.as_ref()?.as_str())))
    .collect();
    let (whose, subject) = match (&connection.credential, named.is_empty()) {
        (None, _) => ("no account".to_owned(), "the server answers without one"),
        (Some(_), true) => ("the account of the key".to_owned(), "the key may chat"),
        (Some(_), false) => (named.join(", "), "the key may chat"),
    };
    let live = CheckId::Live.as_str();
    let proven = facts.answered.is_some()
        || facts
            .preflight
            .as_ref()
            .is_some_and(|record| record.proven.iter().any(|id| id == live));
    if proven {
        return ok(CheckId::Scope, format!("{whose}; {subject}"));
    }
    warn(
        CheckId::Scope,
        format!("{whose}; only a prompt proves that {subject}"),
        when_open(
            connection,
            Hint::with_remedy(
                "send one of 16 tokens",
                Remedy::ProveConnection {
                    connection: connection.name.clone(),
                },
            ),
        ),
    )
}

fn key(connection: &Connection, fact: &KeyFact) -> Check {
    let reference = connection.credential.as_ref().map(ToString::to_string);
    let reference = reference.unwrap_or_default();
    match fact {
        KeyFact::NotNeeded => ok(CheckId::Key, "none, and none is needed"),
        KeyFact::There(seen) => ok(CheckId::Key, format!("{reference}: {seen}")),
        KeyFact::Unseen(why) => warn(
            CheckId::Key,
            format!("{reference}: {why}"),
            check(connection, "let preflight read it"),
        ),
        KeyFact::Doubtful(flaw) => warn(
            CheckId::Key,
            format!("{reference}: {}", flaw.message()),
            flaw.hints()
                .first()
                .cloned()
                .unwrap_or_else(|| check(connection, "let preflight read it")),
        ),
        KeyFact::Unusable(why) => missing(
            CheckId::Key,
            format!("{reference}: {why}"),
            Hint::new(put_a_key_there(connection.provider.profile())),
        ),
    }
}

/// A provider without a required token has no token page.
fn put_a_key_there(profile: &ProviderProfile) -> String {
    match profile.token {
        TokenNeed::Required => format!(
            "put the key there, readable by you alone; create one at {}",
            profile.token_page
        ),
        TokenNeed::Optional => "put the key there, readable by you alone".to_owned(),
    }
}

fn model(connection: &Connection) -> Check {
    let title = connection.provider.profile().title;
    ok(CheckId::Model, format!("{title}, {}", connection.model))
}

fn gate(connection: &Connection) -> Check {
    match connection.gate {
        NetworkGate::Open => ok(CheckId::Gate, "open"),
        NetworkGate::Closed => missing(
            CheckId::Gate,
            "closed: no live call is possible",
            open(connection, "open it, if you want live calls"),
        ),
    }
}

/// The step, or, with network access off, the step to turn it on.
fn when_open(connection: &Connection, step: Hint) -> Hint {
    match connection.gate {
        NetworkGate::Open => step,
        NetworkGate::Closed => open(connection, "open the network gate first"),
    }
}

fn endpoint(connection: &Connection) -> Check {
    let url = connection.base_url.to_string();
    let is_default = connection.provider.profile().base_url == Some(url.as_str());
    let whose = if is_default {
        "the provider's own"
    } else {
        "set by you"
    };
    ok(CheckId::Endpoint, format!("{url}, {whose}"))
}

fn preflight(connection: &Connection, facts: &Facts) -> Check {
    let again = || check(connection, "check and save again");
    let Some(record) = &facts.preflight else {
        return missing(CheckId::Preflight, "none is recorded", again());
    };
    let days = facts
        .now
        .as_millis()
        .saturating_sub(record.checked_at.as_millis())
        / MILLISECONDS_OF_A_DAY;
    let when = match days {
        ..=0 => "today".to_owned(),
        1 => "a day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    let proven = record.proven.join(", ");
    let reach = CheckId::Reach.as_str();
    if !record.proven.iter().any(|id| id == reach) {
        let detail = format!("{when}, without the network: proved {proven}");
        return missing(CheckId::Preflight, detail, again());
    }
    let detail = format!("{when}: proved {proven}");
    if days > OLD_DAYS {
        return warn(CheckId::Preflight, detail, again());
    }
    ok(CheckId::Preflight, detail)
}

fn ide(entries: &[ClientEntry]) -> Check {
    let of = |current: bool| -> Vec<&str> {
        let mut clients: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.is_current == current)
            .map(|entry| entry.client.as_str())
            .collect();
        clients.dedup();
        clients
    };
    let (current, stale) = (of(true), of(false));
    let install = |client: Option<&str>| {
        let remedy = Remedy::InstallEntry {
            client: client.map(str::to_owned),
            scope: EntryScope::User,
        };
        Hint::with_remedy("write the entry", remedy)
    };
    match (current.as_slice(), stale.as_slice()) {
        ([], []) => missing(
            CheckId::Ide,
            "no client has an entry; the list of clients shows which ones are here",
            install(None),
        ),
        ([], [first, ..]) => {
            let detail = format!("out of date in {}", stale.join(", "));
            missing(CheckId::Ide, detail, install(Some(*first)))
        }
        (_, [first, ..]) => {
            let detail = format!(
                "in {}; out of date in {}",
                current.join(", "),
                stale.join(", ")
            );
            warn(CheckId::Ide, detail, install(Some(*first)))
        }
        (_, []) => ok(CheckId::Ide, format!("in {}", current.join(", "))),
    }
}

fn prompt(connection: &Connection, answered: Option<&Answered>) -> Check {
    match answered {
        Some(Answered {
            at,
            client: Some(client),
        }) => ok(
            CheckId::Prompt,
            format!("answered at {at}, asked by {client}"),
        ),
        Some(Answered { at, client: None }) => warn(
            CheckId::Prompt,
            format!("answered at {at} in the terminal, not yet in an IDE"),
            Hint::new("restart the IDE and ask it to use the tool `chat` of Synapse"),
        ),
        None => missing(
            CheckId::Prompt,
            "none was answered yet",
            when_open(
                connection,
                Hint::with_remedy(
                    "ask something",
                    Remedy::SendPrompt {
                        connection: connection.name.clone(),
                    },
                ),
            ),
        ),
    }
}

fn secrets(exposure: &Exposure) -> Check {
    match exposure {
        Exposure::None(looked) => ok(CheckId::Secrets, format!("none in {looked}")),
        Exposure::Files(files) => missing(
            CheckId::Secrets,
            format!(
                "what looks like a token is tracked by git: {}",
                files.join(", ")
            ),
            Hint::new("revoke that token, create another, and keep it outside the repository"),
        ),
        Exposure::Unknown(why) => warn(
            CheckId::Secrets,
            format!("not checked: {why}"),
            Hint::new("run the checklist in the project's directory"),
        ),
    }
}

fn check(connection: &Connection, why: &str) -> Hint {
    let connection = connection.name.clone();
    Hint::with_remedy(why, Remedy::CheckConnection { connection })
}

fn open(connection: &Connection, why: &str) -> Hint {
    let connection = connection.name.clone();
    Hint::with_remedy(why, Remedy::OpenGate { connection })
}

fn ok(id: CheckId, detail: impl Into<String>) -> Check {
    Check::new(id, Finding::Ok(detail.into()))
}

fn warn(id: CheckId, detail: impl Into<String>, next: Hint) -> Check {
    Check::new(id, Finding::Warn(detail.into())).with_next(next)
}

fn missing(id: CheckId, detail: impl Into<String>, next: Hint) -> Check {
    Check::new(id, Finding::Missing(detail.into())).with_next(next)
}

const MILLISECONDS_OF_A_DAY: i64 = 24 * 60 * 60 * 1000;

/// Keys are rotated and models retired after a while.
const OLD_DAYS: i64 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckOutcome;
    use crate::connection::Draft;
    use crate::error::{Code, Failure};
    use crate::preflight::PreflightRecord;

    fn connection(gate: NetworkGate) -> Connection {
        let draft = Draft {
            provider: "openai".into(),
            model: "m".into(),
            credential: Some("file:/key".into()),
            gate,
            ..Draft::default()
        };
        draft.parse("work".parse().unwrap()).unwrap()
    }

    fn record(proven: &[&str], at: &str) -> PreflightRecord {
        PreflightRecord {
            checked_at: at.parse().unwrap(),
            proven: proven.iter().map(|id| (*id).to_owned()).collect(),
            unproven: Vec::new(),
            bound_to: None,
            bound_proxy: None,
        }
    }

    fn entry(client: &str, is_current: bool) -> ClientEntry {
        ClientEntry {
            client: client.to_owned(),
            is_current,
        }
    }

    fn complete() -> Facts {
        Facts {
            preflight: Some(record(&["config", "reach"], "2026-11-20T08:00:00Z")),
            key: KeyFact::There("regular file".into()),
            entries: vec![entry("cursor", true)],
            answered: Some(Answered {
                at: "2026-11-20T09:00:00Z".parse().unwrap(),
                client: Some("Cursor".into()),
            }),
            exposure: Exposure::None("here".into()),
            now: "2026-11-20T12:00:00Z".parse().unwrap(),
        }
    }

    fn verdicts(gate: NetworkGate, facts: &Facts) -> Vec<(&'static str, &'static str)> {
        let items = evaluate(&connection(gate), facts);
        for item in &items {
            assert_eq!(
                item.next.is_some(),
                item.outcome() != CheckOutcome::Ok,
                "{item:?}"
            );
        }
        let all_but_ok = items
            .iter()
            .filter(|item| item.outcome() != CheckOutcome::Ok);
        all_but_ok
            .map(|item| (item.id.as_str(), item.outcome().as_str()))
            .collect()
    }

    #[test]
    fn a_connection_in_use_has_nothing_left_to_do() {
        assert_eq!(verdicts(NetworkGate::Open, &complete()), []);
    }

    #[test]
    fn a_connection_without_a_key_speaks_of_none() {
        let keyless = Connection {
            credential: None,
            ..connection(NetworkGate::Open)
        };
        for (answered, text) in [
            (
                complete().answered,
                "no account; the server answers without one",
            ),
            (
                None,
                "no account; only a prompt proves that the server answers without one",
            ),
        ] {
            let facts = Facts {
                key: KeyFact::NotNeeded,
                answered,
                ..complete()
            };
            assert_eq!(evaluate(&keyless, &facts)[0].what(), text);
        }
    }

    #[test]
    fn a_new_connection_has_nearly_everything_left_to_do() {
        let facts = Facts {
            preflight: Some(record(&["config"], "2026-11-20T08:00:00Z")),
            key: KeyFact::Unusable("no such file".into()),
            entries: Vec::new(),
            answered: None,
            exposure: Exposure::Files(vec![".env".into()]),
            ..complete()
        };
        assert_eq!(
            verdicts(NetworkGate::Closed, &facts),
            [
                ("scope", "warn"),
                ("key", "missing"),
                ("gate", "missing"),
                ("preflight", "missing"),
                ("ide", "missing"),
                ("prompt", "missing"),
                ("secrets", "missing"),
            ]
        );
    }

    #[test]
    fn what_is_good_enough_is_no_obstacle() {
        let facts = Facts {
            preflight: Some(record(&["reach"], "2026-10-01T08:00:00Z")),
            key: KeyFact::Unseen("not read".into()),
            entries: vec![entry("cursor", true), entry("zed", false)],
            answered: Some(Answered {
                at: "2026-11-20T09:00:00Z".parse().unwrap(),
                client: None,
            }),
            exposure: Exposure::Unknown("no git".into()),
            ..complete()
        };
        let warned = verdicts(NetworkGate::Open, &facts);
        assert_eq!(
            warned,
            ["key", "preflight", "ide", "prompt", "secrets"].map(|id| (id, "warn"))
        );
    }

    #[test]
    fn a_flaw_of_the_keys_place_comes_with_its_own_remedy() {
        let flaw = Failure::new(Code::CredentialNotIgnoredByGit, "git does not ignore it");
        let facts = Facts {
            key: KeyFact::Doubtful(flaw.hint("move it").hint("or not")),
            ..complete()
        };
        assert_eq!(verdicts(NetworkGate::Open, &facts), [("key", "warn")]);
        let items = evaluate(&connection(NetworkGate::Open), &facts);
        let key = items.iter().find(|item| item.id == CheckId::Key).unwrap();
        assert_eq!(key.what(), "file:/key: git does not ignore it");
        assert_eq!(key.next.as_ref().unwrap().text, "move it");
    }

    #[test]
    fn an_entry_that_is_out_of_date_everywhere_is_missing() {
        let facts = Facts {
            entries: vec![entry("zed", false)],
            ..complete()
        };
        assert_eq!(verdicts(NetworkGate::Open, &facts), [("ide", "missing")]);
    }
}
