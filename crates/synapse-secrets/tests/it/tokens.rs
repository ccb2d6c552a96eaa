//! Token records on a real disk: atomic, private, one writer at a time.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use synapse_core::Code;
use synapse_core::ports::TokenStore as _;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use synapse_home::Home;
use synapse_secrets::TokenRecords;
use synapse_testkit::disk::{mode, names, read, set_mode, write};

use crate::support::{everything, home};

pub(crate) fn key(server: &str, url: &str) -> RecordKey {
    RecordKey {
        config: "home".to_owned(),
        server: server.parse().unwrap(),
        url: url.parse().unwrap(),
        issuer: "https://as.test".to_owned(),
    }
}

pub(crate) fn record(generation: u64) -> TokenRecord {
    TokenRecord {
        generation,
        state: TokenState::Usable,
        client: OAuthClient {
            id: "client".to_owned(),
            secret: Some("fake-client-secret".into()),
            kind: RegistrationKind::Configured,
            redirect_uri: None,
            auth_method: AuthMethod::Basic,
        },
        token_endpoint: "https://as.test/token".parse().unwrap(),
        resource: None,
        access: Some(format!("fake-access-{generation}").into()),
        refresh: Some("fake-refresh".into()),
        scopes: vec!["read".to_owned()],
        expires_at: None,
        obtained_at: Timestamp::from_millis(1_795_176_000_000),
    }
}

pub(crate) async fn keep(records: &TokenRecords, key: &RecordKey, generation: u64) {
    let mut transaction = records.begin(key).await.unwrap();
    let before = transaction
        .load()
        .await
        .unwrap()
        .map(|record| record.generation);
    transaction.keep(before, &record(generation)).await.unwrap();
}

pub(crate) fn file_of(home: &Home) -> PathBuf {
    let directory = home.oauth().join("home");
    let name = names(&directory)
        .into_iter()
        .find(|name| name.ends_with(".json"))
        .unwrap();
    directory.join(name)
}

#[tokio::test]
async fn a_record_is_kept_for_its_owner_alone_and_read_back() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home.clone()).unwrap();
    let key = key("hf", "https://mcp.test/mcp");
    assert!(records.load(&key).await.unwrap().is_none());
    assert!(!home.oauth().exists(), "reading creates nothing");
    keep(&records, &key, 1).await;
    let found = records.load(&key).await.unwrap().unwrap();
    assert_eq!(found.access.unwrap().expose_secret(), "fake-access-1");
    assert_eq!(
        found.client.secret.unwrap().expose_secret(),
        "fake-client-secret"
    );
    assert_eq!(mode(&file_of(&home)), 0o600);
    assert_eq!(mode(&home.oauth().join("home")), 0o700);
    for name in names(&home.oauth().join("home")) {
        assert_eq!(
            mode(&home.oauth().join("home").join(&name)),
            0o600,
            "{name}"
        );
    }
}

#[tokio::test]
async fn accounts_urls_issuers_and_configurations_stay_apart() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home).unwrap();
    let first = key("work", "https://mcp.test/mcp");
    let mut others = vec![
        key("home", "https://mcp.test/mcp"),
        key("work", "https://mcp.test/mcp?login"),
        key("work-2", "https://mcp.test/mcp"),
    ];
    others.push(RecordKey {
        issuer: "https://as.test/".to_owned(),
        ..first.clone()
    });
    others.push(RecordKey {
        config: "abc123".to_owned(),
        ..first.clone()
    });
    keep(&records, &first, 1).await;
    for other in &others {
        assert!(records.load(other).await.unwrap().is_none(), "{other:?}");
        keep(&records, other, 7).await;
    }
    assert_eq!(records.load(&first).await.unwrap().unwrap().generation, 1);
    assert_eq!(records.list("home").await.unwrap().len(), 5);
    assert_eq!(
        records
            .of_server("home", &first.server)
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(records.forget("home", &first.server).await.unwrap(), 3);
    assert_eq!(records.list("home").await.unwrap().len(), 2);
    assert_eq!(records.list("abc123").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_generation_that_is_not_the_expected_one_is_not_overwritten() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home).unwrap();
    let key = key("hf", "https://mcp.test/mcp");
    keep(&records, &key, 3).await;
    let mut transaction = records.begin(&key).await.unwrap();
    for (expected, generation) in [(None, 4), (Some(2), 4), (Some(4), 5), (Some(3), 2)] {
        let failure = transaction
            .keep(expected, &record(generation))
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::ConfigChanged, "{expected:?}");
    }
    assert_eq!(transaction.load().await.unwrap().unwrap().generation, 3);
    transaction.keep(Some(3), &record(3)).await.unwrap();
    transaction.keep(Some(3), &record(4)).await.unwrap();
}

