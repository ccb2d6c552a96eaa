//! `synapse hub add` and `remove`: change the file and keep everything else in it.

use std::io::IsTerminal as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ports::{ApprovalStore as _, UpstreamStore as _};
use synapse_core::redact::{holds_token, printable, printable_json};
use synapse_core::upstream::UpstreamName;
use synapse_documents::{HubChangeDocument, HubChangeView};

use super::{Configured, Prompting, approve, registry};
use crate::args::{HubAddArguments, HubApproveArguments};
use crate::command::{CommandError, Context};
use crate::prompt;

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    arguments: &HubAddArguments,
) -> Result<(), CommandError> {
    let name: UpstreamName = arguments.name.parse()?;
    let (entry, to_set) = entry(arguments)?;
    hub.upstreams.insert(&name, &entry)?;
    let printer = &context.printer;
    let goes_on = arguments.yes || (!arguments.no_approve && std::io::stdin().is_terminal());
    // The question of approval has the warnings too.
    let asks = goes_on && to_set.is_empty() && (!printer.is_json() || arguments.yes);
    if !asks {
        for warning in hub.stored(name.as_str())?.warnings {
            printer.warning(&warning);
        }
    }
    if printer.is_json() && !arguments.yes {
        let change = HubChangeView {
            server: name.to_string(),
            action: "added",
            entry: Some(entry),
            to_set,
            error: None,
        };
        printer.document(&HubChangeDocument::new(hub.place.shown(), vec![change]));
        return Ok(());
    }
    if !printer.is_json() {
        printer.line(&format!("added {name} to {}", hub.place.shown()));
        for command in &to_set {
            printer.note(&format!("set its secret: {command}"));
        }
    }
    if !asks {
        let remedy = Remedy::ApproveUpstream { server: name };
        printer.note(&format!(
            "then: {}",
            hub.remedies.command(&remedy).unwrap_or_default()
        ));
        return Ok(());
    }
    let approval = HubApproveArguments {
        server: Some(name.to_string()),
        all: false,
        yes: arguments.yes,
    };
    approve::run(context, hub, &approval)
}

pub(super) fn remove(
    context: &Context,
    hub: &Configured,
    server: &str,
    asked: Prompting,
) -> Result<(), CommandError> {
    let stored = hub.stored(server)?;
    let name: UpstreamName = stored.name.parse()?;
    let question = format!("Remove the server {name} and its approval? Its history stays.");
    if asked == Prompting::First && !prompt::confirmed(&context.printer, &question) {
        context.printer.note("nothing was removed");
        return Ok(());
    }
    hub.upstreams.remove(&name)?;
    hub.approvals.withdraw(&name)?;
    if context.printer.is_json() {
        let change = HubChangeView {
            server: name.to_string(),
            action: "removed",
            entry: None,
            to_set: Vec::new(),
            error: None,
        };
        let document = HubChangeDocument::new(hub.place.shown(), vec![change]);
        context.printer.document(&document);
    } else {
        context
            .printer
            .line(&format!("removed {name}; its history stays"));
    }
    Ok(())
}

/// Refuses a URL of another protocol: no server of MCP could be reached by it.
fn check_scheme(url: &str) -> Result<(), Failure> {
    let scheme = url.split("://").next().unwrap_or_default();
    let is_http = ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    // A variable may hold the whole origin.
    if is_http || scheme.contains("${") {
        return Ok(());
    }
    Err(Failure::new(
        Code::EndpointInvalidUrl,
        format!("the scheme `{}` is not supported", printable(scheme)),
    )
    .cause("nothing was changed")
    .hint("give a URL of https, or of http for a loopback address")
    .hint("a command goes after `--`"))
}

/// The entry that the arguments describe, and the commands that set its secrets.
fn entry(arguments: &HubAddArguments) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut to_set = Vec::new();
    let mut entry = match (&arguments.source, arguments.program.split_first()) {
        (_, Some((program, rest))) => {
            let mut entry = Map::new();
            entry.insert("type".to_owned(), json!("stdio"));
            entry.insert("command".to_owned(), json!(program));
            entry.insert("args".to_owned(), json!(rest));
            entry
        }
        (Some(source), None) if source.contains("://") => {
            check_scheme(source)?;
            let mut entry = Map::new();
            entry.insert("type".to_owned(), json!("streamable-http"));
            entry.insert("url".to_owned(), json!(source));
            entry
        }
        (Some(source), None) => {
            let (entry, needed) = registry::entry(Path::new(source))?;
            to_set = needed;
            entry
        }
        (None, None) => {
            return Err(Failure::new(
                Code::UsageInvalidArguments,
                "a URL, a server.json or a command after `--` is needed",
            ));
        }
    };
    let is_program = entry.contains_key("command");
    if is_program && !arguments.headers.is_empty() {
        return Err(
            Failure::new(Code::UsageInvalidArguments, "a program has no headers")
                .hint("give it variables, with --env"),
        );
    }
    add_pairs(&mut entry, "env", "--env", &arguments.variables)?;
    add_pairs(&mut entry, "headers", "--header", &arguments.headers)?;
    if let Some(directory) = &arguments.cwd {
        entry.insert("cwd".to_owned(), json!(directory));
    }
    if !arguments.groups.is_empty() {
        entry.insert("groups".to_owned(), json!(arguments.groups));
    }
    if let Some(note) = &arguments.note {
        entry.insert("note".to_owned(), json!(note));
    }
    Ok((entry, to_set))
}

fn add_pairs(
    entry: &mut Map<String, Value>,
    key: &str,
    flag: &str,
    pairs: &[String],
) -> Result<(), Failure> {
    if pairs.is_empty() {
        return Ok(());
    }
    let members = entry
        .entry(key)
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(members) = members.as_object_mut() else {
        return Ok(());
    };
    for pair in pairs {
        // `Name: value` is how curl and other clients write a header; no header name has either.
        let separators: &[char] = match flag {
            "--header" => &['=', ':'],
            _ => &['='],
        };
        let split = pair.split_once(separators);
        let (name, value) = split.ok_or_else(|| {
            Failure::new(
                Code::UsageInvalidArguments,
                format!("{flag} takes NAME=VALUE"),
            )
        })?;
        let value = match flag {
            "--header" => value.trim(),
            _ => value,
        };
        if holds_token(value) {
            return Err(Failure::new(
                Code::CredentialLiteralToken,
                format!("the value of {flag} {name} looks like a token"),
            )
            .cause("a token on the command line ends up in the shell's history")
            .remedy(
                "keep it in the keyring",
                &Remedy::StoreSecret {
                    reference: CredentialRef::Keyring(name.to_ascii_lowercase()),
                },
            )
            .hint(format!(
                "then pass {name}='${{keyring:{}}}'",
                name.to_ascii_lowercase()
            )));
        }
        members.insert(name.to_owned(), json!(value));
    }
    Ok(())
}

/// An entry as written to a file.
pub(super) fn shown(entry: &Map<String, Value>) -> String {
    let text = serde_json::to_string_pretty(entry).unwrap_or_default();
    printable_json(&text)
}
