//! `vault:` references against a server that answers as Vault and OpenBao do. Each test states the
//! expected number of requests.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use synapse_core::Code;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Place, TOKEN, code, resolve, shows_nothing, value};

const SERVER_TOKEN: &str = "fake-server-token";
const REFERENCE: &str = "vault:secret/synapse/openai#api_key";

/// A home whose vault.toml names `address`.
fn place(address: &str) -> Place {
    let place = Place::new();
    place.write(".vault-token", SERVER_TOKEN);
    place.write(
        ".synapse/vault.toml",
        format!("format = 1\naddress = \"{address}\"\ntoken = \"file:~/.vault-token\"\n"),
    );
    place
}

/// A server that answers every request with `status` and `body`, `times` times.
async fn server(status: u16, body: impl AsRef<[u8]>, times: u64) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body.as_ref(), "application/json");
    Mock::given(method("GET"))
        .respond_with(answer)
        .expect(times)
        .mount(&server)
        .await;
    server
}

/// The answer of a version 2 engine.
fn version_2(data: &Value, deletion_time: &str, destroyed: bool) -> String {
    json!({
        "request_id": "ee2a1d8f-0000-0000-0000-000000000000",
        "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": {
            "data": data,
            "metadata": {
                "created_time": "2026-11-20T12:00:00.000000000Z",
                "custom_metadata": null,
                "deletion_time": deletion_time,
                "destroyed": destroyed,
                "version": 3
            }
        },
        "wrap_info": null, "warnings": null, "auth": null, "mount_type": "kv"
    })
    .to_string()
}

/// The answer of a version 1 engine.
fn version_1(data: &Value) -> String {
    json!({
        "request_id": "ee2a1d8f-0000-0000-0000-000000000000",
        "lease_id": "", "renewable": false, "lease_duration": 2_764_800,
        "data": data,
        "wrap_info": null, "warnings": null, "auth": null
    })
    .to_string()
}