/// A disk that fails once must not cost a login: the server has already taken the old token.
#[tokio::test]
async fn new_tokens_are_stored_although_the_record_cannot_be_read_again() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home.clone()).unwrap();
    let key = key("hf", "https://mcp.test/mcp");
    keep(&records, &key, 3).await;
    let file = file_of(&home);
    let mut unread = records.begin(&key).await.unwrap();
    set_mode(&file, 0o644);
    let failure = unread.keep(Some(3), &record(4)).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthStoreUnavailable);
    drop(unread);

    set_mode(&file, 0o600);
    let mut transaction = records.begin(&key).await.unwrap();
    transaction.load().await.unwrap();
    set_mode(&file, 0o644);
    // A mark has nothing to lose yet.
    let failure = transaction.keep(Some(3), &record(3)).await.unwrap_err();
    assert_eq!(failure.code(), Code::OauthStoreUnavailable);
    transaction.keep(Some(3), &record(4)).await.unwrap();
    drop(transaction);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(records.load(&key).await.unwrap().unwrap().generation, 4);
}

#[tokio::test]
async fn a_lock_is_waited_for_and_given_back() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home).unwrap();
    let key = key("hf", "https://mcp.test/mcp");
    let held = records.begin(&key).await.unwrap();
    let hurried = records.clone().within(Duration::from_millis(50));
    assert_eq!(
        hurried.begin(&key).await.err().unwrap().code(),
        Code::StorageLocked
    );
    drop(held);
    hurried.begin(&key).await.unwrap();
}

#[tokio::test]
async fn a_second_login_of_one_server_is_told_which_process_holds_it() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home).unwrap();
    let server = "hf".parse().unwrap();
    let held = records.claim_login("home", &server).await.unwrap();
    let failure = records.claim_login("home", &server).await.unwrap_err();
    assert_eq!(failure.code(), Code::StorageLocked);
    let process = std::process::id().to_string();
    assert!(everything(&failure).contains(&process), "{failure:?}");
    records
        .claim_login("home", &"other".parse().unwrap())
        .await
        .unwrap();
    drop(held);
    records.claim_login("home", &server).await.unwrap();
}

#[tokio::test]
async fn a_damaged_record_fails_by_name_is_left_and_hides_no_other() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home.clone()).unwrap();
    let broken = key("broken", "https://mcp.test/mcp");
    keep(&records, &broken, 1).await;
    let file = file_of(&home);
    keep(&records, &key("good", "https://mcp.test/mcp"), 1).await;
    let whole = read(&file);
    let newer = whole.replace("\"format\":1", "\"format\":9");
    let moved = whole.replace("\"server\":\"broken\"", "\"server\":\"good\"");
    for (content, code) in [
        (&whole[..whole.len() / 2], Code::OauthStoreUnavailable),
        ("", Code::OauthStoreUnavailable),
        ("\0\0\0", Code::OauthStoreUnavailable),
        (&moved, Code::OauthStoreUnavailable),
        (&newer, Code::ConfigNewerFormat),
    ] {
        write(&file, content);
        set_mode(&file, 0o600);
        let failure = records.load(&broken).await.unwrap_err();
        assert_eq!(failure.code(), code, "{failure:?}");
        assert!(!everything(&failure).contains("fake-"), "{failure:?}");
        // Nothing replaces it automatically.
        let mut transaction = records.begin(&broken).await.unwrap();
        transaction.keep(None, &record(1)).await.unwrap_err();
        assert_eq!(read(&file), content);
        let all = records.list("home").await.unwrap();
        let good = all.iter().filter(|stored| stored.record.is_ok()).count();
        assert_eq!((all.len(), good), (2, 1));
    }
    assert_eq!(records.forget("home", &broken.server).await.unwrap(), 1);
    assert!(records.load(&broken).await.unwrap().is_none());
}

