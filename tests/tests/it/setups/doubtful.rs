//! Set-ups that pass with remarks from preflight: an expiry, an unknown, or a paid probe that
//! proved enough.

use insta::assert_snapshot;
use serde_json::Value;
use synapse_testkit::provider_doubles::{
    HuggingFaceDouble, HuggingFaceFault, OpenAiDouble, OpenAiFault, Route,
};
use synapse_testkit::raw::RawServer;
use synapse_tests::Home;

use super::setup::{Setup, without_ports};
use super::{TWIN, huggingface, openai};

/// The check lines starting with `words`, and the number of requests. Preflight passes.
fn says(setup: &Setup, server: &RawServer, words: &[&str]) -> (String, usize) {
    let before = server.heads();
    let shown = setup.shown_passing();
    let lines = shown.lines().filter(|line| {
        let check = line.split_whitespace().nth(1);
        line.starts_with("  ") && check.is_some_and(|check| words.contains(&check))
    });
    let lines: Vec<&str> = lines.map(str::trim).collect();
    (without_ports(&lines.join("\n")), server.heads() - before)
}

#[test]
fn a_model_that_will_be_shut_down() {
    let double = OpenAiDouble::start();
    let setup = openai::setup(&double).model(OpenAiDouble::SMALL_MODEL);
    let (said, requests) = says(&setup, double.server(), &["token", "model"]);
    assert_eq!(requests, 1);
    assert_snapshot!(said, @"
    ok    token       127.0.0.1:PORT accepts it
    warn  model       gpt-4.1-nano exists and will be shut down on 2026-10-23
    ");
}

#[test]
fn a_model_that_does_not_chat() {
    let double = OpenAiDouble::start();
    let setup = openai::setup(&double).model(OpenAiDouble::EMBEDDING_MODEL);
    let (said, _) = says(&setup, double.server(), &["model"]);
    assert_snapshot!(said.trim(), @"warn  model       text-embedding-3-small exists, but according to its name it does not chat; only --live shows it");
}

#[test]
fn a_key_that_may_not_read_models() {
    let fault = OpenAiFault::MissingScope("api.model.read");
    let double = OpenAiDouble::with_faults([(Route::Model, fault)]);
    let setup = openai::setup(&double);
    let (said, requests) = says(
        &setup,
        double.server(),
        &["reach", "token", "model", "live"],
    );
    assert_eq!(requests, 1);
    assert_snapshot!(said, @"
    ok    reach       127.0.0.1:PORT answers
    warn  token       accepted, but it may not read models; only --live shows whether it may chat
    warn  model       cannot be seen with this key
    skip  live        not asked for: permission to chat, credits and a real answer are unproven (--live sends one small paid prompt)
    ");
    // A real prompt shows it.
    let (said, requests) = says(&setup.flags(["--live"]), double.server(), &["live"]);
    assert_eq!(requests, 2);
    assert_snapshot!(said.trim(), @"ok    live        one prompt was answered by gpt-5.6-terra");
}

#[test]
fn a_token_whose_permission_cannot_be_told() {
    let double =
        HuggingFaceDouble::with_faults([(Route::Whoami, HuggingFaceFault::WhoamiReadToken)]);
    let setup = huggingface::setup(&double);
    let (said, requests) = says(&setup, double.server(), &["token", "live"]);
    assert_eq!(requests, 2);
    assert_snapshot!(said, @"
    warn  token       valid read token of `fake-user`; only --live shows whether it may call inference
    skip  live        not asked for: permission to chat, credits and a real answer are unproven (--live sends one small paid prompt)
    ");
    let (said, requests) = says(
        &setup.flags(["--live"]),
        double.server(),
        &["token", "live"],
    );
    assert_eq!(requests, 3);
    assert_snapshot!(said, @"
    warn  token       valid read token of `fake-user`; only --live shows whether it may call inference
    ok    live        one prompt was answered by deepseek/deepseek-v4-pro at novita
    ");
}

#[test]
fn a_model_without_a_pin_and_with_each_policy() {
    let double = HuggingFaceDouble::start();
    let mut all = Vec::new();
    for suffix in ["", ":fastest", ":cheapest", ":preferred", ":novita"] {
        let model = format!("{}{suffix}", HuggingFaceDouble::MODEL);
        let setup = huggingface::setup(&double).model(model);
        all.push(says(&setup, double.server(), &["model"]).0);
    }
    assert_snapshot!(all.join("\n"), @"
    ok    model       live at novita, featherless-ai; Hugging Face chooses and may fail over by itself (pin one as MODEL:PROVIDER)
    ok    model       live at novita, featherless-ai; Hugging Face chooses (`:fastest`) and may fail over by itself
    ok    model       live at novita, featherless-ai; Hugging Face chooses (`:cheapest`) and may fail over by itself
    ok    model       live at novita, featherless-ai; Hugging Face chooses (`:preferred`) and may fail over by itself
    ok    model       live at novita, pinned
    ");
}

/// The scope of the permission: the account, an organization, or everything.
#[test]
fn a_permission_counts_for_whom_it_was_given() {
    use HuggingFaceFault as Fault;
    let organization = &["--bill-to", HuggingFaceDouble::ORGANIZATION][..];
    for (fault, flags, passes) in [
        (None, &[][..], true),
        (None, organization, false),
        (Some(Fault::WhoamiGlobalPermission), &[], true),
        (Some(Fault::WhoamiGlobalPermission), organization, true),
        (
            Some(Fault::WhoamiOrganizationPermission),
            organization,
            true,
        ),
        (Some(Fault::WhoamiOrganizationPermission), &[], false),
    ] {
        let what = format!("{fault:?}, {flags:?}");
        let faults = fault.map(|fault| (Route::Whoami, fault));
        let double = HuggingFaceDouble::with_faults(faults);
        let mut setup = huggingface::setup(&double);
        setup.flags.extend(flags.iter().map(ToString::to_string));
        setup.flags.push("--json".to_owned());
        let document = setup.run().json();
        assert_eq!(document["ok"], passes, "{what}: {document}");
        let code = document["error"]["code"].as_str();
        let expected = (!passes).then_some("credential.token-permission");
        assert_eq!(code, expected, "{what}");
        assert_eq!(double.server().heads(), 2, "{what}");
        let asked = double.server().requests();
        let billed = asked
            .iter()
            .any(|request| request.header("x-hf-bill-to").is_some());
        assert!(!billed, "a check bills nobody");
        assert!(
            !document.to_string().contains('@'),
            "an address of whoami: {document}"
        );
    }
}

/// Neither answer contains text, and each proves that key, credits and model were accepted.
#[test]
fn a_probe_that_ran_into_its_cap_has_succeeded() {
    for (fault, outcome) in [
        (OpenAiFault::SpentOnReasoning, "ok"),
        (OpenAiFault::TokenCapReached, "error"),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Chat, fault)]);
        let home = Home::new(TWIN);
        let setup = openai::setup(&double).flags(["--live", "--json"]);
        let document = setup.run_in(&home).with_code(0).json();
        assert_eq!(document["ok"], true, "{document}");
        let last = document["checks"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["id"], &last["outcome"]),
            (&"live".into(), &"ok".into())
        );
        assert_ne!(
            document["receipt"],
            Value::Null,
            "what was paid for has a receipt"
        );
        let rows = home.history();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(
            (&rows[0]["operation"], &rows[0]["outcome"]),
            (&"probe".into(), &outcome.into())
        );
        let requests = double.server().requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[1].json()["max_completion_tokens"], 16);
    }
    let double = HuggingFaceDouble::with_faults([(Route::Chat, HuggingFaceFault::InlineThinking)]);
    let setup = huggingface::setup(&double).flags(["--live"]);
    let (said, requests) = says(&setup, double.server(), &["live"]);
    assert_eq!(requests, 3);
    assert_snapshot!(said.trim(), @"ok    live        one prompt was answered by deepseek/deepseek-v4-pro at novita");
    assert_eq!(double.server().requests()[2].json()["max_tokens"], 16);
}

