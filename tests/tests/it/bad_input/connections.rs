//! Editing connections keeps the user's formatting, and nothing is saved unless preflight passes.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;
use synapse_testkit::provider_doubles::{OpenAiDouble, OpenAiFault, Route};
use synapse_tests::{Era, Home, LocalProvider as _};

use super::TWIN;

const WRITTEN_BY_HAND: &str = r#"# My connections.
format = 1   # do not change

# The one at work.
[connections.work]
provider   = 'openai'      # lined up
model      = 'gpt-5.6-terra'
credential = 'CREDENTIAL'
network    = "open" # since Monday
base_url   = 'BASE_URL'

# The end.
"#;

fn write_by_hand(home: &Home, double: &OpenAiDouble) -> String {
    let content = WRITTEN_BY_HAND
        .replace("CREDENTIAL", &home.credential(OpenAiDouble::KEY))
        .replace("BASE_URL", &double.base_url());
    home.write(".synapse/connections.toml", &content);
    content
}

#[test]
fn an_edit_changes_its_own_lines_and_keeps_comments_and_spacing() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let before = write_by_hand(&home, &double);
    let edit = ["connection", "edit", "work"].into_iter();
    home.run(edit.chain(["--model", OpenAiDouble::SMALL_MODEL]))
        .with_code(0);
    let after = fs::read_to_string(home.connections()).unwrap();
    let kept: Vec<_> = after
        .lines()
        .filter(|line| !line.starts_with("preflight = "))
        .collect();
    let expected = before.replace("gpt-5.6-terra", OpenAiDouble::SMALL_MODEL);
    // The changed value may be requoted.
    let quotes = |text: &str| text.replace('\'', "\"");
    assert_eq!(quotes(&kept.join("\n")), quotes(expected.trim_end()));
    assert_eq!(after.lines().count(), before.lines().count() + 1);

    home.run(["connection", "remove", "work"]).with_code(0);
    let after = fs::read_to_string(home.connections()).unwrap();
    assert!(
        after.contains("# My connections.") && after.contains("# The end."),
        "{after}"
    );
    assert!(!after.contains("[connections.work]"), "{after}");
}

#[test]
fn an_edit_that_preflight_does_not_clear_leaves_the_file_as_it_was() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let before = write_by_hand(&home, &double);
    let output = home.run(["connection", "edit", "work", "--model", "gpt-none"]);
    let host = double.server().origin().host().to_owned();
    assert_snapshot!(home.shown(&output).replace(&host, "[HOST]"), @"
    exit code: 7
    ----- stdout
    Preflight work  openai · gpt-none
      ok    config      OpenAI · gpt-none
      ok    endpoint    http://[HOST]/v1
      ok    gate        open for [HOST]
      ok    credential  file:[HOME]/0.token: regular file, mode 0600, one line
      ok    reach       [HOST] answers
      ok    token       [HOST] accepts it
    not saved
    ----- stderr
    error[provider.model-unavailable]: the model does not exist or no provider serves it now
      cause: [HOST] says: The model `gpt-none` does not exist or you do not have access to it.
      cause: HTTP 404 from http://[HOST]/v1/models/gpt-none, code model_not_found, type invalid_request_error, request id req_fake
      hint: check the spelling, and that it is a chat model
    ");
    assert_eq!(fs::read_to_string(home.connections()).unwrap(), before);

    let edit = "connection edit work --credential file:/nowhere --json";
    let document = home.run(edit.split(' ')).with_code(4).json();
    assert_eq!(document["schema"], "synapse.error/1");
    assert_eq!(document["error"]["code"], "credential.missing");
    assert_eq!(document["preflight"]["ok"], false);
    assert_eq!(fs::read_to_string(home.connections()).unwrap(), before);
}

#[test]
fn a_closed_gate_is_in_force_at_once_also_for_a_server_that_runs() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let mut ide = home.serve(Era::Legacy);
    let answered = ide.call("chat", json!({"prompt": "hello"}));
    assert_ne!(answered["isError"], true, "{answered}");
    let sent = double.server().accepts();

    // Turning access off must not need the network, so the provider is not contacted.
    home.run(["connection", "edit", "work", "--deny-network"])
        .with_code(0);
    let output = home.run(["chat", "work", "hello"]);
    assert_snapshot!(home.shown(&output), @"
    exit code: 5
    ----- stdout
    ----- stderr
    error[gate.network-disabled]: live calls are off for this connection
      cause: its network gate is closed; nothing was sent and no secret was read
      hint: open the gate, if you want live calls: synapse connection edit work --allow-network
    ");
    let refused = ide.call("chat", json!({"prompt": "hello"}));
    let code = &refused["structuredContent"]["error"]["code"];
    assert_eq!(code, "gate.network-disabled");
    assert_eq!(double.server().accepts(), sent);
}

#[test]
fn what_preflight_does_not_clear_is_not_created() {
    let double = OpenAiDouble::with_faults([(Route::Model, OpenAiFault::KeyRejected)]);
    let home = Home::new(TWIN);
    let output = home.create("work", &double.flags(&home), double.opening());
    let output = output.with_code(4);
    assert!(output.stdout.ends_with("\nnot saved\n"), "{output}");
    assert!(!home.synapse().exists());
    assert_eq!(double.server().requests().len(), 1, "one request, no retry");
}

#[test]
fn created_offline_it_says_what_is_unproven() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let output = home.create("work", &double.flags(&home), &["--offline"]);
    let host = double.server().origin().host().to_owned();
    let shown = home.shown(&output).replace(&host, "[HOST]");
    assert_snapshot!(shown, @"
    exit code: 0
    ----- stdout
    Preflight work  openai · gpt-5.6-terra
      ok    config      OpenAI · gpt-5.6-terra
      ok    endpoint    http://[HOST]/v1
      warn  gate        closed: no live call is possible and the credential was not read
      skip  credential  needs gate
      skip  reach       needs gate
      skip  token       needs gate
      skip  model       needs gate
      skip  live        needs gate
    proven: config, endpoint
    not proven: gate, credential, reach, token, model, live
    hosts: [HOST]
    saved work without network checks
    ----- stderr
    next: synapse connection edit work --allow-network   when you want live calls
    ");
    let shown = home
        .run(["connection", "show", "work", "--json"])
        .with_code(0)
        .json();
    let record = &shown["connection"]["preflight"];
    assert_eq!(record["proven"], json!(["config", "endpoint"]));
    let unproven = ["gate", "credential", "reach", "token", "model", "live"];
    assert_eq!(record["unproven"], json!(unproven));
    assert_eq!(double.server().accepts(), 0);
}
