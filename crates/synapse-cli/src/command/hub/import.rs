//! `synapse hub import`: imports servers from another client's file, without its secrets.

use serde_json::{Map, Value, json};
use synapse_core::error::{Code, Failure};
use synapse_core::ports::UpstreamStore as _;
use synapse_core::redact::{holds_token, is_opaque, printable_line};
use synapse_core::upstream::{UpstreamName, is_secret, is_variable};
use synapse_documents::{ErrorView, HubChangeDocument, HubChangeView};
use synapse_ide::Declared;

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
    let changes: Vec<HubChangeView> = declared
        .into_iter()
        .filter(wanted)
        .map(|each| take_over(hub, each, arguments.dry_run))
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
    for change in &changes {
        printer.line(&format!(
            "{}  {}",
            printable_line(&change.server),
            change.action
        ));
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
        server: declared.name.clone(),
        action: "skipped",
        entry: None,
        to_set: Vec::new(),
        error: None,
    };
    let done = (|| -> Result<(), Failure> {
        let name: UpstreamName = declared.name.parse()?;
        let entry = without_secrets(&name, declared.entry, &mut change.to_set);
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
            let is_reference = text.contains("${") || text.starts_with('$');
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

/// `text` with the variables of other programs in our form: `${input:a-key}` (VS Code),
/// `{env:A_KEY}` (opencode) and `$A_KEY` (Gemini CLI) as `${A_KEY}`.
fn in_our_form(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.strip_prefix('$').filter(|name| is_variable(name));
        let env = word
            .strip_prefix("{env:")
            .and_then(|name| name.strip_suffix('}'));
        match bare.or(env.filter(|name| is_variable(name))) {
            Some(name) => format!("${{{name}}}"),
            None => with_inputs(word),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A question of VS Code becomes the variable of its id, in the letters of a variable.
fn with_inputs(word: &str) -> String {
    let Some((before, rest)) = word.split_once("${input:") else {
        return word.to_owned();
    };
    let Some((id, after)) = rest.split_once('}') else {
        return word.to_owned();
    };
    let name: String = id
        .chars()
        .map(|each| match each.is_ascii_alphanumeric() {
            true => each.to_ascii_uppercase(),
            false => '_',
        })
        .collect();
    let name = match is_variable(&name) {
        true => name,
        false => format!("_{name}"),
    };
    format!("{before}${{{name}}}{}", with_inputs(after))
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
    fn variables_of_other_programs_come_over_in_our_form() {
        for (text, ours) in [
            ("${input:perplexity-key}", "${PERPLEXITY_KEY}"),
            ("Bearer ${input:tok}", "Bearer ${TOK}"),
            ("${input:1a}/${input:b}", "${_1A}/${B}"),
            ("${input:open", "${input:open"),
            ("Bearer {env:A_KEY}", "Bearer ${A_KEY}"),
            ("$A_KEY", "${A_KEY}"),
            ("${env:A_KEY}", "${env:A_KEY}"),
            ("a $5 b", "a $5 b"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(in_our_form(text), ours, "{text}");
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
