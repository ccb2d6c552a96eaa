//! The provider knows the token and refuses access.

use synapse_testkit::provider_doubles::{
    HuggingFaceDouble, HuggingFaceFault, OpenAiDouble, OpenAiFault, Route,
};
use synapse_tests::{Home, LocalProvider as _};

use super::trouble::Trouble;
use super::{TWIN, unchecked};

#[test]
fn a_model_that_the_project_may_not_use_is_found_for_free() {
    let double = OpenAiDouble::with_faults([
        (Route::Model, OpenAiFault::ModelAccess),
        (Route::Chat, OpenAiFault::ModelAccess),
    ]);
    let home = unchecked(&double, |_, _| ());
    Trouble {
        home: &home,
        server: double.server(),
        code: "provider.model-access",
        class: "provider-access",
        exit: 7,
        check: "model",
        reach: &[],
        outcome: "error",
        status: Some(403),
    }
    .is_the_same_everywhere();
}

#[test]
fn used_up_credits_are_found_by_a_real_prompt_only() {
    let double =
        HuggingFaceDouble::with_faults([(Route::Chat, HuggingFaceFault::CreditsExhausted)]);
    let home = unchecked(&double, |_, _| ());
    home.run(["preflight", "work"]).with_code(0);
    let trouble = Trouble {
        home: &home,
        server: double.server(),
        code: "provider.credits-exhausted",
        class: "provider-access",
        exit: 7,
        check: "live",
        reach: &["--live"],
        outcome: "error",
        status: Some(402),
    };
    assert_eq!(trouble.prompts(), 0);
    trouble.is_the_same_everywhere();
    let rows = home.history();
    let probes: Vec<_> = rows
        .iter()
        .filter(|row| row["operation"] == "probe")
        .collect();
    assert_eq!(probes.len(), 2, "each --live preflight is a row: {rows:?}");
    assert_eq!(probes[0]["error_code"], "provider.credits-exhausted");
}

#[test]
fn money_is_told_from_throttling() {
    for (fault, code) in [
        (OpenAiFault::QuotaExceeded, "provider.credits-exhausted"),
        (OpenAiFault::RateLimited, "provider.rate-limited"),
    ] {
        let double = OpenAiDouble::with_faults([(Route::Chat, fault)]);
        let home = unchecked(&double, |_, _| ());
        Trouble {
            home: &home,
            server: double.server(),
            code,
            class: "provider-access",
            exit: 7,
            check: "live",
            reach: &["--live"],
            outcome: "error",
            status: Some(429),
        }
        .is_the_same_everywhere();
    }
}

#[test]
fn an_account_that_is_not_billed_there_is_found_by_whoami() {
    let double = HuggingFaceDouble::start();
    let home = Home::new(TWIN);
    let more = ["--allow-network", "--bill-to", "strangers", "--json"];
    let refused = home.create("work", &double.flags(&home), &more);
    let document = refused.with_code(7).json();
    assert_eq!(document["error"]["code"], "provider.account-scope");
    assert!(!home.connections().exists());
}
