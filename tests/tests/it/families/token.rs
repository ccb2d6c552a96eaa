//! The provider rejects the token.

use synapse_testkit::provider_doubles::{HuggingFaceDouble, OpenAiDouble};

use super::trouble::Trouble;
use super::unchecked;

#[test]
fn a_rejected_key_is_told_from_a_missing_permission() {
    let double = OpenAiDouble::start();
    let home = unchecked(&double, |home, flags| {
        flags.credential = home.credential("sk-fake-and-revoked");
    });
    Trouble {
        home: &home,
        server: double.server(),
        code: "credential.token-rejected",
        class: "credential",
        exit: 4,
        check: "token",
        reach: &[],
        outcome: "error",
        status: Some(401),
    }
    .is_the_same_everywhere();
}

#[test]
fn a_rejected_token_is_found_by_whoami() {
    let double = HuggingFaceDouble::start();
    let home = unchecked(&double, |home, flags| {
        flags.credential = home.credential("hf_fake_and_revoked");
    });
    Trouble {
        home: &home,
        server: double.server(),
        code: "credential.token-rejected",
        class: "credential",
        exit: 4,
        check: "token",
        reach: &[],
        outcome: "error",
        status: Some(401),
    }
    .is_the_same_everywhere();
}
