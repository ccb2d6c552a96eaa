//! Invalid forms, URLs and parameters.

use std::sync::atomic::Ordering;

use crate::bench::{Bench, HOSTILE};

/// A complete form.
const WHOLE: &str = "name=fresh&provider=openai&model=m&credential=file%3A%2Fx&do=check";

#[tokio::test]
async fn fields_are_known_there_and_once() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for fields in [
        "",
        "name=fresh",
        "name=fresh&name=other&do=check",
        "name=fresh&do=nothing",
        "name=fresh&do=check&colour=red",
        &format!("{WHOLE}&secret_value=x"),
    ] {
        let answer = bench.post(&session, "connections", fields).await;
        assert_eq!(answer.status, 400, "{fields}: {}", answer.body);
        assert!(answer.body.contains("usage.invalid-arguments"));
    }
}

#[tokio::test]
async fn a_wrong_field_brings_the_form_back_filled_in() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for (fields, field) in [
        ("name=&provider=openai&model=m&do=check", "name"),
        ("name=a%20b&provider=openai&model=m&do=check", "name"),
        (
            "name=fresh&provider=nobody&model=kept-model&do=check",
            "provider",
        ),
        ("name=fresh&provider=openai&model=&do=check", "model"),
        (
            "name=fresh&provider=openai&model=kept-model&credential=file%3A%2Fx&timeout_seconds=soon&do=check",
            "timeout_seconds",
        ),
        (
            "name=fresh&provider=openai&model=kept-model&credential=file%3A%2Fx&base_url=ftp%3A%2F%2Fx&do=check",
            "base_url",
        ),
        (
            "name=fresh&provider=openai&model=kept-model&credential=file%3A%2Fx&usd_per_day=much&do=check",
            "limits",
        ),
    ] {
        let answer = bench.post(&session, "connections", fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.body.contains("role=\"alert\""), "{fields}");
        if field != "limits" {
            assert!(
                answer.body.contains(&format!("href=\"#{field}\"")),
                "{fields}"
            );
        }
        if fields.contains("kept-model") {
            assert!(answer.body.contains("value=\"kept-model\""), "{fields}");
        }
    }
    assert_eq!(bench.provider.probe_count(), 0);
}

#[tokio::test]
async fn a_name_that_exists_is_a_conflict() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let fields = WHOLE.replace("fresh", "open");
    let answer = bench.post(&session, "connections", &fields).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("config.duplicate-name"));
}

#[tokio::test]
async fn a_token_in_the_place_of_a_reference_is_refused_and_not_echoed() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let token = ["sk", "-", &"fA1b".repeat(10)].concat();
    let fields = format!("name=fresh&provider=openai&model=m&credential={token}&do=check");
    let answer = bench.post(&session, "connections", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(!answer.body.contains(&token));
    let answer = bench
        .post(
            &session,
            "secrets/set",
            &format!("reference={token}&secret_value={token}"),
        )
        .await;
    assert_eq!(answer.status, 422);
    assert!(!answer.body.contains(&token));
}

#[tokio::test]
async fn a_submitted_secret_is_never_echoed() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let answer = bench
        .post(
            &session,
            "secrets/set",
            "reference=file%3A%2Fx%2Fkey&secret_value=fake-secret-value",
        )
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(bench.program.kept.load(Ordering::Relaxed), 1);
    assert!(answer.body.contains("credential.exists"));
    assert!(!answer.body.contains("fake-secret-value"));
    assert!(answer.body.contains("file:/x/key"));
}