/// Keys of another kind are recognised by prefix and never sent. Built here, so that no file
/// contains one.
#[test]
fn a_key_of_another_kind_never_leaves() {
    let (ai, hf) = (OpenAiDouble::start(), HuggingFaceDouble::start());
    for (prefix, setup, server) in [
        ("hf_", openai::setup(&ai), ai.server()),
        ("sk-admin-", openai::setup(&ai), ai.server()),
        ("api_org_", openai::setup(&ai), ai.server()),
        ("sk-", huggingface::setup(&hf), hf.server()),
        ("sk-proj-", huggingface::setup(&hf), hf.server()),
        ("sk-svcacct-", huggingface::setup(&hf), hf.server()),
        ("sk-admin-", huggingface::setup(&hf), hf.server()),
        ("api_org_", huggingface::setup(&hf), hf.server()),
    ] {
        let token = format!("{prefix}{}", "fake".repeat(8));
        let output = setup.token(&token).run().with_code(4);
        let head = "error[credential.wrong-vendor]: ";
        assert!(output.stderr.starts_with(head), "{prefix}: {output}");
        assert!(
            !output.to_string().contains("fakefake"),
            "{prefix}: {output}"
        );
        assert_eq!(server.accepts(), 0, "{prefix}");
    }
    // An unknown prefix is left to the provider.
    let output = openai::setup(&ai).token("fake-of-a-new-kind").run();
    assert!(
        output
            .stderr
            .starts_with("error[credential.token-rejected]: "),
        "{output}"
    );
    assert_eq!(ai.server().heads(), 1);
}