#[tokio::test]
async fn a_record_that_others_may_read_is_not_read() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home.clone()).unwrap();
    let key = key("hf", "https://mcp.test/mcp");
    keep(&records, &key, 1).await;
    let file = file_of(&home);
    for open in [0o640, 0o604, 0o620] {
        set_mode(&file, open);
        let failure = records.load(&key).await.unwrap_err();
        let told = matches!(
            failure.code(),
            Code::OauthStoreUnavailable | Code::StorageModeTooOpen
        );
        assert!(told, "{open:o}: {failure:?}");
    }
    set_mode(&file, 0o600);
    records.load(&key).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_pipe_in_place_of_a_record_is_not_waited_for() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home.clone()).unwrap();
    let key = key("hf", "https://mcp.test/mcp");
    keep(&records, &key, 1).await;
    let file = file_of(&home);
    std::fs::remove_file(&file).unwrap();
    synapse_testkit::disk::make_fifo(&file);
    records.load(&key).await.unwrap_err();
}

#[tokio::test]
async fn the_store_is_declared_and_a_word_that_is_none_is_refused() {
    let (_directory, home) = home();
    std::fs::create_dir_all(home.directory()).unwrap();
    for (text, fits) in [
        ("store = \"file\"\n", true),
        ("store = \"keyring\"\n", true),
        ("", false),
        ("store = \"vault\"\n", false),
        ("store = 1\n", false),
        ("stor = \"file\"\n", false),
        ("store = \"file\"\nother = 1\n", false),
        ("store", false),
    ] {
        write(&home.oauth_settings(), text);
        set_mode(&home.oauth_settings(), 0o600);
        let opened = TokenRecords::open(home.clone());
        assert_eq!(opened.is_ok(), fits, "{text:?}");
        if let Err(failure) = opened {
            assert_eq!(failure.code(), Code::ConfigInvalidValue, "{text:?}");
        }
    }
}

/// A file of the first release: every later version reads it without loss.
#[tokio::test]
async fn a_login_is_still_one() {
    let (_directory, home) = home();
    let records = TokenRecords::open(home.clone()).unwrap();
    let key = key("s", "https://mcp.test/");
    keep(&records, &key, 7).await;
    write(&file_of(&home), TOKEN);
    let found = records.load(&key).await.unwrap().unwrap();
    let expected = record(7);
    let shown = |secret: &Option<secrecy::SecretString>| {
        let secret = secret.as_ref().map(secrecy::ExposeSecret::expose_secret);
        secret.map(ToOwned::to_owned)
    };
    assert_eq!(shown(&found.access), shown(&expected.access));
    assert_eq!(shown(&found.refresh), shown(&expected.refresh));
    assert_eq!(shown(&found.client.secret), shown(&expected.client.secret));
    assert_eq!((found.generation, found.state), (7, expected.state));
    assert_eq!(found.scopes, expected.scopes);
    assert_eq!(found.token_endpoint, expected.token_endpoint);
    assert_eq!(found.obtained_at, expected.obtained_at);
}

const TOKEN: &str = include_str!("../formats/oauth-1.json");