#[tokio::test]
async fn a_form_beyond_64_kilobytes_is_refused() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let own = format!("Origin: http://{}\r\n", bench.host());
    let begin = format!("csrf={}&x=", session.csrf);
    let fits = format!("{begin}{}", "a".repeat(64 * 1024 - begin.len()));
    let answer = bench.post_with(&session, "doctor", &fits, &own).await;
    assert_eq!(answer.status, 400, "read, and has a field too many");
    let answer = bench
        .post_with(&session, "doctor", &format!("{fits}a"), &own)
        .await;
    assert!(matches!(answer.status, 413 | 0), "{}", answer.status);
    assert_eq!(bench.program.looked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_command_to_copy_has_foreign_text_in_quotes() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for (page, word) in [
        (
            "usage?connection=a%3B+reboot",
            "--connection &#39;a; reboot&#39;",
        ),
        (
            "history?words=%24%28reboot%29",
            "--text &#39;$(reboot)&#39;",
        ),
        (
            "history?where=model_requested%3D%60x%60",
            "--where &#39;model_requested=`x`&#39;",
        ),
    ] {
        let body = bench.get(&session, page).await.body.replace('\'', "&#39;");
        assert!(body.contains(word), "{page}: {body}");
    }
}

#[tokio::test]
async fn what_was_removed_or_changed_meanwhile_is_a_conflict_that_shows_both() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let fields = "name=open&editing=open&digest=old&provider=openai&model=mine&credential=file%3A%2Fnowhere%2Fkey&do=check";
    let answer = bench.post(&session, "connections", fields).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("config.changed"));
    assert!(
        answer
            .body
            .contains("stored is <code>gpt-x</code>, yours is <code>mine</code>")
    );
    let gone = fields.replace("=open", "=gone");
    assert_eq!(bench.post(&session, "connections", &gone).await.status, 404);
    let answer = bench
        .post(&session, "connections/open/remove", "digest=old")
        .await;
    assert_eq!(answer.status, 409);
    assert_eq!(
        bench.get(&session, "connections/open/edit").await.status,
        200
    );
}

#[tokio::test]
async fn approving_another_command_than_was_shown_shows_it_anew() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let answer = bench
        .post(&session, "hub/notes/approve", "digest=digest-before")
        .await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("digest-now"));
    assert_eq!(bench.program.acted.load(Ordering::Relaxed), 0);
    let answer = bench
        .post(&session, "hub/notes/approve", "digest=digest-now")
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(bench.program.acted.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn parameters_that_are_none_say_what_they_take() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for path in [
        "usage?by=colour",
        "usage?since=yesterday",
        "history?since=soon",
        "history?outcome=happy",
        "history?where=colour%3Dred",
        "history?where=latency_ms",
        "history?before=not-an-id",
    ] {
        let answer = bench.get(&session, path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.contains("usage.invalid-arguments"), "{path}");
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere_name_what_is_near() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    for (path, near) in [
        ("conections", "connections"),
        ("histori", "history"),
        ("history/019aa2f4-5c1a-7d20-9c7e-0f3b6a51e8d2", "Overview"),
        ("history/nonsense", "Overview"),
        ("checks/gone", "Overview"),
        ("explain/no.such-code", "Overview"),
        ("connections?show=nobody", "Overview"),
        ("connections/nobody/edit", "nobody"),
    ] {
        let answer = bench.get(&session, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains(near), "{path}");
    }
    for path in [
        "%FF",
        "history/%C0%AF",
        "connections/%",
        "connections/%zz/edit",
    ] {
        let answer = bench.get(&session, path).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn hostile_text_is_text_wherever_it_comes_from() {
    let bench = Bench::new().await;
    let session = bench.enter().await;
    let encoded: String = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    let mut pages = Vec::new();
    for path in ["hub", "hub/approvals", ""] {
        pages.push(bench.get(&session, path).await.body);
    }
    for path in [
        "usage?connection=",
        "history?words=",
        "history?where=",
        "connections/new?credential=",
        "secrets?reference=",
        "nowhere?x=",
    ] {
        pages.push(bench.get(&session, &format!("{path}{encoded}")).await.body);
    }
    let fields =
        format!("name={encoded}&provider={encoded}&model={encoded}&base_url={encoded}&do=check");
    pages.push(bench.post(&session, "connections", &fields).await.body);
    for page in pages {
        assert!(!page.contains("<script>alert"), "{page}");
    }
    let hub = bench.get(&session, "hub/approvals").await.body;
    assert!(hub.contains("title=\"U+202E\"") && hub.contains("title=\"U+200B\""));
    assert!(!hub.contains('\u{202e}'));
}
