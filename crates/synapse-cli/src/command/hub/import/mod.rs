//! `synapse hub import`: imports servers from another client's file, without its secrets, and with
//! its variables and names in our form.

mod forms;

use std::path::Path;

use serde_json::{Map, Value, json};
use synapse_core::error::{Code, Failure};
use synapse_core::ports::UpstreamStore as _;
use synapse_core::redact::{holds_token, is_opaque, printable_line};
use synapse_core::upstream::{UpstreamName, is_secret, is_variable};
use synapse_documents::{ErrorView, HubChangeDocument, HubChangeView};
use synapse_ide::Declared;

use self::forms::{Here, in_our_form};
use super::{Configured, add, registry};
use crate::args::HubImportArguments;
use crate::command::{CommandError, Context, ide};

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    arguments: &HubImportArguments,
) -> Result<(), CommandError> {
    let machine = ide::machine(&context.environment, arguments.project.as_deref())?;
    let declared = synapse_ide::servers(arguments.client, &machine)?;
    let wanted =
        |each: &Declared| arguments.servers.is_empty() || arguments.servers.contains(&each.name);
    for name in &arguments.servers {
        if !declared.iter().any(|each| each.name == *name) {
            let names = declared.iter().map(|each| each.name.as_str());
            return Err(synapse_store::not_found(name, names).into());
        }
    }
    let declared: Vec<Declared> = declared.into_iter().filter(wanted).collect();
    let here = Here {
        home: context.environment.user_home().map(Path::to_owned),
        project: std::path::absolute(arguments.project.as_deref().unwrap_or(Path::new("."))).ok(),
    };
    let names: Vec<String> = declared.iter().map(|each| each.name.clone()).collect();
    let changes: Vec<HubChangeView> = declared
        .into_iter()
        .map(|each| {
            let entry = forms::visible(arguments.client, &here, each.entry);
            take_over(hub, Declared { entry, ..each }, arguments.dry_run)
        })
        .collect();
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&HubChangeDocument::new(hub.place.shown(), changes));
        return Ok(());
    }
    if changes.is_empty() {
        printer.note(&format!("{} declares no servers", arguments.client.title()));
        return Ok(());
    }
    for (declared, change) in names.iter().zip(&changes) {
        let server = printable_line(&change.server);
        printer.line(&if *declared == change.server {
            format!("{server}  {}", change.action)
        } else {
            format!(
                "{server}  {}, from `{}`",
                change.action,
                printable_line(declared)
            )
        });
        if let (true, Some(entry)) = (arguments.dry_run, &change.entry) {
            printer.line(&add::shown(entry));
        }
        for command in &change.to_set {
            printer.note(&format!("  set its secret: {command}"));
        }
        if let Some(error) = &change.error {
            printer.note(&format!("  {}", error.message()));
        }
    }
    if !arguments.dry_run && changes.iter().any(|change| change.action == "added") {
        printer.note("nothing was approved; go through them: synapse hub approve --all");
    }
    Ok(())
}

fn take_over(hub: &Configured, declared: Declared, is_trial: bool) -> HubChangeView {
    let mut change = HubChangeView {
        server: usable(&declared.name),
        action: "skipped",
        entry: None,
        to_set: Vec::new(),
        error: None,
    };
    let done = (|| -> Result<(), Failure> {
        let name: UpstreamName = change.server.parse()?;
        let mut entry = declared.entry;
        forms::named_variables(&name, &mut entry, &mut change.to_set);
        let entry = without_secrets(&name, entry, &mut change.to_set);
        refuse_secrets(&name, &entry)?;
        if !is_trial {
            hub.upstreams.insert(&name, &entry)?;
        }
        change.entry = Some(entry);
        Ok(())
    })();
    match done {
        Ok(()) if is_trial => change.action = "would-add",
        Ok(()) => change.action = "added",
        Err(failure) => {
            change.to_set.clear();
            change.error = Some(ErrorView::new(&failure, &*hub.remedies));
        }
    }
    change
}

/// `name` as a name of ours: other clients take spaces, slashes and more.
fn usable(name: &str) -> String {
    if name.parse::<UpstreamName>().is_ok() {
        return name.to_owned();
    }
    let is_kept = |each: char| each.is_ascii_alphanumeric() || matches!(each, '.' | '_' | '-');
    let parts = name.split(|each: char| !is_kept(each));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let joined = parts.join("-");
    let joined = joined.trim_start_matches(['.', '_', '-']);
    match joined.parse::<UpstreamName>() {
        Ok(_) => joined.to_owned(),
        Err(_) => name.to_owned(),
    }
}

