//! Search quality: 60 requests in a user's words, over the lists of three real servers
//! (`server-everything` and `server-filesystem` 2026.8.31, `hf-mcp-server` 0.4.23), each with
//! acceptable tools.

use serde_json::{Value, json};
use synapse_hub::{HubMode, HubSettings};

use crate::support::{Ide, Script, World};

const EVERYTHING: &str = include_str!("catalogues/everything.json");
const FILESYSTEM: &str = include_str!("catalogues/filesystem.json");
const HUGGING_FACE: &str = include_str!("catalogues/huggingface.json");

fn world() -> World {
    let script = |name: &str, tools: &str| {
        let tools: Vec<Value> = serde_json::from_str(tools).unwrap();
        Script::legacy(name, tools)
    };
    World::new()
        .with(script("everything", EVERYTHING))
        .with(script("filesystem", FILESYSTEM))
        .with(script("huggingface", HUGGING_FACE))
}

/// Requests with acceptable tools.
const LABELLED: [(&str, &[&str]); 60] = [
    (
        "show me what is inside config.yaml",
        &["read_text_file", "read_file"],
    ),
    ("open the readme", &["read_text_file", "read_file"]),
    (
        "print the first ten lines of a log",
        &["read_text_file", "read_file"],
    ),
    (
        "load several source files at once",
        &["read_multiple_files"],
    ),
    (
        "compare the contents of a few files",
        &["read_multiple_files"],
    ),
    ("view a png picture from disk", &["read_media_file"]),
    ("get an audio file as base64", &["read_media_file"]),
    ("save this text to notes.txt", &["write_file"]),
    ("create a new file with some content", &["write_file"]),
    ("overwrite a file", &["write_file"]),
    ("replace a line in a source file", &["edit_file"]),
    ("apply a small change and show me the diff", &["edit_file"]),
    ("make a folder", &["create_directory"]),
    ("ensure that a directory exists", &["create_directory"]),
    (
        "what files are in this folder",
        &["list_directory", "list_directory_with_sizes"],
    ),
    (
        "ls",
        &[
            "list_directory",
            "list_directory_with_sizes",
            "list_allowed_directories",
        ],
    ),
    (
        "which files take the most space",
        &["list_directory_with_sizes", "get_file_info"],
    ),
    (
        "directory entries sorted by size",
        &["list_directory_with_sizes"],
    ),
    ("recursive tree of the project", &["directory_tree"]),
    (
        "show the nested structure of folders as JSON",
        &["directory_tree"],
    ),
    ("rename a file", &["move_file"]),
    ("move things into another directory", &["move_file"]),
    ("find all files that match *.rs", &["search_files"]),
    (
        "look for a file by pattern in subfolders",
        &["search_files"],
    ),
    ("when was this file last modified", &["get_file_info"]),
    ("permissions and size of a file", &["get_file_info"]),
    (
        "which directories may I access",
        &["list_allowed_directories"],
    ),
    ("where am I allowed to read", &["list_allowed_directories"]),
    ("repeat my message back", &["echo"]),
    ("echo some text", &["echo"]),
    ("add two numbers", &["get-sum"]),
    ("what is 3 plus 4", &["get-sum"]),
    ("print the environment variables", &["get-env"]),
    ("debug the environment of the server", &["get-env"]),
    ("give me a tiny sample image", &["get-tiny-image"]),
    ("show the MCP logo", &["get-tiny-image"]),
    ("a message with annotations", &["get-annotated-message"]),
    (
        "how do content annotations look",
        &["get-annotated-message"],
    ),
    ("links to several resources", &["get-resource-links"]),
    ("reference one resource by id", &["get-resource-reference"]),
    ("weather as structured content", &["get-structured-content"]),
    (
        "structured data with an output schema",
        &["get-structured-content"],
    ),
    ("compress a file with gzip", &["gzip-file-as-resource"]),
    ("zip a download into a resource", &["gzip-file-as-resource"]),
    (
        "turn simulated logging on or off",
        &["toggle-simulated-logging"],
    ),
    ("start random log messages", &["toggle-simulated-logging"]),
    (
        "simulate updates of subscribed resources",
        &["toggle-subscriber-updates"],
    ),
    (
        "run something long with progress",
        &["trigger-long-running-operation"],
    ),
    (
        "demonstrate progress notifications",
        &["trigger-long-running-operation"],
    ),
    ("which roots does the client have", &["get-roots-list"]),
    (
        "ask the user for input with a form",
        &["trigger-elicitation-request"],
    ),
    (
        "let the client's model sample an answer",
        &["trigger-sampling-request"],
    ),
    (
        "research a topic in several stages",
        &["simulate-research-query"],
    ),
    ("search for models on the hub", &["hub_repo_search"]),
    (
        "find a dataset about speech recognition",
        &["hub_repo_search"],
    ),
    (
        "most downloaded text generation models",
        &["hub_repo_search"],
    ),
    (
        "details of the model bert-base-uncased",
        &["hub_repo_details"],
    ),
    (
        "license and readme of a hugging face repository",
        &["hub_repo_details", "hf_fs"],
    ),
    ("who am I logged in as on hugging face", &["hf_whoami"]),
    ("list the files in a hugging face repo", &["hf_fs"]),
];

#[tokio::test]
async fn three_quarters_of_the_requests_find_a_fitting_tool_among_the_first_five() {
    let world = world();
    let hub = world.hub_with(HubSettings {
        mode: HubMode::Search,
        ..HubSettings::default()
    });
    let mut ide = Ide::modern(&hub, json!({}));
    let mut missed = Vec::new();
    for (query, fitting) in LABELLED {
        let found = ide
            .call("find_tools", json!({"query": query, "limit": 5}))
            .await;
        let text = found["content"][0]["text"].as_str().unwrap().to_owned();
        let is_found = text.lines().any(|line| {
            let name = line.split('(').next().unwrap_or_default();
            let own = name.split_once("__").map_or(name, |(_, own)| own);
            fitting.contains(&own)
        });
        if !is_found {
            missed.push(query);
        }
    }
    let found = LABELLED.len() - missed.len();
    assert!(found * 4 >= LABELLED.len() * 3, "{found}: {missed:#?}");
}

#[tokio::test]
async fn a_line_names_every_required_parameter_of_real_tools() {
    let world = world();
    let hub = world.hub_with(HubSettings {
        mode: HubMode::Search,
        ..HubSettings::default()
    });
    let mut ide = Ide::modern(&hub, json!({}));
    let found = ide
        .call("find_tools", json!({"query": "edit file", "limit": 50}))
        .await;
    let text = found["content"][0]["text"].as_str().unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("filesystem__edit_file("))
        .unwrap();
    assert!(
        line.contains("path: string") && line.contains("edits: object[]"),
        "{line}"
    );
    assert!(
        text.len() < EVERYTHING.len() + FILESYSTEM.len(),
        "{}",
        text.len()
    );
}
