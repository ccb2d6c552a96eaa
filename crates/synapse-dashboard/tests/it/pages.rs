//! Actions of pages: a check streams and saves, network access is turned off, a connection is
//! removed.

use std::time::Duration;

use synapse_core::error::{Code, Failure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::bench::Bench;

const FORM: &str = "name=fresh&provider=openai&model=m&credential=file%3A%2Fx&network=on&do=check";

#[tokio::test]
async fn a_check_that_holds_saves_and_shows_every_rung() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let begun = bench.post(&session, "connections", FORM).await;
    assert_eq!(begun.status, 303);
    let page = begun
        .header("location")
        .unwrap()
        .strip_prefix(&session.base)
        .unwrap()
        .to_owned();
    let body = bench.get(&session, &page).await.body;
    for rung in [
        "config",
        "endpoint",
        "gate",
        "credential",
        "reach",
        "token",
        "model",
        "live",
    ] {
        assert!(body.contains(&format!("data-rung=\"{rung}\"")), "{rung}");
    }
    let (rungs, verdict) = (
        body.find("data-rung=\"live\"").unwrap(),
        body.find("Saved").unwrap(),
    );
    assert!(rungs < verdict, "the verdict comes last in the stream");
    assert!(body.contains("verdict"));
    assert!(
        bench
            .get(&session, "connections")
            .await
            .body
            .contains("fresh")
    );
    let again = bench.get(&session, &page).await.body;
    assert!(again.contains("Saved"), "a reload shows the kept result");
}

#[tokio::test]
async fn a_check_that_fails_saves_nothing_and_says_what_to_do_at_its_rung_and_field() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    bench.provider.will_fail_probes(
        Failure::new(Code::CredentialTokenRejected, "the key is not accepted")
            .hint("make another key"),
    );
    let begun = bench.post(&session, "connections", FORM).await;
    let page = begun
        .header("location")
        .unwrap()
        .strip_prefix(&session.base)
        .unwrap()
        .to_owned();
    // The form is sent before the check ends: the verdict names the field whose error is to show.
    let first = bench.get(&session, &page).await.body;
    assert!(first.contains("<div class=\"verdict\" data-field=\"credential\">"));
    assert!(first.contains("<a href=\"#credential\">Go to the field</a>"));
    // It may end before: then the form has the error itself.
    let is_late = first.contains("class=\"err late\" data-at=\"credential\"");
    assert!(is_late || first.contains("id=\"credential-error\""));
    let body = bench.get(&session, &page).await.body;
    assert!(body.contains("Not saved: the key is not accepted"));
    assert!(body.contains("make another key"));
    assert!(body.contains("id=\"credential-error\""));
    assert!(body.contains("value=\"fresh\""), "the form is filled in");
    assert!(
        !bench
            .get(&session, "connections")
            .await
            .body
            .contains("show=fresh")
    );
}

#[tokio::test]
async fn results_are_kept_for_ten_minutes_and_no_more_than_thirty_two() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let act = async || {
        let done = bench.post(&session, "hub/notes/start", "").await;
        let place = done.header("location").unwrap();
        place.strip_prefix(&session.base).unwrap().to_owned()
    };
    let is_shown = async |place: &str| {
        bench
            .get(&session, place)
            .await
            .body
            .contains("<b>done</b>")
    };
    let first = act().await;
    let minutes = Duration::from_secs(60);
    bench.clock.advance(10 * minutes);
    assert!(is_shown(&first).await);
    bench.clock.advance(minutes);
    assert!(!is_shown(&first).await);
    let first = act().await;
    for _ in 0..31 {
        act().await;
    }
    assert!(is_shown(&first).await);
    act().await;
    assert!(!is_shown(&first).await);
}

#[tokio::test]
async fn closing_a_gate_contacts_nobody() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let answer = bench
        .post(&session, "connections/open/gate", "to=closed")
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        (bench.provider.probe_count(), bench.secrets.reads()),
        (0, 0)
    );
    let json = bench
        .get(&session, "connections?show=open&format=json")
        .await
        .body;
    assert!(json.contains("\"network\": \"closed\""), "{json}");
}

#[tokio::test]
async fn a_connection_goes_after_it_was_confirmed() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let asked = bench.get(&session, "connections/closed/remove").await.body;
    let (_, digest) = asked.split_once("name=\"digest\" value=\"").unwrap();
    let digest = digest.split('"').next().unwrap();
    let answer = bench
        .post(
            &session,
            "connections/closed/remove",
            &format!("digest={digest}"),
        )
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        bench.get(&session, "connections/closed/edit").await.status,
        404
    );
}

#[tokio::test]
async fn the_theme_stays_in_a_cookie_and_leads_back_to_a_page_of_ours() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let answer = bench
        .post(
            &session,
            "theme",
            "theme=dark&back=https%3A%2F%2Fevil.example%2F",
        )
        .await;
    assert_eq!(answer.header("location"), Some(session.base.as_str()));
    assert!(
        answer
            .header("set-cookie")
            .unwrap()
            .contains("synapse_theme=dark")
    );
    let cookie = format!("Cookie: {}; synapse_theme=dark\r\n", session.cookie);
    let page = bench.get_with(&session.base, &cookie).await;
    assert!(page.body.contains("data-theme=\"dark\""));
    assert_eq!(
        bench
            .post(&session, "theme", "theme=pink&back=x")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_check_is_cancelled_when_its_page_is_closed() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    bench.provider.will_hang();
    let begun = bench.post(&session, "connections", FORM).await;
    let page = begun.header("location").unwrap().to_owned();
    let mut stream = bench.connect().await;
    let request = format!(
        "GET {page} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        bench.host(),
        session.cookie
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut buffer = [0_u8; 8192];
    while !seen.contains("data-rung=\"credential\"") {
        // A deadline, because the page stays open while its check hangs.
        let reading = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut buffer));
        let read = reading.await.unwrap_or_else(|_| panic!("{seen}")).unwrap();
        assert!(read > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(
        !seen.contains("data-rung=\"reach\""),
        "rungs are seen before the answer ended"
    );
    drop(stream);
    let path = page.strip_prefix(&session.base).unwrap();
    let document = format!("{path}?format=json");
    // A deadline, because a check that nobody cancels hangs for ever.
    let cancelled = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let answer = bench.get(&session, &document).await;
            if answer.status == 410 {
                break answer.body;
            }
            assert_eq!(answer.status, 202);
            tokio::task::yield_now().await;
        }
    })
    .await;
    let body = cancelled.expect("closing the page cancels the check");
    assert!(body.contains("cancelled"), "{body}");
}

/// However many rows and connections there are, a page asks a fixed number of questions.
#[tokio::test]
async fn a_page_asks_the_ledger_at_most_twelve_questions() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let mut most = 0;
    for page in [
        "",
        "?format=json",
        "connections",
        "connections?show=open",
        "usage",
        "usage?by=hour&since=7d",
        "usage?format=csv",
        "history",
        "history?outcome=error",
        "hub",
        "secrets",
        "doctor",
        "welcome",
    ] {
        let before = bench.ledger.questions();
        let answer = bench.get(&session, page).await;
        assert_eq!(answer.status, 200, "{page}");
        let asked = bench.ledger.questions() - before;
        assert!(asked <= 12, "{page}: {asked} questions");
        most = most.max(asked);
    }
    assert!(most > 5, "the overview was not counted: {most}");
}