#[tokio::test]
async fn a_field_of_version_2_is_read_with_one_request() {
    let server = MockServer::start().await;
    let body = version_2(&json!({"api_key": TOKEN, "other": 7}), "", false);
    Mock::given(method("GET"))
        .and(path("/v1/secret/data/synapse/openai"))
        .and(header("authorization", format!("Bearer {SERVER_TOKEN}")))
        .and(header("x-vault-request", "true"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .expect(1)
        .mount(&server)
        .await;
    let place = place(&server.uri());
    let resolved = resolve(&place.secrets(), REFERENCE).await.unwrap();
    let host = server.address();
    assert_eq!(
        resolved.found,
        format!(
            "the field `api_key` of `secret/synapse/openai` in Vault at {host}, version 3, one line"
        )
    );
    let requests = server.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("x-vault-namespace"));
}

#[tokio::test]
async fn a_field_of_version_1_and_a_mount_of_segments_have_paths_of_their_own() {
    let server = MockServer::start().await;
    for (at, body) in [
        (
            "/v1/secret/synapse/openai",
            version_1(&json!({"api_key": TOKEN})),
        ),
        (
            "/v1/team/kv/data/a%20b/c",
            version_2(&json!({"api_key": TOKEN}), "", false),
        ),
    ] {
        Mock::given(path(at))
            .and(header("x-vault-namespace", "team"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
            .expect(1)
            .mount(&server)
            .await;
    }
    let place = Place::new();
    place.write("token", SERVER_TOKEN);
    place.write(
        ".synapse/vault.toml",
        format!(
            "format = 1\naddress = \"{}/\"\ntoken = \"file:~/token\"\nnamespace = \"team\"\n",
            server.uri()
        ),
    );
    let secrets = place.secrets();
    assert_eq!(
        value(&secrets, "vault:secret/synapse/openai?kv=1#api_key").await,
        TOKEN
    );
    assert_eq!(value(&secrets, "vault:team/kv//a b/c#api_key").await, TOKEN);
}

#[tokio::test]
async fn every_answer_that_is_no_credential_has_its_code() {
    let deleted = version_2(&Value::Null, "2026-11-20T12:30:00.000000000Z", false);
    let destroyed = version_2(&Value::Null, "", true);
    let field = |value: Value| version_2(&json!({"api_key": value}), "", false);
    let cases: [(u16, String, Code, &str); 22] = [
        (
            403,
            json!({"errors": ["1 error occurred:\n\t* permission denied\n\n"]}).to_string(),
            Code::CredentialStoreDenied,
            "refused the token",
        ),
        (
            403,
            json!({"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]})
                .to_string(),
            Code::CredentialStoreDenied,
            "refused the token",
        ),
        (
            400,
            json!({"errors": ["missing client token"]}).to_string(),
            Code::CredentialStoreDenied,
            "no token",
        ),
        (
            404,
            json!({"errors": []}).to_string(),
            Code::CredentialMissing,
            "nothing at",
        ),
        (404, String::new(), Code::CredentialMissing, "nothing at"),
        (
            404,
            json!({"errors": ["no handler for route \"secret/data/synapse/openai\". route entry \
                               not found."]})
            .to_string(),
            Code::CredentialMissing,
            "no engine is mounted",
        ),
        (
            404,
            json!({
                "request_id": "x", "lease_id": "", "renewable": false, "lease_duration": 0,
                "data": null, "wrap_info": null,
                "warnings": ["Invalid path for a versioned K/V secrets engine. See the API docs \
                              for the appropriate API endpoints to use."],
                "auth": null
            })
            .to_string(),
            Code::CredentialMissing,
            "of version 2",
        ),
        (
            404,
            deleted,
            Code::CredentialDeleted,
            "version 3 of the secret was deleted",
        ),
        (404, destroyed, Code::CredentialDeleted, "was destroyed"),
        (
            503,
            json!({"errors": ["Vault is sealed"]}).to_string(),
            Code::CredentialStoreSealed,
            "sealed",
        ),
        (
            503,
            json!({"errors": ["Vault is not initialized"]}).to_string(),
            Code::CredentialStoreSealed,
            "sealed",
        ),
        (503, String::new(), Code::CredentialStoreSealed, "sealed"),
        (
            503,
            json!({"errors": ["upstream is gone"]}).to_string(),
            Code::CredentialStoreFailed,
            "503",
        ),
        (
            429,
            json!({"errors": ["request path \"x\": rate limit quota exceeded"]}).to_string(),
            Code::CredentialStoreFailed,
            "rate limit",
        ),
        (
            500,
            json!({"errors": ["internal error"]}).to_string(),
            Code::CredentialStoreFailed,
            "500",
        ),
        (307, String::new(), Code::CredentialStoreFailed, "307"),
        (
            200,
            "<html>fake</html>".to_owned(),
            Code::CredentialStoreFailed,
            "not JSON",
        ),
        (
            200,
            version_1(&json!({"api_key": TOKEN})),
            Code::CredentialStoreFailed,
            "?kv=1",
        ),
        (
            200,
            version_2(&json!({"key": TOKEN}), "", false),
            Code::CredentialFieldMissing,
            "its fields are: key",
        ),
        (
            200,
            field(json!(7)),
            Code::CredentialMalformed,
            "is not text",
        ),
        (200, field(json!("")), Code::CredentialEmpty, "is empty"),
        (
            200,
            field(json!(format!("{TOKEN}\n{TOKEN}"))),
            Code::CredentialMultiLine,
            "has 2 lines",
        ),
    ];
    for (status, body, expected, words) in cases {
        let server = server(status, &body, 1).await;
        let place = place(&server.uri());
        let failure = resolve(&place.secrets(), REFERENCE).await.unwrap_err();
        assert_eq!(failure.code(), expected, "{status} {body}");
        let shown = format!("{failure:?}");
        assert!(shown.contains(words), "{status} {body}: {shown}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let elsewhere = server(200, version_2(&json!({"api_key": TOKEN}), "", false), 0).await;
    let server = MockServer::start().await;
    let redirect = ResponseTemplate::new(307)
        .insert_header("location", format!("{}/v1/x", elsewhere.uri()).as_str());
    Mock::given(method("GET"))
        .respond_with(redirect)
        .expect(1)
        .mount(&server)
        .await;
    let place = place(&server.uri());
    assert_eq!(
        code(&place.secrets(), REFERENCE).await,
        Code::CredentialStoreFailed
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_or_never_answers_is_told_apart() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = place(&format!("http://127.0.0.1:{port}"));
    assert_eq!(
        code(&gone.secrets(), REFERENCE).await,
        Code::CredentialStoreUnreachable
    );
    // It accepts the connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = place(&format!("http://{}", silent.local_addr().unwrap()));
    let hurried = place.secrets().within(Duration::from_millis(300));
    assert_eq!(
        code(&hurried, REFERENCE).await,
        Code::CredentialStoreTimeout
    );
}

#[tokio::test]
async fn the_token_of_the_server_follows_the_rules_of_its_own_place() {
    let server = server(200, "{}", 0).await;
    let place = place(&server.uri());
    let path = place.write(".vault-token", "");
    let failure = resolve(&place.secrets(), REFERENCE).await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialEmpty);
    assert!(format!("{failure:?}").contains("token for the Vault server"));
    std::fs::remove_file(path).unwrap();
    assert_eq!(
        code(&place.secrets(), REFERENCE).await,
        Code::CredentialMissing
    );
}

#[tokio::test]
async fn no_variable_sends_a_stored_token_to_another_host() {
    let elsewhere = server(200, version_2(&json!({"api_key": TOKEN}), "", false), 0).await;
    let body = version_2(&json!({"api_key": TOKEN}), "", false);
    let configured = server(200, body, 1).await;
    let mut place = place(&configured.uri());
    for name in ["VAULT_ADDR", "BAO_ADDR"] {
        place.set(name, elsewhere.uri());
    }
    assert_eq!(value(&place.secrets(), REFERENCE).await, TOKEN);

    // Without vault.toml the address of a variable is never combined with the token of a file.
    std::fs::remove_file(place.home().vault_server()).unwrap();
    let failure = resolve(&place.secrets(), REFERENCE).await.unwrap_err();
    assert_eq!(failure.code(), Code::CredentialStoreNotConfigured);
    assert!(format!("{failure:?}").contains("~/.vault-token"));
}

#[tokio::test]
async fn address_and_token_of_the_environment_are_of_one_family() {
    let body = version_2(&json!({"api_key": TOKEN}), "", false);
    let server = server(200, body, 2).await;
    let mut place = Place::new();
    let unset = Code::CredentialStoreNotConfigured;
    assert_eq!(code(&place.secrets(), REFERENCE).await, unset);
    place.set("VAULT_ADDR", server.uri());
    place.set("VAULT_TOKEN", SERVER_TOKEN);
    assert_eq!(value(&place.secrets(), REFERENCE).await, TOKEN);
    place.set("BAO_ADDR", server.uri());
    assert_eq!(code(&place.secrets(), REFERENCE).await, unset);
    place.set("BAO_TOKEN", SERVER_TOKEN);
    place.set("BAO_NAMESPACE", "team");
    assert_eq!(value(&place.secrets(), REFERENCE).await, TOKEN);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[1].headers["x-vault-namespace"], "team");
}

#[tokio::test]
async fn what_vault_toml_may_not_say_is_refused_without_being_shown() {
    let token = format!("{}{}", "hvs.", "fakefakefakefake");
    for (text, expected) in [
        ("format = 1\naddress = ", Code::ConfigSyntax),
        (
            "format = 1\naddress = \"https://v.test\"\ntoken = \"env:T\"\nextra = 1\n",
            Code::ConfigUnknownField,
        ),
        (
            "format = 2\naddress = \"https://v.test\"\ntoken = \"env:T\"\n",
            Code::ConfigNewerFormat,
        ),
        (
            "format = 1\naddress = \"http://v.test\"\ntoken = \"env:T\"\n",
            Code::ConfigInvalidValue,
        ),
        (
            "format = 1\naddress = \"https://u:fake@v.test\"\ntoken = \"env:T\"\n",
            Code::ConfigInvalidValue,
        ),
        (
            "format = 1\naddress = \"v.test\"\ntoken = \"env:T\"\n",
            Code::ConfigInvalidValue,
        ),
        (
            "format = 1\naddress = \"https://v.test\"\ntoken = \"vault:a/b#c\"\n",
            Code::ConfigInvalidValue,
        ),
        (
            "format = 1\naddress = \"https://v.test\"\ntoken = \"pass:x\"\n",
            Code::ConfigInvalidValue,
        ),
        (
            "format = 1\naddress = \"https://v.test\"\ntoken = \"TOKEN\"\n",
            Code::CredentialLiteralToken,
        ),
        (
            "format = 1\naddress = \"https://v.test\"\ntoken = \"env:T\"\nca_file = \"/no/such\"\n",
            Code::ConfigInvalidValue,
        ),
        (
            "format = 1\naddress = \"https://v.test\"\ntoken = \"TOKEN\n",
            Code::ConfigSyntax,
        ),
    ] {
        let place = Place::new();
        place.write(".synapse/vault.toml", text.replace("TOKEN", &token));
        let result = resolve(&place.secrets(), REFERENCE).await;
        shows_nothing(&result);
        assert_eq!(result.unwrap_err().code(), expected, "{text}");
    }
}
