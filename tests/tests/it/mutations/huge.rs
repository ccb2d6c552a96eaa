//! Lines of 17 MiB are refused or answered in little memory, and the next line works.

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Home, Ide, report};

use super::{MOST_MEGABYTES, TWIN, most_memory};

#[test]
fn a_line_of_seventeen_mebibytes_costs_no_more_than_that() {
    let wrap = |params: String| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"x":{params}}}}}"#)
    };
    for (name, line) in [
        ("text", wrap(format!("\"{}\"", "x".repeat(BYTES)))),
        ("numbers", wrap(format!("[{}1]", "1,".repeat(BYTES / 2)))),
        ("objects", wrap(format!("[{}1]", "{},".repeat(BYTES / 3)))),
        ("nesting", wrap("[".repeat(BYTES))),
        (
            "nesting, closed",
            wrap("[".repeat(BYTES / 2) + &"]".repeat(BYTES / 2)),
        ),
        ("no JSON", "x".repeat(BYTES)),
        ("blanks", " ".repeat(BYTES)),
    ] {
        let double = OpenAiDouble::start();
        let mut ide = Home::closed(TWIN, &double).serve(Era::Legacy);
        ide.send_line(line);
        if name != "blanks" {
            let reply = ide.receive();
            assert!(reply.get("error").is_some() || reply.get("result").is_some());
        }
        drop(ide.result("tools/list", serde_json::json!({})));
        check(ide, name);
    }
}

fn check(ide: Ide, name: &str) {
    let megabytes = most_memory(&ide) / 1_000_000;
    report(&format!("17 MiB of {name}: at most {megabytes} MB"));
    assert!(megabytes < MOST_MEGABYTES, "{name}: {megabytes} MB");
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
}

const BYTES: usize = 17 * 1024 * 1024;
