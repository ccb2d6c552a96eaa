//! `mcp-servers.json`: other programs' spellings are accepted with a note, dangerous ones refused
//! by name, and no server affects another.

use serde_json::json;
use synapse_core::ports::{StoredUpstream, UpstreamStore as _};
use synapse_core::upstream::{Consent, Pin, Protocol, Upstream, UpstreamTransport};
use synapse_core::{Code, Failure};
use synapse_home::Home;
use synapse_store::{HubPlace, JsonUpstreams};
use synapse_testkit::disk::write;

use crate::support::home;

fn store(home: &Home, text: &[u8]) -> JsonUpstreams {
    home.create().unwrap();
    let path = home.mcp_servers();
    write(&path, text);
    JsonUpstreams::new(HubPlace::of_home(home.clone()))
}

fn load(text: &str) -> Result<Vec<StoredUpstream>, Failure> {
    let (_directory, home) = home();
    store(&home, text.as_bytes()).load()
}

/// The only server of an entry.
fn one(entry: &str) -> StoredUpstream {
    let mut all = load(&format!("{{\"mcpServers\": {{\"s\": {entry}}}}}")).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn good(entry: &str) -> Upstream {
    one(entry).upstream.unwrap()
}

fn code(entry: &str) -> Code {
    let failure = one(entry).upstream.unwrap_err();
    assert_eq!(failure.context()["server"], "s", "{failure:?}");
    failure.code()
}

fn warnings(entry: &str) -> Vec<String> {
    let stored = one(entry);
    assert!(stored.upstream.is_ok(), "{:?}", stored.upstream);
    stored
        .warnings
        .iter()
        .map(|each| each.message().to_owned())
        .collect()
}

#[test]
fn an_absent_file_has_no_servers_and_reading_creates_nothing() {
    let (directory, home) = home();
    let store = JsonUpstreams::new(HubPlace::of_home(home));
    assert!(store.load().unwrap().is_empty());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn the_entry_of_hugging_face_loads_unchanged() {
    let servers = load(
        r#"{"hf-transformers":{"type":"streamable-http","url":"https://huggingface.co/mcp",
            "headers":{"Authorization":"Bearer ${HF_TOKEN}"},
            "env":{"HF_TOKEN":"${HF_TOKEN}","HF_CLIENT_ID":"${HF_CLIENT_ID}",
                   "HF_CLIENT_SECRET":"${HF_CLIENT_SECRET}",
                   "HF_REDIRECT_URI":"http://localhost:7000/oauth/callback"},
            "disabled":false,"note":"Hugging Face"}}"#,
    )
    .unwrap();
    let upstream = servers[0].upstream.as_ref().unwrap();
    assert_eq!(servers[0].warnings, []);
    let UpstreamTransport::Http {
        url,
        headers,
        variables,
    } = &upstream.transport
    else {
        panic!("{upstream:?}")
    };
    assert_eq!(url.to_string(), "https://huggingface.co/mcp");
    assert_eq!(headers[0].1.to_string(), "Bearer ${HF_TOKEN}");
    assert_eq!(variables.len(), 4);
    assert_eq!(upstream.note.as_deref(), Some("Hugging Face"));
}