/// The entry with a reference in place of every possible secret in `env` and `headers`.
fn without_secrets(
    server: &UpstreamName,
    mut entry: Map<String, Value>,
    to_set: &mut Vec<String>,
) -> Map<String, Value> {
    for key in ["env", "environment", "envs", "headers", "http_headers"] {
        let Some(Value::Object(members)) = entry.get_mut(key) else {
            continue;
        };
        for (name, value) in members.iter_mut() {
            let Value::String(text) = value else {
                continue;
            };
            let is_header = key.ends_with("headers");
            // A text that consists of one variable is already a name.
            *text = in_our_form(text);
            let is_reference = text.contains("${");
            let words = text.split_whitespace();
            let hides = is_secret(name, text)
                || (is_header && name.eq_ignore_ascii_case("authorization"))
                || words.clone().any(is_opaque);
            if is_reference && !holds_token(text) {
                continue;
            }
            if !hides || text.is_empty() {
                continue;
            }
            let account = format!("{server}-{}", registry::account(name));
            let scheme = text
                .split_once(' ')
                .map(|(scheme, _)| scheme)
                .filter(|scheme| scheme.chars().all(|each| each.is_ascii_alphabetic()))
                .map_or(String::new(), |scheme| format!("{scheme} "));
            *text = format!("{scheme}${{keyring:{account}}}");
            to_set.push(format!("synapse secret set keyring:{account}"));
        }
    }
    // Its secret is not ours to copy, and a login does not need one.
    for key in ["oauth", "auth"] {
        if let Some(Value::Object(members)) = entry.get_mut(key) {
            for key in ["clientSecret", "client_secret", "CLIENT_SECRET"] {
                let Some(Value::String(text)) = members.get(key) else {
                    continue;
                };
                let text = in_our_form(text);
                if is_variable_alone(&text) {
                    members.insert(key.to_owned(), json!(text));
                } else {
                    let account = format!("{server}-client-secret");
                    members.insert(key.to_owned(), json!(format!("${{keyring:{account}}}")));
                    to_set.push(format!("synapse secret set keyring:{account}"));
                }
            }
        }
    }
    entry
}

fn is_variable_alone(text: &str) -> bool {
    let inside = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    inside.is_some_and(|name| is_variable(name.strip_prefix("env:").unwrap_or(name)))
}

/// Refuses an entry with a token elsewhere, such as in an argument: it cannot be replaced by a
/// reference.
fn refuse_secrets(server: &UpstreamName, entry: &Map<String, Value>) -> Result<(), Failure> {
    let text = Value::Object(entry.clone()).to_string();
    if !holds_token(&text) {
        return Ok(());
    }
    Err(Failure::new(
        Code::ConfigSecretInArgv,
        format!("the entry of `{server}` has a token where no reference is possible"),
    )
    .cause("it is in its command, its arguments or its URL")
    .hint("add it by hand, with the token in `env` or `headers`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_client_becomes_one_of_ours() {
        for (theirs, ours) in [
            ("github", "github"),
            ("Figma Desktop", "Figma-Desktop"),
            (
                "io.github.github/github-mcp-server",
                "io.github.github-github-mcp-server",
            ),
            ("_x y_", "x-y_"),
            ("日本", "日本"),
            ("a(b)", "a-b"),
        ] {
            assert_eq!(usable(theirs), ours);
        }
    }

    #[test]
    fn a_client_secret_stays_a_variable_and_is_never_copied() {
        let name: UpstreamName = "s".parse().unwrap();
        for (secret, ours) in [
            ("${env:S}", "${env:S}"),
            ("{env:S}", "${S}"),
            ("fake-client-secret", "${keyring:s-client-secret}"),
            ("x${S}", "${keyring:s-client-secret}"),
        ] {
            let entry = json!({"auth": {"CLIENT_SECRET": secret}});
            let entry = entry.as_object().unwrap().clone();
            let taken = without_secrets(&name, entry, &mut Vec::new());
            assert_eq!(taken["auth"]["CLIENT_SECRET"], ours, "{secret}");
        }
    }
}
