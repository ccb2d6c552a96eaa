//! Limits from the flag to the exit code and the row.

use serde_json::json;
use synapse_tests::Era;

use super::{home, prompt, provider};

#[test]
fn a_limit_refuses_what_is_beyond_it_and_the_refusal_is_a_row() {
    let provider = provider();
    let home = home(&provider, &["--limit-tokens-day", "70"]);
    let file = std::fs::read_to_string(home.connections()).unwrap();
    assert!(file.contains("limits = { tokens_per_day = 70 }"), "{file}");
    for _ in 0..3 {
        home.run(["chat", "work", "hello"]).with_code(0);
    }
    // 45 of 70 are spent, and a prompt of five bytes may take 37 tokens.
    let refused = home.run(["chat", "work", "hello", "--json"]).with_code(12);
    assert_eq!(refused.json()["error"]["code"], "policy.budget-exceeded");
    let newest = &home.history()[0];
    assert_eq!(newest["outcome"], "refused");
    assert_eq!(newest["error_code"], "policy.budget-exceeded");
    assert_eq!(newest["attempts"], 0);
    assert_eq!(provider.requests().len(), 3);

    // A limit in warn mode does not refuse.
    let warn = "connection edit work --limit-mode warn --offline";
    home.run(warn.split(' ')).with_code(0);
    let output = home.run(["chat", "work", "hello"]).with_code(0);
    assert!(
        output.stderr.contains("warning[policy.budget-exceeded]"),
        "{output}"
    );
    // Strict mode refuses calls without a price.
    let strict = "connection edit work --limit-tokens-day none --limit-mode block --limit-strict \
                  --offline";
    home.run(strict.split(' ')).with_code(0);
    let refused = home.run(["chat", "work", "hello"]).with_code(12);
    assert!(refused.stderr.contains("policy.cost-unknown"), "{refused}");
    assert_eq!(provider.requests().len(), 4);
}

/// Its server may be off meanwhile.
#[test]
fn a_change_of_a_limit_a_cap_a_timeout_or_a_record_asks_no_provider() {
    let provider = provider();
    let home = home(&provider, &[]);
    drop(provider);
    for change in [
        "--limit-usd-day 5",
        "--limit-mode warn",
        "--limit-strict",
        "--max-tokens 9",
        "--timeout 30",
        "--record-text",
    ] {
        let edit = format!("connection edit work {change}");
        let edited = home.run(edit.split(' ')).with_code(0);
        assert!(edited.stdout.contains("still holds"), "{change}: {edited}");
    }
}

/// Twenty concurrent uncapped prompts: no more are sent than fit the limit.
#[test]
fn prompts_at_the_same_time_cannot_overshoot() {
    let provider = provider();
    let home = home(&provider, &["--limit-tokens-day", "100"]);
    let mut ide = home.serve(Era::Legacy);
    let asked: Vec<u64> = (0..20).map(|_| prompt(&mut ide)).collect();
    let refused = asked
        .into_iter()
        .filter(|id| ide.reply(*id)["result"]["isError"] == json!(true))
        .count();
    assert!(ide.close().status.success());
    let sent = provider.requests().len();
    println!("20 prompts at once against 100 tokens: {sent} sent, {refused} refused");
    assert_eq!(sent + refused, 20);
    assert!(sent >= 1 && sent * 15 <= 100, "{sent} sent");
    assert_eq!(home.history().len(), 20);
}