#[test]
fn servers_are_at_the_top_or_in_either_wrapper() {
    for text in [
        r#"{"s": {"command": "x"}}"#,
        r#"{"mcpServers": {"s": {"command": "x"}}}"#,
        r#"{"servers": {"s": {"command": "x"}}, "inputs": []}"#,
        "\u{feff}{\n// one\n\"mcpServers\": {/* two */ \"s\": {\"command\": \"x\",},},}",
    ] {
        let servers = load(text).unwrap();
        assert_eq!(servers.len(), 1, "{text}");
        assert!(servers[0].upstream.is_ok(), "{text}");
    }
    // A server may have the name of a wrapper.
    let servers = load(r#"{"servers": {"command": "x"}}"#).unwrap();
    assert_eq!(servers[0].name, "servers");
}

#[test]
fn every_spelling_of_a_transport_is_taken_and_named() {
    for word in [
        "http",
        "streamableHttp",
        "streamable_http",
        "http_stream",
        "remote",
        "Streamable-HTTP",
    ] {
        let found = warnings(&format!(
            r#"{{"type": "{word}", "url": "https://a.example/mcp"}}"#
        ));
        assert!(found[0].contains("streamable-http"), "{word}: {found:?}");
    }
    assert!(warnings(r#"{"type": "local", "command": ["x", "y"]}"#)[0].contains("stdio"));
    for key in ["httpUrl", "serverUrl", "uri"] {
        let found = warnings(&format!(r#"{{"{key}": "https://a.example/mcp"}}"#));
        assert!(found[0].contains("`url`"), "{key}: {found:?}");
    }
    assert_eq!(
        code(r#"{"type": "sse", "url": "https://a.example/sse"}"#),
        Code::UpstreamUnsupported
    );
}

#[test]
fn every_setting_is_read() {
    let upstream = good(
        r#"{"command": "npx", "args": ["-y", "pkg@1.0.0", "${DIR:-/tmp}"], "cwd": "~/work",
            "env": {"A": "${keyring:a}", "B": 5, "C": true}, "disabled": true, "groups": ["web"],
            "tools": {"allow": ["one", "two"], "deny": ["two"]}, "relay": ["sampling", "roots"],
            "pin": "off", "protocol": "legacy", "envFile": "~/.env",
            "samplingConnection": "work",
            "timeouts": {"start": 5, "call": 10.5, "longestCall": 600, "idleStop": 60}}"#,
    );
    assert!(upstream.disabled);
    assert_eq!(upstream.groups, ["web"]);
    assert!(upstream.tools.permits("one") && !upstream.tools.permits("two"));
    assert!(!upstream.tools.permits("three"));
    assert_eq!(upstream.relay.elicitation, Consent::Withheld);
    assert_eq!(upstream.relay.sampling, Consent::Given);
    assert_eq!(
        (upstream.pin, upstream.protocol),
        (Pin::Off, Protocol::Legacy)
    );
    assert_eq!(upstream.times.call.as_millis(), 10_500);
    assert_eq!(upstream.times.idle_stop.unwrap().as_secs(), 60);
    assert_eq!(upstream.sampling_connection.as_deref(), Some("work"));
    let UpstreamTransport::Stdio { environment, .. } = upstream.transport else {
        panic!("a program")
    };
    let shown: Vec<String> = environment
        .iter()
        .map(|(_, value)| value.to_string())
        .collect();
    assert_eq!(shown, ["${keyring:a}", "5", "true"]);
}

#[test]
fn the_safety_settings_of_other_programs_keep_their_meaning() {
    assert!(good(r#"{"command": "x", "enabled": false}"#).disabled);
    assert!(
        !good(r#"{"command": "x", "disabledTools": ["rm"]}"#)
            .tools
            .permits("rm")
    );
    let allowed = good(r#"{"command": "x", "includeTools": ["ls"]}"#);
    assert!(!allowed.tools.permits("rm") && allowed.tools.permits("ls"));
    assert!(
        good(r#"{"command": "x", "tools": ["*"]}"#)
            .tools
            .permits("ls")
    );
    assert_eq!(
        code(r#"{"command": "x", "enabled": true, "disabled": true}"#),
        Code::ConfigInvalidValue
    );
}

#[test]
fn members_of_other_programs_are_ignored_by_name() {
    let entry = r#"{"command": "x", "alwaysAllow": ["rm"], "autoApprove": [], "trust": true,
                    "timeout": 5}"#;
    let found = warnings(entry);
    for key in ["alwaysAllow", "autoApprove", "trust", "timeout"] {
        assert!(
            found
                .iter()
                .any(|each| each.contains(&format!("`{key}` of `s` is ignored"))),
            "{key}: {found:?}"
        );
    }
    assert_eq!(good(entry).ignored.len(), 4);
}

#[test]
fn an_unknown_member_is_a_warning_unless_it_resembles_one_of_safety() {
    assert!(warnings(r#"{"command": "x", "colour": "red"}"#)[0].contains("`colour`"));
    for key in [
        "disbled",
        "Disabled",
        "tool",
        "toolz",
        "denny",
        "approvd",
        "relays",
        "pinn",
        "enabld",
        "excluded_tools",
        "forbiddenTools",
        "toolAllowlist",
        "read-only",
        "permissions",
        "blocked",
    ] {
        assert_eq!(
            code(&format!(r#"{{"command": "x", "{key}": true}}"#)),
            Code::ConfigUnknownField,
            "{key}"
        );
    }
    for key in ["denied", "forbid", "read", "Allow", "x"] {
        assert_eq!(
            code(&format!(
                r#"{{"command": "x", "tools": {{"{key}": ["rm"]}}}}"#
            )),
            Code::ConfigUnknownField,
            "{key}"
        );
    }
    // Times of tools are none of it.
    for key in ["tool_timeout", "toolTimeoutSeconds"] {
        let found = warnings(&format!(r#"{{"command": "x", "{key}": 5}}"#));
        assert!(found[0].contains(key), "{found:?}");
    }
}

/// The entries of other programs, as their documentation has them.
#[test]
fn entries_of_other_programs_are_read_as_they_are() {
    let goose = r#"{"name": "fs", "display_name": "FS", "type": "stdio", "cmd": "x", "args": ["a"],
        "envs": {"A": "1"}, "env_keys": ["B"], "enabled": true, "timeout": 300, "bundled": null,
        "description": "d", "available_tools": []}"#;
    assert!(good(goose).tools.permits("any"), "an empty list allows all");
    assert!(
        !warnings(goose)
            .iter()
            .any(|each| each.contains("not known"))
    );
    let some = goose.replace("[]}", "[\"ls\"]}");
    assert!(good(&some).tools.permits("ls") && !good(&some).tools.permits("rm"));

    let zed = r#"{"source": "custom", "settings": {}, "command": {"path": "x", "args": ["a"], "env": {"A": "1"}}}"#;
    let flat = r#"{"command": "x", "args": ["a"], "env": {"A": "1"}}"#;
    assert_eq!(good(zed).transport, good(flat).transport);
    for bad in [
        r#"{"command": {}}"#,
        r#"{"command": {"path": 5}}"#,
        r#"{"command": {"path": ""}}"#,
        r#"{"command": {"path": "x", "args": "a"}}"#,
        r#"{"command": {"path": "x", "env": {"A": "1"}}, "env": {"A": "2"}}"#,
    ] {
        assert_eq!(code(bad), Code::ConfigInvalidValue, "{bad}");
    }

    for (entry, ignored) in [
        (
            r#"{"httpUrl": "https://a.example/mcp", "authProviderType": "google_credentials"}"#,
            "authProviderType",
        ),
        (
            r#"{"url": "https://a.example/mcp", "headersHelper": "/bin/x"}"#,
            "headersHelper",
        ),
        (r#"{"command": "x", "fromGalleryId": "y"}"#, "fromGalleryId"),
    ] {
        assert_eq!(good(entry).ignored, [ignored], "{entry}");
    }
    let kiro = r#"{"url": "https://a.example/mcp", "oauth": {"oauthScopes": ["a"]}}"#;
    assert_eq!(good(kiro).oauth.unwrap().scopes.unwrap(), ["a"]);
}

/// They would reach the server as they are written.
#[test]
fn variables_in_the_forms_of_other_programs_are_warned_of() {
    for (entry, hint) in [
        (
            r#"{"url": "https://a.example/mcp", "headers": {"X": "Bearer {env:A_KEY}"}}"#,
            "A_KEY",
        ),
        (
            r#"{"url": "https://a.example/mcp", "headers": {"X": "$A_KEY"}}"#,
            "A_KEY",
        ),
        (r#"{"command": "x", "env": {"X": "%A_KEY%"}}"#, "A_KEY"),
    ] {
        let found = warnings(entry);
        assert_eq!(found.len(), 1, "{entry}");
        assert!(
            found[0].contains("passed as written") && found[0].contains(hint),
            "{found:?}"
        );
    }
    assert!(warnings(r#"{"command": "x", "env": {"X": "${A_KEY} 100% $5"}}"#).is_empty());
}

#[test]
fn a_secret_is_refused_where_others_can_read_it() {
    let token = ["hf_", &"a1B2c3D4e5".repeat(4)[..34]].concat();
    for entry in [
        format!(r#"{{"command": "x", "args": ["--token", "{token}"]}}"#),
        r#"{"command": "x", "args": ["${keyring:hf}"]}"#.to_owned(),
        r#"{"command": "${file:~/x}"}"#.to_owned(),
        r#"{"url": "https://a.example/mcp?key=${keyring:hf}"}"#.to_owned(),
        format!(r#"{{"url": "https://a.example/mcp?key={token}"}}"#),
        r#"{"url": "https://user:pass@a.example/mcp"}"#.to_owned(),
    ] {
        assert_eq!(code(&entry), Code::ConfigSecretInArgv, "{entry}");
    }
    for entry in [
        format!(r#"{{"command": "x", "env": {{"T": "{token}"}}}}"#),
        format!(r#"{{"command": "x", "env": {{"T": "${{T:-{token}}}"}}}}"#),
        format!(r#"{{"url": "https://a.example/mcp", "headers": {{"X": "Bearer {token}"}}}}"#),
    ] {
        let failure = one(&entry).upstream.unwrap_err();
        assert_eq!(failure.code(), Code::CredentialLiteralToken, "{entry}");
        assert!(!format!("{failure:?}").contains(&token));
    }
}

#[test]
fn a_bad_value_fails_its_own_server_and_no_other() {
    for (entry, expected) in [
        (r#"{"command": 5}"#, Code::ConfigInvalidValue),
        (r#"{"command": ""}"#, Code::ConfigInvalidValue),
        (
            r#"{"command": "x", "envFile": ""}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "envFile": "${workspaceFolder}/.env"}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"args": []}"#, Code::ConfigInvalidValue),
        (
            r#"{"command": "x", "url": "https://a.example"}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"type": "stdio", "url": "https://a.example"}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"type": "carrier-pigeon", "url": "https://a.example"}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"url": "nonsense"}"#, Code::EndpointInvalidUrl),
        (r#"{"command": "x", "args": "y"}"#, Code::ConfigInvalidValue),
        (
            r#"{"command": "x", "args": [null]}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "env": {"A-B": "x"}}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "env": {"A": "${"}}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "env": {"A": "${input:a}"}}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "env": {"A": "${pigeon:a}"}}"#,
            Code::CredentialInvalidReference,
        ),
        (
            r#"{"url": "https://a.example", "headers": {"a b": "c"}}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"url": "https://a.example", "headers": {"Host": "c"}}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"command": "x", "pin": "of"}"#, Code::ConfigInvalidValue),
        (
            r#"{"command": "x", "relay": ["everything"]}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "timeouts": {"call": 0}}"#,
            Code::ConfigInvalidValue,
        ),
        (
            r#"{"command": "x", "timeouts": {"call": 9, "longestCall": 8}}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"command": "x", "command": "y"}"#, Code::ConfigSyntax),
        (r#"{"command": "x", "oauth": {}}"#, Code::ConfigInvalidValue),
        (r#"[]"#, Code::ConfigInvalidValue),
        (r#"null"#, Code::ConfigInvalidValue),
    ] {
        let text = format!(r#"{{"mcpServers": {{"s": {entry}, "fine": {{"command": "x"}}}}}}"#);
        let servers = load(&text).unwrap();
        let failure = servers[0].upstream.as_ref().unwrap_err();
        assert_eq!(failure.code(), expected, "{entry}: {failure:?}");
        assert!(failure.message().contains("`s`"), "{entry}: {failure:?}");
        assert!(servers[1].upstream.is_ok(), "{entry}");
    }
    let servers = load(r#"{"mcpServers": {"a b": {"command": "x"}, "fine": {"command": "x"}}}"#);
    assert!(servers.unwrap()[0].upstream.is_err());
    let twice = load(r#"{"mcpServers": {"s": {"command": "x"}, "s": {"command": "y"}}}"#).unwrap();
    let failure = twice[0].upstream.as_ref().unwrap_err();
    assert_eq!(
        (twice.len(), failure.code()),
        (1, Code::ConfigDuplicateName)
    );
}

#[test]
fn a_file_that_is_none_says_where() {
    let deep = format!("{{\"s\": {}", "[".repeat(100_000));
    let large = format!("{{\"s\": \"{}\"}}", "x".repeat(5_000_000));
    for (text, expected) in [
        (
            "{\"mcpServers\": {\"s\": {\"command\": ",
            Code::ConfigSyntax,
        ),
        ("[]", Code::ConfigSyntax),
        ("\"x\"", Code::ConfigSyntax),
        ("{} {}", Code::ConfigSyntax),
        ("{'s': {}}", Code::ConfigSyntax),
        (&deep, Code::ConfigSyntax),
        (&large, Code::ConfigSyntax),
        ("{\"mcpServers\": {}, \"servers\": {}}", Code::ConfigSyntax),
        ("{\"context_servers\": {}}", Code::ConfigUnknownField),
    ] {
        let failure = load(text).unwrap_err();
        assert_eq!(failure.code(), expected, "{failure:?}");
        assert!(failure.context()["file"].ends_with("mcp-servers.json"));
    }
    for empty in ["", "  \n", "{}", "// nothing\n"] {
        assert!(load(empty).unwrap().is_empty(), "{empty:?}");
    }
    let (_directory, home) = home();
    let failure = store(&home, b"{\"s\": \"\xff\"}").load().unwrap_err();
    assert_eq!(
        (failure.code(), failure.context()["column"].as_str()),
        (Code::ConfigSyntax, "8")
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_change_is_not_relied_upon() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, home) = home();
    let store = store(&home, b"{}");
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(home.mcp_servers(), mode(0o660)).unwrap();
    assert_eq!(store.load().unwrap_err().code(), Code::StorageModeTooOpen);
    std::fs::set_permissions(home.mcp_servers(), mode(0o644)).unwrap();
    assert!(store.load().is_ok());
    let failure = store.insert(
        &"s".parse().unwrap(),
        json!({"command": 5}).as_object().unwrap(),
    );
    assert_eq!(failure.unwrap_err().code(), Code::ConfigInvalidValue);
    assert_eq!(std::fs::read(home.mcp_servers()).unwrap(), b"{}");
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_a_directory_is_refused() {
    let (directory, home) = home();
    home.create().unwrap();
    let real = directory.path().join("real.json");
    write(&real, "{}");
    std::os::unix::fs::symlink(&real, home.mcp_servers()).unwrap();
    let store = JsonUpstreams::new(HubPlace::of_home(home.clone()));
    store
        .insert(
            &"s".parse().unwrap(),
            json!({"command": "x"}).as_object().unwrap(),
        )
        .unwrap();
    assert!(
        std::fs::symlink_metadata(home.mcp_servers())
            .unwrap()
            .is_symlink()
    );
    assert_eq!(store.load().unwrap().len(), 1);
    std::fs::remove_file(home.mcp_servers()).unwrap();
    std::fs::create_dir(home.mcp_servers()).unwrap();
    assert_eq!(store.load().unwrap_err().code(), Code::StorageUnavailable);
}

#[test]
fn a_change_keeps_comments_and_every_other_byte() {
    let (_directory, home) = home();
    let text = "\u{feff}{\r\n\t// mine\r\n\t\"mcpServers\": {\r\n\t\t\"a\": { \"command\": \"x\" }, // keep\r\n\t},\r\n}\r\n";
    let store = store(&home, text.as_bytes());
    let name = "b".parse().unwrap();
    let entry = json!({"type": "streamable-http", "url": "https://a.example/mcp"});
    store.insert(&name, entry.as_object().unwrap()).unwrap();
    let after = std::fs::read_to_string(home.mcp_servers()).unwrap();
    assert!(after.starts_with("\u{feff}{\r\n\t// mine") && after.contains("// keep"));
    let twice = store.insert(&name, entry.as_object().unwrap()).unwrap_err();
    assert_eq!(twice.code(), Code::ConfigDuplicateName);
    store.remove(&name).unwrap();
    assert_eq!(std::fs::read_to_string(home.mcp_servers()).unwrap(), text);
    assert_eq!(
        store.remove(&name).unwrap_err().code(),
        Code::ConfigNotFound
    );
}

#[test]
fn two_writers_lose_nothing() {
    let (_directory, home) = home();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = JsonUpstreams::new(HubPlace::of_home(home.clone()));
            std::thread::spawn(move || {
                for number in 0..10 {
                    let name = format!("s{writer}-{number}").parse().unwrap();
                    let entry = json!({"command": "x"});
                    store.insert(&name, entry.as_object().unwrap()).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let store = JsonUpstreams::new(HubPlace::of_home(home));
    assert_eq!(store.load().unwrap().len(), 40);
}

#[test]
fn settings_of_oauth_are_taken_in_every_spelling() {
    let url = r#""url": "https://a.example/mcp""#;
    for (entry, named) in [
        (r#""oauth": {"clientId": "id", "scopes": ["a", "b"]}"#, 0),
        (r#""auth": {"CLIENT_ID": "id", "scopes": "a b"}"#, 2),
        (r#""oauth": {"client_id": "id", "scope": "a b"}"#, 2),
    ] {
        let entry = format!("{{{url}, {entry}}}");
        let oauth = good(&entry).oauth.unwrap();
        assert_eq!(
            oauth.client_id.unwrap().plain().as_deref(),
            Some("id"),
            "{entry}"
        );
        assert_eq!(oauth.scopes.unwrap(), ["a", "b"], "{entry}");
        assert_eq!(warnings(&entry).len(), named, "{entry}");
    }
    for (oauth, expected) in [
        (
            r#"{"clientSecret": "plain-text"}"#,
            Code::CredentialLiteralToken,
        ),
        (r#"{"clientSecret": "x${A}"}"#, Code::CredentialLiteralToken),
        (r#"{"clientId": "${keyring:a}"}"#, Code::ConfigInvalidValue),
        (r#"{"callbackPort": 0}"#, Code::ConfigInvalidValue),
        (r#"{"pkce": "off"}"#, Code::ConfigInvalidValue),
        (r#"{"clientId": " "}"#, Code::ConfigInvalidValue),
        (r#"{"redirectUri": ""}"#, Code::ConfigInvalidValue),
        (
            r#"{"redirectUri": "127.0.0.1:8080"}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"redirectUri": "/callback"}"#, Code::ConfigInvalidValue),
        (
            r#"{"redirectUri": "http://localhost/#x"}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"resource": ""}"#, Code::ConfigInvalidValue),
        (r#"{"resource": "mcp"}"#, Code::ConfigInvalidValue),
        (
            r#"{"resource": "https://a.example/#x"}"#,
            Code::ConfigInvalidValue,
        ),
        (r#"{"issuer": ""}"#, Code::EndpointInvalidUrl),
        (r#"{"issuer": "a.example"}"#, Code::EndpointInvalidUrl),
        (
            r#"{"grantType": "client_credentials"}"#,
            Code::UpstreamUnsupported,
        ),
        (r#"{"dpop": true}"#, Code::UpstreamUnsupported),
        (
            r#"{"isuer": "https://a.example"}"#,
            Code::ConfigUnknownField,
        ),
        (
            r#"{"clientMetadataUrl": "javascript:x"}"#,
            Code::EndpointInvalidUrl,
        ),
    ] {
        assert_eq!(
            code(&format!("{{{url}, \"oauth\": {oauth}}}")),
            expected,
            "{oauth}"
        );
    }
    let secret = good(&format!(
        "{{{url}, \"oauth\": {{\"clientSecret\": \"${{keyring:a}}\"}}}}"
    ));
    assert!(secret.oauth.unwrap().client_secret.is_some());
}

#[test]
fn a_package_without_a_version_is_warned_of() {
    for (args, warned) in [
        (r#"["-y", "@scope/server"]"#, true),
        (r#"["-y", "@scope/server@latest"]"#, true),
        (r#"["-y", "@scope/server@1.2.3"]"#, false),
        (r#"["-y", "server@2026.8.31", "/tmp"]"#, false),
        (r#"["./local.js"]"#, false),
    ] {
        let found = warnings(&format!(r#"{{"command": "npx", "args": {args}}}"#));
        assert_eq!(!found.is_empty(), warned, "{args}: {found:?}");
    }
}

#[test]
fn another_file_keeps_its_state_apart_and_is_known_by_what_it_is() {
    let (directory, home) = home();
    let other = directory.path().join("other.json");
    write(&other, "{}");
    let place = HubPlace::of_file(home.clone(), &other).unwrap();
    let around = directory.path().join(".").join("other.json");
    assert_eq!(HubPlace::of_file(home.clone(), &around).unwrap(), place);
    assert_ne!(place.key(), HubPlace::of_home(home.clone()).key());
    home.create().unwrap();
    write(&home.mcp_servers(), "{}");
    let own = HubPlace::of_file(home.clone(), &home.mcp_servers()).unwrap();
    assert_eq!(own, HubPlace::of_home(home));
}

#[test]
fn only_a_large_file_is_worth_another_thread() {
    let (_directory, home) = home();
    let empty = store(&home, b"{}");
    assert!(!empty.is_large());
    let comments = "// a long comment\n".repeat(1_000);
    assert!(store(&home, format!("{comments}{{}}").as_bytes()).is_large());
}
