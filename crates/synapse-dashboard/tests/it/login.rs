//! A login through pages: confirmed, followed at its exact address, and completed.

use std::sync::atomic::Ordering;

use crate::bench::{AUTHORIZATION, Answer, Bench, HOSTILE, Session};

async fn begin(bench: &Bench, session: &Session) -> String {
    let begun = bench.post(session, "hub/notes/login", "register=on").await;
    assert_eq!(begun.status, 303, "{}", begun.body);
    let place = begun.header("location").unwrap();
    place.strip_prefix(&session.base).unwrap().to_owned()
}

async fn say(bench: &Bench, session: &Session, place: &str, word: &str) -> Answer {
    let said = bench.post(session, place, &format!("do={word}")).await;
    assert_eq!(said.status, 303, "{}", said.body);
    bench.get(session, place).await
}

async fn document(bench: &Bench, session: &Session, place: &str) -> serde_json::Value {
    let answer = bench.get(session, &format!("{place}?format=json")).await;
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_login_is_agreed_to_followed_and_seen_to_its_end() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let place = begin(&bench, &session).await;
    let asked = bench.get(&session, &place).await;
    assert!(asked.body.contains("nothing was sent there yet"));
    assert!(asked.body.contains("https://before.example"));
    assert!(!asked.body.contains(AUTHORIZATION));
    assert_eq!(document(&bench, &session, &place).await["state"], "confirm");

    let shown = say(&bench, &session, &place, "agree").await;
    let href = format!("href=\"{}\"", AUTHORIZATION.replace('&', "&amp;"));
    assert!(shown.body.contains(&href), "{}", shown.body);
    assert!(shown.body.contains("http://127.0.0.1:7/callback"));
    let visit = document(&bench, &session, &place).await;
    assert_eq!(visit["authorization_url"], AUTHORIZATION);

    bench.program.returned.notify_one();
    while document(&bench, &session, &place).await["schema"] != "synapse.login/1" {
        tokio::task::yield_now().await;
    }
    let done = bench.get(&session, &place).await;
    assert!(done.body.contains("Logged in to notes"), "{}", done.body);
    assert!(done.body.contains("hub/notes/start"));
    assert!(!done.body.contains(HOSTILE));
}

#[tokio::test]
async fn a_second_request_leads_to_the_login_that_is_under_way() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let place = begin(&bench, &session).await;
    assert_eq!(begin(&bench, &session).await, place);
    assert_eq!(bench.program.acted.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn declined_and_ended_logins_say_so() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let place = begin(&bench, &session).await;
    let declined = say(&bench, &session, &place, "decline").await;
    assert!(
        declined.body.contains("nothing was sent there"),
        "{}",
        declined.body
    );
    let place = begin(&bench, &session).await;
    say(&bench, &session, &place, "agree").await;
    let ended = say(&bench, &session, &place, "cancel").await;
    assert!(ended.body.contains("you ended the login"), "{}", ended.body);
    // A finished login stays finished, whatever another tab sends.
    let later = say(&bench, &session, &place, "agree").await;
    assert!(later.body.contains("you ended the login"));
    assert_eq!(document(&bench, &session, &place).await["ok"], false);
}

#[tokio::test]
async fn a_failure_is_shown_with_the_button_that_mends_it() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let begun = bench.post(&session, "hub/notes/login", "").await;
    let place = begun.header("location").unwrap();
    let place = place.strip_prefix(&session.base).unwrap();
    let failed = bench.get(&session, place).await;
    assert!(
        failed.body.contains("data-code=\"oauth.client-required\""),
        "{}",
        failed.body
    );
    assert!(failed.body.contains("name=\"register\" value=\"on\""));
    assert!(!failed.body.contains(HOSTILE));
}

#[tokio::test]
async fn forms_of_a_login_have_no_other_fields_and_words() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for fields in ["register=off", "scopes=all", "register=on&register=on"] {
        let answer = bench.post(&session, "hub/notes/login", fields).await;
        assert_eq!(answer.status, 400, "{fields}");
    }
    assert_eq!(bench.program.acted.load(Ordering::Relaxed), 0);
    let place = begin(&bench, &session).await;
    assert_eq!(bench.post(&session, &place, "do=yes").await.status, 400);
    assert_eq!(
        bench.post(&session, "logins/gone", "do=agree").await.status,
        404
    );
    assert_eq!(bench.get(&session, "logins/gone").await.status, 404);
}
