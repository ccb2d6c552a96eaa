//! Resources, prompts and completions over stdio.

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Era;

use super::{ask_both, home, printed, serve};

fn list<'a>(result: &'a Value, member: &str, key: &str) -> Vec<&'a str> {
    let items = result[member].as_array().unwrap();
    items
        .iter()
        .map(|item| item[key].as_str().unwrap())
        .collect()
}

#[test]
fn resources_hold_what_the_commands_print() {
    for era in [Era::Legacy, Era::Modern] {
        let double = OpenAiDouble::start();
        let home = home(&double);
        let mut ide = serve(&home, &[], era);
        ask_both(&mut ide);
        let sent = double.server().accepts();
        let resources = ide.result("resources/list", json!({}));
        let uris = list(&resources, "resources", "uri");
        assert_eq!(uris[1], "synapse://connections/work");
        assert_eq!(resources.get("ttlMs").is_some(), era == Era::Modern);
        let mut read = |uri: &str| {
            let result = ide.result("resources/read", json!({"uri": uri}));
            assert_eq!(result.get("cacheScope").is_some(), era == Era::Modern);
            result["contents"][0]["text"].as_str().unwrap().to_owned()
        };
        let document = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let usage = document(read("synapse://usage/model"));
        assert_eq!(usage, printed(&home, &["usage", "--by", "model"]));
        let id = home.history()[0]["call_id"].as_str().unwrap().to_owned();
        let row = document(read(&format!("synapse://history/{id}")));
        assert_eq!(row, printed(&home, &["history", "show", &id]));
        assert!(read("synapse://errors/gate.network-disabled").contains("Remedy"));
        let all: String = uris.iter().map(|uri| read(uri)).collect();
        assert!(
            !all.contains("the secret plan") && !all.contains("credential"),
            "{all}"
        );
        let missing = ide.ask(
            "resources/read",
            json!({"uri": "synapse://connections/nope"}),
        );
        let code = if era == Era::Modern { -32602 } else { -32002 };
        assert_eq!(ide.reply(missing)["error"]["code"], code);
        let templates = ide.result("resources/templates/list", json!({}));
        assert_eq!(
            list(&templates, "resourceTemplates", "uriTemplate").len(),
            4
        );
        assert_eq!(double.server().accepts(), sent, "reading sends nothing");
    }
}

#[test]
fn a_broken_file_is_an_error_of_its_own_code() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    let mut ide = serve(&home, &[], Era::Modern);
    std::fs::OpenOptions::new()
        .append(true)
        .open(home.connections())
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"\n[[["))
        .unwrap();
    let read = ide.ask("resources/read", json!({"uri": "synapse://connections"}));
    let error = ide.reply(read)["error"].clone();
    assert_eq!(error["code"], 1003, "{error}");
    assert_eq!(error["data"]["error"]["code"], "config.syntax");
    // Parts that do not need the file still work.
    let resources = ide.result("resources/list", json!({}));
    assert_eq!(
        list(&resources, "resources", "uri")[0],
        "synapse://connections"
    );
}

#[test]
fn prompts_and_completions_send_nothing() {
    for era in [Era::Legacy, Era::Modern] {
        let double = OpenAiDouble::start();
        let home = home(&double);
        let sent = double.server().accepts();
        let mut ide = serve(&home, &[], era);
        let prompts = ide.result("prompts/list", json!({}));
        let names = list(&prompts, "prompts", "name");
        assert_eq!(
            names,
            ["second_opinion", "review_diff", "compare_connections"]
        );
        let arguments = json!({"diff": "-a\n+b", "connection": "work"});
        let got = ide.result(
            "prompts/get",
            json!({"name": "review_diff", "arguments": arguments}),
        );
        let text = got["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(text.contains("-a\n+b") && text.contains("`work`"), "{text}");
        let bad = ide.ask("prompts/get", json!({"name": "review_diff"}));
        let error = ide.reply(bad)["error"].clone();
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!(-32602), &json!("`diff` is missing"))
        );
        let completed = ide.result(
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "second_opinion"},
                "argument": {"name": "connection", "value": "wo"},
            }),
        );
        assert_eq!(
            completed["completion"],
            json!({"values": ["work"], "total": 1, "hasMore": false})
        );
        let completed = ide.result(
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "second_opinion"},
                "argument": {"name": "model", "value": ""},
            }),
        );
        assert_eq!(
            completed["completion"]["values"],
            json!([OpenAiDouble::MODEL])
        );
        assert_eq!(double.server().accepts(), sent);
        assert_eq!(home.history(), [] as [Value; 0]);
    }
}
