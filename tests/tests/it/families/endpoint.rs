//! The endpoint's path is wrong.

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::{HuggingFaceDouble, OpenAiDouble};
use synapse_tests::{Era, Flags, Home, LocalProvider as _};

use super::trouble::Trouble;
use super::{TWIN, unchecked};

fn wrong_path(_: &Home, flags: &mut Flags) {
    flags.base_url = flags.base_url.replace("/v1", "/v2");
}

#[test]
fn a_wrong_path_is_told_from_a_wrong_model() {
    let double = OpenAiDouble::start();
    let home = unchecked(&double, wrong_path);
    Trouble {
        home: &home,
        server: double.server(),
        code: "endpoint.path-mismatch",
        class: "endpoint",
        exit: 6,
        check: "reach",
        reach: &[],
        outcome: "error",
        status: Some(404),
    }
    .is_the_same_everywhere();
}

#[test]
fn a_wrong_path_at_the_router_is_told_too() {
    let double = HuggingFaceDouble::start();
    let home = unchecked(&double, wrong_path);
    Trouble {
        home: &home,
        server: double.server(),
        code: "endpoint.path-mismatch",
        class: "endpoint",
        exit: 6,
        check: "reach",
        reach: &[],
        outcome: "error",
        status: Some(404),
    }
    .is_the_same_everywhere();
}

/// Hand-written, since no command saves it: refused before any socket is opened and any row is
/// written, because the connection is invalid.
#[test]
fn a_path_that_cannot_be_right_is_refused_locally() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let bare = double.server().url("/").to_string();
    let flags = Flags {
        base_url: bare.clone(),
        ..double.flags(&home)
    };
    let credential = &flags.credential;
    let refused = home.create("work", &flags, &["--allow-network", "--json"]);
    let document = refused.with_code(6).json();
    assert_eq!(document["error"]["code"], "endpoint.path-mismatch");
    assert_eq!(document["preflight"]["checks"][1]["id"], "endpoint");
    assert_eq!(document["preflight"]["checks"][1]["outcome"], "fail");
    assert!(
        !home.synapse().exists(),
        "a refused connection left something"
    );

    home.write(
        ".synapse/connections.toml",
        format!(
            "format = 1\n\n[connections.work]\nprovider = \"openai\"\nmodel = \"m\"\n\
             credential = \"{credential}\"\nnetwork = \"open\"\nbase_url = \"{bare}\"\n"
        ),
    );
    for arguments in [&["preflight", "work"][..], &["chat", "work", "hello"]] {
        let shown = home.run(arguments).with_code(6);
        assert!(
            shown.stderr.starts_with("error[endpoint.path-mismatch]"),
            "{shown}"
        );
        assert!(shown.stderr.contains("connections.toml:8:12"), "{shown}");
        assert!(shown.stderr.contains("/v1"), "{shown}");
    }
    let mut ide = home.serve(Era::Modern);
    let result = ide.call("chat", json!({"prompt": "hello"}));
    assert_eq!(result["isError"], true);
    let document = &result["structuredContent"];
    assert_eq!(document["error"]["code"], "endpoint.path-mismatch");
    assert_eq!(document["receipt"], json!(null));
    assert_eq!(double.server().accepts(), 0);
    assert_eq!(home.history(), [] as [Value; 0]);
}
