//! The tools, resources and prompts offered to a client, and the effect of flags.

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::{Era, Ide};

use super::{ask_both, home, serve};

const ALL: [&str; 6] = [
    "chat",
    "list_connections",
    "list_models",
    "preflight",
    "usage",
    "history",
];

fn tools(ide: &mut Ide) -> Vec<String> {
    let listed = ide.result("tools/list", json!({}));
    let tools = listed["tools"].as_array().unwrap();
    let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
    tools.iter().map(name).collect()
}

#[test]
fn the_list_of_tools_costs_little() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    for era in [Era::Legacy, Era::Modern] {
        let mut ide = serve(&home, &[], era);
        assert_eq!(tools(&mut ide), ALL);
        let heard = ide.close().stdout;
        let line = heard
            .iter()
            .find(|line| line.contains("inputSchema"))
            .unwrap();
        assert!(line.len() <= 6_500, "{} bytes", line.len());
    }
}

#[test]
fn a_read_only_server_cannot_send() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    let sent = double.server().accepts();
    let mut ide = serve(&home, &["--read-only"], Era::Legacy);
    assert_eq!(tools(&mut ide), ["list_connections", "usage", "history"]);
    for tool in ["chat", "list_models", "preflight"] {
        let id = ide.begin(tool, json!({"connection": "work"}));
        assert_eq!(ide.reply(id)["error"]["code"], -32602, "{tool}");
    }
    let prompts = ide.ask("prompts/list", json!({}));
    assert_eq!(
        ide.reply(prompts)["error"]["code"],
        -32601,
        "they ask for chat"
    );
    assert!(ide.result("resources/list", json!({}))["resources"].is_array());
    assert_eq!(double.server().accepts(), sent);
    assert_eq!(home.history(), [] as [Value; 0]);
}

#[test]
fn tools_are_those_that_were_named() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    let mut ide = serve(&home, &["--tools", "usage,chat"], Era::Modern);
    assert_eq!(tools(&mut ide), ["chat", "usage"]);
    let id = ide.begin("history", json!({}));
    assert_eq!(ide.reply(id)["error"]["code"], -32602);
    for flags in [
        ["--tools", "chat,moon"].as_slice(),
        &["--tools", "chat", "--read-only"],
    ] {
        home.run(["serve"].iter().chain(flags)).with_code(2);
    }
}

#[test]
fn a_scoped_server_tells_of_its_connection_alone() {
    let double = OpenAiDouble::start();
    let home = home(&double);
    let mut ide = serve(&home, &[], Era::Modern);
    ask_both(&mut ide);
    let mut ide = serve(&home, &["--connection", "work"], Era::Modern);
    let mut told = String::new();
    for (tool, arguments) in [
        ("list_connections", json!({})),
        ("usage", json!({})),
        ("history", json!({})),
    ] {
        told.push_str(&ide.call(tool, arguments).to_string());
    }
    let resources = ide.result("resources/list", json!({}));
    for resource in resources["resources"].as_array().unwrap() {
        told.push_str(
            &ide.result("resources/read", json!({"uri": resource["uri"]}))
                .to_string(),
        );
    }
    for (reference, argument) in [
        (
            json!({"type": "ref/prompt", "name": "second_opinion"}),
            "connection",
        ),
        (
            json!({"type": "ref/resource", "uri": "synapse://history/{id}"}),
            "id",
        ),
    ] {
        let argument = json!({"name": argument, "value": ""});
        let asked = json!({"ref": reference, "argument": argument});
        let completed = ide.result("completion/complete", asked);
        assert_eq!(completed["completion"]["total"], 1);
        told.push_str(&completed.to_string());
    }
    assert!(told.contains("work") && !told.contains("later"), "{told}");
    let answered = ide.call("chat", json!({"prompt": "hi"}));
    assert_eq!(
        answered["structuredContent"]["receipt"]["connection"],
        "work"
    );
}
